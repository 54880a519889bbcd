#include "data/check.h"
#include "data/dataset.h"
#include "data/files.h"

#include <cstdlib>
#include <set>

namespace nachos::data {
namespace {

using test::expect_error;
using test::flat_image;

class Folders : public test::Folder {
  protected:
    Folders() { options_.path = folder_.string(); }

    void grey(const std::string& name, std::uint8_t value, int height = 8, int width = 8) {
        test::write_png(at(name), {.height = height, .width = width, .samples = flat_image(height, width, {value}).pixels});
    }
    void expect_bad(std::initializer_list<std::string> parts) {
        expect_error(ErrorKind::bad_data, parts, [&] { load(options_); });
    }

    DataOptions options_;
};

TEST_F(Folders, SortsClassesAndFiles) {
    grey("dog/b.PNG", 3);
    grey("dog/a.png", 2);
    grey("cat/z.png", 1);
    test::write_bytes(at("cat/notes.txt"), "no image");
    test::write_bytes(at("README.md"), "no class");
    const Dataset d = load(options_);
    EXPECT_EQ(d.class_names, (std::vector<std::string>{"cat", "dog"}));
    EXPECT_EQ(d.train.labels, (std::vector<std::int32_t>{0, 1, 1}));
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(d.train.image(i)[0], i + 1);
    EXPECT_FALSE(d.test);
}

TEST_F(Folders, ClassNamesArePlainText) {
    for (const char* name : {"caf\xE9", "\x1b[31mred"}) {
        const std::string folder = at(name).string();
        grey(std::string(name) + "/1.png", 1);
        grey("dog/1.png", 1);
        expect_bad({"the name of the class folder \"", "rename it"});
        std::filesystem::remove_all(folder);
    }
    grey("café/1.png", 1);
    EXPECT_EQ(load(options_).class_names, (std::vector<std::string>{"café", "dog"}));
}

TEST_F(Folders, ReadsTrainAndTest) {
    grey("train/a/1.png", 1);
    grey("train/b/1.png", 2);
    grey("test/b/1.png", 3);
    const Dataset d = load(options_);
    EXPECT_EQ(d.train.size(), 2u);
    EXPECT_EQ(d.test->labels, (std::vector<std::int32_t>{1}));
}

TEST_F(Folders, CarvesATestSplitPerClass) {
    for (std::uint8_t i = 0; i < 10; ++i) {
        grey(fmt::format("a/{}.png", i), i);
        grey(fmt::format("b/{}.png", i), 100 + i);
        if (i < 5) grey(fmt::format("c/{}.png", i), 200 + i);
    }
    options_.test_fraction = 0.2;
    const Dataset d = load(options_);
    EXPECT_EQ(d.test->labels, (std::vector<std::int32_t>{0, 0, 1, 1, 2}));
    ASSERT_EQ(d.train.size(), 20u);
    std::set<int> seen;
    for (std::size_t i = 0; i < d.train.size(); ++i) seen.insert(d.train.image(i)[0]);
    for (std::size_t i = 0; i < d.test->size(); ++i) seen.insert(d.test->image(i)[0]);
    EXPECT_EQ(seen.size(), 25u);
    EXPECT_EQ(load(options_).test->pixels, d.test->pixels);
    grey("d/only.png", 250);
    expect_bad({"class \"d\"", "has 1 image, at least 2", "data.test_fraction"});
}

TEST_F(Folders, ConvertsAsAsked) {
    grey("a/1.png", 10, 20, 12);
    test::write_jpeg(at("b/1.jpeg"), flat_image(9, 9, {50, 50, 50}));
    options_.resolution = 16;
    options_.channels = 3;
    const Dataset d = load(options_);
    EXPECT_EQ(d.train.height, 16);
    EXPECT_EQ(d.train.width, 16);
    EXPECT_EQ(d.train.channels, 3);
    EXPECT_EQ(d.train.image(0)[0], 10);
    EXPECT_NEAR(d.train.image(1)[0], 50, 1);
}

TEST_F(Folders, MixedSizesNameTwoFilesAndTheKey) {
    grey("a/1.png", 1);
    grey("b/2.png", 1, 9, 7);
    expect_bad({"images differ in size", "a/1.png has 8 x 8", "b/2.png has 9 x 7", "data.resolution"});
}

TEST_F(Folders, MixedColoursNameTwoFilesAndTheKey) {
    grey("a/1.png", 1);
    test::write_jpeg(at("b/2.jpg"), flat_image(8, 8, {1, 2, 3}));
    expect_bad({"images differ in colour", "a/1.png", "1 channel,", "b/2.jpg", "3 channels", "data.channels"});
}

TEST_F(Folders, EmptyClass) {
    grey("a/1.png", 1);
    test::write_bytes(at("b/1.bmp"), "BM");
    expect_bad({"class \"b\"", "has no training images"});
}

TEST_F(Folders, UnknownTestClass) {
    grey("train/a/1.png", 1);
    grey("train/b/1.png", 1);
    grey("test/c/1.png", 1);
    expect_bad({"test/c is a class that the training images do not have"});
}

TEST_F(Folders, OneClassIsNoDataSet) {
    grey("a/1.png", 1);
    expect_bad({"holds 1 class folders, at least 2 are needed"});
}

TEST_F(Folders, CheckNamesEveryBadFileAndCountsTheRest) {
    grey("train/a/1.png", 1);
    grey("train/a/2.png", 1, 9, 7);
    grey("train/a/3.png", 1);
    grey("train/b/1.png", 1);
    grey("test/b/1.png", 1);
    test::truncate(at("train/a/3.png"), 20);
    test::write_bytes(at("train/b/2.jpg"), "\xff\xd8");
    test::write_bytes(at("test/a/9.png"), "");
    const Inspection i = inspect(options_);
    ASSERT_EQ(i.problems.size(), 3u);
    EXPECT_NE(i.problems[0].find("train/a/3.png is a damaged PNG"), std::string::npos) << i.problems[0];
    EXPECT_NE(i.problems[1].find("train/b/2.jpg is a damaged JPEG"), std::string::npos) << i.problems[1];
    EXPECT_NE(i.problems[2].find("test/a/9.png is neither"), std::string::npos) << i.problems[2];
    EXPECT_EQ(i.format, "folders");
    EXPECT_EQ(i.train, (std::vector<std::size_t>{2, 1}));
    EXPECT_EQ(i.test, (std::vector<std::size_t>{0, 1}));
    ASSERT_EQ(i.sizes.size(), 2u);
    EXPECT_EQ(i.sizes[0].images, 3u);
    EXPECT_EQ(i.sizes[1].height, 9);
    EXPECT_EQ(i.sizes[1].width, 7);
    options_.resolution = 8;
    expect_bad({"train/a/3.png"});
}

TEST(SignLanguageDigits, AreReadAtOneSize) {
    const char* data = std::getenv("NACHOS_DATA");
    if (!data) GTEST_SKIP() << "skipped: no data";
    DataOptions options{.path = std::string(data) + "/sign-language-digits/Dataset"};
    expect_error(ErrorKind::bad_data, {"100 x 100", "3024 x 3024", "data.resolution"}, [&] { load(options); });
    options.resolution = 32;
    const Dataset d = load(options);
    EXPECT_EQ(d.train.size(), 2062u);
    EXPECT_EQ(d.classes(), 10);
}

}  // namespace
}  // namespace nachos::data
