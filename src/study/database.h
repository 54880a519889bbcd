#pragma once

#include "core/error.h"
#include "study/journal.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <SQLiteCpp/VariadicBind.h>

#include <filesystem>
#include <mutex>
#include <utility>

namespace nachos::study {

/// `immutable`: a file that nobody changes is read without any lock, also where nothing can be written.
enum class Access { read_only, immutable, write };

/// The connection to a database whose schema is ours. Every statement runs inside `run`, which turns SQLite's errors into
/// ours and lets one thread in at a time. What a writer's statement or transaction has stored when `run` returns has been
/// synced.
class Database {
  public:
    /// With Access::write an empty or absent file becomes a new study's. Throws Error(bad_data) if the file is no study of
    /// this version, or damaged (a writer reads all of it to know).
    Database(std::filesystem::path path, Access access, Journal journal = Journal::wal);

    template <class Action>
    decltype(auto) run(Action&& action) const {
        const std::scoped_lock alone(mutex_);
        try {
            return action(*connection_);
        } catch (const SQLite::Exception& error) {
            rethrow(error);
        }
    }

    /// Runs one statement that returns nothing, with its values bound.
    template <class... Values>
    void execute(const char* sql, const Values&... values) const {
        run([&](SQLite::Database& db) {
            SQLite::Statement statement(db, sql);
            SQLite::bind(statement, values...);
            statement.exec();
        });
    }

    /// Replaces the file by a whole copy of the database, in one instant of it, synced; statements of other threads run in
    /// between. Throws Error(runtime).
    void copy_to(const std::filesystem::path& path) const;

    const std::filesystem::path& path() const { return path_; }

  private:
    [[noreturn]] void rethrow(const SQLite::Exception& error) const;
    void configure(Access access, Journal journal) const;
    bool empty() const;
    void create() const;
    void check() const;
    void check_pages() const;
    void use_journal(Journal journal) const;

    std::filesystem::path path_;
    mutable std::mutex mutex_;
    std::unique_ptr<SQLite::Database> connection_;
};

}  // namespace nachos::study
