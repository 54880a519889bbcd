#include "exec/rank_options.h"

#include "core/error.h"
#include "core/expect_error.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

namespace nachos::exec {
namespace {

/// Sets what a launcher would, and nothing else of it, while it lives.
class Environment {
  public:
    explicit Environment(const std::map<std::string, std::string>& variables) {
        for (const char* name : kNames) ::unsetenv(name);
        for (const auto& [name, value] : variables) ::setenv(name.c_str(), value.c_str(), 1);
    }
    ~Environment() {
        for (const char* name : kNames) ::unsetenv(name);
    }

  private:
    static constexpr const char* kNames[] = {
        "RANK",         "WORLD_SIZE",           "MASTER_ADDR",  "MASTER_PORT",         "TORCHELASTIC_USE_AGENT_STORE",
        "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_JOB_ID", "SLURM_STEP_NODELIST", "TORCHELASTIC_RESTART_COUNT"};
};

TEST(RankOptions, OneProcessNeedsNone) {
    {
        const Environment nothing({});
        EXPECT_FALSE(ranks_from_environment());
    }
    const Environment one({{"WORLD_SIZE", "1"}, {"RANK", "0"}});
    EXPECT_FALSE(ranks_from_environment());
}

TEST(RankOptions, AreWhatTorchrunSets) {
    const Environment set({{"WORLD_SIZE", "4"},
                           {"RANK", "3"},
                           {"MASTER_ADDR", "node7"},
                           {"MASTER_PORT", "29400"},
                           {"SLURM_STEP_NUM_TASKS", "9"}});
    const auto options = ranks_from_environment();
    ASSERT_TRUE(options);
    EXPECT_EQ(options->rank, 3);
    EXPECT_EQ(options->size, 4);
    EXPECT_EQ(options->address, "node7");
    EXPECT_EQ(options->port, 29400);
    EXPECT_FALSE(options->hosted);
    const Environment agent({{"WORLD_SIZE", "2"},
                             {"RANK", "0"},
                             {"MASTER_ADDR", "localhost"},
                             {"MASTER_PORT", "29400"},
                             {"TORCHELASTIC_USE_AGENT_STORE", "True"},
                             {"TORCHELASTIC_RESTART_COUNT", "3"}});
    EXPECT_TRUE(ranks_from_environment()->hosted);
    EXPECT_EQ(ranks_from_environment()->attempt, "3");
}

TEST(RankOptions, AreThoseOfASlurmStep) {
    const Environment set({{"SLURM_STEP_NUM_TASKS", "8"},
                           {"SLURM_PROCID", "5"},
                           {"SLURM_STEP_NODELIST", "gpu[009-011,020]"},
                           {"SLURM_JOB_ID", "1234567"}});
    const auto options = ranks_from_environment();
    ASSERT_TRUE(options);
    EXPECT_EQ(options->rank, 5);
    EXPECT_EQ(options->size, 8);
    EXPECT_EQ(options->address, "gpu009");
    EXPECT_EQ(options->port, 20000 + 1234567 % 20000);
}

TEST(RankOptions, TheFirstHostOfAList) {
    EXPECT_EQ(first_host("node1"), "node1");
    EXPECT_EQ(first_host("node1,node2"), "node1");
    EXPECT_EQ(first_host("node[03-07,9],other"), "node03");
    EXPECT_EQ(first_host("a[1,2]-ib,b"), "a1-ib");
    EXPECT_EQ(first_host("a,b[1-2]"), "a");
    EXPECT_EQ(first_host("a[1-2"), "");
    EXPECT_EQ(first_host(""), "");
}

TEST(RankOptions, WhatIsMissingOrWrongIsNamed) {
    const std::map<std::string, std::string> whole{
        {"WORLD_SIZE", "4"}, {"RANK", "3"}, {"MASTER_ADDR", "node7"}, {"MASTER_PORT", "29400"}};
    const std::vector<std::array<std::string, 3>> wrong{{"WORLD_SIZE", "many", "'many'"},
                                                        {"RANK", "4", "0 to 3"},
                                                        {"RANK", "", "0 to 3"},
                                                        {"MASTER_ADDR", "", "MASTER_ADDR"},
                                                        {"MASTER_PORT", "99999", "1 to 65535"}};
    for (const auto& [name, value, said] : wrong) {
        auto variables = whole;
        variables[name] = value;
        const Environment set(variables);
        test::expect_error(ErrorKind::usage, {name, said}, [] { ranks_from_environment(); });
    }
}

}  // namespace
}  // namespace nachos::exec
