#include "cli/grey_image.h"
#include "cli/program.h"
#include "model/tiny_model.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <sstream>

// What a device gets: nachos-run is small, loads little, starts at once.

namespace nachos::cli {
namespace {

namespace fs = std::filesystem;

const fs::path kProgram = fs::path(NACHOS_BUILD_DIR) / "nachos-run";

TEST(SmallProgram, TakesLessThanFiveMegabytes) {
#ifdef NDEBUG
    const test::TempFolder folder;
    const std::string stripped = (folder / "nachos-run").string();
    ASSERT_EQ(std::system(("strip -o " + stripped + " " + kProgram.string()).c_str()), 0);
    const auto bytes = fs::file_size(stripped);
    std::printf("nachos-run without symbols: %zu bytes\n", static_cast<std::size_t>(bytes));
    EXPECT_LT(bytes, 5'000'000U);
#else
    GTEST_SKIP() << "of an optimised build";
#endif
}

TEST(SmallProgram, LoadsNoLibraryThatOnlySearchingNeeds) {
    FILE* pipe = ::popen(("readelf -d " + kProgram.string()).c_str(), "r");
    ASSERT_NE(pipe, nullptr);
    std::string text;
    std::array<char, 4096> buffer{};
    while (const std::size_t n = std::fread(buffer.data(), 1, buffer.size(), pipe)) text.append(buffer.data(), n);
    ASSERT_EQ(::pclose(pipe), 0);
    ASSERT_NE(text.find("XNNPACK"), std::string::npos);
    for (const char* library : {"torch", "xgboost", "pagmo", "onnx", "protobuf", "sqlite", "SQLiteCpp", "spdlog", "tbb"})
        EXPECT_EQ(text.find(library), std::string::npos) << library;
}

TEST(SmallProgram, ReadsAModelAndAnImageAndAnswersAtOnce) {
    const test::TempFolder folder;
    model::save_model(folder / "tiny.safetensors", test::tiny_model(8));
    const std::string image = test::write_grey(folder / "grey.png", 200);
    test::expect_fast("nachos-run", {(folder / "tiny.safetensors").string(), image});
}

}  // namespace
}  // namespace nachos::cli
