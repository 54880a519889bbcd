#pragma once

#include "study/evaluation.h"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace nachos::study {

/// Where a candidate's weights come from before it is measured (method 6).
struct Fidelity {
    enum class Weights { inherit, finetune, scratch };
    Weights weights = Weights::inherit;
    int epochs = 0;  ///< of its own training; 0 for inherit alone

    bool trains() const { return weights != Weights::inherit; }
    bool operator==(const Fidelity&) const = default;
};

/// "inherit", "finetune:E" or "scratch:E".
std::string text_of(const Fidelity& fidelity);

/// Fidelities separated by commas, the search's own first, then those of successive halving. Throws Error(usage): one is not
/// known, its epochs are not 1 to 10000, one stands twice.
std::vector<Fidelity> fidelities_from(const std::string& text);

/// The fidelity that designs are judged by: of `fidelities`, in rising order, the last one that any evaluation has, as `any`
/// says. Nothing where none fits: all count.
std::optional<std::string> judged_fidelity(std::span<const Fidelity> fidelities,
                                           const std::function<bool(const std::string& fidelity)>& any);

/// The evaluations of that fidelity.
std::vector<Evaluation> judged(std::vector<Evaluation> evaluations, std::span<const Fidelity> fidelities);

}  // namespace nachos::study
