#include "study/database.h"

#include "core/files.h"
#include "study/folder.h"

#include <SQLiteCpp/Backup.h>
#include <sqlite3.h>

#include <fstream>
#include <string_view>

namespace nachos::study {
namespace {

constexpr int kApplicationId = 0x6e616368;  // "nach", in the file's header
constexpr int kSchemaVersion = 2;
constexpr int kBusyTimeoutMs = 5000;
constexpr int kMostBytes = 1 << 26;  ///< of one value or row, so that a made-up size cannot ask for gigabytes
constexpr int kPagesAtOnce = 1024;   ///< copied before another thread's statement may run: 4 MiB, some milliseconds

constexpr const char* kSchema = R"sql(
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE evaluations (
    id INTEGER PRIMARY KEY, key TEXT UNIQUE NOT NULL, arch_id TEXT NOT NULL, arch TEXT NOT NULL, fidelity TEXT NOT NULL,
    error TEXT NOT NULL, costs TEXT NOT NULL, curve TEXT NOT NULL, table_file TEXT NOT NULL, seconds REAL NOT NULL) STRICT;
CREATE TABLE models (
    id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, comparator INTEGER NOT NULL, arch TEXT NOT NULL,
    measure TEXT NOT NULL, costs TEXT NOT NULL, model_file TEXT NOT NULL, points TEXT NOT NULL) STRICT;
CREATE TABLE history (
    evaluations INTEGER PRIMARY KEY, hypervolume REAL NOT NULL, feasible_share REAL NOT NULL, seconds REAL NOT NULL,
    error_model TEXT NOT NULL, error_kendall REAL NOT NULL, error_rmse REAL NOT NULL,
    cost_model TEXT NOT NULL, cost_kendall REAL NOT NULL, cost_rmse REAL NOT NULL) STRICT;
CREATE TABLE test_reads (id INTEGER PRIMARY KEY, time TEXT NOT NULL, purpose TEXT NOT NULL) STRICT;
)sql";

int pragma(SQLite::Database& db, const std::string& name) { return db.execAndGet("PRAGMA " + name).getInt(); }

bool means_damage(int code) {
    return code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_FORMAT || code == SQLITE_MISMATCH;
}

/// A path as SQLite's URI.
std::string uri_of(const std::filesystem::path& path, std::string_view parameters) {
    std::string uri = "file:";
    for (const char c : path.string()) {
        if (c == '%' || c == '?' || c == '#')
            uri += fmt::format("%{:02X}", static_cast<int>(c));
        else
            uri += c;
    }
    return fmt::format("{}?{}", uri, parameters);
}

std::unique_ptr<SQLite::Database> connect(const std::filesystem::path& path, Access access) {
    const auto open = [](const std::string& name, int flags) {
        return std::make_unique<SQLite::Database>(name, flags, kBusyTimeoutMs);
    };
    if (access == Access::immutable) return open(uri_of(path, "immutable=1"), SQLite::OPEN_READONLY | SQLite::OPEN_URI);
    return open(path.string(),
                access == Access::write ? SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE : SQLite::OPEN_READONLY);
}

/// All that a schema says, white space aside.
std::string schema_of(SQLite::Database& db) {
    SQLite::Statement query(db, "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name");
    std::string text;
    while (query.executeStep())
        for (int column = 0; column < 4; ++column) text += query.getColumn(column).getString() + "|";
    std::erase_if(text, [](char c) { return c == ' ' || c == '\n'; });
    return text;
}

std::string own_schema() {
    SQLite::Database db(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    db.exec(kSchema);
    return schema_of(db);
}

/// A copy is read where no log can be shared: bytes 18 and 19 of the header say so (sqlite.org/fileformat2.html, 1.3.3).
void leave_wal(const std::filesystem::path& database) {
    std::fstream file(database, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(18);
    file.write("\1\1", 2);
    file.close();
    require(file.good(), ErrorKind::runtime, "cannot write {}", database.string());
}

}  // namespace

Database::Database(std::filesystem::path path, Access access, Journal journal) : path_(std::move(path)) {
    try {
        connection_ = connect(path_, access);
    } catch (const SQLite::Exception& error) {
        rethrow(error);
    }
    configure(access, journal);
    if (access == Access::write && empty()) create();
    check();
    if (access != Access::write) return;
    check_pages();
    use_journal(journal);
}

void Database::configure(Access access, Journal journal) const {
    run([&](SQLite::Database& db) {
        sqlite3_limit(db.getHandle(), SQLITE_LIMIT_LENGTH, kMostBytes);
        db.exec("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON");
        // Before the file is touched: a log that another machine left is then read without shared memory.
        if (access == Access::write && journal == Journal::rollback) db.exec("PRAGMA locking_mode = EXCLUSIVE");
    });
}

/// EXTRA also syncs the folder after the rollback journal is removed, which is what commits.
void Database::use_journal(Journal journal) const {
    const bool wal = journal == Journal::wal;
    run([&](SQLite::Database& db) {
        const std::string got =
            db.execAndGet(wal ? "PRAGMA journal_mode = WAL" : "PRAGMA journal_mode = DELETE").getString();
        require(got == (wal ? "wal" : "delete"), ErrorKind::runtime, "cannot use {}: its journal stays '{}'", path_.string(),
                got);
        db.exec(wal ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = EXTRA");
    });
}

void Database::rethrow(const SQLite::Exception& error) const {
    const std::string path = path_.string();
    if (means_damage(error.getErrorCode()))
        fail(ErrorKind::bad_data, "{} is damaged or no database: {}{}", path, error.what(), recovery(path_));
    if (error.getErrorCode() == SQLITE_FULL)
        fail(ErrorKind::runtime,
             "cannot store in {}: the disk is full; what was stored stays: make room and run the same command again", path);
    fail(ErrorKind::runtime, "cannot use {}: {}", path, error.what());
}

bool Database::empty() const {
    return run([](SQLite::Database& db) {
        return pragma(db, "application_id") == 0 && db.execAndGet("SELECT count(*) FROM sqlite_master").getInt() == 0;
    });
}

void Database::create() const {
    run([](SQLite::Database& db) {
        SQLite::Transaction transaction(db);
        db.exec(kSchema);
        db.exec(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", kApplicationId, kSchemaVersion));
        transaction.commit();
    });
}

void Database::check() const {
    const int id = run([](SQLite::Database& db) { return pragma(db, "application_id"); });
    require(id == kApplicationId, ErrorKind::bad_data, "{} is not the database of a nachos study", path_.string());
    const int version = run([](SQLite::Database& db) { return pragma(db, "user_version"); });
    require(version == kSchemaVersion, ErrorKind::bad_data, "{} has schema version {}, this program reads version {}",
            path_.string(), version, kSchemaVersion);
    const bool ours = run([](SQLite::Database& db) { return schema_of(db) == own_schema(); });
    require(ours, ErrorKind::bad_data, "{} has other tables than a nachos study of schema version {}", path_.string(),
            version);
}

void Database::check_pages() const {
    const std::string found = run([](SQLite::Database& db) { return db.execAndGet("PRAGMA quick_check(1)").getString(); });
    require(found == "ok", ErrorKind::bad_data, "{} is damaged: {}{}", path_.string(), found, recovery(path_));
}

void Database::copy_to(const std::filesystem::path& path) const {
    const std::filesystem::path temporary = core::temporary_for(path);
    std::error_code ignored;
    std::filesystem::remove(temporary, ignored);
    try {
        SQLite::Database copy(temporary.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        copy.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");
        SQLite::Backup backup(copy, *connection_);
        const auto step = [&] {
            const std::scoped_lock alone(mutex_);
            return backup.executeStep(kPagesAtOnce);
        };
        while (step() != SQLITE_DONE) {
        }
    } catch (const SQLite::Exception& error) {
        std::filesystem::remove(temporary, ignored);
        fail(ErrorKind::runtime, "cannot write {}: {}", path.string(), error.what());
    }
    leave_wal(temporary);
    core::replace_file(temporary, path);
}

}  // namespace nachos::study
