#include "capi/nachos_runtime.hpp"
#include "cli/grey_image.h"
#include "cli/program.h"
#include "model/tiny_model.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <array>
#include <cstdio>
#include <sstream>
#include <thread>

namespace nachos::capi {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using test::Outcome;
using test::run_program;

constexpr int kSide = 8;
constexpr std::array<std::uint8_t, 6> kGreys{0, 60, 120, 140, 190, 255};

class CApi : public testing::Test {
  protected:
    CApi() { model::save_model(path_, test::tiny_model(kSide)); }

    /// Flat images, one after the other.
    static std::vector<std::uint8_t> pixels() {
        std::vector<std::uint8_t> all;
        for (const std::uint8_t grey : kGreys) all.insert(all.end(), kSide * kSide, grey);
        return all;
    }

    const test::TempFolder folder_;
    const fs::path path_ = folder_ / "tiny.safetensors";
};

/// The class, exit and MACs that nachos-run says of the same images, at one of the model's budgets.
json said_by_nachos_run(const fs::path& model, const fs::path& folder, double budget) {
    std::vector<std::string> command{model.string()};
    for (std::size_t i = 0; i < kGreys.size(); ++i) {
        const fs::path image = folder / (std::to_string(i) + ".png");
        test::write_grey(image, kGreys[i]);
        command.push_back(image.string());
    }
    for (const char* option : {"--format", "json", "--max-avg-macs"}) command.emplace_back(option);
    command.push_back(std::to_string(budget));
    const Outcome outcome = run_program("nachos-run", command);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return json::parse(outcome.out);
}

TEST_F(CApi, AProgramInCSaysWhatNachosRunSays) {
    const std::vector<std::uint8_t> raw = pixels();
    core::write_file_atomic(folder_ / "raw", {reinterpret_cast<const char*>(raw.data()), raw.size()});
    const model::Model model = test::tiny_model(kSide);
    for (const char* batch : {"1", "4"}) {
        const Outcome c = run_program("capi_test_program", {path_.string(), (folder_ / "raw").string(), batch});
        ASSERT_EQ(c.exit_code, 0) << c.err;
        std::istringstream lines(c.out);
        for (std::size_t point = 0; point < model.threshold_sets.size(); ++point) {
            const json said = said_by_nachos_run(path_, folder_ / "images", model.threshold_sets[point].budget_macs);
            const json& images = said.contains("images") ? said["images"] : said;
            std::vector<std::int64_t> left(2, 0);
            double macs = 0;
            for (const json& image : images) {
                std::string index, name;
                int exit = 0;
                double confidence = 0;
                std::int64_t spent = 0;
                lines >> index >> name >> exit >> confidence >> spent;
                EXPECT_EQ(index, std::to_string(point));
                EXPECT_EQ(name, image["class"]);
                EXPECT_EQ(exit + 1, image["exit"]);
                EXPECT_EQ(confidence, image["confidence"]);
                EXPECT_EQ(spent, image["macs"]);
                ++left[static_cast<std::size_t>(exit)];
                macs += static_cast<double>(spent) / kGreys.size();
            }
            std::string word;
            std::int64_t count = 0, first = 0, second = 0;
            double average = 0;
            lines >> word >> count >> average >> first >> second;
            EXPECT_EQ(word, "stats");
            EXPECT_EQ(count, kGreys.size());
            EXPECT_NEAR(average, macs, 1e-9);
            EXPECT_EQ(first, left[0]);
            EXPECT_EQ(second, left[1]);
        }
    }
}

TEST_F(CApi, CPlusPlusIsTheSameWithValues) {
    const std::string bytes = core::read_file(path_);
    RuntimeModel from_file(path_.string(), 3), from_memory(bytes.data(), bytes.size());
    const nachos_info info = from_memory.info();
    EXPECT_EQ(info.height, kSide);
    EXPECT_EQ(info.channels, 1);
    EXPECT_EQ(info.classes, 2);
    EXPECT_EQ(info.exits, 2);
    EXPECT_EQ(info.points, 2);
    EXPECT_EQ(from_file.info().max_batch, 3);
    EXPECT_EQ(from_file.class_name(1), "dark");
    EXPECT_EQ(from_file.current_point(), 1);  // the most accurate
    from_file.set_max_avg_macs(60);
    from_memory.set_point(0);
    EXPECT_EQ(from_file.current_point(), 0);
    EXPECT_EQ(from_file.point(0).budget_macs, 60);
    EXPECT_EQ(from_file.point(0).expected_accuracy, 0.7);
    EXPECT_EQ(from_file.expected_share(0, 1), 0.25);
    EXPECT_EQ(from_file.expected_share(0, 2), -1);
    const auto a = from_file.classify(pixels()), b = from_memory.classify(pixels());
    ASSERT_EQ(a.size(), kGreys.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
        EXPECT_EQ(a[i].label, b[i].label);
        EXPECT_EQ(a[i].exit, b[i].exit);
        EXPECT_EQ(a[i].macs, from_file.exit_macs(a[i].exit));
    }
    EXPECT_EQ(from_file.stats().images, static_cast<std::int64_t>(kGreys.size()));
    EXPECT_EQ(from_file.left_at(0) + from_file.left_at(1), static_cast<std::int64_t>(kGreys.size()));
    from_file.reset_stats();
    EXPECT_EQ(from_file.stats().images, 0);
    EXPECT_EQ(from_file.stats().p_value, 1);
}

TEST_F(CApi, ErrorsAreSentencesOfTheHandleOrTheThread) {
    EXPECT_EQ(nachos_open((folder_ / "none").c_str(), 1), nullptr);
    EXPECT_NE(std::string(nachos_error(nullptr)).find("none"), std::string::npos);
    EXPECT_EQ(nachos_open(path_.c_str(), 0), nullptr);
    EXPECT_EQ(std::string(nachos_error(nullptr)), "max_batch is 0, 1 to 4096 are allowed");
    EXPECT_EQ(nachos_open(nullptr, 1), nullptr);
    EXPECT_EQ(nachos_open_memory("no model", 8, 1), nullptr);
    EXPECT_NE(std::string(nachos_error(nullptr)).find("model in memory"), std::string::npos);
    std::thread([] { EXPECT_STREQ(nachos_error(nullptr), ""); }).join();
    nachos_model* model = nachos_open(path_.c_str(), 1);
    ASSERT_NE(model, nullptr);
    EXPECT_EQ(nachos_set_point(model, 2), NACHOS_MISUSED);
    EXPECT_STREQ(nachos_error(model), "there is no operating point 2, the model has 2");
    EXPECT_EQ(nachos_set_max_avg_macs(model, 1), NACHOS_INADMISSIBLE);
    EXPECT_NE(std::string(nachos_error(model)).find("the cheapest averages"), std::string::npos);
    EXPECT_EQ(nachos_set_max_avg_macs(model, -1), NACHOS_MISUSED);
    EXPECT_EQ(nachos_classify(model, nullptr, 1, nullptr), NACHOS_MISUSED);
    EXPECT_EQ(nachos_current_point(model), 1);  // as it was
    EXPECT_EQ(nachos_class_name(model, -1), nullptr);
    EXPECT_EQ(nachos_exit_macs(model, 2), -1);
    EXPECT_EQ(nachos_left_at(model, 7), -1);
    EXPECT_EQ(nachos_classify(model, nullptr, 0, nullptr), NACHOS_OK);
    EXPECT_STREQ(nachos_error(model), "");
    nachos_close(model);
    nachos_close(nullptr);
    EXPECT_THROW(RuntimeModel((folder_ / "none").string()), std::runtime_error);
}

/// What a command prints.
std::string output_of(const std::string& command) {
    std::string text;
    std::array<char, 4096> buffer{};
    FILE* pipe = ::popen(command.c_str(), "r");
    while (const std::size_t n = std::fread(buffer.data(), 1, buffer.size(), pipe)) text.append(buffer.data(), n);
    EXPECT_EQ(::pclose(pipe), 0) << command;
    return text;
}

TEST(Library, OffersTheFunctionsOfItsHeaderAndNothingElse) {
    const std::string library = std::string(NACHOS_BUILD_DIR) + "/libnachos_runtime.so";
    std::istringstream symbols(output_of("nm -D --defined-only " + library));
    const std::string header = core::read_file(std::string(NACHOS_SOURCE_DIR) + "/src/capi/nachos_runtime.h");
    int count = 0;
    for (std::string address, kind, name; symbols >> address >> kind >> name; ++count)
        EXPECT_NE(header.find(" *" + name + "("), header.find(" " + name + "(")) << name << " is not in the header";
    std::size_t declared = 0;
    for (std::size_t i = header.find("\nNACHOS_API"); i != std::string::npos; i = header.find("\nNACHOS_API", i + 1))
        ++declared;
    EXPECT_EQ(static_cast<std::size_t>(count), declared);
    std::printf("libnachos_runtime.so: %zu bytes\n", static_cast<std::size_t>(fs::file_size(library)));
}

}  // namespace
}  // namespace nachos::capi
