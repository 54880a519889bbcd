#pragma once

#include "policy/table.h"

#include <torch/torch.h>

#include <vector>

namespace nachos::train {

/// A[k, i] (method 3): accuracy of early exit i on class k over a recorded support set, (K, E - 1) float. A class without
/// samples has its exit's accuracy over all samples. Undefined where there is no early exit.
torch::Tensor support_matrix(const policy::RecordedTable& support);

/// Regularizer 2 (method 3): L_support = mean_n mean_{i<E} (c_i(x_n) - A[y_n, i])^2, exit by exit. `gates` as the network
/// gives them (logits (N), undefined for the last exit); `labels` (N) int64; `matrix` from support_matrix. 0 without an
/// early exit.
torch::Tensor support_loss(const std::vector<torch::Tensor>& gates, const torch::Tensor& labels,
                           const torch::Tensor& matrix);

}  // namespace nachos::train
