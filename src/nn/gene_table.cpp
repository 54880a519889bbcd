#include "nn/gene_table.h"

#include <algorithm>

namespace nachos::nn {

using torch::Tensor;

GeneTable::GeneTable(const arch::SearchSpace& space, std::vector<int> genes,
                     const std::function<std::vector<float>(std::span<const int> values)>& row_values) {
    const auto choices_of = [&](int gene) {
        return gene < 0 ? std::vector<int>{0} : space.genes()[static_cast<std::size_t>(gene)].choices;
    };
    std::vector<Tensor> columns;
    std::vector<std::size_t> index(genes.size(), 0);
    std::vector<int> values(genes.size(), 0);
    for (bool more = true; more;) {
        for (std::size_t g = 0; g < genes.size(); ++g) values[g] = choices_of(genes[g])[index[g]];
        columns.push_back(torch::tensor(row_values(values)));
        more = false;
        for (std::size_t g = genes.size(); g > 0 && !more; --g) {
            more = ++index[g - 1] < choices_of(genes[g - 1]).size();
            if (!more) index[g - 1] = 0;
        }
    }
    std::copy_if(genes.begin(), genes.end(), std::back_inserter(genes_),
                 [&](int gene) { return choices_of(gene).size() > 1; });
    table_ = torch::stack(columns, 1);
    if (table_.eq(table_.narrow(1, 0, 1)).all().item<bool>()) {  // genes that make no difference
        genes_.clear();
        table_ = table_.narrow(1, 0, 1).contiguous();
    }
}

Tensor GeneTable::at(std::span<const Tensor> choices) const {
    if (constant()) return table_.squeeze(1);
    Tensor joint = choices[static_cast<std::size_t>(genes_[0])];
    for (std::size_t g = 1; g < genes_.size(); ++g)
        joint = torch::outer(joint, choices[static_cast<std::size_t>(genes_[g])]).flatten();
    return torch::mv(table_.to(joint.scalar_type()), joint);
}

bool GeneTable::always(float value) const { return constant() && table_.eq(value).all().item<bool>(); }

GeneTable leading_channels(const arch::SearchSpace& space, std::vector<int> genes, int channels,
                           const std::function<int(std::span<const int>)>& size) {
    return {space, std::move(genes), [&](std::span<const int> values) {
                std::vector<float> mask(static_cast<std::size_t>(channels), 0);
                std::fill_n(mask.begin(), std::min(channels, size(values)), 1.0F);
                return mask;
            }};
}

GeneTable gene_factor(const arch::SearchSpace& space, std::vector<int> genes,
                      const std::function<bool(std::span<const int>)>& holds) {
    return {space, std::move(genes),
            [&](std::span<const int> values) { return std::vector<float>{holds(values) ? 1.0F : 0.0F}; }};
}

}  // namespace nachos::nn
