#include "train/shard_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <stdexcept>

namespace nachos::train {
namespace {

TEST(ShardPool, RunsEachShardOnceOnNoMoreThreadsThanCores) {
    const int shards = 4 * static_cast<int>(std::thread::hardware_concurrency()) + 3;
    ShardPool pool(shards, shards);
    for (int step = 0; step < 3; ++step) {
        std::vector<std::atomic<int>> runs(static_cast<std::size_t>(shards));
        std::vector<std::thread::id> threads(runs.size());
        pool.run([&](int s) {
            ++runs[static_cast<std::size_t>(s)];
            threads[static_cast<std::size_t>(s)] = std::this_thread::get_id();
        });
        for (const auto& r : runs) EXPECT_EQ(r, 1);
        EXPECT_LE(std::set(threads.begin(), threads.end()).size(), std::thread::hardware_concurrency());
    }
}

TEST(ShardPool, TheFirstShardsExceptionIsThrownWhenAllAreDone) {
    ShardPool pool(6, 6);
    std::atomic<int> done = 0;
    const auto job = [&](int s) {
        ++done;
        if (s == 1 || s == 4) throw std::runtime_error("shard " + std::to_string(s));
    };
    try {
        pool.run(job);
        FAIL() << "nothing was thrown";
    } catch (const std::runtime_error& e) {
        EXPECT_STREQ(e.what(), "shard 1");
    }
    EXPECT_EQ(done, 6);
    pool.run([&](int) { ++done; });  // and goes on
    EXPECT_EQ(done, 12);
}

}  // namespace
}  // namespace nachos::train
