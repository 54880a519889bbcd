#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace nachos::arch {

/// Height and width of one sample's map; c = features and h = w = 1 after pooling or flattening.
struct Shape {
    int c = 0;
    int h = 1;
    int w = 1;

    bool operator==(const Shape&) const = default;
    std::int64_t elements() const { return static_cast<std::int64_t>(c) * h * w; }
};

enum class Activation { none, relu, hard_swish, hard_sigmoid };

enum class LayerKind {
    conv,             ///< 2-d convolution, zero padding on both sides; weight (out, in/groups, kernel, kernel)
    linear,           ///< weight (out, in); a 1x1x1 map in, features out
    activation,       ///< alone, where no layer before it can carry it
    max_pool,         ///< window = stride = kernel, the remainder of the map dropped
    global_avg_pool,  ///< mean over the map
    flatten,          ///< (c, h, w) to features, channel-major
    add,              ///< sum of two equal shapes
    scale,            ///< map times one factor a channel: inputs are map and factors
};

/// One layer. Tensor 0 is the input image, tensor i + 1 the output of layer i.
struct Layer {
    std::string name;  ///< e.g. "stage2.block1.expand"; equal names share supernet weights
    LayerKind kind = LayerKind::conv;
    std::vector<int> inputs;  ///< tensors read, each smaller than this layer's own
    Shape in;                 ///< of the first input
    Shape out;
    int kernel = 1;
    int stride = 1;
    int padding = 0;
    int groups = 1;
    bool bias = false;                         ///< has a bias of its own
    bool batch_norm = false;                   ///< followed by batch normalisation; false once folded
    Activation activation = Activation::none;  ///< applied last
    int exit = 0;                              ///< index of the first exit (of NetDesc::exits) that needs this layer
    bool head = false;                         ///< belongs to that exit's head, not to the backbone
    std::vector<float> weight;                 ///< empty while only the structure is of interest
    std::vector<float> bias_values;            ///< (out.c), empty likewise

    bool has_weights() const { return kind == LayerKind::conv || kind == LayerKind::linear; }
    std::vector<std::int64_t> weight_shape() const;
    std::int64_t weight_count() const;  ///< elements of `weight` when filled
    /// Multiply-accumulates, batch 1: convolution Kh*Kw*(Cin/groups)*Cout*Hout*Wout, linear in*out, all else 0.
    std::int64_t macs() const;
    /// Weights and biases after folding batch norm.
    std::int64_t params() const;
};

/// Where a classifier ends. The last one is the final classifier, without a gate.
struct ExitPoint {
    int site = 0;    ///< stage (from 1) after which it stands; the number of stages for the final one
    int tensor = 0;  ///< its output: class logits, then the gate logit if has_gate
    bool has_gate = false;
};

/// A network as plain data, layers in execution order: backbone up to the first exit, its head, the next backbone piece, ...
/// It is the seam between torch and everything else: cost, export and runtime read only this.
struct NetDesc {
    Shape input;
    int classes = 0;
    std::vector<Layer> layers;
    std::vector<ExitPoint> exits;  ///< placed exits and the final one, in order

    const Shape& shape_of(int tensor) const {
        return tensor == 0 ? input : layers[static_cast<std::size_t>(tensor) - 1].out;
    }
    int exit_count() const { return static_cast<int>(exits.size()); }
};

/// For each tensor the index of the last layer that reads it; of one that nobody reads, the layer that writes it.
std::vector<std::size_t> last_readers(const NetDesc& net);

/// Checks everything a reader of a foreign file must know before running it: tensor indices, shapes that follow from each
/// layer's inputs, weight sizes (`with_weights`), sizes within sane limits. Throws Error(bad_data) naming `where` and the
/// layer.
void check(const NetDesc& net, bool with_weights, const std::string& where);

/// The structure as JSON text (no weights), and back; `net_from_json` checks as `check` does.
std::string net_to_json(const NetDesc& net);
NetDesc net_from_json(const std::string& text, const std::string& where);

const char* to_string(LayerKind kind);
const char* to_string(Activation activation);
/// Back from those names, out of a foreign file. Throw Error(bad_data) naming `where`.
LayerKind layer_kind_from(const std::string& name, const std::string& where);
Activation activation_from(const std::string& name, const std::string& where);

}  // namespace nachos::arch
