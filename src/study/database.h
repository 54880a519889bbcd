#pragma once

#include "core/error.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <SQLiteCpp/VariadicBind.h>

#include <filesystem>
#include <utility>

namespace nachos::study {

enum class Access { read_only, write };

/// The connection to a study.db whose schema is ours. Every statement runs inside `run`, which turns SQLite's errors into
/// ours.
class Database {
  public:
    /// With Access::write an empty or absent file becomes a new study's. Throws Error(bad_data) if the file is no study of
    /// this version, or damaged.
    Database(std::filesystem::path path, Access access);

    template <class Action>
    decltype(auto) run(Action&& action) const {
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

    const std::filesystem::path& path() const { return path_; }

  private:
    [[noreturn]] void rethrow(const SQLite::Exception& error) const;
    bool empty() const;
    void create() const;
    void check() const;

    std::filesystem::path path_;
    std::unique_ptr<SQLite::Database> connection_;
};

}  // namespace nachos::study
