#include "export/c_writer.h"

#include "core/version.h"
#include "export/c_kernels.h"
#include "export/c_layers.h"
#include "export/c_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <vector>

namespace nachos::exporting {
namespace {

using policy::Measure;

constexpr double kNever = 2;  // a threshold that no confidence reaches

class Writer {
  public:
    Writer(const model::Model& model, std::string name)
        : model_(model),
          net_(model.net),
          name_(std::move(name)),
          layers_(model.quantization ? int8_layers(model) : float_layers(model)) {}

    CFiles files() {
        const std::string stages = all_stages();  // first: says which kernels and constants are needed
        return {.name = name_,
                .source = source(stages, leaving()),
                .header = header(),
                .flash_bytes = layers_->flash_bytes(),
                .arena_bytes = layers_->memory_bytes()};
    }

  private:
    std::string all_stages() {
        std::string text;
        std::size_t i = 0;
        for (int e = 0; e < net_.exit_count(); ++e) {
            text += fmt::format("\nstatic void stage{}(void)\n{{\n", e);
            for (; i < net_.layers.size() && net_.layers[i].exit <= e; ++i)
                text += fmt::format("    RAN({})\n    {} /* {} */\n", i, layers_->call(i), harmless(net_.layers[i].name));
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
        std::string text = per_exit("temperatures", &policy::Calibration::Exit::temperature);
        if (by_gate()) {
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
        for (const std::string& k : layers_->kernels()) kernels += c_kernel(k).text;
        kernels += c_kernel("softmax").text;
        if (by_gate()) kernels += c_kernel("sigmoid").text;
        std::vector<std::string> names;
        for (const std::string& n : model_.class_names) names.push_back(quoted(n));
        std::string budgets;
        for (const model::ThresholdSet& set : model_.threshold_sets) budgets += fmt::format("{:.1f}, ", set.budget_macs);
        std::string cases, gate_cases;
        for (int e = 0; e < net_.exit_count(); ++e) {
            const arch::ExitPoint& exit = net_.exits[static_cast<std::size_t>(e)];
            cases +=
                fmt::format("    case {}:\n        stage{}();\n        {}\n        gates[{}] = {};\n        break;\n", e, e,
                            layers_->set_outputs(e), e, exit.has_gate ? fmt::format("outputs[{}]", net_.classes) : "0.0f");
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

{constants}
{memory}static int next_stage;           /* that advance runs */
static const float *outputs;     /* of the exit last reached: logits, then its gate if it has one */
static float gates[EXITS];
static int labels[EXITS];
{kernels}{stages}
{policy}
void {name}_begin(const uint8_t *image)
{{
    {type} *x = {input};
    int i, c;
    for (i = 0; i < {N}_HEIGHT * {N}_WIDTH; ++i)
        for (c = 0; c < {N}_CHANNELS; ++c) {take_pixel}
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
            fmt::arg("names", fmt::join(names, ", ")), fmt::arg("budgets", budgets),
            fmt::arg("constants", layers_->constants()), fmt::arg("memory", layers_->memory()),
            fmt::arg("type", layers_->type()), fmt::arg("take_pixel", layers_->take_pixel()), fmt::arg("kernels", kernels),
            fmt::arg("stages", stages), fmt::arg("policy", policy), fmt::arg("input", layers_->at(0)),
            fmt::arg("cases", cases));
    }

    std::string comment() const {
        return fmt::format("Written by nachos {} from architecture {}. Weights and tables {} bytes, activations {} bytes.",
                           core::version(), arch::arch_id(model_.arch), layers_->flash_bytes(), layers_->memory_bytes());
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
            fmt::arg("arena", layers_->memory_bytes()), fmt::arg("flash", layers_->flash_bytes()));
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
    std::unique_ptr<CLayers> layers_;
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
