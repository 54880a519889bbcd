#include "policy/confidence.h"

#include "core/error.h"
#include "policy/rows.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace nachos::policy {
namespace {

constexpr MeasureRow kMeasures[] = {
    {Measure::gate, "gate", "c_i = sigmoid(g_i), the exit's own gate"},
    {Measure::cumulative_gate, "cumulative_gate",
     "1 - prod_{j <= i} (1 - c_j), the published NACHOS rule (arXiv 2401.13330)"},
    {Measure::score_margin, "score_margin", "largest minus second largest class probability (EDANAS)"},
    {Measure::max_prob, "max_prob", "largest class probability"},
    {Measure::entropy, "entropy", "1 - H / log K of the class probabilities (BranchyNet, arXiv 1709.01686)"},
    {Measure::patience, "patience",
     "share of the exits before that agree with this one without a break; 0 at the first (PABEE, arXiv 2006.04152)"},
};

double sigmoid(double x) { return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x)); }

double gate_probability(const Calibration& calibration, std::span<const float> gates, int exit) {
    const Calibration::Exit fit = calibration.at(exit);
    return sigmoid(fit.gate_slope * gates[static_cast<std::size_t>(exit)] + fit.gate_offset);
}

double cumulative_gate(const Calibration& calibration, std::span<const float> gates, int exit) {
    double stay = 1;
    for (int j = 0; j <= exit; ++j) stay *= 1 - gate_probability(calibration, gates, j);
    return 1 - stay;
}

/// What the class measures need of softmax(logits / temperature), in one pass behind the maximum's.
struct Softmax {
    double sum = 0;        ///< of exp((z - max) / T): 1 / sum is the largest probability
    double runner_up = 0;  ///< exp((second - max) / T)
    double weighted = 0;   ///< sum of exp(u) * u, u = (z - max) / T
};

Softmax softmax(std::span<const float> logits, double temperature) {
    const auto top = std::max_element(logits.begin(), logits.end());
    Softmax s;
    for (auto z = logits.begin(); z != logits.end(); ++z) {
        const double u = (static_cast<double>(*z) - *top) / temperature;
        const double e = std::exp(u);
        s.sum += e;
        s.weighted += e * u;
        if (z != top) s.runner_up = std::max(s.runner_up, e);
    }
    return s;
}

double normalised_certainty(const Softmax& s, int classes) {
    const double entropy = std::log(s.sum) - s.weighted / s.sum;
    return std::clamp(1 - entropy / std::log(static_cast<double>(classes)), 0.0, 1.0);
}

int predicted(std::span<const float> logits) {
    return static_cast<int>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

double patience(std::span<const float> logits, int exit, int classes) {
    if (exit == 0) return 0;
    const auto k = static_cast<std::size_t>(classes);
    const auto prediction = [&](int i) { return predicted(logits.subspan(static_cast<std::size_t>(i) * k, k)); };
    const int own = prediction(exit);
    int agreeing = 0;
    while (agreeing < exit && prediction(exit - 1 - agreeing) == own) ++agreeing;
    return static_cast<double>(agreeing) / exit;
}

}  // namespace

std::span<const MeasureRow> measures() { return kMeasures; }

const char* to_string(Measure measure) {
    const auto* row =
        std::find_if(std::begin(kMeasures), std::end(kMeasures), [&](const MeasureRow& r) { return r.measure == measure; });
    assert(row != std::end(kMeasures));
    return row->name;
}

Measure measure_from(std::string_view name) {
    std::string known;
    for (const MeasureRow& row : kMeasures) {
        if (name == row.name) return row.measure;
        known += (known.empty() ? "" : ", ") + std::string(row.name);
    }
    fail(ErrorKind::usage, "unknown confidence measure '{}', known are {}", name, known);
}

float confidence_at(Measure measure, const Calibration& calibration, std::span<const float> logits,
                    std::span<const float> gates, int exit, int classes) {
    const auto k = static_cast<std::size_t>(classes);
    const auto scores = [&] {
        return softmax(logits.subspan(static_cast<std::size_t>(exit) * k, k), calibration.at(exit).temperature);
    };
    const auto value = [&]() -> double {
        switch (measure) {
            case Measure::gate:
                return gate_probability(calibration, gates, exit);
            case Measure::cumulative_gate:
                return cumulative_gate(calibration, gates, exit);
            case Measure::score_margin: {
                const Softmax s = scores();
                return (1 - s.runner_up) / s.sum;
            }
            case Measure::max_prob:
                return 1 / scores().sum;
            case Measure::entropy:
                return normalised_certainty(scores(), classes);
            case Measure::patience:
                return patience(logits, exit, classes);
        }
        assert(false);
        return 0;
    };
    return static_cast<float>(value());
}

ExitView view(const RecordedTable& table, Measure measure, const Calibration& calibration) {
    ExitView seen{
        .samples = table.samples, .exits = table.exits, .labels = table.labels, .predictions = {}, .confidences = {}};
    const std::size_t cells = static_cast<std::size_t>(table.samples) * static_cast<std::size_t>(table.exits);
    seen.predictions.reserve(cells);
    seen.confidences.reserve(cells);
    const auto k = static_cast<std::size_t>(table.classes);
    for (int n = 0; n < table.samples; ++n) {
        const std::span<const float> logits(table.logits_of(n, 0), k * static_cast<std::size_t>(table.exits));
        const auto gates = std::span(table.gates).subspan(static_cast<std::size_t>(n) * table.exits, table.exits);
        for (int i = 0; i < table.exits; ++i) {
            const bool last = i + 1 == table.exits;
            seen.predictions.push_back(predicted(logits.subspan(static_cast<std::size_t>(i) * k, k)));
            seen.confidences.push_back(last ? 1.0F : confidence_at(measure, calibration, logits, gates, i, table.classes));
        }
    }
    return seen;
}

ExitView select(const ExitView& view, const std::vector<int>& rows) {
    const auto exits = static_cast<std::size_t>(view.exits);
    return {.samples = static_cast<int>(rows.size()),
            .exits = view.exits,
            .labels = select_rows(view.labels, rows, 1),
            .predictions = select_rows(view.predictions, rows, exits),
            .confidences = select_rows(view.confidences, rows, exits)};
}

}  // namespace nachos::policy
