#pragma once

#include "nn/functions.h"
#include "nn/weight_bank.h"

#include <map>
#include <string>
#include <vector>

namespace nachos::nn {

/// What a network says of a batch, one entry an exit, the final one last.
struct Outputs {
    std::vector<torch::Tensor> logits;  ///< (N, K)
    std::vector<torch::Tensor> gates;   ///< (N) gate logits; undefined for the final exit
};

/// Batch norm statistics per layer name: what folding needs.
using NetStats = std::map<std::string, BatchStats>;

inline constexpr double kBatchNormEpsilon = 1e-5;

/// Runs the network with the statistics of the batch itself (training mode). `x` (N, C, H, W) float, channels-last for
/// speed. Differentiable with respect to the bank, of which `Differentiate::early_exits` leaves out all but the heads of the
/// early exits. The same for a supernet and a stand-alone bank.
enum class Differentiate { everything, early_exits };
Outputs run(const arch::NetDesc& net, const WeightBank& bank, const torch::Tensor& x,
            Differentiate differentiate = Differentiate::everything);

/// The statistics of this architecture on `batches`: means of the batches' means and variances (Yu and Huang 2019, arXiv
/// 1903.05134, section 3.3). Without gradient. Throws Error(runtime) if one is not finite.
NetStats recalibrate(const arch::NetDesc& net, const WeightBank& bank, const std::vector<torch::Tensor>& batches);

/// Throws Error(runtime) naming the layer whose statistics are not finite.
void require_finite(const NetStats& stats);

/// The network as plain data with batch norm folded into weights and biases: where torch ends.
arch::NetDesc to_desc(const arch::NetDesc& net, const WeightBank& bank, const NetStats& stats);

/// The values of a tensor, in the order of its (N, C, H, W) indices.
std::vector<float> values_of(const torch::Tensor& t);

/// A folded network made ready to run many batches.
class FoldedNet {
  public:
    /// `net` as to_desc returns it; `maps` is the number type that maps are kept in, as that of x.
    explicit FoldedNet(const arch::NetDesc& net, torch::Device device = torch::kCPU, torch::ScalarType maps = torch::kFloat);

    /// Without gradient. All exits are computed; logits are float32.
    Outputs run(const torch::Tensor& x) const;

  private:
    arch::NetDesc net_;                                             ///< structure
    std::vector<std::pair<torch::Tensor, torch::Tensor>> weights_;  ///< per layer
};

}  // namespace nachos::nn
