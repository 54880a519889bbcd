#include "export/verify.h"

#include "core/error.h"
#include "runtime/classifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace nachos::exporting {
namespace {

constexpr int kBatch = 32;

/// Where a sample leaves, given what every exit says of it.
runtime::Inference decide(const model::Model& model, const policy::Thresholds& thresholds, const runtime::Heard& all) {
    const auto k = static_cast<std::size_t>(model.net.classes);
    runtime::Inference result;
    runtime::Heard heard;
    for (int e = 0; e < model.net.exit_count(); ++e) {
        const auto exit = static_cast<std::size_t>(e);
        const auto logits = std::span(all.logits).subspan(exit * k, k);
        std::vector<float> output(logits.begin(), logits.end());
        if (model.net.exits[exit].has_gate) output.push_back(all.gates[exit]);
        if (runtime::leaves(model, thresholds, e, output, heard, result)) break;
    }
    return result;
}

/// Thresholds as they are to a sample whose confidences come out lower (`by` > 0) or higher by rounding.
policy::Thresholds moved(policy::Thresholds thresholds, double by) {
    constexpr double kFloat = 1e-7;  // what a float near 1 cannot tell apart
    for (std::optional<double>& t : thresholds)
        if (t) *t += by * (kConfidenceRounding * std::max(0.0, std::min(*t, 1 - *t)) + kFloat);
    return thresholds;
}

struct Comparison {
    const model::Model& model;
    const Answers& reference;
    const Answers& form;
    Verdict verdict;

    void differs(std::size_t sample, const std::string& how) {
        if (verdict.first_differing) return;
        verdict.first_differing = static_cast<std::int64_t>(sample);
        verdict.first_difference = how;
    }

    void logits(std::size_t sample) {
        const auto exits = model.net.exits.size(), k = static_cast<std::size_t>(model.net.classes);
        for (std::size_t i = sample * exits * k; i < (sample + 1) * exits * k; ++i) {
            const double want = reference.logits[i], got = form.logits[i];
            const double off = std::abs(got - want) / (1 + std::abs(want));
            if (off <= kLogitTolerance) {
                verdict.most_off = std::max(verdict.most_off, off);
                continue;
            }
            verdict.most_off = std::isfinite(off) ? std::max(verdict.most_off, off) : off;
            differs(sample,
                    fmt::format("logit {} of exit {} is {}, the reference's {}", i % k, i / k % exits + 1, got, want));
        }
    }

    /// What the reference's logits say at an exit.
    std::int32_t class_at(std::size_t sample, std::int32_t exit) const {
        const auto exits = model.net.exits.size(), k = static_cast<std::size_t>(model.net.classes);
        const auto logits = std::span(reference.logits).subspan((sample * exits + static_cast<std::size_t>(exit)) * k, k);
        return static_cast<std::int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
    }

    void decisions(std::size_t sample) {
        const std::size_t points = model.threshold_sets.size();
        for (std::size_t p = 0; p < points; ++p) {
            const std::size_t i = sample * points + p;
            const std::int32_t exit = form.exits[i];
            if (exit < reference.earliest[i] || exit > reference.latest[i]) {
                ++verdict.exits_differ;
                differs(sample, fmt::format("at operating point {} it leaves at exit {}, the reference at {}", p, exit + 1,
                                            reference.exits[i] + 1));
                continue;
            }
            if (exit != reference.exits[i]) ++verdict.undecided;
            const std::int32_t label = class_at(sample, exit);
            if (form.labels[i] == label) continue;
            ++verdict.labels_differ;
            differs(sample,
                    fmt::format("at operating point {} it is class {}, the reference's {}", p, form.labels[i], label));
        }
    }
};

/// Accuracy and average MACs at each operating point.
void measure(const model::Model& model, const Answers& answers, std::span<const std::int32_t> labels,
             std::vector<double>& accuracy, std::vector<double>& avg_macs) {
    const std::size_t points = model.threshold_sets.size();
    accuracy.assign(points, 0);
    avg_macs.assign(points, 0);
    for (std::size_t i = 0; i < answers.exits.size(); ++i) {
        accuracy[i % points] += answers.labels[i] == labels[i / points] ? 1 : 0;
        avg_macs[i % points] += static_cast<double>(model.costs.executed_macs[static_cast<std::size_t>(answers.exits[i])]);
    }
    for (std::size_t p = 0; p < points && !labels.empty(); ++p) {
        accuracy[p] /= static_cast<double>(labels.size());
        avg_macs[p] /= static_cast<double>(labels.size());
    }
}

}  // namespace

Answers reference_answers(const model::Model& model, std::span<const std::uint8_t> pixels) {
    runtime::Classifier classifier(model, kBatch);
    std::vector<runtime::Heard> heard;
    classifier.run(policy::Thresholds(model.net.exits.size() - 1), pixels, &heard);
    Answers answers;
    for (const runtime::Heard& h : heard) {
        answers.logits.insert(answers.logits.end(), h.logits.begin(), h.logits.end());
        for (const model::ThresholdSet& set : model.threshold_sets) {
            const policy::Thresholds& thresholds = set.on_calibration.thresholds;
            const runtime::Inference r = decide(model, thresholds, h);
            answers.exits.push_back(r.exit);
            answers.labels.push_back(r.predicted);
            answers.earliest.push_back(decide(model, moved(thresholds, -1), h).exit);
            answers.latest.push_back(decide(model, moved(thresholds, 1), h).exit);
        }
    }
    return answers;
}

Verdict hold_against(const model::Model& model, const Answers& reference, const Answers& form,
                     std::span<const std::int32_t> labels) {
    require(form.logits.size() == reference.logits.size() && form.exits.size() == reference.exits.size() &&
                form.labels.size() == reference.labels.size(),
            ErrorKind::runtime, "the exported form answered {} of {} times", form.exits.size(), reference.exits.size());
    for (const std::int32_t exit : form.exits)
        require(exit >= 0 && exit < model.net.exit_count(), ErrorKind::runtime, "the exported form left at exit {} of {}",
                exit + 1, model.net.exit_count());
    Comparison comparison{.model = model, .reference = reference, .form = form, .verdict = {}};
    for (std::size_t n = 0; n < labels.size(); ++n) {
        comparison.logits(n);
        comparison.decisions(n);
    }
    Verdict verdict = std::move(comparison.verdict);
    verdict.samples = static_cast<std::int64_t>(labels.size());
    measure(model, form, labels, verdict.accuracy, verdict.avg_macs);
    measure(model, reference, labels, verdict.reference_accuracy, verdict.reference_avg_macs);
    return verdict;
}

}  // namespace nachos::exporting
