#include "core/files.h"
#include "data/dataset.h"
#include "data/files.h"

#include <matio.h>

namespace nachos::data {
namespace {

using test::expect_error;

struct Array {
    const char* name;
    std::vector<std::size_t> dims;
    std::vector<std::uint8_t> values;
};

void write_mat(const std::filesystem::path& path, const std::vector<Array>& arrays,
               matio_compression compression = MAT_COMPRESSION_ZLIB) {
    mat_t* file = Mat_CreateVer(path.c_str(), nullptr, MAT_FT_MAT5);
    ASSERT_NE(file, nullptr);
    for (Array array : arrays) {
        matvar_t* var = Mat_VarCreate(array.name, MAT_C_UINT8, MAT_T_UINT8, static_cast<int>(array.dims.size()),
                                      array.dims.data(), array.values.data(), 0);
        Mat_VarWrite(file, var, compression);
        Mat_VarFree(var);
    }
    Mat_Close(file);
}

/// Image n has value n everywhere, but 100 at row 2, column 5, green.
Array images(std::size_t count) {
    Array x{"X", {32, 32, 3, count}, {}};
    for (std::size_t n = 0; n < count; ++n) {
        x.values.insert(x.values.end(), 3072, static_cast<std::uint8_t>(n));
        x.values[2 + 32 * (5 + 32 * (1 + 3 * n))] = 100;
    }
    return x;
}

Array labels(std::vector<std::uint8_t> values) { return {"y", {values.size(), 1}, values}; }

class Svhn : public test::Folder {
  protected:
    Svhn() {
        write_mat(train_, {images(10), labels({1, 2, 3, 4, 5, 6, 7, 8, 9, 10})});
        options_.path = folder_.string();
    }
    void expect_bad(std::initializer_list<std::string> parts) {
        expect_error(ErrorKind::bad_data, parts, [&] { load(options_); });
    }

    const std::filesystem::path train_ = at("train_32x32.mat");
    DataOptions options_;
};

TEST_F(Svhn, TurnsColumnsToRowsAndTenToZero) {
    write_mat(at("test_32x32.mat"), {images(2), labels({10, 3})});
    const Dataset d = load(options_);
    EXPECT_EQ(d.train.labels, (std::vector<std::int32_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 0}));
    EXPECT_EQ(d.test->labels, (std::vector<std::int32_t>{0, 3}));
    for (int c = 0; c < 3; ++c) EXPECT_EQ(d.train.image(7)[(2 * 32 + 5) * 3 + c], c == 1 ? 100 : 7);
    EXPECT_EQ(d.train.image(7)[(5 * 32 + 2) * 3 + 1], 7);
}

TEST_F(Svhn, UnpackedArraysAndOthersBesideThem) {
    write_mat(train_, {{"more", {1, 3}, {1, 2, 3}}, labels({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}), images(10)},
              MAT_COMPRESSION_NONE);
    const Dataset d = load(options_);
    EXPECT_EQ(d.train.labels, (std::vector<std::int32_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 0}));
    EXPECT_EQ(d.train.image(1)[(2 * 32 + 5) * 3 + 1], 100);
}

TEST_F(Svhn, AnotherClassOrSizesThatDoNotFill) {
    write_mat(train_, {images(1), labels({1})}, MAT_COMPRESSION_NONE);
    const std::string whole = core::read_file(train_);
    // Behind 128 bytes of header and a tag of 8: the flags' tag and the class, then the dimensions' tag and the first.
    for (const auto& [offset, what] : {std::pair{144, "uint8 (class 9) are needed"}, {160, "truncated or corrupt"}}) {
        std::string bytes = whole;
        bytes[static_cast<std::size_t>(offset)] = 6;
        test::write_bytes(train_, bytes);
        expect_bad({"\"X\" of", "train_32x32.mat", what});
    }
}

TEST_F(Svhn, WrongShape) {
    write_mat(train_, {{"X", {32, 16, 3, 2}, std::vector<std::uint8_t>(3072)}, labels({1, 2})});
    expect_bad({"\"X\" of", "train_32x32.mat is 32 x 16 x 3 x 2", "32 x 32 x 3 x 0"});
}

TEST_F(Svhn, MissingArray) {
    write_mat(train_, {images(2)});
    expect_bad({"train_32x32.mat holds no array \"y\""});
}

TEST_F(Svhn, CountsDiffer) {
    write_mat(train_, {images(3), labels({1, 2})});
    expect_bad({"holds 2 labels, but 3 images"});
}

TEST_F(Svhn, LabelOutOfRange) {
    write_mat(train_, {images(2), labels({1, 11})});
    expect_bad({"train_32x32.mat record 1: label 11 is out of range, allowed is 1 to 10"});
    write_mat(train_, {images(2), labels({0, 1})});
    expect_bad({"train_32x32.mat record 0: label 0 is out of range, allowed is 1 to 10"});
}

TEST_F(Svhn, TruncatedFile) {
    const auto whole = std::filesystem::file_size(train_);
    for (const std::size_t cut : {whole - 10, whole - 200}) {
        std::filesystem::resize_file(train_, cut);
        expect_bad({"train_32x32.mat"});
    }
}

TEST_F(Svhn, NoMatlabFile) {
    test::write_bytes(train_, std::string(5000, 'x'));
    expect_bad({"train_32x32.mat"});
}

}  // namespace
}  // namespace nachos::data
