#include "study/store.h"

#include "core/files.h"
#include "policy/policy_json.h"
#include "study/config_diff.h"
#include "study/database.h"
#include "study/evaluation_json.h"
#include "study/folder.h"
#include "study/publisher.h"

#include <fmt/chrono.h>

#include <algorithm>
#include <cassert>
#include <ctime>
#include <exception>

namespace nachos::study {

namespace fs = std::filesystem;

namespace {

/// The tail as it was when a study was opened. What is wrong with it is said when evaluations are asked for: no worker of a
/// search, which reads other things, stumbles over a tail that a power cut has damaged.
struct ViewedTail {
    TailReader reader = TailReader();
    std::vector<TailRow> rows = {};
    std::exception_ptr damage = {};
};

ViewedTail view_tail(const fs::path& folder) {
    ViewedTail tail{.reader = TailReader(folder / kTailFile)};
    try {
        tail.rows = tail.reader.more();
    } catch (const Error&) {
        tail.damage = std::current_exception();
    }
    return tail;
}

}  // namespace

struct Study::State {
    /// A writer's.
    State(const fs::path& f, std::unique_ptr<WriterLock> held)
        : folder(f),
          lock(std::move(held)),
          database(f / kDatabaseFile, Access::write, journal_in(f)),
          tail(std::make_unique<TailWriter>(f / kTailFile)),
          publisher(std::make_unique<Publisher>(database, f / kSnapshotFile, tail.get())) {
        publisher->changed();  // since the last copy an earlier writer may have been killed
    }
    /// A viewer's.
    State(const fs::path& f, const char* file, Access access, ViewedTail seen = {})
        : folder(f), database(f / file, access), viewed(std::move(seen)) {}

    /// Runs a statement that changes the study.
    template <class... Values>
    void store(const char* sql, const Values&... values) const {
        database.execute(sql, values...);
        publisher->changed();
    }

    std::string where(const char* table, std::int64_t row) const {
        return fmt::format("{}, {} {}", database.path().string(), table, row);
    }

    fs::path folder;
    std::unique_ptr<WriterLock> lock;  ///< held by a writer
    Database database;
    std::unique_ptr<TailWriter> tail = {};      ///< a writer's
    std::unique_ptr<Publisher> publisher = {};  ///< a writer's
    ViewedTail viewed = {};                     ///< a viewer's
};

namespace {

constexpr const char* kConfigKey = "config";
constexpr const char* kFactsKey = "facts";

/// Hands on the rows of a query. Its first column is what it is ordered by, and unique: a damaged file may hold rows more
/// than once, and so without end.
template <class Visit>
void visit_rows(const Database& database, const char* sql, Visit visit) {
    database.run([&](SQLite::Database& db) {
        SQLite::Statement query(db, sql);
        for (std::int64_t last = -1; query.executeStep();) {
            const std::int64_t id = query.getColumn(0).getInt64();
            require(id > last, ErrorKind::bad_data, "{} is damaged: row {} follows row {}", database.path().string(), id,
                    last);
            last = id;
            visit(query);
        }
    });
}

/// Rows of a query, each made a value by `row_of`.
template <class RowOf>
auto rows(const Database& database, const char* sql, RowOf row_of) {
    std::vector<decltype(row_of(std::declval<SQLite::Statement&>()))> result;
    visit_rows(database, sql, [&](SQLite::Statement& row) { result.push_back(row_of(row)); });
    return result;
}

constexpr const char* kAppend =
    "INSERT INTO evaluations (key, arch_id, arch, fidelity, error, costs, curve, table_file, seconds) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET error = excluded.error, "
    "costs = excluded.costs, curve = excluded.curve, table_file = excluded.table_file, seconds = excluded.seconds "
    "RETURNING id";
constexpr const char* kEvaluationColumns = "id, arch, fidelity, error, costs, curve, table_file, seconds";

RowView view_of(SQLite::Statement& row) {
    const auto text = [&](int index) {
        const SQLite::Column column = row.getColumn(index);
        const char* const begin = column.getText();  // before its size is asked for
        return std::string_view(begin, static_cast<std::size_t>(column.getBytes()));
    };
    return {row.getColumn(0).getInt64(), text(1), text(2), text(3), text(4), text(5), text(6), row.getColumn(7).getDouble()};
}

void require_study(const fs::path& folder) {
    require(is_file(folder / kDatabaseFile) || is_file(folder / kSnapshotFile), ErrorKind::usage,
            "there is no study in {} (it has no {})", folder.string(), kDatabaseFile);
}

/// Nothing waits beside study.db to be put into it.
bool at_rest(const fs::path& folder) {
    const auto empty = [&](const char* name) {
        std::error_code error;
        const auto size = fs::file_size(folder / name, error);
        return error || size == 0;
    };
    return empty("study.db-wal") && empty("study.db-journal");
}

}  // namespace

Study::Study(std::unique_ptr<State> state) : state_(std::move(state)) {}
Study::Study(Study&&) noexcept = default;
Study& Study::operator=(Study&&) noexcept = default;
Study::~Study() = default;

Study Study::create_or_resume(const fs::path& folder, const std::string& resolved_config, const CreateOptions& options) {
    require_study_or_nothing(folder);
    if (options.resume_only) require_study(folder);
    std::error_code error;
    fs::create_directories(folder, error);
    require(!error, ErrorKind::runtime, "cannot make the folder {}: {}", folder.string(), error.message());
    auto lock = std::make_unique<WriterLock>(folder);
    if (options.overwrite) remove_study_files(folder);
    require_begun_or_new(folder);
    Study study(std::make_unique<State>(folder, std::move(lock)));
    study.adopt_config(resolved_config, options);
    prepare_folder(folder);
    return study;
}

Study Study::resume(const fs::path& folder) {
    require_study(folder);
    auto lock = std::make_unique<WriterLock>(folder);
    require_begun_or_new(folder);
    auto state = std::make_unique<State>(folder, std::move(lock));
    prepare_folder(folder);
    return Study(std::move(state));
}

Study Study::open_readonly(const fs::path& folder) {
    require_study(folder);
    const auto open = [&](const char* file, Access access) { return Study(std::make_unique<State>(folder, file, access)); };
    // The tail before the copy: rows leave it only once a copy that has them stands in its place, so a copy that is opened
    // behind has whatever this tail lacks.
    ViewedTail tail = view_tail(folder);
    if (is_file(folder / kSnapshotFile))
        return Study(std::make_unique<State>(folder, kSnapshotFile, Access::immutable, std::move(tail)));
    require_begun_or_new(folder);
    try {  // of an older version, or its writer was killed before the first copy
        return open(kDatabaseFile, Access::read_only);
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::runtime) throw;
        if (at_rest(folder)) return open(kDatabaseFile, Access::immutable);
        fail(ErrorKind::runtime, "{}; there is no {} to look at instead: run the study's command again where it can write",
             error.what(), kSnapshotFile);
    }
}

void Study::publish() const {
    if (state_->publisher) state_->publisher->publish();
}

void Study::adopt_config(const std::string& resolved_config, const CreateOptions& options) {
    auto stored = get_meta(kConfigKey);
    if (stored && options.resolve) stored = options.resolve(*stored);
    const auto difference = stored ? first_difference(*stored, resolved_config, kBudgetKeys) : std::nullopt;
    if (difference)
        fail(ErrorKind::usage, "the study in {} was made with another configuration: {} is {} there, {} now",
             folder().string(), difference->key, difference->stored.empty() ? "absent" : difference->stored,
             difference->given.empty() ? "absent" : difference->given);
    if (stored == resolved_config) return;
    put_meta(kConfigKey, resolved_config);
    core::write_file_atomic(folder() / kConfigFile, resolved_config);
}

const fs::path& Study::folder() const { return state_->folder; }

fs::path Study::path_of(const std::string& name) const { return path_inside(state_->folder, name); }

std::string Study::config() const {
    const auto text = get_meta(kConfigKey);
    require(text.has_value(), ErrorKind::bad_data, "the study in {} stopped before its configuration was stored",
            folder().string());
    return *text;
}

void Study::put_facts(const Facts& facts) {
    put_meta(kFactsKey, to_json(facts));
    publish();
}

Facts Study::facts() const {
    const auto text = get_meta(kFactsKey);
    require(text.has_value(), ErrorKind::bad_data, "the study in {} stopped before its data was read; run the search again",
            folder().string());
    return facts_from_json(*text, state_->database.path().string());
}

std::optional<std::string> Study::get_meta(const std::string& key) const {
    return state_->database.run([&](SQLite::Database& db) -> std::optional<std::string> {
        SQLite::Statement query(db, "SELECT value FROM meta WHERE key = ?");
        query.bind(1, key);
        if (!query.executeStep()) return std::nullopt;
        return query.getColumn(0).getString();
    });
}

void Study::put_meta(const std::string& key, const std::string& value) {
    state_->store("INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", key, value);
}

std::optional<Evaluation> Study::find(const std::string& key) const {
    return state_->database.run([&](SQLite::Database& db) -> std::optional<Evaluation> {
        SQLite::Statement query(db, fmt::format("SELECT {} FROM evaluations WHERE key = ?", kEvaluationColumns));
        query.bind(1, key);
        if (!query.executeStep()) return std::nullopt;
        const RowView row = view_of(query);
        return evaluation_of(copy_of(row), state_->where("evaluation", row.id), folder());
    });
}

void Study::append(const std::string& key, const Evaluation& evaluation) { append({&key, 1}, {&evaluation, 1}); }

void Study::append(std::span<const std::string> keys, std::span<const Evaluation> evaluations) {
    assert(keys.size() == evaluations.size());
    sync_tables(evaluations);
    std::vector<EvaluationRow> added;
    for (const Evaluation& e : evaluations) added.push_back(row_of(e));
    state_->database.run([&](SQLite::Database& db) {
        SQLite::Transaction transaction(db);
        SQLite::Statement insert(db, kAppend);
        for (std::size_t i = 0; i < keys.size(); ++i) {
            EvaluationRow& r = added[i];
            SQLite::bind(insert, keys[i], arch::arch_id(evaluations[i].arch), r.arch, r.fidelity, r.error, r.costs, r.curve,
                         r.table_file, r.seconds);
            while (insert.executeStep()) r.id = insert.getColumn(0).getInt64();
            insert.reset();
        }
        transaction.commit();
    });
    state_->tail->add(added);
    state_->publisher->changed();
}

/// A row never names a table that a crash could still take away.
void Study::sync_tables(std::span<const Evaluation> evaluations) const {
    std::vector<fs::path> tables;
    for (const Evaluation& e : evaluations)
        if (!e.table_file.empty()) tables.push_back(path_of(e.table_file));
    std::erase_if(tables, [](const fs::path& table) { return !is_file(table); });
    core::sync_files(tables);
}

std::vector<Evaluation> Study::evaluations() const {
    std::vector<Evaluation> evaluations;
    for (StoredEvaluation& stored : evaluations_unlike({})) evaluations.push_back(std::move(*stored.evaluation));
    return evaluations;
}

std::vector<StoredEvaluation> Study::evaluations_unlike(const RowDigests& known) const {
    const auto sql = fmt::format("SELECT {} FROM evaluations ORDER BY id", kEvaluationColumns);
    if (state_->viewed.damage) std::rethrow_exception(state_->viewed.damage);
    RowSet set(known);
    visit_rows(state_->database, sql.c_str(), [&](SQLite::Statement& statement) {
        const RowView row = view_of(statement);
        set.add(row, state_->where("evaluation", row.id));
    });
    for (const TailRow& line : state_->viewed.rows) set.add(view_of(line.row), line.where);
    return std::move(set).read(folder());
}

TailReader Study::tail() const { return state_->viewed.reader; }

void Study::put_model(const TrainedModel& m) {
    path_of(m.model_file);
    state_->store(
        "INSERT INTO models (name, comparator, arch, measure, costs, model_file, points) VALUES (?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (name) DO UPDATE SET comparator = excluded.comparator, arch = excluded.arch, "
        "measure = excluded.measure, costs = excluded.costs, model_file = excluded.model_file, points = excluded.points",
        m.name, static_cast<int>(m.comparator), arch::to_json(m.arch), m.measure, to_json(m.costs), m.model_file,
        to_json(m.points));
}

std::vector<TrainedModel> Study::models() const {
    constexpr const char* kSql =
        "SELECT id, name, comparator, arch, measure, costs, model_file, points FROM models ORDER BY id";
    return rows(state_->database, kSql, [&](SQLite::Statement& row) {
        const std::string where = state_->where("model", row.getColumn(0).getInt64());
        TrainedModel m;
        m.name = row.getColumn(1).getString();
        m.comparator = row.getColumn(2).getInt() != 0;
        m.arch = arch::spec_from_json(row.getColumn(3).getString(), where);
        m.measure = row.getColumn(4).getString();
        m.costs = costs_from_json(row.getColumn(5).getString(), where);
        m.model_file = row.getColumn(6).getString();
        path_of(m.model_file);
        m.points = trained_points_from_json(row.getColumn(7).getString(), where);
        check_exits(m.arch, m.costs, where);
        for (const auto& point : m.points) {
            policy::check(point.calibration, m.arch.placed_exits() + 1, where);
            if (point.test) policy::check(*point.test, m.arch.placed_exits() + 1, where);
        }
        return m;
    });
}

void Study::put_history(const HistoryStep& s) {
    state_->store(
        "INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (evaluations) DO UPDATE SET "
        "hypervolume = excluded.hypervolume, feasible_share = excluded.feasible_share, "
        "seconds = max(seconds, excluded.seconds), error_model = excluded.error_model, "
        "error_kendall = excluded.error_kendall, error_rmse = excluded.error_rmse, cost_model = excluded.cost_model, "
        "cost_kendall = excluded.cost_kendall, cost_rmse = excluded.cost_rmse",
        s.evaluations, s.hypervolume, s.feasible_share, s.seconds, s.error_model, s.error_kendall, s.error_rmse,
        s.cost_model, s.cost_kendall, s.cost_rmse);
}

std::vector<HistoryStep> Study::history() const {
    constexpr const char* kSql =
        "SELECT evaluations, hypervolume, feasible_share, seconds, error_model, error_kendall, error_rmse, cost_model, "
        "cost_kendall, cost_rmse FROM history ORDER BY evaluations";
    return rows(state_->database, kSql, [](SQLite::Statement& row) {
        HistoryStep s;
        s.evaluations = row.getColumn(0).getInt();
        s.hypervolume = row.getColumn(1).getDouble();
        s.feasible_share = row.getColumn(2).getDouble();
        s.seconds = row.getColumn(3).getDouble();
        s.error_model = row.getColumn(4).getString();
        s.error_kendall = row.getColumn(5).getDouble();
        s.error_rmse = row.getColumn(6).getDouble();
        s.cost_model = row.getColumn(7).getString();
        s.cost_kendall = row.getColumn(8).getDouble();
        s.cost_rmse = row.getColumn(9).getDouble();
        return s;
    });
}

void Study::record_test_read(const std::string& purpose) {
    const std::string now = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
    state_->store("INSERT INTO test_reads (time, purpose) VALUES (?, ?)", now, purpose);
}

std::vector<TestRead> Study::test_reads() const {
    return rows(state_->database, "SELECT id, time, purpose FROM test_reads ORDER BY id", [](SQLite::Statement& row) {
        return TestRead{row.getColumn(1).getString(), row.getColumn(2).getString()};
    });
}

}  // namespace nachos::study
