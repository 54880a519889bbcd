#include "study/database.h"

#include <sqlite3.h>

namespace nachos::study {
namespace {

constexpr int kApplicationId = 0x6e616368;  // "nach", in the file's header
constexpr int kSchemaVersion = 2;
constexpr int kBusyTimeoutMs = 5000;

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

constexpr const char* kTables[] = {"meta", "evaluations", "models", "history", "test_reads"};
constexpr int kMaxValueBytes = 1 << 26;

/// A file of somebody else's may name a view or a virtual table as ours; what those do when they are read, it decides.
bool is_plain_table(SQLite::Database& db, const char* name) {
    SQLite::Statement query(db, "SELECT type = 'table' AND sql LIKE 'CREATE TABLE %' FROM sqlite_master WHERE name = ?");
    query.bind(1, name);
    return query.executeStep() && query.getColumn(0).getInt() != 0;
}

bool means_damage(int code) {
    return code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_FORMAT || code == SQLITE_MISMATCH;
}

}  // namespace

Database::Database(std::filesystem::path path, Access access) : path_(std::move(path)) {
    const bool writes = access == Access::write;
    try {
        connection_ = std::make_unique<SQLite::Database>(
            path_.string(), writes ? SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE : SQLite::OPEN_READONLY, kBusyTimeoutMs);
    } catch (const SQLite::Exception& error) {
        rethrow(error);
    }
    run([](SQLite::Database& db) {
        db.exec("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON");
        sqlite3_limit(db.getHandle(), SQLITE_LIMIT_LENGTH, kMaxValueBytes);
    });
    if (writes && empty()) create();
    check();
    if (writes) run([](SQLite::Database& db) { db.exec("PRAGMA journal_mode = WAL"); });
}

void Database::rethrow(const SQLite::Exception& error) const {
    if (means_damage(error.getErrorCode()))
        fail(ErrorKind::bad_data, "{} is damaged or no database: {}", path_.string(), error.what());
    fail(ErrorKind::runtime, "cannot use {}: {}", path_.string(), error.what());
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
    for (const char* name : kTables)
        require(run([&](SQLite::Database& db) { return is_plain_table(db, name); }), ErrorKind::bad_data,
                "{} has no table '{}', or something else of that name", path_.string(), name);
}

}  // namespace nachos::study
