#include "serve/live_study.h"

#include "study/some_study.h"

#include <gtest/gtest.h>

#include <chrono>
#include <ctime>
#include <thread>

namespace nachos::serve {
namespace {

using namespace std::chrono_literals;
using study::Study;
using study::test::kConfig;
using study::test::some_evaluations;
using Clock = std::chrono::steady_clock;

/// Keeps a processor busy.
void work(std::chrono::duration<double> time) {
    const std::clock_t begin = std::clock();
    while (static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC < time.count()) {
    }
}

class Live : public testing::Test {
  protected:
    Live() {
        study_.put_facts(study::realistic_facts());
        study_.append("k0", all_[0]);
        study_.publish();
    }

    /// How long it takes until another state shows.
    static std::chrono::duration<double> news(LiveStudy& live) {
        const std::string before = live.state();
        const auto start = Clock::now();
        while (live.state() == before && Clock::now() - start < 30s) std::this_thread::sleep_for(5ms);
        return Clock::now() - start;
    }

    const nachos::test::TempFolder temp_;
    const std::filesystem::path folder_ = temp_ / "study";
    const std::vector<study::Evaluation> all_ = some_evaluations(4);
    Study study_ = Study::create_or_resume(folder_, kConfig);
};

TEST_F(Live, EvaluationsAreNewsBeforeTheCopyHasThem) {
    int made = 0;
    LiveStudy live(folder_,
                   [&] { return fmt::format("{} at {}", Study::open_readonly(folder_).evaluations().size(), ++made); });
    EXPECT_EQ(live.answer()->text, "1 at 1");
    EXPECT_EQ(live.answer()->text, "1 at 1");
    std::this_thread::sleep_for(600ms);  // its rest
    const std::string before = live.state();
    study_.append("k1", all_[1]);
    std::this_thread::sleep_for(150ms);
    EXPECT_NE(live.state(), before);
    EXPECT_EQ(live.answer()->text, "2 at 2");
}

TEST_F(Live, RestsInProportionButNotForTheFirstText) {
    const unsigned times = std::max(1U, 100 / std::max(1U, std::thread::hardware_concurrency()));
    LiveStudy live(folder_, [&] {
        work(std::chrono::duration<double>(3.0 / times));  // rests 3 s
        return std::string("text");
    });
    live.answer();
    study_.append("k1", all_[1]);
    EXPECT_LT(news(live), 2s);
    live.answer();
    study_.append("k2", all_[2]);
    EXPECT_GT(news(live), 2s);
}

TEST_F(Live, WhatCannotBeReadIsSaidAndTheLastTextStays) {
    bool damaged = false;
    LiveStudy live(folder_, [&] {
        require(!damaged, ErrorKind::bad_data, "it is damaged");
        return std::string("text");
    });
    EXPECT_EQ(live.answer()->error, "");
    damaged = true;
    study_.append("k1", all_[1]);
    news(live);
    EXPECT_EQ(live.answer()->error, "it is damaged");
    EXPECT_EQ(live.answer()->text, "text");
}

}  // namespace
}  // namespace nachos::serve
