#include "core/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <vector>

namespace nachos::core {
namespace {

TEST(ForEachIndex, CallsEachIndexOnce) {
    for (const int workers : {1, 3, 50}) {
        std::vector<std::atomic<int>> calls(20);
        for_each_index(20, workers, [&](int i) { ++calls[static_cast<std::size_t>(i)]; });
        for (const auto& c : calls) EXPECT_EQ(c, 1);
    }
    for_each_index(0, 4, [](int) { FAIL(); });
}

TEST(ForEachIndex, ThrowsTheFailureOfTheLowestIndexAndBeginsNoMore) {
    std::atomic<int> begun{0};
    try {
        for_each_index(1000, 1, [&](int i) {
            ++begun;
            if (i >= 3) throw std::runtime_error(std::to_string(i));
        });
        FAIL() << "did not throw";
    } catch (const std::runtime_error& e) {
        EXPECT_STREQ(e.what(), "3");
    }
    EXPECT_EQ(begun, 4);
}

}  // namespace
}  // namespace nachos::core
