#include "report/sample.h"
#include "study/folder.h"
#include "view_study.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <SQLiteCpp/VariadicBind.h>

#include <array>
#include <memory>

using namespace nachos;

namespace {

/// A study with every kind of row, and the connection to what viewers read of it.
struct Victim {
    const std::filesystem::path folder = fuzz::scratch_folder() / "study";
    std::unique_ptr<SQLite::Database> snapshot;

    Victim() {
        const report::Snapshot s = report::test::sample_trained();
        {
            study::Study study = study::Study::create_or_resume(folder, s.config);
            study.put_facts(s.facts);
            for (const auto& e : s.evaluations) study.append(arch::arch_id(e.arch), e);
            for (const auto& m : s.models) study.put_model(m);
            for (const auto& h : s.history) study.put_history(h);
            study.record_test_read("final");
        }
        snapshot = std::make_unique<SQLite::Database>((folder / study::kSnapshotFile).string(), SQLite::OPEN_READWRITE);
        snapshot->exec("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF");
    }

    template <class... Values>
    void set(const char* sql, const Values&... values) {
        SQLite::Statement statement(*snapshot, sql);
        SQLite::bind(statement, values...);
        statement.exec();
    }
};

}  // namespace

/// What somebody else's study may hold in its rows, each value a line. The database around them is another target's.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Victim victim;
    std::string_view rest = fuzz::text_of(data, size);
    std::array<std::string, 11> lines;
    for (std::string& line : lines) line = fuzz::take_line(rest);
    const auto& [facts, arch, costs, curve, points, file, text, measure, hypervolume, seconds, error_model] = lines;
    victim.set("UPDATE meta SET value = ? WHERE key = 'facts'", facts);
    victim.set("UPDATE evaluations SET arch = ?, costs = ?, curve = ?, table_file = ?, error = ? WHERE id = 1", arch, costs,
               curve, file, text);
    victim.set("UPDATE models SET arch = ?, costs = ?, points = ?, model_file = ?, name = ?, measure = ?", arch, costs,
               points, file, text, measure);
    victim.set("UPDATE history SET hypervolume = CAST(? AS REAL), seconds = CAST(? AS REAL), error_model = ?", hypervolume,
               seconds, error_model);
    return fuzz::accept_or_refuse([] { fuzz::view_study(victim.folder); });
}
