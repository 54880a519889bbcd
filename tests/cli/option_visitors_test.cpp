#include "cli/option_visitors.h"
#include "cli/nearest.h"
#include "core/error.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace nachos::cli {
namespace {

struct Example {
    std::uint64_t seed = 7;
    bool flip = true;
    int epochs = 3;
    double rate = 0.1;
    std::string engine = "random";
    std::optional<double> max_macs;
    std::vector<int> kernels;
    std::vector<std::vector<int>> depths;

    void describe(core::OptionVisitor& v) {
        v.field({"seed", "seed of everything"}, seed);
        v.group("train", "training", [&] {
            v.field({"flip", "mirror"}, flip);
            v.field({"epochs", "passes", 1, 100}, epochs);
            v.field({"rate", "learning rate", 0, 1}, rate);
        });
        v.group("search", "searching", [&] {
            v.field({"engine", "how", 0, 0, {"random", "nsga2"}}, engine);
            v.field({"max_macs", "limit", 0}, max_macs);
            v.field({"kernels", "allowed", 1, 7}, kernels);
            v.field({"depths", "per stage", 1, 9}, depths);
        });
    }
};

Example read(const std::string& toml, std::vector<std::string> overrides = {}) {
    Example example;
    read_options({toml, "some.toml", std::move(overrides)}, [&](core::OptionVisitor& v) { example.describe(v); });
    return example;
}

std::string text_of(Example example) {
    return options_to_toml([&](core::OptionVisitor& v) { example.describe(v); });
}

std::string refusal(const std::string& toml, std::vector<std::string> overrides = {}) {
    try {
        read(toml, std::move(overrides));
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::usage);
        return error.what();
    }
    return "accepted";
}

TEST(Options, KeysNotGivenKeepTheirDefaults) {
    const Example example = read("[train]\nepochs = 9\n");
    EXPECT_EQ(example.epochs, 9);
    EXPECT_EQ(example.seed, 7u);
    EXPECT_TRUE(example.flip);
}

TEST(Options, EveryKindOfValueIsRead) {
    const Example example = read(
        "seed = 12\n[train]\nflip = false\nrate = 1\n[search]\nengine = 'nsga2'\nmax_macs = 5e5\nkernels = [3, 5]\n"
        "depths = [[1, 2], [3]]\n");
    EXPECT_EQ(example.seed, 12u);
    EXPECT_FALSE(example.flip);
    EXPECT_EQ(example.rate, 1.0);
    EXPECT_EQ(example.engine, "nsga2");
    EXPECT_EQ(example.max_macs, 5e5);
    EXPECT_EQ(example.kernels, (std::vector<int>{3, 5}));
    EXPECT_EQ(example.depths, (std::vector<std::vector<int>>{{1, 2}, {3}}));
}

TEST(Options, OverridesWinAndBareWordsAreText) {
    const Example example = read("[search]\nengine = 'random'\nmax_macs = 1\n[train]\nepochs = 2\n",
                                 {"search.engine=nsga2", "train.epochs=5", "search.max_macs=none"});
    EXPECT_EQ(example.engine, "nsga2");
    EXPECT_EQ(example.epochs, 5);
    EXPECT_FALSE(example.max_macs);
}

TEST(Options, ResolvedTextReadsBackAsTheSame) {
    Example example;
    example.rate = 1.0 / 3;
    example.max_macs = 500000;
    example.engine = "nsga2";
    example.depths = {{1, 2}, {}};
    const std::string text = text_of(example);
    EXPECT_EQ(text_of(read(text)), text);
    EXPECT_EQ(read(text).rate, 1.0 / 3);
    EXPECT_EQ(text,
              "seed = 7\n\n[train]\nflip = true\nepochs = 3\nrate = 0.3333333333333333\n\n[search]\nengine = \"nsga2\"\n"
              "max_macs = 500000.0\nkernels = []\ndepths = [[1, 2], []]\n");
}

TEST(Options, UnknownKeysNameTheNearestOneAndTheLine) {
    EXPECT_EQ(refusal("seed = 1\n[train]\nepoch = 3\n"),
              "unknown key 'train.epoch' (some.toml, line 3); did you mean 'train.epochs'?");
    EXPECT_EQ(refusal("epochs = 3\n"), "unknown key 'epochs' (some.toml, line 1); did you mean 'train.epochs'?");
    EXPECT_EQ(refusal("[trian]\nrate = 1\n"), "unknown key 'trian.rate' (some.toml, line 2); did you mean 'train.rate'?");
    EXPECT_EQ(refusal("", {"sed=1"}), "unknown key 'sed' (command line, sed=1); did you mean 'seed'?");
    EXPECT_EQ(refusal("[nothing]\n").substr(0, 21), "unknown key 'nothing'");
}

TEST(Options, WrongTypesSayWhatIsNeeded) {
    EXPECT_EQ(refusal("[train]\nepochs = 'many'\n"),
              "train.epochs needs an integer, got the text \"many\" (some.toml, line 2)");
    EXPECT_EQ(refusal("[train]\nepochs = 1.5\n"), "train.epochs needs an integer, got 1.5 (some.toml, line 2)");
    EXPECT_EQ(refusal("train = 4\n"), "train is a group of keys, got 4 (some.toml, line 1)");
    EXPECT_EQ(refusal("seed = {}\n"), "seed needs an integer, got a group of keys (some.toml, line 1)");
    EXPECT_EQ(refusal("", {"search.kernels=3"}),
              "search.kernels needs a list of integers, got 3 (command line, search.kernels=3)");
    EXPECT_EQ(refusal("", {"search.max_macs=soon"}),
              "search.max_macs needs a number, or \"none\", got the text \"soon\" (command line, search.max_macs=soon)");
}

TEST(Options, ValuesOutOfRangeSayWhatIsAllowed) {
    EXPECT_EQ(refusal("[train]\nepochs = 0\n"), "train.epochs = 0 is out of range: 1 to 100 is allowed (some.toml, line 2)");
    EXPECT_EQ(refusal("seed = -1\n"), "seed = -1 is out of range: at least 0 is allowed (some.toml, line 1)");
    EXPECT_EQ(refusal("", {"search.max_macs=-2"}),
              "search.max_macs = -2 is out of range: at least 0 is allowed (command line, search.max_macs=-2)");
    EXPECT_EQ(refusal("", {"search.depths=[[1],[10]]"}),
              "search.depths = 10 is out of range: 1 to 9 is allowed (command line, search.depths=[[1],[10]])");
    EXPECT_EQ(refusal("[train]\nrate = nan\n"), "train.rate = nan is out of range: 0 to 1 is allowed (some.toml, line 2)");
    EXPECT_EQ(refusal("", {"search.max_macs=inf"}),
              "search.max_macs = inf is out of range: at least 0 is allowed (command line, search.max_macs=inf)");
}

TEST(Options, TextOutsideItsTableIsRefused) {
    EXPECT_EQ(refusal("", {"search.engine=nsga"}),
              "search.engine = \"nsga\" is not allowed: one of random, nsga2 (command line, search.engine=nsga)");
}

TEST(Options, FilesAndOverridesThatAreNoTomlAreRefused) {
    EXPECT_EQ(refusal("seed = 1\nseed = 2\n").substr(0, 19), "some.toml, line 2: ");
    EXPECT_EQ(refusal("", {"seed"}), "an override reads key=value, got 'seed'");
    EXPECT_EQ(refusal("", {"=3"}), "an override reads key=value, got '=3'");
}

TEST(Options, KeysMayNotNestWithoutEnd) {
    const auto dotted = [](int parts) {
        std::string key = "a";
        for (int i = 1; i < parts; ++i) key += ".a";
        return key;
    };
    const auto expect_deep = [](const std::string& toml) {
        EXPECT_EQ(refusal(toml), "some.toml, line 2: a key has more than 8 dots") << toml.substr(0, 80);
    };
    expect_deep("\n" + dotted(100'000) + " = 1");
    expect_deep("\n[" + dotted(10) + "]");
    expect_deep("# '\n\"a\"." + dotted(9) + " = 1");
    expect_deep("seed = 1\nx = {y = \"\"\"a\"\"\"\"\", " + dotted(10) + " = 1}");
    EXPECT_EQ(read("# ..........\nsearch.depths = [[1], [2]]\nseed = 3 # ..........").seed, 3U);
    EXPECT_EQ(refusal("b = '''\n..........'''\n").substr(0, 11), "unknown key");
    EXPECT_EQ(refusal("\"....\\\"......\" = 1").substr(0, 11), "unknown key");
}

TEST(Options, WhatTomlPlusPlusOnlyAssertsIsRefused) {
    EXPECT_EQ(refusal("[\x01]"), "some.toml: holds a character where none like it may stand");
}

TEST(Options, SchemaHoldsTypesRangesAndDefaults) {
    Example example;
    const auto schema =
        nlohmann::json::parse(options_schema([&](core::OptionVisitor& v) { example.describe(v); }, "example"));
    EXPECT_EQ(schema["additionalProperties"], false);
    const auto& train = schema["properties"]["train"]["properties"];
    EXPECT_EQ(train["epochs"],
              nlohmann::json::parse(R"({"type":"integer","minimum":1,"maximum":100,"default":3,"description":"passes"})"));
    EXPECT_EQ(schema["properties"]["search"]["properties"]["engine"]["enum"], (std::vector<std::string>{"random", "nsga2"}));
    EXPECT_EQ(schema["properties"]["search"]["properties"]["max_macs"]["default"], "none");
}

TEST(Nearest, EditDistanceByHand) {
    EXPECT_EQ(edit_distance("", "abc"), 3);
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3);
    EXPECT_EQ(edit_distance("same", "same"), 0);
}

}  // namespace
}  // namespace nachos::cli
