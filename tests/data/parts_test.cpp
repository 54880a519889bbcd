#include "data/parts.h"

#include "core/expect_error.h"
#include "data/stratify.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace nachos::data {
namespace {

using test::expect_error;

/// Image i is the one pixel pair (i / 256, i % 256), so that images can be told apart; class c has sizes[c] of them,
/// interleaved.
Dataset numbered(const std::vector<std::size_t>& sizes) {
    Dataset d{"numbered", {}, {1, 2, 1, {}, {}}, std::nullopt};
    auto left = sizes;
    for (std::size_t c = 0; c < sizes.size(); ++c) d.class_names.push_back("class-" + std::to_string(c));
    for (int i = 0; std::any_of(left.begin(), left.end(), [](auto n) { return n > 0; });) {
        for (std::size_t c = 0; c < left.size(); ++c) {
            if (left[c] == 0) continue;
            --left[c];
            d.train.pixels.push_back(static_cast<std::uint8_t>(i / 256));
            d.train.pixels.push_back(static_cast<std::uint8_t>(i % 256));
            d.train.labels.push_back(static_cast<std::int32_t>(c));
            ++i;
        }
    }
    return d;
}

std::vector<int> numbers(const Examples& e) {
    std::vector<int> list;
    for (std::size_t i = 0; i < e.size(); ++i) list.push_back(e.image(i)[0] * 256 + e.image(i)[1]);
    return list;
}

const DataOptions kOptions{.validation_fraction = 0.1, .calibration_fraction = 0.2};

TEST(Split, IsDisjointWholeAndStratified) {
    const Parts p = split(numbered({100, 40, 10}), kOptions, 1);
    EXPECT_EQ(count_labels(p.train.examples().labels, 3), (std::vector<std::size_t>{70, 28, 7}));
    EXPECT_EQ(count_labels(p.validation.examples().labels, 3), (std::vector<std::size_t>{10, 4, 1}));
    EXPECT_EQ(count_labels(p.calibration.examples().labels, 3), (std::vector<std::size_t>{20, 8, 2}));
    auto all = numbers(p.train.examples());
    for (const Examples* e : {&p.validation.examples(), &p.calibration.examples()}) {
        const auto more = numbers(*e);
        all.insert(all.end(), more.begin(), more.end());
    }
    std::sort(all.begin(), all.end());
    ASSERT_EQ(all.size(), 150u);
    for (int i = 0; i < 150; ++i) EXPECT_EQ(all[i], i);
    EXPECT_EQ(p.class_names[2], "class-2");
}

TEST(Split, DependsOnTheSeedAndTheDataAlone) {
    const Parts a = split(numbered({60, 60}), kOptions, 1), b = split(numbered({60, 60}), kOptions, 1);
    EXPECT_EQ(a.validation.examples().pixels, b.validation.examples().pixels);
    EXPECT_EQ(a.digest, b.digest);
    const Parts other_seed = split(numbered({60, 60}), kOptions, 2);
    EXPECT_NE(numbers(a.validation.examples()), numbers(other_seed.validation.examples()));
    EXPECT_NE(a.digest, other_seed.digest);
    Dataset changed = numbered({60, 60});
    changed.train.pixels[0] ^= 1;
    EXPECT_NE(split(std::move(changed), kOptions, 1).digest, a.digest);
}

TEST(Split, NamesAClassThatIsTooSmall) {
    EXPECT_EQ(split(numbered({50, 3}), kOptions, 1).validation.examples().size(), 6u);
    expect_error(ErrorKind::bad_data, {"class \"class-1\" of numbered has 2 training images", "at least 3"}, [] {
        split(numbered({50, 2}), kOptions, 1);
    });
}

TEST(Split, RefusesFractionsOutOfRange) {
    expect_error(ErrorKind::usage, {"data.validation_fraction is 0"}, [] {
        split(numbered({9, 9}), {.validation_fraction = 0}, 1);
    });
    expect_error(ErrorKind::usage, {"data.calibration_fraction is 0.5", "at most 0.4"}, [] {
        split(numbered({9, 9}), {.calibration_fraction = 0.5}, 1);
    });
}

TEST(SealedTest, RecordsEachOpening) {
    Dataset d = numbered({10, 10});
    d.test = numbered({2, 1}).train;
    const Parts p = split(std::move(d), kOptions, 1);
    ASSERT_TRUE(p.test.present());
    int opened = 0;
    EXPECT_EQ(p.test.open([&] { ++opened; }).examples().size(), 3u);
    EXPECT_EQ(opened, 1);
}

TEST(SealedTest, SaysHowToGetOne) {
    const Parts p = split(numbered({10, 10}), kOptions, 1);
    int opened = 0;
    expect_error(ErrorKind::bad_data, {"no test split", "data.test_fraction"}, [&] { p.test.open([&] { ++opened; }); });
    EXPECT_EQ(opened, 0);
}

TEST(Normalisation, ByHand) {
    // Channel 0: 0, 100, 200: mean 100, variance 20000 / 3; channel 1: constant; channel 2: 0, 0, 255.
    const TrainPart part(Examples{1, 1, 3, {0, 7, 0, 100, 7, 0, 200, 7, 255}, {0, 0, 0}});
    const Normalisation n = normalisation_of(part);
    EXPECT_FLOAT_EQ(n.mean[0], 100.0f / 255);
    EXPECT_FLOAT_EQ(n.std[0], static_cast<float>(std::sqrt(20000.0 / 3) / 255));
    EXPECT_FLOAT_EQ(n.mean[1], 7.0f / 255);
    EXPECT_FLOAT_EQ(n.std[1], 1.0f / 255);
    EXPECT_FLOAT_EQ(n.mean[2], 1.0f / 3);
}

}  // namespace
}  // namespace nachos::data
