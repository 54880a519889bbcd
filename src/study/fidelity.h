#pragma once

#include "study/evaluation.h"

#include <span>
#include <string>
#include <vector>

namespace nachos::study {

/// Where a candidate's weights come from before it is measured (method 6).
struct Fidelity {
    enum class Weights { inherit, finetune, scratch };
    Weights weights = Weights::inherit;
    int epochs = 0;  ///< of its own training; 0 for inherit alone

    bool operator==(const Fidelity&) const = default;
};

/// "inherit", "finetune:E" or "scratch:E".
std::string text_of(const Fidelity& fidelity);

/// Fidelities separated by commas, the search's own first, then those of successive halving. Throws Error(usage): one is not
/// known, its epochs are not 1 to 10000, one stands twice.
std::vector<Fidelity> fidelities_from(const std::string& text);

/// The evaluations that designs are judged by: of `fidelities`, in rising order, those of the last one that any has. All of
/// them where none fits.
std::vector<Evaluation> judged(std::vector<Evaluation> evaluations, std::span<const Fidelity> fidelities);

}  // namespace nachos::study
