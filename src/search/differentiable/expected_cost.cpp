#include "search/differentiable/expected_cost.h"

namespace nachos::search {

using torch::Tensor;

CostModel::CostModel(const cost::CostTables& tables) : stages_(tables.stages) {
    for (const cost::CostTerm& term : tables.terms) {
        std::vector<std::int64_t> shape;
        for (const int g : term.genes) shape.push_back(tables.choices[static_cast<std::size_t>(g)]);
        terms_.push_back(
            {term.genes, torch::tensor(term.macs, torch::kLong).to(torch::kDouble).view(shape), term.site, term.head});
    }
}

Tensor CostModel::executed_macs(std::span<const Tensor> choices) const {
    std::vector<Tensor> backbone(static_cast<std::size_t>(stages_)), heads(backbone);
    for (const Term& term : terms_) {
        Tensor macs = term.macs;
        for (std::size_t g = term.genes.size(); g > 0; --g)
            macs = torch::matmul(macs, choices[static_cast<std::size_t>(term.genes[g - 1])].to(torch::kDouble));
        Tensor& sum = (term.head ? heads : backbone)[static_cast<std::size_t>(term.site) - 1];
        sum = sum.defined() ? sum + macs : macs;
    }
    for (auto* parts : {&backbone, &heads})
        for (Tensor& part : *parts)
            if (!part.defined()) part = torch::zeros({}, torch::kDouble);
    return torch::cumsum(torch::stack(backbone) + torch::stack(heads), 0);
}

Tensor placed_exit_probabilities(const std::vector<Tensor>& gates, const Tensor& offsets,
                                 const std::vector<Tensor>& placed) {
    std::vector<Tensor> columns;
    Tensor stay;
    for (std::size_t i = 0; i < placed.size(); ++i) {
        const Tensor leave = torch::sigmoid(gates[i] + offsets.select(0, static_cast<std::int64_t>(i))) * placed[i];
        columns.push_back(stay.defined() ? stay * leave : leave);
        stay = stay.defined() ? stay * (1 - leave) : 1 - leave;
    }
    columns.push_back(stay);
    return torch::stack(columns, 1);
}

}  // namespace nachos::search
