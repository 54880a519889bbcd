#include "export/onnx_writer.h"

#include "core/error.h"
#include "core/version.h"
#include "export/onnx_graph.h"

#include <fmt/format.h>
#include <onnx/checker.h>
#include <onnx/onnx_pb.h>
#include <onnx/shape_inference/implementation.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace nachos::exporting {
namespace {

using arch::Activation;
using arch::Layer;
using arch::LayerKind;
using policy::Measure;

constexpr int kOpset = 17, kIrVersion = 8;

using Ints = std::vector<std::int64_t>;

/// Writes the layers of a model into graphs; tensors are named t0 (the image, normalised), t1, ...
class LayerWriter {
  public:
    explicit LayerWriter(const model::Model& model) : model_(model), net_(model.net) {}

    static std::string tensor(int t) { return fmt::format("t{}", t); }

    /// (N, C, H, W), or (N, F) behind a linear layer.
    bool flat(int t) const {
        if (t == 0) return false;
        const LayerKind kind = net_.layers[static_cast<std::size_t>(t) - 1].kind;
        const auto input = [&] { return net_.layers[static_cast<std::size_t>(t) - 1].inputs[0]; };
        if (kind == LayerKind::activation || kind == LayerKind::add) return flat(input());
        return kind == LayerKind::linear || kind == LayerKind::flatten;
    }

    OnnxDims dims(int t) const {
        const arch::Shape& s = net_.shape_of(t);
        if (flat(t)) return {std::string("N"), s.elements()};
        return {std::string("N"), std::int64_t{s.c}, std::int64_t{s.h}, std::int64_t{s.w}};
    }

    /// Bytes (N, H, W, C) to t0.
    void image(OnnxGraph& graph) const {
        std::vector<float> scale, offset;
        for (std::size_t c = 0; c < model_.preprocessing.mean.size(); ++c) {
            scale.push_back(1 / (255 * model_.preprocessing.std[c]));
            offset.push_back(-model_.preprocessing.mean[c] / model_.preprocessing.std[c]);
        }
        const auto channels = static_cast<std::int64_t>(scale.size());
        const std::string real =
            graph.node("Cast", {"image"}, "image.real", {{"to", std::int64_t{onnx::TensorProto::FLOAT}}});
        const std::string scaled = graph.node("Mul", {real, graph.floats("image.scale", {channels}, scale)}, "image.scaled");
        const std::string moved =
            graph.node("Add", {scaled, graph.floats("image.offset", {channels}, offset)}, "image.normal");
        graph.node("Transpose", {moved}, tensor(0), {{"perm", Ints{0, 3, 1, 2}}});
    }

    void layer(OnnxGraph& graph, int i) const {
        const Layer& l = net_.layers[static_cast<std::size_t>(i)];
        const std::string out = tensor(i + 1);
        const std::string raw = l.activation == Activation::none || l.kind == LayerKind::activation ? out : out + ".raw";
        switch (l.kind) {
            case LayerKind::conv:
                graph.node("Conv", weighted(graph, i, tensor(l.inputs[0])), raw,
                           {{"kernel_shape", Ints{l.kernel, l.kernel}},
                            {"strides", Ints{l.stride, l.stride}},
                            {"pads", Ints{l.padding, l.padding, l.padding, l.padding}},
                            {"group", std::int64_t{l.groups}}});
                break;
            case LayerKind::linear: {
                std::string in = tensor(l.inputs[0]);
                if (!flat(l.inputs[0])) in = graph.node("Flatten", {in}, out + ".in", {{"axis", std::int64_t{1}}});
                graph.node("Gemm", weighted(graph, i, in), raw, {{"transB", std::int64_t{1}}});
                break;
            }
            case LayerKind::activation:
                activate(graph, l.activation, tensor(l.inputs[0]), out);
                return;
            case LayerKind::max_pool:
                graph.node("MaxPool", {tensor(l.inputs[0])}, raw,
                           {{"kernel_shape", Ints{l.kernel, l.kernel}}, {"strides", Ints{l.kernel, l.kernel}}});
                break;
            case LayerKind::global_avg_pool:
                graph.node("GlobalAveragePool", {tensor(l.inputs[0])}, raw);
                break;
            case LayerKind::flatten:
                graph.node("Flatten", {tensor(l.inputs[0])}, raw, {{"axis", std::int64_t{1}}});
                break;
            case LayerKind::add:
                graph.node("Add", {tensor(l.inputs[0]), tensor(l.inputs[1])}, raw);
                break;
            case LayerKind::scale: {
                std::string factors = tensor(l.inputs[1]);
                if (flat(l.inputs[1]))
                    factors =
                        graph.node("Unsqueeze", {factors, graph.integers(out + ".axes", {2}, Ints{2, 3})}, out + ".factors");
                graph.node("Mul", {tensor(l.inputs[0]), factors}, raw);
                break;
            }
        }
        if (raw != out) activate(graph, l.activation, raw, out);
    }

    /// The exit's logits under the name given; the gate, (N, 1), where it has one, else nothing.
    std::string split(OnnxGraph& graph, int e, const std::string& logits, const std::string& gate) const {
        const arch::ExitPoint& exit = net_.exits[static_cast<std::size_t>(e)];
        if (!exit.has_gate) {
            graph.node("Identity", {tensor(exit.tensor)}, logits);
            return {};
        }
        const std::int64_t k = net_.classes;
        const auto part = [&](std::int64_t from, std::int64_t to, const std::string& name) {
            return graph.node("Slice",
                              {tensor(exit.tensor), graph.integers(name + ".from", {1}, Ints{from}),
                               graph.integers(name + ".to", {1}, Ints{to}), graph.integers(name + ".axis", {1}, Ints{1})},
                              name);
        };
        part(0, k, logits);
        return part(k, k + 1, gate);
    }

    /// The layers up to exit e that do not belong to the one before.
    std::pair<int, int> layers_of(int e) const {
        const auto begin = std::find_if(net_.layers.begin(), net_.layers.end(), [&](const Layer& l) { return l.exit >= e; });
        const auto end = std::find_if(begin, net_.layers.end(), [&](const Layer& l) { return l.exit > e; });
        return {static_cast<int>(begin - net_.layers.begin()), static_cast<int>(end - net_.layers.begin())};
    }

  private:
    std::vector<std::string> weighted(OnnxGraph& graph, int i, const std::string& in) const {
        const Layer& l = net_.layers[static_cast<std::size_t>(i)];
        std::vector<std::string> inputs{in, graph.floats(fmt::format("w{}", i), l.weight_shape(), l.weight)};
        if (l.bias) inputs.push_back(graph.floats(fmt::format("b{}", i), {l.out.c}, l.bias_values));
        return inputs;
    }

    static void activate(OnnxGraph& graph, Activation activation, const std::string& in, const std::string& out) {
        switch (activation) {
            case Activation::none:
                graph.node("Identity", {in}, out);
                break;
            case Activation::relu:
                graph.node("Relu", {in}, out);
                break;
            case Activation::hard_swish:
                graph.node("HardSwish", {in}, out);
                break;
            case Activation::hard_sigmoid:
                graph.node("HardSigmoid", {in}, out, {{"alpha", 1.0F / 6}, {"beta", 0.5F}});
                break;
        }
    }

    const model::Model& model_;
    const arch::NetDesc& net_;
};

onnx::ModelProto fresh_model(const std::string& name) {
    onnx::ModelProto model;
    model.set_ir_version(kIrVersion);
    model.set_producer_name("nachos");
    model.set_producer_version(core::version());
    model.add_opset_import()->set_version(kOpset);
    model.mutable_graph()->set_name(name);
    return model;
}

std::string checked(const onnx::ModelProto& model) {
    try {
        onnx::checker::check_model(model);
        onnx::ModelProto inferred = model;
        onnx::shape_inference::InferShapes(inferred);
    } catch (const std::exception& e) {
        fail(ErrorKind::runtime, "ONNX's checker refuses {}: {}", model.graph().name(), e.what());
    }
    return model.SerializeAsString();
}

/// The nested form: each exit decides in the graph.
class SingleWriter {
  public:
    explicit SingleWriter(const model::Model& model) : model_(model), net_(model.net), layers_(model) {}

    std::string bytes() {
        onnx::ModelProto proto = fresh_model("early_exit");
        OnnxGraph graph(*proto.mutable_graph());
        const model::Preprocessing& p = model_.preprocessing;
        graph.input("image", OnnxType::uint8,
                    {std::int64_t{1}, std::int64_t{p.height}, std::int64_t{p.width}, std::int64_t{p.channels}});
        if (early() > 0) graph.input("thresholds", OnnxType::float32, {std::int64_t{early()}});
        layers_.image(graph);
        stage(graph, 0, {"label", "exit", "confidence", "logits"});
        return checked(proto);
    }

  private:
    struct Results {
        std::string label, exit, confidence, logits;
        std::vector<std::string> names() const { return {label, exit, confidence, logits}; }
    };

    int early() const { return net_.exit_count() - 1; }
    static std::string named(int e, const std::string& what) { return fmt::format("exit{}.{}", e, what); }

    /// Stage e and all behind it, into a graph that ends with `results`.
    void stage(OnnxGraph& graph, int e, const Results& results) {
        const auto [begin, end] = layers_.layers_of(e);
        for (int i = begin; i < end; ++i) layers_.layer(graph, i);
        const std::string gate = layers_.split(graph, e, named(e, "logits"), named(e, "gate"));
        graph.node("ArgMax", {named(e, "logits")}, named(e, "label"),
                   {{"axis", std::int64_t{1}}, {"keepdims", std::int64_t{0}}});
        if (e == early()) {
            max_prob(graph, e);
            return finish(graph, e, results);
        }
        confidence(graph, e, gate);
        const std::string at = graph.integers(named(e, "index"), {1}, Ints{e});
        const std::string threshold = graph.node("Gather", {"thresholds", at}, named(e, "threshold"));
        const std::string leave = graph.node("GreaterOrEqual", {named(e, "confidence"), threshold}, named(e, "leave"));
        const auto [leaves, goes_on] = graph.branch(leave, results.names(), named(e, "if"));
        OnnxGraph then_graph(leaves), else_graph(goes_on);
        const auto inner = [&](const std::string& branch) -> Results {
            return {named(e, branch + ".label"), named(e, branch + ".exit"), named(e, branch + ".confidence"),
                    named(e, branch + ".logits")};
        };
        finish(then_graph, e, inner("left"));
        stage(else_graph, e + 1, inner("on"));
        declare(graph, results);
    }

    /// What exit e says as the results of this graph.
    void finish(OnnxGraph& graph, int e, const Results& results) const {
        graph.node("Identity", {named(e, "label")}, results.label);
        graph.node("Identity", {graph.integers(results.exit + ".value", {1}, Ints{e})}, results.exit);
        graph.node("Identity", {named(e, "confidence")}, results.confidence);
        graph.node("Identity", {named(e, "logits")}, results.logits);
        declare(graph, results);
    }

    void declare(OnnxGraph& graph, const Results& results) const {
        graph.output(results.label, OnnxType::int64, {std::int64_t{1}});
        graph.output(results.exit, OnnxType::int64, {std::int64_t{1}});
        graph.output(results.confidence, OnnxType::float32, {std::int64_t{1}});
        graph.output(results.logits, OnnxType::float32, {std::int64_t{1}, std::int64_t{net_.classes}});
    }

    std::string tempered(OnnxGraph& graph, int e) const {
        const auto t = static_cast<float>(model_.calibration.at(e).temperature);
        return graph.node("Div", {named(e, "logits"), graph.scalar(named(e, "temperature"), t)}, named(e, "tempered"));
    }

    std::string probabilities(OnnxGraph& graph, int e) const {
        return graph.node("Softmax", {tempered(graph, e)}, named(e, "probabilities"), {{"axis", std::int64_t{1}}});
    }

    void max_prob(OnnxGraph& graph, int e) const {
        graph.node("ReduceMax", {probabilities(graph, e)}, named(e, "confidence"),
                   {{"axes", Ints{1}}, {"keepdims", std::int64_t{0}}});
    }

    /// (1) to the gate's probability.
    std::string gate_probability(OnnxGraph& graph, int e, const std::string& gate) const {
        const policy::Calibration::Exit fit = model_.calibration.at(e);
        const std::string flat =
            graph.node("Reshape", {gate, graph.integers(named(e, "one"), {1}, Ints{1})}, named(e, "gate.flat"));
        const std::string sloped =
            graph.node("Mul", {flat, graph.scalar(named(e, "gate.slope"), static_cast<float>(fit.gate_slope))},
                       named(e, "gate.sloped"));
        const std::string moved =
            graph.node("Add", {sloped, graph.scalar(named(e, "gate.offset"), static_cast<float>(fit.gate_offset))},
                       named(e, "gate.moved"));
        return graph.node("Sigmoid", {moved}, named(e, "gate.probability"));
    }

    /// The model's measure at an early exit.
    void confidence(OnnxGraph& graph, int e, const std::string& gate) {
        const std::string result = named(e, "confidence");
        const std::string one = model_.measure == Measure::max_prob ? "" : graph.scalar(named(e, "unit"), 1);
        switch (model_.measure) {
            case Measure::gate:
                graph.node("Identity", {gate_probability(graph, e, gate)}, result);
                break;
            case Measure::cumulative_gate: {
                std::string stay = graph.node("Sub", {one, gate_probability(graph, e, gate)}, named(e, "stay.own"));
                if (e > 0) stay = graph.node("Mul", {named(e - 1, "stay"), stay}, named(e, "stay.product"));
                graph.node("Identity", {stay}, named(e, "stay"));
                graph.node("Sub", {one, stay}, result);
                break;
            }
            case Measure::score_margin:
                margin(graph, e, result);
                break;
            case Measure::max_prob:
                max_prob(graph, e);
                break;
            case Measure::entropy:
                certainty(graph, e, one, result);
                break;
            case Measure::patience:
                patience(graph, e, one, result);
                break;
        }
    }

    void margin(OnnxGraph& graph, int e, const std::string& result) const {
        const std::string p = probabilities(graph, e);
        const std::string top =
            graph.node("ReduceMax", {p}, named(e, "top"), {{"axes", Ints{1}}, {"keepdims", std::int64_t{1}}});
        // The second: the largest once the first of the largest is taken out.
        const std::string hot = graph.node("OneHot",
                                           {named(e, "label"), graph.integers(named(e, "depth"), {1}, Ints{net_.classes}),
                                            graph.floats(named(e, "hot.values"), {2}, std::vector<float>{0, 1})},
                                           named(e, "hot"));
        const std::string rest = graph.node("Sub", {p, hot}, named(e, "rest"));
        const std::string second =
            graph.node("ReduceMax", {rest}, named(e, "second"), {{"axes", Ints{1}}, {"keepdims", std::int64_t{1}}});
        const std::string both = graph.node("Sub", {top, second}, named(e, "margin"));
        graph.node("Reshape", {both, graph.integers(named(e, "margin.one"), {1}, Ints{1})}, result);
    }

    void certainty(OnnxGraph& graph, int e, const std::string& one, const std::string& result) const {
        const std::string log_p =
            graph.node("LogSoftmax", {tempered(graph, e)}, named(e, "log"), {{"axis", std::int64_t{1}}});
        const std::string p = graph.node("Exp", {log_p}, named(e, "probabilities"));
        const std::string terms = graph.node("Mul", {p, log_p}, named(e, "terms"));
        const std::string sum = graph.node("ReduceSum", {terms, graph.integers(named(e, "axis"), {1}, Ints{1})},
                                           named(e, "sum"), {{"keepdims", std::int64_t{0}}});
        const auto most = static_cast<float>(std::log(static_cast<double>(net_.classes)));
        const std::string share = graph.node("Div", {sum, graph.scalar(named(e, "most"), most)}, named(e, "share"));
        const std::string sure = graph.node("Add", {one, share}, named(e, "certainty"));
        graph.node("Clip", {sure, graph.scalar(named(e, "least"), 0), one}, result);
    }

    /// Exits before that agree without a break: 0 at the first, else one more than before if this label is that one's.
    void patience(OnnxGraph& graph, int e, const std::string& one, const std::string& result) const {
        if (e == 0) {
            graph.node("Identity", {graph.floats(named(e, "agreeing"), {1}, std::vector<float>{0})}, result);
            return;
        }
        const std::string same = graph.node("Equal", {named(e, "label"), named(e - 1, "label")}, named(e, "same"));
        const std::string factor =
            graph.node("Cast", {same}, named(e, "factor"), {{"to", std::int64_t{onnx::TensorProto::FLOAT}}});
        const std::string more = graph.node("Add", {named(e - 1, "agreeing"), one}, named(e, "more"));
        graph.node("Mul", {factor, more}, named(e, "agreeing"));
        graph.node("Div", {named(e, "agreeing"), graph.scalar(named(e, "before"), static_cast<float>(e))}, result);
    }

    const model::Model& model_;
    const arch::NetDesc& net_;
    LayerWriter layers_;
};

/// What stage e reads of earlier ones, or what later ones read of it.
std::set<int> crossing(const arch::NetDesc& net, int e, bool incoming) {
    const auto stage_of = [&](int t) { return t == 0 ? 0 : net.layers[static_cast<std::size_t>(t) - 1].exit; };
    std::set<int> tensors;
    for (const Layer& l : net.layers) {
        for (const int t : l.inputs) {
            if (incoming ? l.exit == e && stage_of(t) < e : l.exit > e && stage_of(t) == e) tensors.insert(t);
        }
    }
    return tensors;
}

}  // namespace

std::vector<std::string> onnx_stages(const model::Model& model) {
    const arch::NetDesc& net = model.net;
    const LayerWriter layers(model);
    std::vector<std::string> stages;
    for (int e = 0; e < net.exit_count(); ++e) {
        onnx::ModelProto proto = fresh_model(fmt::format("stage{}", e + 1));
        OnnxGraph graph(*proto.mutable_graph());
        if (e == 0) {
            const model::Preprocessing& p = model.preprocessing;
            graph.input("image", OnnxType::uint8,
                        {std::string("N"), std::int64_t{p.height}, std::int64_t{p.width}, std::int64_t{p.channels}});
            layers.image(graph);
        }
        for (const int t : crossing(net, e, true)) graph.input(LayerWriter::tensor(t), OnnxType::float32, layers.dims(t));
        const auto [begin, end] = layers.layers_of(e);
        for (int i = begin; i < end; ++i) layers.layer(graph, i);
        const std::string gate = layers.split(graph, e, "logits", "gate");
        graph.output("logits", OnnxType::float32, {std::string("N"), std::int64_t{net.classes}});
        if (!gate.empty()) graph.output(gate, OnnxType::float32, {std::string("N"), std::int64_t{1}});
        for (const int t : crossing(net, e, false)) graph.output(LayerWriter::tensor(t), OnnxType::float32, layers.dims(t));
        stages.push_back(checked(proto));
    }
    return stages;
}

std::string onnx_single(const model::Model& model) { return SingleWriter(model).bytes(); }

}  // namespace nachos::exporting
