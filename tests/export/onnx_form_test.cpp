#include "core/temp_folder.h"
#include "export/forms.h"
#include "export/onnx_runner.h"
#include "export/onnx_writer.h"
#include "model/tiny_model.h"

#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

namespace nachos::exporting {
namespace {

class EveryOnnxForm : public testing::TestWithParam<test::FormCase> {
  protected:
    void SetUp() override {
        if (!onnxruntime_found()) GTEST_SKIP() << "skipped: no onnxruntime-node";
    }
    const test::TempFolder folder_;
};

TEST_P(EveryOnnxForm, StagedAnswersAsTheRuntimeDoes) {
    test::expect_same_answers(GetParam().model(), GetParam().images, "onnx-staged", folder_.path());
}

TEST_P(EveryOnnxForm, NestedAnswersAsTheRuntimeDoes) {
    test::expect_same_answers(GetParam().model(), GetParam().images, "onnx", folder_.path());
}

INSTANTIATE_TEST_SUITE_P(All, EveryOnnxForm, testing::ValuesIn(test::form_cases()),
                         [](const auto& info) { return test::name_of(info.param); });

onnx::ModelProto parsed(const std::string& bytes) {
    onnx::ModelProto model;
    EXPECT_TRUE(model.ParseFromString(bytes));
    return model;
}

template <class Values>
std::vector<std::string> names(const Values& values) {
    std::vector<std::string> all;
    for (const auto& v : values) all.push_back(v.name());
    return all;
}

TEST(OnnxStages, PassOnWhatLaterOnesRead) {
    using Names = std::vector<std::string>;
    const auto stages = onnx_stages(test::tiny_model(8));
    ASSERT_EQ(stages.size(), 2U);
    const onnx::ModelProto first = parsed(stages[0]), second = parsed(stages[1]);
    EXPECT_EQ(names(first.graph().input()), (Names{"image"}));
    EXPECT_EQ(names(first.graph().output()), (Names{"logits", "gate", "t1"}));  // t1: the first convolution's
    EXPECT_EQ(names(second.graph().input()), (Names{"t1"}));
    EXPECT_EQ(names(second.graph().output()), (Names{"logits"}));
}

TEST(OnnxSingle, HoldsWhatFollowsInTheElseBranch) {
    const onnx::ModelProto model = parsed(onnx_single(test::tiny_model(8)));
    const auto& nodes = model.graph().node();
    const auto branch = std::find_if(nodes.begin(), nodes.end(), [](const auto& n) { return n.op_type() == "If"; });
    ASSERT_NE(branch, nodes.end());
    const auto convolutions = [](const onnx::GraphProto& graph) {
        return std::count_if(graph.node().begin(), graph.node().end(), [](const auto& n) { return n.op_type() == "Conv"; });
    };
    EXPECT_EQ(convolutions(model.graph()), 1);
    EXPECT_EQ(convolutions(branch->attribute(0).g()), 0);
    EXPECT_EQ(branch->attribute(1).name(), "else_branch");
    EXPECT_EQ(convolutions(branch->attribute(1).g()), 1);
}

}  // namespace
}  // namespace nachos::exporting
