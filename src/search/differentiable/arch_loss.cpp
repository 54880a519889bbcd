#include "search/differentiable/arch_loss.h"

#include "train/class_loss.h"
#include "train/cost_loss.h"

namespace nachos::search {
namespace {

using torch::Tensor;

std::vector<Tensor> placed_exits(const arch::SearchSpace& space, const ArchPolicy::Sample& sample, torch::Device device) {
    std::vector<Tensor> placed;
    for (int s = 0; s < space.sites(); ++s) {
        const int gene = space.gene_index({arch::GeneRef::Kind::exit_placed, s, 0});
        placed.push_back(sample.choices[static_cast<std::size_t>(gene)].select(0, 1).to(device));
    }
    return placed;
}

/// Regularizer 2 over the placed exits.
Tensor support_term(const nn::Outputs& outputs, const Tensor& offsets, const std::vector<Tensor>& placed,
                    const Tensor& labels, const Tensor& support) {
    Tensor sum = torch::zeros({}, labels.options().dtype(torch::kFloat));
    for (std::size_t i = 0; i < placed.size(); ++i) {
        const auto at = static_cast<std::int64_t>(i);
        const Tensor c = torch::sigmoid(outputs.gates[i] + offsets.select(0, at));
        sum = sum + (c - support.select(1, at).index_select(0, labels)).square().mean() * placed[i];
    }
    return sum / static_cast<double>(placed.size());
}

void count_right(const nn::Outputs& outputs, const Tensor& labels, int classes, ArchLoss& result) {
    torch::NoGradGuard no_grad;
    const Tensor of_class = torch::one_hot(labels, classes).to(torch::kFloat);
    std::vector<Tensor> right;
    for (std::size_t i = 0; i + 1 < outputs.logits.size(); ++i)
        right.push_back(of_class.t().mv(outputs.logits[i].argmax(1).eq(labels).to(torch::kFloat)));
    result.right = torch::stack(right, 1).cpu();
    result.count = of_class.sum(0).cpu();
}

}  // namespace

ArchLoss arch_loss(const ArchLossContext& context, const ArchPolicy::Sample& sample, double budget,
                   const nn::Outputs& outputs, const Tensor& labels) {
    const auto device = labels.device();
    const auto placed = placed_exits(context.space, sample, device);
    const Tensor offsets = sample.gate_offsets.to(device);
    const Tensor p = placed_exit_probabilities(outputs.gates, offsets, placed);
    Tensor error = torch::zeros({}, p.options());
    for (std::size_t i = 0; i < outputs.logits.size(); ++i) {
        const Tensor ce = train::class_losses(outputs.logits[i], labels, context.options, {});
        error = error + (ce * p.select(1, static_cast<std::int64_t>(i))).mean();
    }
    const Tensor cost = context.costs.executed_macs(sample.choices) / budget;
    const Tensor g = (p.mean(0).to(torch::kCPU, torch::kDouble) * cost).sum() - 1;
    const int bucket = context.multipliers.bucket(budget);
    ArchLoss result{.loss = error.cpu() + context.multipliers.penalty(g, bucket).to(torch::kFloat),
                    .error = error.item<double>(),
                    .constraint = g.item<double>(),
                    .right = {},
                    .count = {}};
    if (context.options.cost_weight > 0)
        result.loss = result.loss + torch::relu(g).to(torch::kFloat) * context.options.cost_weight;
    if (context.options.support_weight > 0) {
        count_right(outputs, labels, context.space.task().classes, result);
        if (context.support.defined())
            result.loss = result.loss + support_term(outputs, offsets, placed, labels, context.support.to(device)).cpu() *
                                            context.options.support_weight;
    }
    return result;
}

}  // namespace nachos::search
