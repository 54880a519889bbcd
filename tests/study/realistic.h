#pragma once

#include "arch/search_space.h"
#include "arch/spaces.h"
#include "core/rng.h"
#include "cost/cost.h"
#include "policy/table.h"
#include "study/store.h"

#include <cmath>

// What a real search stores, made up; tests and bench_store use it.

namespace nachos::study {

inline constexpr int kRealisticBudgets = 16;

inline arch::SearchSpace realistic_space() { return {arch::mbv3_small(), {28, 1, 10}}; }

inline Facts realistic_facts() {
    Facts facts;
    facts.data = "fashion-mnist";
    facts.class_names = {"top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot"};
    facts.measure = "max_prob";
    facts.limits.max_avg_macs = 1e6;
    facts.limits.min_accuracy = 0.7;
    facts.min_cost = 5e4;
    facts.max_cost = 1e6;
    facts.max_error = 0.3;
    return facts;
}

/// A random architecture with two or three exits beside the final one.
inline arch::ArchSpec realistic_arch(const arch::SearchSpace& space, core::Rng& rng) {
    for (;;) {
        arch::ArchSpec spec = space.decode(space.sample(rng));
        if (spec.placed_exits() >= 2) return spec;
    }
}

inline policy::OperatingPoint realistic_point(core::Rng& rng, const ArchCosts& costs, double share) {
    policy::OperatingPoint p;
    const std::size_t exits = costs.executed_macs.size();
    double left = 1;
    for (std::size_t i = 0; i + 1 < exits; ++i) {
        p.thresholds.push_back(rng.chance(0.1) ? std::nullopt : std::optional(rng.uniform()));
        p.exit_share.push_back(left * (1 - share) * rng.uniform());
        left -= p.exit_share.back();
    }
    p.exit_share.push_back(left);
    for (std::size_t i = 0; i < exits; ++i) p.avg_cost += p.exit_share[i] * static_cast<double>(costs.executed_macs[i]);
    p.avg_cost_upper = 1.01 * p.avg_cost;
    p.accuracy = 0.95 - 0.3 * std::exp(-p.avg_cost / 1.5e5) - 0.02 * rng.uniform();
    p.min_class_accuracy = p.accuracy - 0.1 * rng.uniform();
    p.p95_cost = p.worst_cost = static_cast<double>(costs.executed_macs.back());
    return p;
}

/// An evaluation with a curve of 16 points.
inline Evaluation realistic_evaluation(const arch::SearchSpace& space, core::Rng& rng) {
    Evaluation e;
    e.arch = realistic_arch(space, rng);
    e.fidelity = "inherit";
    const cost::Costs c = cost::costs_of(space.build(e.arch));
    e.costs = {c.backbone_macs, c.head_macs, c.executed_macs, c.paper_macs, c.params, c.peak_activation_bytes};
    for (int b = 0; b < kRealisticBudgets; ++b) {
        CurvePoint p;
        p.budget_index = b;
        p.budget_macs = 5e4 * std::pow(10.0, (b + 1.0) / kRealisticBudgets);
        p.point = realistic_point(rng, e.costs, (b + 1.0) / kRealisticBudgets);
        p.avg_macs_paper = 0.97 * p.point.avg_cost;
        e.curve.push_back(p);
    }
    e.table_file = "tables/" + arch::arch_id(e.arch) + ".safetensors";
    e.seconds = 0.2 + 0.1 * rng.uniform();
    return e;
}

/// What four exits said of 5,400 samples of ten classes.
inline policy::RecordedTable realistic_table(core::Rng& rng) {
    policy::RecordedTable table{.samples = 5400, .exits = 4, .classes = 10, .labels = {}, .logits = {}, .gates = {}};
    for (int n = 0; n < table.samples; ++n) table.labels.push_back(rng.between(0, table.classes - 1));
    for (int n = 0; n < table.samples * table.exits * table.classes; ++n)
        table.logits.push_back(static_cast<float>(3 * rng.normal()));
    for (int n = 0; n < table.samples * table.exits; ++n) table.gates.push_back(static_cast<float>(rng.normal()));
    return table;
}

}  // namespace nachos::study
