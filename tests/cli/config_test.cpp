#include "cli/config.h"
#include "cli/limit_options.h"
#include "core/expect_error.h"
#include "core/temp_folder.h"

#include <gtest/gtest.h>

#include <fstream>

namespace nachos::cli {
namespace {

TEST(Config, DefaultsReadBackExactly) {
    SearchConfig config;
    config.search.engine = "hybrid";  // what the default, "auto", becomes
    const std::string text = to_toml(config);
    EXPECT_EQ(to_toml(parse_config(text, "defaults")), text);
    EXPECT_NE(text.find("\n[limits]\nmax_avg_macs = \"none\"\n"), std::string::npos) << text;
}

TEST(Config, EveryValueReadsBackExactly) {
    const std::vector<std::string> overrides = {
        "seed=18",           "limits.max_avg_macs=412345.5", "space.depth=[[1, 2], [2]]",
        "data.path=a\"b\\c", "search.evaluations=77",        "supernet.learning_rate=0.07"};
    const std::string text = to_toml(parse_config("", "nothing", overrides));
    EXPECT_EQ(to_toml(parse_config(text, "resolved")), text);
    EXPECT_NE(text.find("max_avg_macs = 412345.5\n"), std::string::npos);
    EXPECT_NE(text.find("depth = [[1, 2], [2]]\n"), std::string::npos);
    EXPECT_NE(text.find("path = \"a\\\"b\\\\c\"\n"), std::string::npos);
}

TEST(Config, GroupsOfTheSameKindKeepTheirOwnValues) {
    const SearchConfig config = parse_config("[supernet]\nepochs = 3\n[final]\nepochs = 5\n", "two");
    EXPECT_EQ(config.supernet.optimizer.epochs, 3);
    EXPECT_EQ(config.final.optimizer.epochs, 5);
}

TEST(Config, TheInitialDesignFitsIntoTheEvaluations) {
    test::expect_error(ErrorKind::usage, {"search.initial = 40", "search.evaluations = 10", "tiny.toml"},
                       [] { parse_config("[search]\nevaluations = 10\ninitial = 40\n", "tiny.toml"); });
}

TEST(Config, AutoBecomesTheEngineThatCanDoIt) {
    const auto engine = [](const std::string& toml) { return parse_config(toml, "c.toml").search.engine; };
    EXPECT_EQ(engine(""), "hybrid");
    EXPECT_EQ(engine("search.engine = 'auto'"), "hybrid");
    EXPECT_EQ(engine("search.engine = 'random'"), "random");
    EXPECT_EQ(engine("search.cost = 'latency'\nlatency.table = 'lut.json'"), "nachos");
    EXPECT_EQ(engine("evaluate.fidelity = 'scratch:2'\nfinal.from_supernet = false"), "nachos");
    EXPECT_EQ(engine("evaluate.fidelity = 'scratch:2'"), "hybrid");  // there is a supernet for final training
}

TEST(Config, FidelitiesAreChecked) {
    test::expect_error(ErrorKind::usage, {"evaluate.fidelity names 'finetune'"},
                       [] { parse_config("[evaluate]\nfidelity = 'inherit,finetune'\n", "c.toml"); });
    test::expect_error(ErrorKind::usage, {"'staged' needs at least 2 epochs", "'scratch:1'", "c.toml"}, [] {
        parse_config("[evaluate]\nfidelity = 'inherit,scratch:1'\n[final]\nschedule = 'staged'\n", "c.toml");
    });
    EXPECT_NO_THROW(parse_config("[evaluate]\nfidelity = 'inherit,scratch:2'\n[final]\nschedule = 'staged'\n", "c.toml"));
}

TEST(Config, AMissingFileIsAUsageError) {
    test::expect_error(ErrorKind::usage, {"there is no configuration file /nowhere.toml"},
                       [] { load_config("/nowhere.toml"); });
}

TEST(Config, FilesNameTheirLine) {
    const test::TempFolder folder;
    std::ofstream(folder / "c.toml") << "seed = 1\n[policy]\nmeasure = \"max_prb\"\n";
    test::expect_error(ErrorKind::usage, {"policy.measure = \"max_prb\" is not allowed", "max_prob", "c.toml, line 3"},
                       [&] { load_config(folder / "c.toml"); });
}

study::Limits limits_of(std::vector<std::string> arguments, const study::Limits& own) {
    CLI::App app;
    const LimitOptions options(app);
    std::reverse(arguments.begin(), arguments.end());
    app.parse(arguments);
    return options.applied_to(own);
}

TEST(LimitOptions, OverrideTheStudysOwnAndNoneTakesOneAway) {
    study::Limits own;
    own.max_avg_macs = 500000;
    own.min_accuracy = 0.9;
    const auto limits = limits_of({"--max-avg-macs", "4e5", "--min-accuracy", "none", "--max-params=1000"}, own);
    EXPECT_EQ(limits.max_avg_macs, 4e5);
    EXPECT_FALSE(limits.min_accuracy);
    EXPECT_EQ(limits.max_params, 1000);
    EXPECT_EQ(limits_of({}, own).max_avg_macs, 500000);
}

TEST(LimitOptions, ValuesOutOfRangeAreRefused) {
    test::expect_error(ErrorKind::usage, {"min_accuracy = 1.5 is out of range", "0 to 1"}, [] {
        limits_of({"--min-accuracy", "1.5"}, {});
    });
}

}  // namespace
}  // namespace nachos::cli
