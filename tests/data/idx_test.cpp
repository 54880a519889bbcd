#include "core/files.h"
#include "data/dataset.h"
#include "data/files.h"
#include "data/formats.h"

namespace nachos::data {
namespace {

using test::expect_error;

class Idx : public test::Folder {
  protected:
    Idx() {
        test::write_idx_split(folder_, "train-", {0, 1, 2, 1});
        test::write_idx_split(folder_, "t10k-", {2, 0});
        options_.path = folder_.string();
    }
    void expect_bad(std::initializer_list<std::string> parts) {
        expect_error(ErrorKind::bad_data, parts, [&] { load(options_); });
    }
    /// Replaces a file by its gzip.
    std::filesystem::path zip(const std::string& name) {
        const auto zipped = at(name + ".gz");
        test::write_bytes(zipped, test::gzip(core::read_file(at(name))));
        std::filesystem::remove(at(name));
        return zipped;
    }

    DataOptions options_;
};

TEST_F(Idx, ReadsBothSplits) {
    const Dataset d = load(options_);
    EXPECT_EQ(d.name, folder_.filename().string());
    EXPECT_EQ(d.class_names, (std::vector<std::string>{"0", "1", "2"}));
    EXPECT_EQ(d.train.labels, (std::vector<std::int32_t>{0, 1, 2, 1}));
    EXPECT_EQ(d.train.height, 2);
    EXPECT_EQ(d.train.width, 3);
    EXPECT_EQ(d.train.channels, 1);
    EXPECT_EQ(d.train.image(1)[0], 6);
    ASSERT_TRUE(d.test);
    EXPECT_EQ(d.test->labels, (std::vector<std::int32_t>{2, 0}));
}

TEST_F(Idx, ReadsGzipAlike) {
    const Dataset plain = load(options_);
    zip("train-images-idx3-ubyte");
    zip("t10k-labels-idx1-ubyte");
    EXPECT_EQ(load(options_).train.pixels, plain.train.pixels);
    EXPECT_EQ(load(options_).test->labels, plain.test->labels);
}

TEST_F(Idx, DoesWithoutTestSplit) {
    std::filesystem::remove(at("t10k-images-idx3-ubyte"));
    std::filesystem::remove(at("t10k-labels-idx1-ubyte"));
    EXPECT_FALSE(load(options_).test);
}

TEST_F(Idx, TurnsEmnistUprightAndCountsItsLettersFromOne) {
    std::filesystem::create_directories(at("letters"));
    test::write_idx_split(at("letters"), "emnist-letters-train-", {1, 2, 2});
    options_.path = at("letters").string();
    const Dataset d = load(options_);
    EXPECT_EQ(d.train.labels, (std::vector<std::int32_t>{0, 1, 1}));
    EXPECT_EQ(d.train.height, 3);
    EXPECT_EQ(d.train.width, 2);
    // 0 1 2 / 3 4 5 becomes 0 3 / 1 4 / 2 5.
    EXPECT_EQ(std::vector<std::uint8_t>(d.train.pixels.begin(), d.train.pixels.begin() + 6),
              (std::vector<std::uint8_t>{0, 3, 1, 4, 2, 5}));
}

TEST_F(Idx, SeveralSetsNeedAFile) {
    test::write_idx_split(folder_, "emnist-digits-train-", {0, 1});
    expect_bad({"holds 2 IDX sets", "name one by its file"});
    options_.path = at("emnist-digits-train-images-idx3-ubyte").string();
    EXPECT_EQ(load(options_).train.size(), 2u);
}

TEST_F(Idx, TruncatedFile) {
    test::truncate(at("train-images-idx3-ubyte"), 5);
    expect_bad({"train-images-idx3-ubyte is truncated: 35 bytes, its header announces 40"});
}

TEST_F(Idx, TruncatedHeader) {
    test::write_bytes(at("train-labels-idx1-ubyte"), "abc");
    expect_bad({"train-labels-idx1-ubyte is truncated: 3 bytes"});
}

TEST_F(Idx, TooLongFile) {
    test::write_bytes(at("train-labels-idx1-ubyte"), test::idx({2}, "abc"));
    expect_bad({"train-labels-idx1-ubyte holds more than the 10 bytes"});
}

TEST_F(Idx, HugeCountIsRefusedBeforeAllocation) {
    test::write_bytes(at("train-images-idx3-ubyte"), test::idx({0xffffffff, 0xffffffff, 0xffffffff}, "abc"));
    expect_bad({"train-images-idx3-ubyte is truncated or corrupt", "4294967295 x 4294967295 x 4294967295 bytes"});
}

TEST_F(Idx, HugeCountInGzip) {
    test::write_bytes(at("train-images-idx3-ubyte"), test::gzip(test::idx({0xffffffff, 28, 28}, "abc")));
    expect_bad({"train-images-idx3-ubyte is truncated or corrupt", "4294967295 x 28 x 28 bytes"});
}

TEST_F(Idx, WrongMagic) {
    test::corrupt(at("train-images-idx3-ubyte"), 2);
    expect_bad({"train-images-idx3-ubyte begins with 0x0000f703", "0x00000803"});
}

TEST_F(Idx, TruncatedGzip) {
    test::truncate(zip("train-images-idx3-ubyte"), 12);
    expect_bad({"train-images-idx3-ubyte.gz is truncated", "zipped stream stops"});
}

TEST_F(Idx, CorruptGzipFailsItsChecksum) {
    test::corrupt(zip("train-images-idx3-ubyte"), -6);
    expect_bad({"train-images-idx3-ubyte.gz is corrupt", "incorrect data check"});
}

TEST_F(Idx, NoGzipUnderItsName) {
    std::filesystem::rename(at("train-images-idx3-ubyte"), at("train-images-idx3-ubyte.gz"));
    expect_bad({"train-images-idx3-ubyte.gz is corrupt", "incorrect header check"});
}

TEST_F(Idx, LabelOutOfRange) {
    test::write_idx_split(folder_, "t10k-", {0, 7});
    expect_bad({"t10k-labels-idx1-ubyte record 1: label 7 is out of range, allowed is 0 to 2"});
}

TEST_F(Idx, CountsDiffer) {
    test::write_bytes(at("train-labels-idx1-ubyte"), test::idx({3}, std::string{0, 1, 2}));
    expect_bad({"train-labels-idx1-ubyte holds 3 labels", "holds 4 images"});
}

TEST_F(Idx, EmptyClass) {
    test::write_idx_split(folder_, "train-", {0, 2, 2});
    expect_bad({"class \"1\"", "has no training images"});
}

TEST_F(Idx, MissingLabels) {
    std::filesystem::remove(at("train-labels-idx1-ubyte"));
    expect_bad({"train-labels-idx1-ubyte is missing"});
}

TEST_F(Idx, FashionMnistIsFoundAmongThePackages) {
    expect_error(ErrorKind::bad_data, {"fashion-mnist does not exist", "install the Debian package dataset-fashion-mnist"},
                 [&] { find_source({.path = "fashion-mnist"}, folder_); });
    std::filesystem::create_directories(at("fashion-mnist"));
    test::write_idx_split(at("fashion-mnist"), "train-", {0, 1});
    EXPECT_EQ(find_source({.path = "fashion-mnist"}, folder_).path, at("fashion-mnist"));
}

TEST(FashionMnist, IsReadWhole) {
    if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist")) GTEST_SKIP() << "skipped: no data";
    const Dataset d = load({.path = "fashion-mnist"});
    EXPECT_EQ(d.train.size(), 60000u);
    EXPECT_EQ(d.test->size(), 10000u);
    EXPECT_EQ(d.class_names[9], "Ankle boot");
    EXPECT_EQ(d.train.labels[0], 9);  // the first image is known to be a boot
}

}  // namespace
}  // namespace nachos::data
