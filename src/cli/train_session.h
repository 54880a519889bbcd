#pragma once

#include "arch/search_space.h"
#include "cli/config.h"
#include "cli/training_arguments.h"
#include "core/progress.h"
#include "cost/latency_table.h"
#include "data/parts.h"
#include "exec/ranks/ranks.h"
#include "nn/weight_bank.h"
#include "search/archive.h"
#include "search/differentiable/decode.h"
#include "study/store.h"
#include "train/trainer.h"

#include <functional>
#include <optional>
#include <string>

namespace nachos::cli {

/// What every training command works with, made from a configuration alone: data, space, budgets, random streams.
struct Session {
    explicit Session(SearchConfig config);

    SearchConfig config;
    std::optional<cost::LatencyTable> latency;  ///< of the device that designs are for
    data::Parts parts;
    data::Normalisation normalisation;
    arch::SearchSpace space;
    search::HypervolumeAxes axes;
    std::vector<double> budgets;
    torch::Device device;
    torch::ScalarType maps;  ///< number type that training keeps maps in
    core::Rng rng;

    study::Facts facts() const;
    /// Exact costs, and latencies where there is a table.
    study::ArchCosts costs_of(const arch::NetDesc& net) const;
    study::ArchCosts costs_of(const arch::ArchSpec& spec) const { return costs_of(space.build(spec)); }
    /// The supernet's bank, untrained.
    nn::WeightBank fresh_bank() const;
};

/// The running command's side of things: progress, and when to stop.
struct Job {
    core::ProgressFn progress;
    std::function<bool()> should_stop;
    int workers = 1;
    exec::Ranks* ranks = nullptr;  ///< all processes of the job, if there are several
};

/// Throws Error(stopped): what to do to go on.
[[noreturn]] void stop_here();

/// Whether the engine's architectures are learnt with the supernet.
bool learns(const SearchConfig& config);

inline constexpr const char* kSupernetFile = "checkpoints/supernet.safetensors";

/// Trains the supernet, or goes on from the study's checkpoint; at once if it was already done, or if nothing inherits from
/// it. Architectures are learnt beside it where the engine asks for that.
void ensure_supernet(const Session& session, const study::Study& study, nn::WeightBank& bank, const Job& job);

/// What was learnt with the study's supernet: the designs of the budgets, and samples.
search::Decoded learnt_designs(const Session& session, const study::Study& study);

/// Identifies weights: hash of all tensors of a bank.
std::string weights_digest(const nn::WeightBank& bank);

class CandidateWorkers;

/// The search, with evaluations answered from the study where they are known. Returns the archive.
std::vector<study::Evaluation> run_search(const Session& session, study::Study& study, CandidateWorkers& workers,
                                          const Job& job);

/// The evaluations that designs are chosen by: those at the last fidelity.
std::vector<study::Evaluation> searched(const Session& session, const study::Study& study, const nn::WeightBank& bank);

/// The configuration that the arguments name, its paths absolute and its latency table identified.
SearchConfig training_config(const TrainingArguments& arguments);

/// The configuration of a study, with the latency table that it keeps.
SearchConfig study_config(const study::Study& study);

/// Opens the study of the session's configuration in `folder`, or begins it there.
study::Study open_study(const Session& session, const std::string& folder, const TrainingArguments& arguments);

/// Supernet and search. Throws Error(inadmissible) naming the nearest designs if none of the searched ones meets the limits;
/// given ones need not yet.
void search_stage(const Session& session, study::Study& study, nn::WeightBank& bank, const Job& job);

struct FinalChoice {
    int top = 1;              ///< architectures trained
    bool comparators = true;  ///< and what the best of them is compared with
};

/// Trains, calibrates and measures the best architectures of the searched front under `limits`, and what the most accurate
/// one is compared with; those the study already holds stay. Throws Error(inadmissible) if none meets the limits.
void run_final(const Session& session, study::Study& study, const nn::WeightBank& bank, const study::Limits& limits,
               const FinalChoice& choice, const Job& job);

/// Writes the most accurate trained design that meets `limits` as C, as C in 8 bits and as staged ONNX into folders beside
/// its model, holds each against the model on the calibration part, and prints a line each; a form that this machine cannot
/// run says so. What an earlier run has written stays. Throws Error(verification) if a form is not the model.
void export_best(const Session& session, const study::Study& study, const study::Limits& limits);

/// Whole commands, run by nachos-train.
void search_command(const TrainingArguments& arguments);
void final_command(const TrainingArguments& arguments);
void ablate_command(const TrainingArguments& arguments);
void bench_engines_command(const TrainingArguments& arguments);

/// A process of CandidateWorkers, which starts it: evaluates candidates of the study in `folder` as they are asked for.
void worker_command(const std::string& folder, const std::string& weights_digest);

}  // namespace nachos::cli
