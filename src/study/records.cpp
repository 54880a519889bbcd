#include "study/records.h"

#include "core/hash.h"

#include <nlohmann/json.hpp>

namespace nachos::study {

std::string evaluation_key(const EvaluationIdentity& identity) {
    nlohmann::ordered_json parts = {arch::to_json(identity.arch), identity.fidelity,     identity.seed,
                                    identity.weights_digest,      identity.split_digest, identity.evaluator_version};
    if (!identity.training.empty()) parts.push_back(identity.training);
    return core::hash_hex(parts.dump());
}

Evaluation calibrated_evaluation(const TrainedModel& model) {
    Evaluation e;
    e.arch = model.arch;
    e.costs = model.costs;
    for (const TrainedPoint& p : model.points)
        e.curve.push_back({p.budget_index, p.budget_macs, p.avg_macs_paper, p.calibration});
    return e;
}

std::string calibration_table_file(const std::string& name) { return "tables/" + name + ".calibration.safetensors"; }

std::string test_table_file(const std::string& name) { return "tables/" + name + ".test.safetensors"; }

}  // namespace nachos::study
