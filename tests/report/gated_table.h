#pragma once

#include "core/rng.h"
#include "policy/table.h"

namespace nachos::report::test {

/// Two classes, two exits: the first is right on a share of the samples and its gate says which; the last is always right.
inline policy::RecordedTable gated_table(int samples, double easy_share, double sure, core::Rng rng) {
    policy::RecordedTable t{.samples = samples, .exits = 2, .classes = 2, .labels = {}, .logits = {}, .gates = {}};
    for (int n = 0; n < samples; ++n) {
        const bool easy = rng.uniform() < easy_share;
        const int label = n % 2;
        t.labels.push_back(label);
        const float right = label == 1 ? 1.0F : -1.0F;
        for (const float z : {easy ? right : -right, 3 * right}) {
            t.logits.push_back(-z);
            t.logits.push_back(z);
        }
        t.gates.push_back(static_cast<float>(easy ? sure : -sure));
        t.gates.push_back(0);
    }
    return t;
}

}  // namespace nachos::report::test
