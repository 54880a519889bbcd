#include "exec/worker_pool.h"

#include "core/error.h"
#include "core/expect_error.h"
#include "core/files.h"
#include "core/temp_folder.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

extern char** environ;

namespace nachos::exec {
namespace {

namespace fs = std::filesystem;

std::string program() { return (core::program_folder() / "exec_test_worker").string(); }

struct Heard {
    std::vector<std::size_t> order;
    std::vector<Answer> answers;
};

Heard ask(WorkerPool& pool, const std::vector<std::string>& questions, const std::function<bool()>& should_stop = {}) {
    Heard heard;
    pool.ask(
        questions,
        [&](std::size_t question, const Answer& answer) {
            heard.order.push_back(question);
            heard.answers.push_back(answer);
        },
        should_stop);
    return heard;
}

/// Waits for a file of another process, and reads it.
std::string wait_for(const fs::path& path) {
    for (int i = 0; i < 2000; ++i) {
        if (fs::exists(path) && fs::file_size(path) > 0) return core::read_file(path, 100);
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    ADD_FAILURE() << path << " was never written";
    return {};
}

/// Ended, whether anybody waited for it or not.
bool gone(pid_t process) {
    for (int i = 0; i < 2000; ++i) {
        std::string stat;
        std::getline(std::ifstream("/proc/" + std::to_string(process) + "/stat"), stat);
        const auto name_ends = stat.rfind(") ");
        if (name_ends == std::string::npos || stat[name_ends + 2] == 'Z' || stat[name_ends + 2] == 'X') return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
}

TEST(WorkerPool, AnswersComeInTheOrderOfTheQuestionsWhateverTheWorkers) {
    const std::vector<std::string> questions{"sleep 60", "a", "b", "sleep 20", "c", "d"};
    for (const int workers : {1, 2, 4}) {
        WorkerPool pool({.command = {program()}, .workers = workers});
        for (int round = 0; round < 2; ++round) {
            const Heard heard = ask(pool, questions);
            EXPECT_EQ(heard.order, (std::vector<std::size_t>{0, 1, 2, 3, 4, 5}));
            std::string all;
            for (const Answer& a : heard.answers) all += a.text + a.lost;
            EXPECT_EQ(all, "sleep!a!b!sleep!c!d!");
        }
        EXPECT_TRUE(ask(pool, {}).order.empty());
    }
}

TEST(WorkerPool, AnotherProcessAnswers) {
    WorkerPool pool({.command = {program()}});
    const Heard heard = ask(pool, {"process", "process"});
    EXPECT_EQ(heard.answers[0].text, heard.answers[1].text);
    EXPECT_NE(heard.answers[0].text, std::to_string(::getpid()));
}

TEST(WorkerPool, AKilledWorkerCostsOneRetry) {
    const test::TempFolder folder;
    WorkerPool pool({.command = {program()}, .workers = 2});
    const Heard heard = ask(pool, {"a", "die-once " + (folder / "died").string(), "b"});
    ASSERT_EQ(heard.answers.size(), 3U);
    EXPECT_EQ(heard.answers[1].text, "die-once!");
    EXPECT_EQ(heard.answers[1].lost, "");
}

TEST(WorkerPool, AQuestionThatKillsTwoWorkersIsToldSoAndShiftsNobody) {
    WorkerPool pool({.command = {program()}, .workers = 2});
    const Heard heard = ask(pool, {"a", "die", "b", "leave", "c"});
    ASSERT_EQ(heard.order, (std::vector<std::size_t>{0, 1, 2, 3, 4}));
    EXPECT_EQ(heard.answers[1].lost, "its worker was ended by signal 9");
    EXPECT_EQ(heard.answers[3].lost, "its worker ended with exit code 7");
    EXPECT_EQ(heard.answers[4].text, "c!");
    EXPECT_EQ(ask(pool, {"d"}).answers[0].text, "d!");
}

TEST(WorkerPool, WhatIsNotBegunWhenItStopsIsLeftOut) {
    const test::TempFolder folder;
    WorkerPool pool({.command = {program()}, .workers = 1});
    const fs::path begun = folder / "begun";
    const Heard heard = ask(pool, {"a", "until-told " + begun.string(), "b"}, [&] { return fs::exists(begun); });
    EXPECT_EQ(heard.order, (std::vector<std::size_t>{0, 1}));
    EXPECT_EQ(heard.answers[1].text, "told");
}

TEST(WorkerPool, EachCallGetsOnHoweverSoonItIsToStop) {
    WorkerPool pool({.command = {program()}, .workers = 1});
    EXPECT_EQ(ask(pool, {"a", "b"}, [] { return true; }).order, (std::vector<std::size_t>{0}));
}

TEST(WorkerPool, WhatSetUpThrowsIsThrownHere) {
    using test::expect_error;
    WorkerPool failing({.command = {program(), "fail"}});
    expect_error(ErrorKind::bad_data, {"no 2 of that name"}, [&] { ask(failing, {"a"}); });
    WorkerPool crashing({.command = {program(), "crash"}});
    expect_error(ErrorKind::runtime, {"a worker could not start: its worker ended with exit code 3"},
                 [&] { ask(crashing, {"a"}); });
    expect_error(ErrorKind::runtime, {"/nowhere/at-all"}, [] { WorkerPool({.command = {"/nowhere/at-all"}}); });
    expect_error(ErrorKind::usage, {"workers is 0", "1 to 1024"},
                 [] { WorkerPool({.command = {program()}, .workers = 0}); });
}

TEST(WorkerPool, WorkersEndWithTheirPoolHoweverItEnds) {
    const test::TempFolder folder;
    const std::string path = program(), begun = (folder / "begun").string();
    std::vector<char*> argv{const_cast<char*>(path.c_str()), const_cast<char*>("parent"), const_cast<char*>(begun.c_str()),
                            nullptr};
    pid_t parent = 0;
    ASSERT_EQ(::posix_spawn(&parent, path.c_str(), nullptr, nullptr, argv.data(), environ), 0);
    const pid_t worker = std::stoi(wait_for(begun));
    ::kill(parent, SIGKILL);
    ::waitpid(parent, nullptr, 0);
    EXPECT_TRUE(gone(worker));
}

}  // namespace
}  // namespace nachos::exec
