#include "search/given.h"

#include "core/expect_error.h"
#include "search/fake.h"

#include <gtest/gtest.h>

namespace nachos::search {
namespace {

std::vector<arch::ArchSpec> some(const arch::SearchSpace& space, int count) {
    core::Rng rng(3);
    std::vector<arch::ArchSpec> specs;
    for (int i = 0; i < count; ++i) specs.push_back(space.decode(space.sample(rng)));
    return specs;
}

SearchOptions listing(const std::vector<arch::ArchSpec>& specs) {
    SearchOptions options;
    options.engine = "given";
    options.given = architectures_text(specs);
    return options;
}

TEST(Given, EvaluatesWhatIsListedInOrderAndNothingElse) {
    FakeTask task = wide_task();
    const auto specs = some(task.space, 11);
    SearchOptions options = listing(specs);
    options.evaluations = 4;  // is for engines that choose
    const SearchResult result = engine_named("given").run(task.problem(), options, core::Rng(1), {});
    EXPECT_EQ(task.asked, specs);
    EXPECT_EQ(result.archive.size(), 11U);
    EXPECT_EQ(result.history.back().total, 11);
}

TEST(Given, PatienceLeavesNoneOut) {
    FakeTask task = wide_task();
    const auto specs = some(task.space, 11);
    SearchOptions options = listing(specs);
    options.batch = options.patience = 1;
    engine_named("given").run(task.problem(), options, core::Rng(1), {});
    EXPECT_EQ(task.asked, specs);
}

TEST(Given, ReadsOneArchitectureAListAndAFront) {
    const FakeTask task = wide_task();
    const auto specs = some(task.space, 2);
    const std::string a = arch::to_json(specs[0]), b = arch::to_json(specs[1]);
    EXPECT_EQ(architectures_from(a, "a"), (std::vector{specs[0]}));
    EXPECT_EQ(architectures_from("[" + a + ", " + b + "]", "a"), specs);
    const std::string front = R"({"hypervolume": 0.5, "designs": [{"id": "x", "arch": )" + a + R"(}, {"id": "y", "arch": )" +
                              b + R"(}, {"id": "z", "arch": )" + a + "}]}";
    EXPECT_EQ(architectures_from(front, "a"), specs);  // two operating points of one network are one network
    EXPECT_EQ(architectures_from(architectures_text(specs), "a"), specs);
}

TEST(Given, WhatIsNoneIsRefused) {
    for (const char* text :
         {"", "{", "[]", "7", R"({"designs": []})", R"({"designs": [3]})", R"(["a"])", R"({"depth": [1]})"})
        test::expect_error(ErrorKind::bad_data, {"list.json"}, [&] { architectures_from(text, "list.json"); });
}

TEST(Given, RefusesWhatIsNotOfTheSpaceOrBreaksALimit) {
    FakeTask task = wide_task();
    auto specs = some(task.space, 2);
    study::Limits limits;
    limits.max_params = static_cast<double>(exact_costs(task.space, specs[1]).params) - 1;
    specs[0] = task.space.smallest();
    test::expect_error(ErrorKind::inadmissible, {"architecture 2 of search.given", "max_params"},
                       [&] { engine_named("given").run(task.problem(limits), listing(specs), core::Rng(1), {}); });
    specs[1].width[0] = 9;
    test::expect_error(ErrorKind::bad_data, {"width", "9"},
                       [&] { engine_named("given").run(task.problem(), listing(specs), core::Rng(1), {}); });
    EXPECT_TRUE(task.asked.empty());
}

}  // namespace
}  // namespace nachos::search
