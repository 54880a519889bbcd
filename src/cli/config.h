#pragma once

#include "arch/search_space.h"
#include "data/dataset.h"
#include "data/loader.h"
#include "search/differentiable/options.h"
#include "search/engine.h"
#include "study/evaluation.h"
#include "train/options.h"

#include <filesystem>
#include <string>
#include <vector>

namespace nachos::cli {

/// Exit policy, group [policy].
struct PolicyOptions {
    std::string measure = "max_prob";  ///< confidence measure (method 4), a row of policy::measures()
    int budgets = 16;                  ///< steps of the budget grid (method 6); [2, 64]
    std::string rule = "optimal";  ///< thresholds: "optimal" (method 5), or "published": its base line, one point a network

    bool published_rule() const { return rule == "published"; }

    void describe(core::OptionVisitor& v);
};

/// Latencies of the device that designs are for, group [latency].
struct LatencyOptions {
    std::string table;   ///< LUT.json of nachos-run lut; empty = none
    std::string digest;  ///< hash of its text, part of the study's identity; empty = not asked for

    void describe(core::OptionVisitor& v);
};

/// The whole configuration of `nachos search`.
struct SearchConfig {
    std::uint64_t seed = 0;
    std::string device = "auto";     ///< "auto", "cpu" or "cuda"
    std::string precision = "auto";  ///< of maps in training: "auto", "float32" or "bfloat16"
    int threads_per_evaluation = 1;  ///< part of the study's identity: results may depend on it; [1, 1024]
    data::DataOptions data;
    data::AugmentOptions augment;
    arch::SpaceOptions space;
    study::Limits limits;
    LatencyOptions latency;
    train::LossOptions loss;
    train::SupernetOptions supernet;
    train::EvaluateOptions evaluate;
    PolicyOptions policy;
    search::SearchOptions search;
    search::DifferentiableOptions differentiable;
    train::FinalOptions final;
    train::TeacherOptions teacher;

    void describe(core::OptionVisitor& v);
};

/// Whether any candidate or final network begins with the supernet's weights.
bool inherits(const SearchConfig& config);

/// Reads CONFIG.toml and the overrides "key=value", and checks what no single key can say (search.initial within
/// search.evaluations). search.engine "auto" becomes the one it stands for. Throws Error(usage): what, got, allowed, where.
SearchConfig load_config(const std::filesystem::path& path, const std::vector<std::string>& overrides = {});

/// The same of a text, e.g. the one a study holds; `where` names it in messages.
SearchConfig parse_config(const std::string& toml, const std::string& where, const std::vector<std::string>& overrides = {});

/// Every key with its value: the text that identifies a study. parse_config gives the same configuration back.
std::string to_toml(SearchConfig config);

std::string config_schema();

/// docs/configuration-reference.md.
std::string config_reference();

}  // namespace nachos::cli
