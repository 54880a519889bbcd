#include "data/dataset.h"

#include "core/expect_error.h"
#include "data/check.h"
#include "data/stratify.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace nachos::data {
namespace {

using test::expect_error;

std::vector<std::size_t> counts(const Examples& examples) { return count_labels(examples.labels, 4); }

TEST(Synthetic, IsTheSameEveryTimeAndHasATest) {
    const Dataset a = load({.path = "synthetic"}), b = load({.path = "synthetic"});
    EXPECT_EQ(a.train.pixels, b.train.pixels);
    EXPECT_EQ(a.name, "synthetic");
    EXPECT_EQ(a.classes(), 4);
    EXPECT_EQ(a.train.height, 16);
    EXPECT_EQ(a.train.channels, 1);
    EXPECT_EQ(counts(a.train), (std::vector<std::size_t>{200, 200, 200, 200}));
    EXPECT_EQ(counts(*a.test), (std::vector<std::size_t>{50, 50, 50, 50}));
}

TEST(Synthetic, FewerImagesAreTheFirstOnes) {
    const Dataset all = load({.path = "synthetic"}), few = load({.path = "synthetic:20"});
    ASSERT_EQ(few.train.size(), 20u);
    EXPECT_TRUE(std::equal(few.train.pixels.begin(), few.train.pixels.end(), all.train.pixels.begin()));
}

/// Brightness of the left half above that of the right: a linear rule.
double halves(const Examples& e, std::size_t i) {
    double sum = 0;
    for (int p = 0; p < 256; ++p) sum += p % 16 < 8 ? e.image(i)[p] : -e.image(i)[p];
    return sum / 128;
}

/// Likeness along the falling diagonal above that along the rising one: products of pixels, so no linear rule.
double lean(const Examples& e, std::size_t i) {
    double sum = 0;
    const auto at = [&](int y, int x) { return e.image(i)[16 * y + x] - 128.0; };
    for (int y = 0; y < 15; ++y) {
        for (int x = 0; x < 15; ++x) sum += at(y, x) * at(y + 1, x + 1) - at(y, x + 1) * at(y + 1, x);
    }
    return sum;
}

// Half against half tells "left" from "right", but nothing of the stripes; their lean does. A clear image is easy, a faint
// one not.
TEST(Synthetic, EachPairOfClassesHasARuleAndSomeImagesAreFaint) {
    const Examples e = load({.path = "synthetic"}).train;
    int right = 0, faint = 0, stripes_by_halves = 0;
    for (std::size_t i = 0; i < e.size(); ++i) {
        const bool stripes = e.labels[i] >= 2, second = e.labels[i] % 2 == 1;
        const double evidence = stripes ? lean(e, i) : -halves(e, i);
        right += (evidence > 0) == second ? 1 : 0;
        faint += !stripes && std::abs(halves(e, i)) < 24 ? 1 : 0;
        stripes_by_halves += stripes && (halves(e, i) < 0) == second ? 1 : 0;
    }
    const auto images = static_cast<double>(e.size());
    EXPECT_GT(right / images, 0.97);
    EXPECT_LT(right / images, 1);
    EXPECT_NEAR(faint / images, 0.5 * 6 / 54, 0.03);  // contrast is uniform from 6 to 60, halves differ by twice as much
    EXPECT_NEAR(stripes_by_halves / images, 0.25, 0.05);
}

TEST(Synthetic, NeedsANumberOfImages) {
    for (const char* path : {"synthetic:", "synthetic:x", "synthetic:8", "synthetic:20k"}) {
        expect_error(ErrorKind::usage, {path, "from 16 to 1000000"}, [&] { load({.path = path}); });
        expect_error(ErrorKind::usage, {path}, [&] { inspect({.path = path}); });
    }
}

TEST(Load, RefusesOptionsOutOfRange) {
    const std::string path = "synthetic";
    expect_error(ErrorKind::usage, {"data.path is empty"}, [] { load({}); });
    expect_error(ErrorKind::usage, {"data.resolution is 4", "8 to 1024"}, [&] { load({.path = path, .resolution = 4}); });
    expect_error(ErrorKind::usage, {"data.channels is 2", "1 and 3"}, [&] { load({.path = path, .channels = 2}); });
    expect_error(ErrorKind::usage, {"data.test_fraction is 0.6"}, [&] { load({.path = path, .test_fraction = 0.6}); });
    expect_error(ErrorKind::usage, {"data.format is \"tar\"", "cifar10"}, [&] { load({.path = path, .format = "tar"}); });
}

TEST(Load, NamesAMissingFolder) {
    expect_error(ErrorKind::bad_data, {"\"no/such/folder\", which does not exist"},
                 [] { load({.path = "no/such/folder"}); });
}

TEST(Load, NamesTheFormatsForAFileOfNone) {
    expect_error(ErrorKind::bad_data, {"dataset_test.cpp holds no data set of a known format", "svhn"},
                 [] { load({.path = NACHOS_SOURCE_DIR "/tests/data/dataset_test.cpp"}); });
}

TEST(Load, ConvertsSizeAndChannels) {
    const Dataset d = load({.path = "synthetic:16", .resolution = 8, .channels = 3});
    EXPECT_EQ(d.train.image_bytes(), 8u * 8 * 3);
    EXPECT_EQ(d.train.pixels.size(), 16u * 8 * 8 * 3);
    EXPECT_EQ(d.test->height, 8);
}

TEST(Load, LimitsTrainingPerClassAndLeavesTestAlone) {
    const Dataset d = load({.path = "synthetic", .train_limit = 42});
    EXPECT_EQ(counts(d.train), (std::vector<std::size_t>{11, 11, 10, 10}));
    EXPECT_EQ(d.test->size(), 200u);
    EXPECT_EQ(load({.path = "synthetic", .train_limit = 42}).train.pixels, d.train.pixels);
    expect_error(ErrorKind::usage, {"data.train_limit is 3", "4 classes"},
                 [] { load({.path = "synthetic", .train_limit = 3}); });
}

TEST(Load, KeepsTheSourcesTestWhateverTheFraction) {
    EXPECT_EQ(load({.path = "synthetic", .test_fraction = 0.5}).test->pixels, load({.path = "synthetic"}).test->pixels);
}

TEST(Apportion, LargestRemaindersByHand) {
    // Claims 5.0, 3.0, 2.0; then 2.1, 2.1, 2.8.
    EXPECT_EQ(apportion({50, 30, 20}, 10), (std::vector<std::size_t>{5, 3, 2}));
    EXPECT_EQ(apportion({30, 30, 40}, 7), (std::vector<std::size_t>{2, 2, 3}));
}

TEST(Apportion, EveryClassKeepsOne) {
    EXPECT_EQ(apportion({1000, 1, 1}, 3), (std::vector<std::size_t>{1, 1, 1}));
    EXPECT_EQ(apportion({1000, 1, 1}, 10), (std::vector<std::size_t>{8, 1, 1}));
}

TEST(Select, TakesRowsInOrder) {
    const Examples e{1, 2, 1, {1, 2, 3, 4, 5, 6}, {7, 8, 9}};
    const Examples s = select(e, {2, 0});
    EXPECT_EQ(s.pixels, (std::vector<std::uint8_t>{5, 6, 1, 2}));
    EXPECT_EQ(s.labels, (std::vector<std::int32_t>{9, 7}));
}

/// Collects the keys a struct describes.
class Keys : public core::OptionVisitor {
  public:
    std::vector<std::string> keys;
    void field(const core::OptionInfo& i, bool&) override { add(i); }
    void field(const core::OptionInfo& i, int&) override { add(i); }
    void field(const core::OptionInfo& i, std::uint64_t&) override { add(i); }
    void field(const core::OptionInfo& i, double&) override { add(i); }
    void field(const core::OptionInfo& i, std::string&) override { add(i); }
    void field(const core::OptionInfo& i, std::optional<double>&) override { add(i); }
    void field(const core::OptionInfo& i, std::vector<int>&) override { add(i); }
    void field(const core::OptionInfo& i, std::vector<std::vector<int>>&) override { add(i); }
    void group(std::string_view, std::string_view, const std::function<void()>& body) override { body(); }

  private:
    void add(const core::OptionInfo& i) { keys.emplace_back(i.key); }
};

TEST(DataOptions, DescribesEveryMember) {
    Keys keys;
    DataOptions().describe(keys);
    EXPECT_EQ(keys.keys, (std::vector<std::string>{"path", "format", "resolution", "channels", "test_fraction",
                                                   "validation_fraction", "calibration_fraction", "train_limit"}));
}

}  // namespace
}  // namespace nachos::data
