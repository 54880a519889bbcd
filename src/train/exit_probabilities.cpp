#include "train/exit_probabilities.h"

namespace nachos::train {

using torch::Tensor;

Tensor exit_probabilities(const std::vector<Tensor>& gates) {
    std::vector<Tensor> columns;
    Tensor log_stay;  // log prod_{j<i} (1 - c_j)
    for (std::size_t i = 0; i + 1 < gates.size(); ++i) {
        const Tensor log_leave = torch::log_sigmoid(gates[i]);
        columns.push_back((log_stay.defined() ? log_stay + log_leave : log_leave).exp());
        const Tensor log_pass = torch::log_sigmoid(-gates[i]);
        log_stay = log_stay.defined() ? log_stay + log_pass : log_pass;
    }
    TORCH_CHECK(log_stay.defined(), "exit_probabilities needs an early exit");
    columns.push_back(log_stay.exp());
    return torch::stack(columns, 1);
}

}  // namespace nachos::train
