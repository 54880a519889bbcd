#pragma once

#include "report/results.h"

namespace nachos::report::test {

/// An architecture of `depth` blocks in each of two stages with one exit between them.
inline arch::ArchSpec sample_arch(int depth) {
    arch::ArchSpec spec;
    spec.space = "mbv3-small";
    spec.resolution = 28;
    spec.channels = 1;
    spec.depth = {depth, depth};
    spec.width = {16, 24};
    spec.kernel = std::vector<int>(static_cast<std::size_t>(2 * depth), 3);
    spec.expand = std::vector<int>(static_cast<std::size_t>(2 * depth), 4);
    spec.exits = {{.placed = true, .convs = 1, .width = 16, .pool = 2}};
    return spec;
}

inline study::CurvePoint sample_point(int budget, double accuracy, double avg_macs) {
    study::CurvePoint p;
    p.budget_index = budget;
    p.budget_macs = avg_macs;
    p.avg_macs_paper = avg_macs - 1000;
    p.point = {{0.75}, accuracy, accuracy - 0.1, avg_macs, avg_macs, 300000, 300000, {0.25, 0.75}};
    return p;
}

/// Two architectures: 100 k MACs for 80 % and 200 k for 90 %, the first with a worse point at 150 k.
inline Snapshot sample_snapshot() {
    Snapshot s;
    s.facts.data = "synthetic <b>";
    s.facts.class_names = {"left", "\"right\" & <script>"};
    s.facts.measure = "max_prob";
    s.facts.min_cost = 50000;
    s.facts.max_cost = 500000;
    s.facts.max_error = 0.5;
    s.facts.limits.max_avg_macs = 250000;
    s.config = "seed = 1\n";
    for (const int depth : {1, 2}) {
        study::Evaluation e;
        e.arch = sample_arch(depth);
        e.fidelity = "inherit";
        e.costs = {{90000, 280000}, {5000, 15000}, {95000, 300000}, {95000, 295000}, 1234, 50176};
        if (depth == 1) e.curve = {sample_point(3, 0.8, 100000), sample_point(5, 0.78, 150000)};
        if (depth == 2) e.curve = {sample_point(7, 0.9, 200000), sample_point(15, 0.95, 300000)};
        s.evaluations.push_back(e);
    }
    s.history = {{.evaluations = 1, .hypervolume = 0.1, .feasible_share = 0.5},
                 {.evaluations = 2, .hypervolume = 0.2, .feasible_share = 1}};
    return s;
}

/// The same with the second architecture trained.
inline Snapshot sample_trained() {
    Snapshot s = sample_snapshot();
    const auto& e = s.evaluations[1];
    study::TrainedModel m{arch::arch_id(e.arch), false, e.arch, "gate", e.costs, "models/m.safetensors", {}};
    m.points = {{7, 200000, 199000, 0.9, sample_point(7, 0.92, 210000).point, sample_point(7, 0.91, 205000).point}};
    s.models = {m};
    s.test_reads = {{"2024-01-01T00:00:00Z", "final"}};
    return s;
}

}  // namespace nachos::report::test
