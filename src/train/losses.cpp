#include "train/losses.h"

#include "train/cost_loss.h"
#include "train/exit_probabilities.h"
#include "train/gate_loss.h"
#include "train/support_loss.h"

namespace nachos::train {

using torch::Tensor;

Tensor exit_loss(const nn::Outputs& outputs, const Tensor& labels, const LossOptions& options, const LossContext& context) {
    Tensor loss = torch::zeros({}, outputs.logits.back().options());
    if (outputs.logits.size() == 1) return loss;
    if (options.gate_weight > 0) loss = loss + gate_loss(outputs, labels, options.gate == "balanced") * options.gate_weight;
    if (options.cost_weight > 0 && context.max_avg_macs && !context.cost.empty()) {
        loss = loss +
               cost_loss(exit_probabilities(outputs.gates), context.cost, *context.max_avg_macs, options.cost_normaliser) *
                   options.cost_weight;
    }
    if (options.support_weight > 0 && context.support.defined())
        loss = loss + support_loss(outputs.gates, labels, context.support) * options.support_weight;
    return loss;
}

Tensor total_loss(const nn::Outputs& outputs, const Tensor& labels, const LossOptions& options, const Taught& taught,
                  const LossContext& context) {
    return classification_loss(outputs, labels, options, taught) * options.class_weight +
           exit_loss(outputs, labels, options, context);
}

}  // namespace nachos::train
