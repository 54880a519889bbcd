#include "cli/notes.h"

#include <gtest/gtest.h>

namespace nachos::cli {
namespace {

TEST(Notes, TellAPublishedSizeFromAScaledOne) {
    EXPECT_TRUE(notes_of({}).empty());
    const std::string published = std::string(NACHOS_SOURCE_DIR) + "/configs/published.toml";
    EXPECT_EQ(notes_of(load_config(published)), (std::vector<std::string>{"engine nachos-paper at its published size"}));
    EXPECT_EQ(
        notes_of(load_config(published, {"search.evaluations=40", "search.initial=20", "evaluate.fidelity=finetune:2"})),
        (std::vector<std::string>{
            "engine nachos-paper, scaled: search.evaluations = 40 (published 180), search.initial = 20 "
            "(published 100), evaluate.fidelity = finetune:2 (published finetune:20)"}));
}

TEST(Notes, TellWhoseSupernetWasTaken) {
    SearchConfig config;
    config.supernet.from = "/somewhere/runs/first";
    EXPECT_EQ(notes_of(config), (std::vector<std::string>{"shared weights taken from the study 'first' (supernet.from)"}));
}

TEST(Notes, TheBestDesignSoFarIsTold) {
    search::SearchStep step;
    EXPECT_EQ(search_note(step), "no design meets the limits yet");
    step.best = {{.accuracy = 0.91234, .avg_macs = 412300}};
    EXPECT_EQ(search_note(step), "best 91.23 % at 412.3 k MACs");
}

}  // namespace
}  // namespace nachos::cli
