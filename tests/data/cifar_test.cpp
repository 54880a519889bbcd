#include "data/dataset.h"
#include "data/files.h"

#include <cstdlib>

namespace nachos::data {
namespace {

using test::expect_error;

/// One record: its labels, then planes of 10, 20 and 30, whose first pixel's red is 1 and second pixel's red is 2.
std::string record(const std::string& labels) {
    std::string bytes = labels + std::string(1024, 10) + std::string(1024, 20) + std::string(1024, 30);
    bytes[labels.size()] = 1;
    bytes[labels.size() + 1] = 2;
    return bytes;
}

class Cifar10 : public test::Folder {
  protected:
    Cifar10() {
        for (char b = 0; b < 5; ++b) {
            test::write_bytes(batch(b + 1), record({static_cast<char>(2 * b)}) + record({static_cast<char>(2 * b + 1)}));
        }
        options_.path = folder_.string();
    }
    std::filesystem::path batch(int b) const { return at(fmt::format("data_batch_{}.bin", b)); }
    void expect_bad(std::initializer_list<std::string> parts) {
        expect_error(ErrorKind::bad_data, parts, [&] { load(options_); });
    }

    DataOptions options_;
};

TEST_F(Cifar10, InterleavesPlanes) {
    const Dataset d = load(options_);
    EXPECT_EQ(d.train.labels, (std::vector<std::int32_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
    EXPECT_FALSE(d.test);
    const std::uint8_t* image = d.train.image(3);
    EXPECT_EQ(std::vector<std::uint8_t>(image, image + 9), (std::vector<std::uint8_t>{1, 20, 30, 2, 20, 30, 10, 20, 30}));
    EXPECT_EQ(d.class_names[3], "3");
}

TEST_F(Cifar10, ReadsNamesAndTest) {
    test::write_bytes(at("batches.meta.txt"), "a\nb\nc\nd\ne\nf\ng\nh\ni\r\nj\n\n");
    test::write_bytes(at("test_batch.bin"), record({4}));
    const Dataset d = load(options_);
    EXPECT_EQ(d.class_names[8], "i");
    EXPECT_EQ(d.test->labels, (std::vector<std::int32_t>{4}));
}

TEST_F(Cifar10, WrongNumberOfNames) {
    test::write_bytes(at("batches.meta.txt"), "a\nb\n");
    expect_bad({"batches.meta.txt names 2 classes, 10 are needed"});
}

TEST_F(Cifar10, TruncatedFile) {
    test::truncate(batch(2), 1);
    expect_bad({"data_batch_2.bin is truncated: 6145 bytes", "records of 3073 bytes"});
}

TEST_F(Cifar10, EmptyFile) {
    test::write_bytes(batch(2), "");
    expect_bad({"data_batch_2.bin is truncated: 0 bytes"});
}

TEST_F(Cifar10, MissingBatch) {
    std::filesystem::remove(batch(4));
    expect_bad({"data_batch_4.bin", "No such file"});
}

TEST_F(Cifar10, LabelOutOfRange) {
    test::write_bytes(batch(5), record({8}) + record({10}));
    expect_bad({"data_batch_5.bin record 1: label 10 is out of range, allowed is 0 to 9"});
}

TEST_F(Cifar10, EmptyClass) {
    test::write_bytes(batch(5), record({8}));
    expect_bad({"class \"9\"", "has no training images"});
}

TEST_F(Cifar10, FineLabelsOfCifar100) {
    std::string content;
    for (char fine = 0; fine < 100; ++fine) content += record({static_cast<char>(fine / 5), fine});
    std::filesystem::create_directories(at("100"));
    test::write_bytes(at("100/train.bin"), content);
    test::write_bytes(at("100/test.bin"), record({0, 99}));
    options_.path = at("100").string();
    const Dataset d = load(options_);
    EXPECT_EQ(d.classes(), 100);
    EXPECT_EQ(d.train.labels[57], 57);
    EXPECT_EQ(d.test->labels[0], 99);
    EXPECT_EQ(d.train.image(57)[0], 1);
    test::write_bytes(at("100/test.bin"), record({0, 100}));
    expect_bad({"test.bin record 0: label 100 is out of range, allowed is 0 to 99"});
}

TEST(Cifar10Real, IsReadWhole) {
    const char* data = std::getenv("NACHOS_DATA");
    if (!data) GTEST_SKIP() << "skipped: no data";
    const Dataset d = load({.path = std::string(data) + "/cifar10/cifar-10-batches-bin"});
    EXPECT_EQ(d.train.size(), 50000u);
    EXPECT_EQ(d.class_names[6], "frog");
    EXPECT_EQ(d.train.labels[0], 6);  // the first image is known to be a frog
}

}  // namespace
}  // namespace nachos::data
