#pragma once

#include "core/options.h"

namespace nachos::search {

/// The differentiable engine (method 7), group [differentiable]; read by the engines "differentiable" and "hybrid" alone.
struct DifferentiableOptions {
    double share = 0.1;              ///< of the training part, on which architectures learn and weights do not; [0.01, 0.9]
    double warmup = 0.5;             ///< share of the supernet's steps before architectures learn; [0, 0.99]
    int every = 2;                   ///< steps of the weights for one of the architectures; [1, 1000]
    int batch_size = 128;            ///< images of an architecture step; [2, 8192]
    double learning_rate = 0.005;    ///< of the network that gives the logits (AdamW); (0, 1]
    int hidden = 32;                 ///< its hidden units; [1, 4096]
    bool conditioned = true;         ///< on the budget; else there is one budget, the limit, and so one design
    double temperature = 2;          ///< of the Gumbel-softmax at first, falling log-linearly to ...; (0, 100]
    double final_temperature = 0.5;  ///< ... this; (0, 100]
    double rho = 1;                  ///< of the augmented Lagrangian; (0, 1000]

    void describe(core::OptionVisitor& v) {
        v.field({"share", "share of the training images on which architectures learn, and weights do not", 0.01, 0.9},
                share);
        v.field({"warmup", "share of supernet training before architectures learn too", 0, 0.99}, warmup);
        v.field({"every", "training steps of the weights for one of the architectures", 1, 1000}, every);
        v.field({"batch_size", "images of a step of the architectures", 2, 8192}, batch_size);
        v.field({"learning_rate", "of the small network that gives the architectures' logits", 1e-6, 1}, learning_rate);
        v.field({"hidden", "hidden units of that network", 1, 4096}, hidden);
        v.field({"conditioned", "learn a design for every budget up to the limit; else for the limit alone"}, conditioned);
        v.field({"temperature", "of the Gumbel-softmax when architectures begin to learn", 0.01, 100}, temperature);
        v.field({"final_temperature", "of the Gumbel-softmax in the end", 0.01, 100}, final_temperature);
        v.field({"rho", "weight of the augmented Lagrangian's square", 1e-3, 1000}, rho);
    }
};

}  // namespace nachos::search
