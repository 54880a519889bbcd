#include "policy/calibrate.h"

#include "core/error.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace nachos::policy {
namespace {

constexpr int kIterations = 100;
constexpr double kTolerance = 1e-10;  // of a Newton step
constexpr double kLeastTemperature = 0.1;
constexpr double kMostTemperature = 10;

struct Slope {
    double first = 0;
    double second = 0;
};

int predicted(const RecordedTable& table, int sample, int exit) {
    const float* z = table.logits_of(sample, exit);
    return static_cast<int>(std::max_element(z, z + table.classes) - z);
}

/// Derivatives of the mean negative log likelihood with respect to b = 1 / T, in which it is convex: the first is
/// mean of E[z] - z_y, the second the mean variance of z under softmax(b z).
Slope likelihood_slope(const RecordedTable& table, int exit, double b) {
    Slope total;
    for (int n = 0; n < table.samples; ++n) {
        const float* z = table.logits_of(n, exit);
        const double top = *std::max_element(z, z + table.classes);
        double sum = 0;
        double first = 0;
        double second = 0;
        for (int k = 0; k < table.classes; ++k) {
            const double u = z[k] - top;
            const double e = std::exp(b * u);
            sum += e;
            first += e * u;
            second += e * u * u;
        }
        const double mean = first / sum;
        total.first += mean - (z[table.labels[static_cast<std::size_t>(n)]] - top);
        total.second += second / sum - mean * mean;
    }
    return {total.first / table.samples, total.second / table.samples};
}

/// Newton on the derivative, kept inside a bracket that shrinks each time; its middle where a step would leave it.
double fit_temperature(const RecordedTable& table, int exit) {
    double low = 1 / kMostTemperature;
    double high = 1 / kLeastTemperature;
    double b = 1;
    for (int i = 0; i < kIterations; ++i) {
        const Slope slope = likelihood_slope(table, exit, b);
        (slope.first > 0 ? high : low) = b;
        double next = b - slope.first / slope.second;
        if (!(next > low && next < high)) next = (low + high) / 2;
        if (std::abs(next - b) <= kTolerance * b) break;
        b = next;
    }
    return 1 / b;
}

/// Gate logits of one exit with Platt's smoothed targets: (N+ + 1) / (N+ + 2) where the exit is right, 1 / (N- + 2) where
/// wrong.
struct GateData {
    std::vector<double> logits;
    std::vector<double> targets;
    bool informative = true;  ///< gates differ, and the exit is right on some samples and wrong on others
};

GateData gate_data(const RecordedTable& table, int exit) {
    GateData data;
    std::vector<bool> right;
    for (int n = 0; n < table.samples; ++n) {
        data.logits.push_back(table.gate_of(n, exit));
        right.push_back(predicted(table, n, exit) == table.labels[static_cast<std::size_t>(n)]);
    }
    const auto hits = static_cast<double>(std::count(right.begin(), right.end(), true));
    const double misses = table.samples - hits;
    const auto [least, most] = std::minmax_element(data.logits.begin(), data.logits.end());
    data.informative = hits > 0 && misses > 0 && *least < *most;
    for (const bool r : right) data.targets.push_back(r ? (hits + 1) / (hits + 2) : 1 / (misses + 2));
    return data;
}

struct Platt {
    double slope = 1;
    double offset = 0;
};

/// Mean binary cross-entropy of sigmoid(slope * g + offset): log(1 + e^x) - t x, without overflow.
double cross_entropy(const GateData& data, const Platt& fit) {
    double sum = 0;
    for (std::size_t n = 0; n < data.logits.size(); ++n) {
        const double x = fit.slope * data.logits[n] + fit.offset;
        sum += std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))) - data.targets[n] * x;
    }
    return sum / static_cast<double>(data.logits.size());
}

/// The full Newton step. A ridge keeps the Hessian positive definite where all gates are equal (Lin, Lin and Weng 2007).
Platt newton_step(const GateData& data, const Platt& fit) {
    constexpr double ridge = 1e-12;
    double g_slope = 0, g_offset = 0, h_ss = 0, h_so = 0, h_oo = 0;
    for (std::size_t n = 0; n < data.logits.size(); ++n) {
        const double g = data.logits[n];
        const double p = 1 / (1 + std::exp(-(fit.slope * g + fit.offset)));
        const double w = p * (1 - p);
        g_slope += (p - data.targets[n]) * g;
        g_offset += p - data.targets[n];
        h_ss += w * g * g;
        h_so += w * g;
        h_oo += w;
    }
    h_ss += ridge;
    h_oo += ridge;
    const double determinant = h_ss * h_oo - h_so * h_so;
    return {-(h_oo * g_slope - h_so * g_offset) / determinant, -(h_ss * g_offset - h_so * g_slope) / determinant};
}

/// Newton, each step halved until the convex loss does not grow.
Platt fit_platt(const GateData& data) {
    Platt fit;
    double loss = cross_entropy(data, fit);
    for (int i = 0; i < kIterations; ++i) {
        Platt step = newton_step(data, fit);
        if (!std::isfinite(step.slope) || !std::isfinite(step.offset)) break;
        if (std::hypot(step.slope, step.offset) <= kTolerance) break;
        const auto moved = [&] { return Platt{fit.slope + step.slope, fit.offset + step.offset}; };
        while (cross_entropy(data, moved()) > loss && std::hypot(step.slope, step.offset) > kTolerance)
            step = {step.slope / 2, step.offset / 2};
        if (cross_entropy(data, moved()) > loss) break;
        fit = moved();
        loss = cross_entropy(data, fit);
    }
    return fit;
}

}  // namespace

Calibration calibrate(const RecordedTable& table) {
    require(table.samples > 0, ErrorKind::bad_data, "calibration needs at least one sample, the table has none");
    Calibration calibration;
    for (int exit = 0; exit < table.exits; ++exit) {
        Platt platt;
        if (exit + 1 < table.exits) {
            const GateData data = gate_data(table, exit);
            if (data.informative) platt = fit_platt(data);
        }
        calibration.exits.push_back({fit_temperature(table, exit), platt.slope, platt.offset});
    }
    return calibration;
}

std::vector<ReliabilityBin> reliability_bins(const ExitView& view, int exit, int bins) {
    assert(bins >= 1);
    std::vector<ReliabilityBin> filled(static_cast<std::size_t>(bins));
    for (int n = 0; n < view.samples; ++n) {
        const double c = view.confidence(n, exit);
        const int b = std::clamp(static_cast<int>(std::ceil(c * bins)) - 1, 0, bins - 1);
        ReliabilityBin& bin = filled[static_cast<std::size_t>(b)];
        ++bin.samples;
        bin.confidence += c;
        bin.accuracy += view.correct(n, exit) ? 1 : 0;
    }
    for (ReliabilityBin& bin : filled) {
        if (bin.samples == 0) continue;
        bin.confidence /= bin.samples;
        bin.accuracy /= bin.samples;
    }
    return filled;
}

double expected_calibration_error(const ExitView& view, int exit, int bins) {
    double error = 0;
    for (const ReliabilityBin& bin : reliability_bins(view, exit, bins))
        error += bin.samples * std::abs(bin.accuracy - bin.confidence);
    return view.samples > 0 ? error / view.samples : 0;
}

}  // namespace nachos::policy
