#include "train/trainer.h"

#include "cost/cost.h"
#include "nn/network.h"
#include "train/loop.h"
#include "train/losses.h"
#include "train/support_set.h"
#include "train/teacher.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace nachos::train {
namespace {

using torch::Tensor;

/// A network as the teacher of others.
Taught by_final_exit(const nn::Outputs& outputs, const LossOptions& options) {
    return {.probabilities = torch::softmax(outputs.logits.back().detach(), 1), .share = options.distillation};
}

/// A network whose early exits are taught by its own final one, which itself learns from labels alone.
Taught by_itself(const nn::Outputs& outputs, const LossOptions& options) {
    if (options.classification != "independent" || outputs.logits.size() == 1) return {};
    Taught taught = by_final_exit(outputs, options);
    taught.final_exit = false;
    return taught;
}

LossContext context_of(const arch::NetDesc& net, const TrainingInput& input) {
    LossContext context{.cost = {}, .max_avg_macs = input.max_avg_macs, .support = {}};
    if (input.loss.cost_weight == 0 || !input.max_avg_macs) return context;
    for (const std::int64_t macs : cost::costs_of(net).executed_macs) context.cost.push_back(static_cast<double>(macs));
    return context;
}

}  // namespace

void train_supernet(nn::WeightBank& bank, const arch::SearchSpace& space, const SupernetOptions& options,
                    const TrainingInput& input, CoLearner* learner) {
    const arch::NetDesc largest = space.build(space.with_all_exits(space.largest()));
    const arch::NetDesc smallest = space.build(space.smallest());
    const LossContext of_largest = context_of(largest, input), of_smallest = context_of(smallest, input);
    const auto step = [&](const nn::WeightBank& weights, const Tensor& x, const Tensor& y, core::Rng rng) {
        const nn::Outputs most = nn::run(largest, weights, x);
        const Tensor loss = total_loss(most, y, input.loss, by_itself(most, input.loss), of_largest);
        loss.backward();
        const Taught taught = by_final_exit(most, input.loss);
        total_loss(nn::run(smallest, weights, x), y, input.loss, taught, of_smallest).backward();
        for (int i = 0; i < options.random_subnets; ++i) {
            const arch::NetDesc net =
                space.build(space.decode(learner != nullptr ? learner->sample(rng) : space.sample(rng)));
            total_loss(nn::run(net, weights, x), y, input.loss, taught, context_of(net, input)).backward();
        }
        return loss.item<double>();
    };
    run_loop(
        bank, options.optimizer, input, step, [&](int) -> const data::Examples& { return input.examples; }, learner);
}

void train_network(nn::WeightBank& bank, const arch::NetDesc& net, const OptimizerOptions& options,
                   const TrainingInput& input) {
    SupportSet support(net, bank, options.epochs, input);
    LossContext context = context_of(net, input);
    const auto differentiate = input.freeze_backbone ? nn::Differentiate::early_exits : nn::Differentiate::everything;
    const auto step = [&](const nn::WeightBank& weights, const Tensor& x, const Tensor& y, core::Rng) {
        const nn::Outputs outputs = nn::run(net, weights, x, differentiate);
        const Taught taught = input.teacher != nullptr ? input.teacher->of(x) : by_itself(outputs, input.loss);
        const Tensor loss = total_loss(outputs, y, input.loss, taught, context);
        loss.backward();
        return loss.item<double>();
    };
    run_loop(bank, options, input, step, [&](int epoch) -> const data::Examples& {
        support.begin_epoch(epoch);
        context.support = support.matrix();
        return support.rest();
    });
}

void train_by_schedule(nn::WeightBank& bank, const arch::NetDesc& net, const arch::NetDesc& backbone,
                       const FinalOptions& options, const TrainingInput& input) {
    if (options.schedule == "joint" || net.exit_count() == 1) return train_network(bank, net, options.optimizer, input);
    assert(options.optimizer.epochs > 1);
    OptimizerOptions first = options.optimizer, second = options.optimizer;
    first.epochs = std::clamp(static_cast<int>(std::lround(options.backbone_share * second.epochs)), 1, second.epochs - 1);
    second.epochs -= first.epochs;
    const auto steps_before = [&](int epochs) {  // both stages report as one
        return [&input, epochs, all = options.optimizer.epochs](const core::Progress& p, int own) {
            const std::int64_t an_epoch = p.total / own;
            if (input.progress) input.progress({input.phase, epochs * an_epoch + p.done, all * an_epoch, p.note});
        };
    };
    TrainingInput stage = input;
    stage.phase = input.phase + " backbone";
    stage.progress = [report = steps_before(0), &first](const core::Progress& p) { report(p, first.epochs); };
    if (!input.checkpoint.empty()) stage.checkpoint.replace_extension(".backbone.safetensors");
    train_network(bank, backbone, first, stage);
    stage.rng = input.rng.stream("exits");
    stage.phase = input.phase + " exits";
    stage.progress = [report = steps_before(first.epochs), &second](const core::Progress& p) { report(p, second.epochs); };
    stage.checkpoint = input.checkpoint;
    stage.freeze_backbone = options.freeze_backbone;
    train_network(bank, net, second, stage);
}

}  // namespace nachos::train
