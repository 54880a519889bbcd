#include "search/halving.h"

#include <gtest/gtest.h>

#include <set>

namespace nachos::search {
namespace {

study::Evaluation with_point(double accuracy, double macs) {
    study::Evaluation e;
    e.costs.executed_macs = {static_cast<std::int64_t>(macs)};
    study::CurvePoint p;
    p.point.accuracy = accuracy;
    p.point.avg_cost = p.point.p95_cost = p.point.worst_cost = macs;
    e.curve = {p};
    return e;
}

const HypervolumeAxes kAxes{.min_cost = 10, .max_cost = 1000, .max_error = 1};

TEST(Halving, TakesFrontAfterFront) {
    study::Evaluation failed;
    failed.error = "no memory";
    const std::vector<study::Evaluation> archive{with_point(0.4, 50), with_point(0.9, 500), failed, with_point(0.5, 40),
                                                 with_point(0.8, 600)};
    EXPECT_EQ(promoted(archive, {}, kAxes, 1), (std::vector<int>{1}));
    EXPECT_EQ(promoted(archive, {}, kAxes, 2), (std::vector<int>{1, 3}));
    EXPECT_EQ(promoted(archive, {}, kAxes, 3), (std::vector<int>{1, 3, 4}));
    EXPECT_EQ(promoted(archive, {}, kAxes, 9), (std::vector<int>{1, 3, 4, 0}));
}

TEST(Halving, TheNearestGoOnWhereNothingIsAdmissible) {
    const std::vector<study::Evaluation> archive{with_point(0.4, 50), with_point(0.7, 500), with_point(0.5, 40)};
    study::Limits limits;
    limits.min_accuracy = 0.9;
    EXPECT_EQ(promoted(archive, limits, kAxes, 2), (std::vector<int>{1, 2}));
    EXPECT_TRUE(promoted({}, limits, kAxes, 2).empty());
}

}  // namespace
}  // namespace nachos::search
