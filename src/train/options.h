#pragma once

#include "core/options.h"

#include <string>
#include <vector>

namespace nachos::train {

/// Loss of a network with exits (method 3), group [loss].
struct LossOptions {
    std::string classification = "independent";  ///< "independent": sum over exits of CE; "weighted": sum_i p_i CE(z_i, y)
    double class_weight = 1;                     ///< w_alpha; >= 0
    double gate_weight = 0.1;                    ///< w_gate; >= 0
    std::string gate = "plain";                  ///< "plain", so that c_i is a probability, or "balanced" (published)
    double cost_weight = 0;                      ///< w_beta of regularizer 1; >= 0 (published: 1)
    std::string cost_normaliser = "limit";       ///< "limit": M; "published": cost(E) - M
    double support_weight = 0;                   ///< w_gamma of regularizer 2; >= 0 (published: 1)
    double support_fraction = 0.1;  ///< of the training part, redrawn each epoch, left out of its steps; [0.01, 0.5]
    double support_from = 0.5;      ///< share of the epochs that train the exits after which the support loss joins; [0, 1]
    double label_smoothing = 0.05;  ///< share of the target spread over all classes; [0, 0.5]
    double early_weight = 1;        ///< of an early exit's class loss, the final one's is 1; [0, 1000]
    double distillation = 0.5;      ///< share of a taught network's class target that is its teacher's softmax, where the
                                    ///< teacher is the supernet's largest network or a network's own final exit; [0, 1]

    void describe(core::OptionVisitor& v) {
        v.field({"classification",
                 "class loss over the exits: 'independent' sums their cross entropies, 'weighted' weights "
                 "them by the probability of leaving there",
                 0,
                 0,
                 {"independent", "weighted"}},
                classification);
        v.field({"class_weight", "weight of the class loss", 0, 1000}, class_weight);
        v.field({"gate_weight", "weight of the gates' binary cross entropy against 'this exit is right'", 0, 1000},
                gate_weight);
        v.field({"gate",
                 "'plain' gates learn the probability of being right, 'balanced' ones weigh right and wrong alike",
                 0,
                 0,
                 {"plain", "balanced"}},
                gate);
        v.field({"cost_weight", "weight of the cost regularizer: expected average MACs above limits.max_avg_macs", 0, 1000},
                cost_weight);
        v.field({"cost_normaliser",
                 "the cost regularizer is divided by the limit, or as 'published' by the last exit's cost less the limit",
                 0,
                 0,
                 {"limit", "published"}},
                cost_normaliser);
        v.field({"support_weight",
                 "weight of the support regularizer: gates learn their exit's accuracy on the sample's class", 0, 1000},
                support_weight);
        v.field(
            {"support_fraction",
             "share of the training part, class by class, that the support regularizer reads instead of learning from it",
             0.01, 0.5},
            support_fraction);
        v.field({"support_from", "share of the epochs that train the exits after which the support regularizer joins", 0, 1},
                support_from);
        v.field({"label_smoothing", "share of the target spread over all classes", 0, 0.5}, label_smoothing);
        v.field({"early_weight", "weight of an early exit's class loss, where the final one's is 1", 0, 1000}, early_weight);
        v.field({"distillation",
                 "share of the class target that is the softmax of the supernet's largest network, and of a network's own "
                 "final exit for its early ones",
                 0, 1},
                distillation);
    }
};

/// Training of one set of weights; the rate falls as a half cosine, step by step, after a linear warm-up.
struct OptimizerOptions {
    std::string optimizer = "sgd";  ///< "sgd" with Nesterov momentum, or "adamw" (Loshchilov and Hutter, arXiv 1711.05101)
    int epochs = 10;                ///< passes over the training part; [1, 10000]
    int batch_size = 128;           ///< images; [1, 8192]
    double learning_rate = 0.4;     ///< peak; (0, 10]
    double warmup_epochs = 0.5;     ///< [0, 100]
    double momentum = 0.9;          ///< Nesterov momentum, or beta_1 of adamw; [0, 1)
    double square_decay = 0.999;    ///< beta_2 of adamw (Kingma and Ba 2015, arXiv 1412.6980); set in code, not a key
    double weight_decay = 2.5e-5;   ///< of convolution and linear weights; [0, 1] (published: 5e-5)
    double gradient_clip = 2.5;     ///< largest norm of the whole gradient; 0 = no clipping; [0, 1e6]
    int shards = 2;  ///< parts a batch is cut into, each with batch statistics of its own, shared out among threads and
                     ///< ranks; [1, 1024]

    void describe(core::OptionVisitor& v) {
        v.field({"optimizer",
                 "'sgd' with Nesterov momentum, or 'adamw', which wants a learning_rate near 0.01",
                 0,
                 0,
                 {"sgd", "adamw"}},
                optimizer);
        v.field({"epochs", "passes over the training part", 1, 10000}, epochs);
        v.field({"batch_size", "images in a batch", 1, 8192}, batch_size);
        v.field({"learning_rate", "peak learning rate of the half-cosine schedule", 1e-9, 10}, learning_rate);
        v.field({"warmup_epochs", "epochs over which the learning rate rises linearly to its peak", 0, 100}, warmup_epochs);
        v.field({"momentum", "Nesterov momentum, or beta_1 of adamw", 0, 0.9999}, momentum);
        v.field({"weight_decay", "L2 penalty on convolution and linear weights", 0, 1}, weight_decay);
        v.field({"gradient_clip", "largest norm of the whole gradient; 0 = no clipping", 0, 1e6}, gradient_clip);
        v.field({"shards",
                 "parts a batch is cut into, each differentiated on one thread with batch statistics of its own; results "
                 "depend on it, not on the number of cores; ranks share them out evenly",
                 1, 1024},
                shards);
    }
};

/// Supernet training by the sandwich rule (Yu and Huang 2019, arXiv 1903.05134), group [supernet].
struct SupernetOptions {
    OptimizerOptions optimizer;
    int random_subnets = 2;  ///< sampled per step beside the largest and the smallest; [0, 16]
    std::string from;        ///< folder of a study whose trained supernet is taken instead; empty = none

    void describe(core::OptionVisitor& v) {
        optimizer.describe(v);
        v.field({"random_subnets", "architectures sampled per step beside the largest and the smallest", 0, 16},
                random_subnets);
        v.field({.key = "from",
                 .help = "folder of a study whose supernet, trained with the same keys on the same images, this one begins "
                         "with instead of training its own; empty = none"},
                from);
    }
};

/// The network that final training learns from as well as from labels, group [teacher]; used where final.teacher is true.
struct TeacherOptions {
    OptimizerOptions optimizer;
    int width = 64;          ///< channels of its stem and first stage, then twice and four times as many; [8, 1024]
    int depth = 1;           ///< residual blocks of each of its three stages; [1, 8]
    double share = 0.9;      ///< of the class loss of every exit that is the teacher's; [0, 1] (usual on CIFAR: 0.9)
    double temperature = 4;  ///< that softens what it says; [0.1, 100] (usual on CIFAR: 4)

    TeacherOptions() {
        optimizer.epochs = 20;
        optimizer.learning_rate = 0.1;
        optimizer.weight_decay = 5e-4;
        optimizer.warmup_epochs = 1;
    }

    void describe(core::OptionVisitor& v) {
        v.field({"width", "channels of its first stage, at full resolution; twice and four times as many follow", 8, 1024},
                width);
        v.field({"depth", "residual blocks of each of its three stages", 1, 8}, depth);
        v.field({"share", "share of every exit's class loss that is the teacher's, the rest is the labels'", 0, 1}, share);
        v.field({"temperature", "what the teacher and its pupils say is compared at this temperature", 0.1, 100},
                temperature);
        optimizer.describe(v);
    }
};

/// Evaluation of a candidate, group [evaluate].
struct EvaluateOptions {
    std::string fidelity = "inherit";  ///< "inherit", "finetune:E", "scratch:E"; several = successive halving
    double keep = 0.25;                ///< share of the evaluations that goes on to the next fidelity; [0.001, 1]
    int recalibration_images = 1000;   ///< training images that batch norm statistics are measured on; [32, 1000000]
    int batch_size = 64;               ///< images in a forward pass; [1, 8192]

    void describe(core::OptionVisitor& v) {
        v.field(
            {"fidelity",
             "weights of a candidate: 'inherit' takes the supernet's, 'finetune:E' trains them for E epochs as final "
             "training does, 'scratch:E' trains new ones; of several, separated by commas, the search uses the first, and "
             "each further one judges the best of those before it (successive halving)"},
            fidelity);
        v.field({"keep", "share of the evaluations at one fidelity that is evaluated at the next", 0.001, 1}, keep);
        v.field({"recalibration_images", "training images on which batch norm statistics are measured", 32, 1000000},
                recalibration_images);
        v.field({"batch_size", "images in a forward pass", 1, 8192}, batch_size);
    }
};

/// Final training of the chosen designs, fine-tuned from the supernet, group [final].
struct FinalOptions {
    int top = 3;  ///< architectures trained; [1, 1000]
    OptimizerOptions optimizer;
    bool from_supernet = true;       ///< start from the supernet's weights, else from scratch
    bool comparators = true;         ///< train the networks of method 8 that results are compared with
    std::string schedule = "joint";  ///< "joint", or "staged": first the backbone, then the exits (published)
    double backbone_share = 0.5;     ///< staged: share of the epochs that train the backbone alone; [0.01, 0.99]
    bool freeze_backbone = true;     ///< staged: the backbone stays as it is while the exits learn
    bool teacher = false;            ///< train a large network first, group [teacher], and learn from it as well
    bool exports = true;             ///< the best design ends as C, in 8 bits and as ONNX too, each verified
    std::vector<int> budgets;        ///< average MACs that thresholds are fitted for beside the search's grid; each >= 1

    FinalOptions() { optimizer.learning_rate = 0.2; }

    void describe(core::OptionVisitor& v) {
        v.field({"top", "architectures trained in the end", 1, 1000}, top);
        v.field({"from_supernet", "start from the supernet's weights, else from scratch"}, from_supernet);
        v.field({"comparators", "also train, with as many epochs, the networks that results are compared with"},
                comparators);
        v.field({"schedule",
                 "'joint' trains backbone and exits together, 'staged' first the backbone, then the exits (published)",
                 0,
                 0,
                 {"joint", "staged"}},
                schedule);
        v.field({"backbone_share", "share of the epochs of a staged schedule that train the backbone alone", 0.01, 0.99},
                backbone_share);
        v.field({"freeze_backbone", "in a staged schedule, the backbone stays as it is while the exits learn"},
                freeze_backbone);
        v.field({"teacher",
                 "first train a large network without exits, group [teacher], which the designs and what they are compared "
                 "with then learn from as well as from labels"},
                teacher);
        v.field({"exports", "also write the best design as C, as C in 8 bits and as ONNX, and verify them"}, exports);
        v.field(
            {"budgets", "average MACs that trained networks get thresholds for, beside the budgets of the search", 1, 2e9},
            budgets);
        optimizer.describe(v);
    }
};

}  // namespace nachos::train
