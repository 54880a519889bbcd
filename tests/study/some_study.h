#pragma once

#include "core/error.h"
#include "core/files.h"
#include "core/temp_folder.h"
#include "study/database.h"
#include "study/realistic.h"
#include "study/store.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <fstream>
#include <vector>

namespace nachos::study::test {

namespace fs = std::filesystem;

constexpr const char* kConfig = "seed = 1\n";

/// Evaluations of distinct architectures; the same count gives the same ones.
inline std::vector<Evaluation> some_evaluations(int count) {
    core::Rng rng(7);
    const arch::SearchSpace space = realistic_space();
    std::vector<Evaluation> evaluations;
    while (static_cast<int>(evaluations.size()) < count) evaluations.push_back(realistic_evaluation(space, rng));
    return evaluations;
}

/// Appends evaluation i under the key "ki".
inline void append(Study& study, const std::vector<Evaluation>& evaluations, std::size_t from = 0) {
    for (std::size_t i = from; i < evaluations.size(); ++i) study.append(fmt::format("k{}", i), evaluations[i]);
}

/// A study with facts and so many evaluations, closed.
inline void make_study(const fs::path& folder, int evaluations) {
    Study study = Study::create_or_resume(folder, kConfig);
    study.put_facts(realistic_facts());
    append(study, some_evaluations(evaluations));
}

/// Evaluations that a database file holds by itself.
inline int count_in(const fs::path& database) {
    return Database(database, Access::immutable).run([](SQLite::Database& db) {
        return db.execAndGet("SELECT count(*) FROM evaluations").getInt();
    });
}

inline void cut(const fs::path& file, double share) {
    fs::resize_file(file, static_cast<std::uintmax_t>(share * static_cast<double>(fs::file_size(file))));
}

/// The sentence an action is refused with.
template <class Action>
std::string refusal(ErrorKind kind, Action action) {
    try {
        action();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), kind) << error.what();
        EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
        return error.what();
    }
    return "accepted";
}

inline void execute(const fs::path& database, const char* sql) {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(database.c_str(), &db), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(db, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
    sqlite3_close(db);
}

}  // namespace nachos::study::test
