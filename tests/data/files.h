#pragma once

#include "core/expect_error.h"
#include "core/temp_folder.h"
#include "data/resize.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

/// Files for the tests of data/, written with the same libraries that read them. (Their source is called files_test.cpp
/// because a test program is made of its folder's *_test.cpp.)
namespace nachos::test {

/// An empty folder that goes with the test.
class Folder : public ::testing::Test {
  protected:
    /// A path in the folder; its parents are made.
    std::filesystem::path at(const std::string& name) const;

    const TempFolder temporary_;
    const std::filesystem::path folder_ = temporary_.path();
};

void write_bytes(const std::filesystem::path& path, std::string_view bytes);
/// Drops the last `bytes` bytes.
void truncate(const std::filesystem::path& path, std::size_t bytes);
/// Inverts one byte; a negative offset counts from the end.
void corrupt(const std::filesystem::path& path, std::ptrdiff_t offset);

std::string gzip(std::string_view bytes);

/// An IDX file: magic, sizes, content.
std::string idx(const std::vector<std::uint32_t>& sizes, std::string_view content);
/// N images of 2 x 3 with pixels 0, 1, 2, ... and these labels, as `stem`images... and `stem`labels...
void write_idx_split(const std::filesystem::path& folder, const std::string& stem, const std::string& labels);

/// `type` is a PNG_COLOR_TYPE; `samples` are rows as the file stores them. A palette is (0,0,0), (10,20,30), (40,50,60).
struct PngFile {
    int height = 1;
    int width = 1;
    int bits = 8;
    int type = 0;
    std::vector<std::uint8_t> samples;
};
void write_png(const std::filesystem::path& path, const PngFile& png);
/// 1 channel = grey, 3 = colour, 4 = CMYK inverted as by Adobe; quality 100, colour without subsampling.
void write_jpeg(const std::filesystem::path& path, const data::Image& image);

data::Image flat_image(int height, int width, std::vector<std::uint8_t> colour);

}  // namespace nachos::test
