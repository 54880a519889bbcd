#include "core/files.h"
#include "fuzz.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

extern "C" {
int fuzz_arch(const std::uint8_t* data, std::size_t size);
int fuzz_bench_archive(const std::uint8_t* data, std::size_t size);
int fuzz_cifar(const std::uint8_t* data, std::size_t size);
int fuzz_config(const std::uint8_t* data, std::size_t size);
int fuzz_csv_table(const std::uint8_t* data, std::size_t size);
int fuzz_exit_costs(const std::uint8_t* data, std::size_t size);
int fuzz_idx(const std::uint8_t* data, std::size_t size);
int fuzz_image(const std::uint8_t* data, std::size_t size);
int fuzz_latency_table(const std::uint8_t* data, std::size_t size);
int fuzz_manifest(const std::uint8_t* data, std::size_t size);
int fuzz_model(const std::uint8_t* data, std::size_t size);
int fuzz_safetensors(const std::uint8_t* data, std::size_t size);
int fuzz_study_db(const std::uint8_t* data, std::size_t size);
int fuzz_study_json(const std::uint8_t* data, std::size_t size);
int fuzz_study_rows(const std::uint8_t* data, std::size_t size);
int fuzz_study_tail(const std::uint8_t* data, std::size_t size);
int fuzz_svhn(const std::uint8_t* data, std::size_t size);
int fuzz_table(const std::uint8_t* data, std::size_t size);
}

namespace nachos::fuzz {
namespace {

namespace fs = std::filesystem;

struct Target {
    const char* name;
    int (*run)(const std::uint8_t* data, std::size_t size);
};

constexpr Target kTargets[] = {
    {"arch", fuzz_arch},
    {"bench_archive", fuzz_bench_archive},
    {"cifar", fuzz_cifar},
    {"config", fuzz_config},
    {"csv_table", fuzz_csv_table},
    {"exit_costs", fuzz_exit_costs},
    {"idx", fuzz_idx},
    {"image", fuzz_image},
    {"latency_table", fuzz_latency_table},
    {"manifest", fuzz_manifest},
    {"model", fuzz_model},
    {"safetensors", fuzz_safetensors},
    {"study_db", fuzz_study_db},
    {"study_json", fuzz_study_json},
    {"study_rows", fuzz_study_rows},
    {"study_tail", fuzz_study_tail},
    {"svhn", fuzz_svhn},
    {"table", fuzz_table},
};

class Corpus : public testing::TestWithParam<Target> {};

/// Whatever the input, a target ends in its return: any other exception or a signal ends this test.
TEST_P(Corpus, IsReadOrRefused) {
    int inputs = 0;
    for (const auto& entry : fs::directory_iterator(fs::path(NACHOS_CORPUS) / GetParam().name)) {
        const std::string bytes = core::read_file(entry.path());
        EXPECT_EQ(GetParam().run(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()), 0) << entry.path();
        ++inputs;
    }
    EXPECT_GT(inputs, 0);
    GetParam().run(nullptr, 0);
}

INSTANTIATE_TEST_SUITE_P(Fuzz, Corpus, testing::ValuesIn(kTargets), [](const auto& info) { return info.param.name; });

TEST(Fuzz, EveryCorpusHasItsTarget) {
    std::set<std::string> names;
    for (const Target& target : kTargets) names.insert(target.name);
    for (const auto& entry : fs::directory_iterator(NACHOS_CORPUS)) {
        EXPECT_TRUE(names.contains(entry.path().filename().string())) << entry.path();
    }
}

}  // namespace
}  // namespace nachos::fuzz
