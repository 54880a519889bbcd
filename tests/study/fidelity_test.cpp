#include "study/fidelity.h"

#include "core/expect_error.h"

#include <gtest/gtest.h>

namespace nachos::study {
namespace {

using Weights = Fidelity::Weights;

TEST(Fidelity, IsReadAndWrittenAlike) {
    const auto all = fidelities_from("inherit, finetune:2,scratch:10");
    EXPECT_EQ(all, (std::vector<Fidelity>{{Weights::inherit, 0}, {Weights::finetune, 2}, {Weights::scratch, 10}}));
    EXPECT_EQ(text_of(all[0]), "inherit");
    EXPECT_EQ(text_of(all[1]), "finetune:2");
    EXPECT_EQ(text_of(all[2]), "scratch:10");
}

TEST(Fidelity, MistakesAreNamed) {
    for (const char* text : {"", "inherits", "finetune", "finetune:", "finetune:0", "finetune:2x", "scratch:10001",
                             "inherit,", "finetune:-1", "scratch:99999999999"})
        test::expect_error(ErrorKind::usage, {"evaluate.fidelity", "inherit, finetune:E and scratch:E", "1 to 10000"},
                           [&] { fidelities_from(text); });
    test::expect_error(ErrorKind::usage, {"'finetune:1' twice"}, [] { fidelities_from("finetune:1,finetune:1"); });
}

TEST(Fidelity, DesignsAreJudgedByTheHighestReached) {
    std::vector<Evaluation> evaluations(4);
    evaluations[0].fidelity = evaluations[1].fidelity = evaluations[3].fidelity = "inherit";
    evaluations[2].fidelity = "finetune:1";
    const auto judged_by = [&](const char* text) {
        std::vector<std::string> fidelities;
        for (const Evaluation& e : judged(evaluations, fidelities_from(text))) fidelities.push_back(e.fidelity);
        return fidelities;
    };
    EXPECT_EQ(judged_by("inherit"), (std::vector<std::string>{"inherit", "inherit", "inherit"}));
    EXPECT_EQ(judged_by("inherit,finetune:1"), (std::vector<std::string>{"finetune:1"}));
    EXPECT_EQ(judged_by("inherit,finetune:1,finetune:4"), (std::vector<std::string>{"finetune:1"}));
    EXPECT_EQ(judged_by("scratch:3").size(), 4U);
}

}  // namespace
}  // namespace nachos::study
