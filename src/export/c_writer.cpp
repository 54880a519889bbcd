#include "export/c_writer.h"

#include "core/version.h"
#include "export/c_kernels.h"
#include "runtime/memory_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <span>
#include <vector>

namespace nachos::exporting {
namespace {

using arch::Activation;
using arch::Layer;
using arch::LayerKind;
using arch::Shape;
using policy::Measure;

constexpr int kValuesALine = 8;
constexpr double kNever = 2;  // a threshold that no confidence reaches

/// Hexadecimal, so that no bit is lost.
std::string literal(float v) { return fmt::format("{:a}f", v); }
std::string literal(double v) { return fmt::format("{:a}", v); }

template <class T>
std::string list_of(const std::vector<T>& values) {
    std::string text;
    for (std::size_t i = 0; i < values.size(); ++i) {
        text += i % kValuesALine == 0 ? "\n    " : " ";
        text += literal(values[i]) + ",";
    }
    return text;
}

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
    return text;
}

/// A C string literal. What is not plain ASCII is written in octal, which ends after three digits whatever follows.
std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\' || c == '?' || byte < 32 || byte > 126) {
            out += fmt::format("\\{:03o}", byte);
        } else {
            out += c;
        }
    }
    return out + "\"";
}

/// What may stand in a comment: nothing that could end it.
std::string harmless(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return c == '*' || c == '/' || c < 32 || c > 126; }, '_');
    return text;
}

/// (out, in, ky, kx) to (ky, kx, in, out).
std::vector<float> output_last(const Layer& l) {
    const auto out = static_cast<std::size_t>(l.out.c), taps = static_cast<std::size_t>(l.kernel) * l.kernel;
    const std::size_t in = l.weight.size() / (out * taps);
    std::vector<float> w(l.weight.size());
    for (std::size_t o = 0; o < out; ++o)
        for (std::size_t i = 0; i < in; ++i)
            for (std::size_t t = 0; t < taps; ++t) w[(t * in + i) * out + o] = l.weight[(o * in + i) * taps + t];
    return w;
}

const char* name_of(Activation activation) {
    switch (activation) {
        case Activation::none:
            return "NONE";
        case Activation::relu:
            return "RELU";
        case Activation::hard_swish:
            return "HARD_SWISH";
        case Activation::hard_sigmoid:
            return "HARD_SIGMOID";
    }
    return "NONE";
}

std::string map_of(const Shape& s) { return fmt::format("&(const struct map){{{}, {}, {}}}", s.h, s.w, s.c); }

class Writer {
  public:
    Writer(const model::Model& model, std::string name)
        : model_(model), net_(model.net), name_(std::move(name)), plan_(runtime::plan_memory(runtime::lifetimes_of(net_))) {}

    CFiles files() {
        const std::string stages = all_stages();  // first: says which kernels are needed
        const std::string policy = leaving();
        CFiles files{.name = name_,
                     .source = source(stages, policy),
                     .header = header(),
                     .flash_bytes = flash_bytes_,
                     .arena_bytes = 4 * plan_.size};
        return files;
    }

  private:
    std::string at(int tensor) const { return fmt::format("arena + {}", plan_.offsets[static_cast<std::size_t>(tensor)]); }

    const std::string& use(const std::string& kernel) {
        if (std::find(kernels_.begin(), kernels_.end(), kernel) == kernels_.end()) kernels_.push_back(kernel);
        return kernels_.back();
    }

    std::string constants(const std::string& name, const std::vector<float>& values) {
        flash_bytes_ += static_cast<std::int64_t>(values.size() * sizeof(float));
        return fmt::format("static const float {}[{}] = {{{}\n}};\n", name, values.size(), list_of(values));
    }

    /// Weights and bias of a layer, as constants and as arguments of its call.
    std::string weights(std::size_t i, const Layer& l) {
        constants_ += fmt::format("/* {} */\n", harmless(l.name)) + constants(fmt::format("w{}", i), output_last(l));
        if (l.bias) constants_ += constants(fmt::format("b{}", i), l.bias_values);
        return fmt::format("w{}, {}", i, l.bias ? fmt::format("b{}", i) : "0");
    }

    std::string call(std::size_t i) {
        const Layer& l = net_.layers[i];
        const std::string in = at(l.inputs[0]), out = at(static_cast<int>(i) + 1), kind = name_of(l.activation);
        const std::string maps = map_of(l.in) + ", " + map_of(l.out);
        use("activate");
        switch (l.kind) {
            case LayerKind::conv: {
                const std::string kernel = l.groups == 1                               ? "conv"
                                           : l.groups == l.in.c && l.groups == l.out.c ? "depthwise"
                                                                                       : "grouped";
                use(kernel);
                const std::string groups = kernel == "grouped" ? fmt::format("{}, ", l.groups) : "";
                return fmt::format("{}({}, {}, {}, {}, {}, {}, {}, {}{});", kernel, in, out, weights(i, l), maps, l.kernel,
                                   l.stride, l.padding, groups, kind);
            }
            case LayerKind::linear:
                use("conv");
                return fmt::format("conv({}, {}, {}, {}, {}, 1, 1, 0, {});", in, out, weights(i, l),
                                   map_of({static_cast<int>(l.in.elements()), 1, 1}), map_of(l.out), kind);
            case LayerKind::activation:
                use("copy");
                return fmt::format("copy({}, {}, {}, {});", in, out, l.out.elements(), kind);
            case LayerKind::max_pool:
                use("max_pool");
                return fmt::format("max_pool({}, {}, {}, {}, {});", in, out, maps, l.kernel, kind);
            case LayerKind::global_avg_pool:
                use("average");
                return fmt::format("average({}, {}, {}, {});", in, out, map_of(l.in), kind);
            case LayerKind::flatten:
                use("flatten");
                return fmt::format("flatten({}, {}, {}, {});", in, out, map_of(l.in), kind);
            case LayerKind::add:
                use("add");
                return fmt::format("add({}, {}, {}, {}, {});", in, at(l.inputs[1]), out, l.out.elements(), kind);
            case LayerKind::scale:
                use("scale");
                return fmt::format("scale({}, {}, {}, {}, {});", in, at(l.inputs[1]), out, map_of(l.in), kind);
        }
        return {};
    }

    std::string all_stages() {
        std::string text;
        std::size_t i = 0;
        for (int e = 0; e < net_.exit_count(); ++e) {
            text += fmt::format("\nstatic void stage{}(void)\n{{\n", e);
            for (; i < net_.layers.size() && net_.layers[i].exit <= e; ++i)
                text += fmt::format("    RAN({})\n    {} /* {} */\n", i, call(i), harmless(net_.layers[i].name));
            text += "}\n";
        }
        return text;
    }

    /// The body of "confidence": the model's measure at an early exit.
    std::string confidence() {
        switch (model_.measure) {
            case Measure::gate:
                return "return (float)gate_probability(e);";
            case Measure::cumulative_gate:
                return "double stay = 1;\n    int j;\n    for (j = 0; j <= e; ++j) stay *= 1 - gate_probability(j);\n"
                       "    return (float)(1 - stay);";
            case Measure::score_margin:
                return "const struct softmax s = scores(e);\n    return (float)((1 - s.runner_up) / s.sum);";
            case Measure::max_prob:
                return "return (float)(1 / scores(e).sum);";
            case Measure::entropy:
                return fmt::format(
                    "const struct softmax s = scores(e);\n"
                    "    const double certainty = 1 - (log(s.sum) - s.weighted / s.sum) / log({:.1f});\n"
                    "    return (float)(certainty < 0 ? 0 : certainty > 1 ? 1 : certainty);",
                    static_cast<double>(net_.classes));
            case Measure::patience:
                return "int agreeing = 0;\n    if (e == 0) return 0.0f;\n"
                       "    while (agreeing < e && labels[e - 1 - agreeing] == labels[e]) ++agreeing;\n"
                       "    return (float)((double)agreeing / e);";
        }
        return {};
    }

    std::string per_exit(const std::string& what, double policy::Calibration::Exit::*member) const {
        std::vector<double> values;
        for (int e = 0; e < net_.exit_count(); ++e) values.push_back(model_.calibration.at(e).*member);
        return fmt::format("static const double {}[EXITS] = {{{}\n}};\n", what, list_of(values));
    }

    bool by_gate() const { return model_.measure == Measure::gate || model_.measure == Measure::cumulative_gate; }

    /// Calibration, thresholds, and whether a sample leaves.
    std::string leaving() {
        use("softmax");
        std::string text = per_exit("temperatures", &policy::Calibration::Exit::temperature);
        if (by_gate()) {
            use("sigmoid");
            text += per_exit("gate_slopes", &policy::Calibration::Exit::gate_slope) +
                    per_exit("gate_offsets", &policy::Calibration::Exit::gate_offset);
        }
        text += "\n/* What is at least this confident leaves; 2 where an exit is off. */\n";
        text += "static const double thresholds[POINTS][EXITS] = {\n";
        for (const model::ThresholdSet& set : model_.threshold_sets) {
            std::vector<double> row;
            for (const auto& t : set.on_calibration.thresholds) row.push_back(t.value_or(kNever));
            row.push_back(0);  // the final exit keeps nobody
            text += fmt::format("    {{{}\n    }},\n", list_of(row));
        }
        text += "};\nstatic const uint32_t macs[EXITS] = {";
        for (const std::int64_t m : model_.costs.executed_macs) text += fmt::format("{}, ", m);
        text += "};\n";
        text += "\nstatic struct softmax scores(int e) { return softmax(outputs, CLASSES, temperatures[e]); }\n";
        if (by_gate())
            text +=
                "\nstatic double gate_probability(int e) { return sigmoid(gate_slopes[e] * (double)gates[e] + "
                "gate_offsets[e]); }\n";
        text +=
            fmt::format("\n/* Of early exit e, the one last reached. */\nstatic float confidence(int e)\n{{\n    {}\n}}\n",
                        confidence());
        return text;
    }

    std::string source(const std::string& stages, const std::string& policy) const {
        const std::string N = upper(name_);
        std::string kernels;
        for (const std::string& k : kernels_) kernels += c_kernel(k).text;
        std::vector<std::string> names;
        for (const std::string& n : model_.class_names) names.push_back(quoted(n));
        std::vector<float> scale, offset;
        for (std::size_t c = 0; c < model_.preprocessing.mean.size(); ++c) {
            scale.push_back(1 / (255 * model_.preprocessing.std[c]));
            offset.push_back(-model_.preprocessing.mean[c] / model_.preprocessing.std[c]);
        }
        std::string budgets;
        for (const model::ThresholdSet& set : model_.threshold_sets) budgets += fmt::format("{:.1f}, ", set.budget_macs);
        std::string cases, gate_cases;
        for (int e = 0; e < net_.exit_count(); ++e) {
            const arch::ExitPoint& exit = net_.exits[static_cast<std::size_t>(e)];
            cases += fmt::format(
                "    case {}:\n        stage{}();\n        outputs = {};\n        gates[{}] = {};\n        break;\n", e, e,
                at(exit.tensor), e, exit.has_gate ? fmt::format("outputs[{}]", net_.classes) : "0.0f");
        }
        return fmt::format(
            R"(/* {comment} */
#include "{name}.h"

#include <math.h>

enum {{ CLASSES = {N}_CLASSES, EXITS = {N}_EXITS, POINTS = {N}_POINTS }};

struct map {{
    int h, w, c;
}};

#ifdef {N}_COUNT_LAYERS
unsigned long {name}_layer_runs[{N}_LAYERS];
#define RAN(layer) ++{name}_layer_runs[layer];
#else
#define RAN(layer)
#endif

const char *const {name}_class_names[{N}_CLASSES] = {{{names}}};
const double {name}_budget_macs[{N}_POINTS] = {{{budgets}}};
static const float pixel_scale[{N}_CHANNELS] = {{{scale}
}};
static const float pixel_offset[{N}_CHANNELS] = {{{offset}
}};

{constants}
static float arena[{arena}];
static int next_stage;           /* that advance runs */
static const float *outputs;     /* of the exit last reached: logits, then its gate if it has one */
static float gates[EXITS];
static int labels[EXITS];
{kernels}{stages}
{policy}
void {name}_begin(const uint8_t *image)
{{
    float *x = {input};
    int i, c;
    for (i = 0; i < {N}_HEIGHT * {N}_WIDTH; ++i)
        for (c = 0; c < {N}_CHANNELS; ++c) *x++ = (float)*image++ * pixel_scale[c] + pixel_offset[c];
    next_stage = 0;
}}

const float *{name}_advance(void)
{{
    int k, top = 0;
    switch (next_stage) {{
{cases}    default:
        return 0;
    }}
    for (k = 1; k < CLASSES; ++k)
        if (outputs[k] > outputs[top]) top = k;
    labels[next_stage++] = top;
    return outputs;
}}

int {name}_leaves(int point, struct {name}_result *result)
{{
    const int e = next_stage - 1;
    float sure;
    if (e < 0 || point < 0 || point >= POINTS) return 0;
    if (e < EXITS - 1) {{
        if (thresholds[point][e] > 1) return 0;
        sure = confidence(e);
        if (!((double)sure >= thresholds[point][e])) return 0;
    }} else {{
        sure = (float)(1 / scores(e).sum);
    }}
    result->label = labels[e];
    result->exit = e;
    result->confidence = sure;
    result->macs = macs[e];
    return 1;
}}

int {name}_classify(const uint8_t *image, int point, struct {name}_result *result)
{{
    if (point < 0 || point >= POINTS) return -1;
    {name}_begin(image);
    while ({name}_advance())
        if ({name}_leaves(point, result)) return 0;
    return -1;
}}
)",
            fmt::arg("comment", comment()), fmt::arg("name", name_), fmt::arg("N", N),
            fmt::arg("names", fmt::join(names, ", ")), fmt::arg("budgets", budgets), fmt::arg("scale", list_of(scale)),
            fmt::arg("offset", list_of(offset)), fmt::arg("constants", constants_), fmt::arg("arena", plan_.size),
            fmt::arg("kernels", kernels), fmt::arg("stages", stages), fmt::arg("policy", policy), fmt::arg("input", at(0)),
            fmt::arg("cases", cases));
    }

    std::string comment() const {
        return fmt::format("Written by nachos {} from architecture {}. Weights and tables {} bytes, activations {} bytes.",
                           core::version(), arch::arch_id(model_.arch), flash_bytes_, 4 * plan_.size);
    }

    std::string header() const {
        return fmt::format(
            R"(/* {comment} */
#ifndef {N}_H
#define {N}_H

#include <stdint.h>

#define {N}_HEIGHT {height}
#define {N}_WIDTH {width}
#define {N}_CHANNELS {channels}
#define {N}_CLASSES {classes}
#define {N}_EXITS {exits}             /* early ones and the final one */
#define {N}_LAYERS {layers}
#define {N}_POINTS {points}           /* operating points, cheapest first */
#define {N}_DEFAULT_POINT {most_accurate}     /* the most accurate */
#define {N}_ARENA_BYTES {arena}       /* static memory for activations */
#define {N}_FLASH_BYTES {flash}       /* constants; code comes on top */

#ifdef __cplusplus
extern "C" {{
#endif

struct {name}_result {{
    int label;          /* index into {name}_class_names */
    int exit;           /* that it left at, from 0 */
    float confidence;   /* of that exit, in [0, 1] */
    uint32_t macs;      /* multiply-accumulates spent */
}};

extern const char *const {name}_class_names[{N}_CLASSES];
extern const double {name}_budget_macs[{N}_POINTS];   /* average that a point was fitted for */

/* Classifies an image: bytes (height, width, channels), rows top to bottom. Stops at the first exit that is confident enough at
   the operating point. Returns 0, or -1 if there is no such point. One call at a time: memory is static. */
int {name}_classify(const uint8_t *image, int point, struct {name}_result *result);

/* The same step by step: begin, then advance (0 behind the final exit; else logits, then the gate of an exit that has one, valid
   until the next call) until leaves says 1 and fills the result. */
void {name}_begin(const uint8_t *image);
const float *{name}_advance(void);
int {name}_leaves(int point, struct {name}_result *result);

#ifdef {N}_COUNT_LAYERS
extern unsigned long {name}_layer_runs[{N}_LAYERS];   /* how often each layer ran: none behind an exit taken */
#endif

#ifdef __cplusplus
}}
#endif

#endif
)",
            fmt::arg("comment", comment()), fmt::arg("name", name_), fmt::arg("N", upper(name_)),
            fmt::arg("height", model_.preprocessing.height), fmt::arg("width", model_.preprocessing.width),
            fmt::arg("channels", model_.preprocessing.channels), fmt::arg("classes", net_.classes),
            fmt::arg("exits", net_.exit_count()), fmt::arg("layers", net_.layers.size()),
            fmt::arg("points", model_.threshold_sets.size()), fmt::arg("most_accurate", most_accurate()),
            fmt::arg("arena", 4 * plan_.size), fmt::arg("flash", flash_bytes_));
    }

    std::size_t most_accurate() const {
        const auto less = [](const model::ThresholdSet& a, const model::ThresholdSet& b) {
            return a.on_calibration.accuracy < b.on_calibration.accuracy;
        };
        return static_cast<std::size_t>(std::max_element(model_.threshold_sets.begin(), model_.threshold_sets.end(), less) -
                                        model_.threshold_sets.begin());
    }

    const model::Model& model_;
    const arch::NetDesc& net_;
    std::string name_;
    runtime::MemoryPlan plan_;  ///< in floats
    std::string constants_;
    std::vector<std::string> kernels_;
    std::int64_t flash_bytes_ = 0;
};

}  // namespace

CFiles c_files(const model::Model& model, const std::string& name) { return Writer(model, name).files(); }

std::string c_identifier(const std::string& text) {
    std::string name;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        name += byte < 128 && std::isalnum(byte) != 0 ? static_cast<char>(std::tolower(byte)) : '_';
    }
    if (name.find_first_not_of('_') == std::string::npos) return "model";
    if (std::isdigit(static_cast<unsigned char>(name.front())) != 0) name.insert(0, "model_");
    return name;
}

}  // namespace nachos::exporting
