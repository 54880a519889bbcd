#include "cli/train_evaluator.h"

#include "cli/option_visitors.h"

#include <fmt/format.h>

#include <algorithm>

namespace nachos::cli {
namespace {

/// A coarser grid than in the end: fitting must not take longer than running the network.
constexpr policy::TuneOptions kSearchTuning{.grid = 1 << 15, .refine = false};
constexpr int kEvaluatorVersion = 2;  // raised whenever an evaluation would come out otherwise

/// Inherited weights, scored on `part`.
train::CandidateContext context_of(const Session& session, const nn::WeightBank& bank, const data::Examples& part) {
    const auto& evaluate = session.config.evaluate;
    return {.space = session.space,
            .bank = bank,
            .recalibration =
                train::prepare_sample(session.parts.train.examples(), evaluate.recalibration_images, session.normalisation,
                                      evaluate.batch_size, session.device, session.rng.stream("recalibration")),
            .validation = train::prepare(part, session.normalisation, evaluate.batch_size, session.device),
            .curve = {.measure = policy::measure_from(session.config.policy.measure),
                      .budgets = session.budgets,
                      .published_rule = session.config.policy.published_rule(),
                      .tune = kSearchTuning}};
}

/// What decides, beside the epochs, how a candidate that trains comes out.
std::string training_options(SearchConfig config) {
    return options_to_toml([&](core::OptionVisitor& v) {
        v.group("augment", "", [&] { config.augment.describe(v); });
        v.group("loss", "", [&] { config.loss.describe(v); });
        v.group("final", "", [&] { config.final.describe(v); });
    });
}

core::Rng stream_of(const Session& session, const arch::ArchSpec& spec) {
    return session.rng.stream("candidate " + arch::arch_id(spec));
}

}  // namespace

StoredEvaluator::StoredEvaluator(const Session& session, study::Study& study, const nn::WeightBank& bank,
                                 const study::Fidelity& fidelity, const Job& job)
    : session_(session),
      study_(study),
      job_(job),
      digest_(weights_digest(bank)),
      context_(context_of(session, bank, session.parts.validation.examples())) {
    context_.fidelity = fidelity;
    context_.store_table = [this](const arch::ArchSpec& spec, const policy::RecordedTable& table) {
        policy::save_table(study_.path_of(table_file(spec)), table, policy::TablePrecision::f16,
                           core::Sync::later);  // append waits for it
        return table_file(spec);
    };
    context_.fresh = [this](const arch::ArchSpec& spec) {
        return nn::WeightBank(nn::weighted_layers(session_.space.build(spec)), stream_of(session_, spec).stream("weights"),
                              session_.device);
    };
    context_.train = [this](nn::WeightBank& own, const arch::ArchSpec& spec, int epochs) { train(own, spec, epochs); };
}

std::vector<study::Evaluation> StoredEvaluator::operator()(std::span<const arch::ArchSpec> specs) const {
    std::vector<study::Evaluation> results(specs.size());
    std::vector<arch::ArchSpec> unknown;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < specs.size(); ++i) {
        if (auto known = study_.find(key(specs[i]))) {
            results[i] = std::move(*known);
        } else {
            unknown.push_back(specs[i]);
            places.push_back(i);
        }
    }
    const std::size_t at_once = trains() ? static_cast<std::size_t>(job_.workers) : std::max<std::size_t>(unknown.size(), 1);
    for (std::size_t begin = 0; begin < unknown.size(); begin += at_once) {
        const auto some = std::span<const arch::ArchSpec>(unknown).subspan(begin, std::min(at_once, unknown.size() - begin));
        auto evaluated = train::evaluate_candidates(context_, some, job_.workers, session_.config.threads_per_evaluation);
        std::vector<std::string> keys;
        for (const arch::ArchSpec& spec : some) keys.push_back(key(spec));
        study_.append(keys, evaluated);
        for (std::size_t i = 0; i < some.size(); ++i) {
            if (trains()) remove_checkpoints(some[i]);
            results[places[begin + i]] = std::move(evaluated[i]);
        }
        if (!trains()) continue;
        const std::size_t done = begin + some.size();
        if (job_.progress)
            job_.progress({study::text_of(context_.fidelity), static_cast<std::int64_t>(done),
                           static_cast<std::int64_t>(unknown.size()), "networks"});
        if (done < unknown.size() && job_.should_stop && job_.should_stop()) stop_here();
    }
    return results;
}

void StoredEvaluator::train(nn::WeightBank& bank, const arch::ArchSpec& spec, int epochs) const {
    train::FinalOptions options = session_.config.final;
    options.optimizer.epochs = epochs;
    train::train_by_schedule(bank, session_.space.build(spec), session_.space.build(arch::without_exits(spec)), options,
                             {.examples = session_.parts.train.examples(),
                              .normalisation = session_.normalisation,
                              .augment = session_.config.augment,
                              .loss = session_.config.loss,
                              .max_avg_macs = session_.config.limits.max_avg_macs,
                              .rng = stream_of(session_, spec),
                              .device = session_.device,
                              .checkpoint = checkpoint(spec),
                              .progress = {},
                              .should_stop = job_.should_stop,
                              .phase = "candidate " + arch::arch_id(spec)});
}

std::string StoredEvaluator::key(const arch::ArchSpec& spec) const {
    return study::evaluation_key({.arch = spec,
                                  .fidelity = study::text_of(context_.fidelity),
                                  .seed = session_.config.seed,
                                  .weights_digest = digest_,
                                  .split_digest = session_.parts.digest,
                                  .evaluator_version = kEvaluatorVersion,
                                  .training = trains() ? training_options(session_.config) : ""});
}

/// Each fidelity has its own: "tables/ID.safetensors", "tables/ID.finetune-2.safetensors".
std::string StoredEvaluator::table_file(const arch::ArchSpec& spec) const {
    std::string name = "tables/" + arch::arch_id(spec);
    if (trains()) {
        name += "." + study::text_of(context_.fidelity);
        std::replace(name.begin(), name.end(), ':', '-');
    }
    return name + ".safetensors";
}

std::filesystem::path StoredEvaluator::checkpoint(const arch::ArchSpec& spec) const {
    const std::string table = std::filesystem::path(table_file(spec)).filename().string();
    return study_.path_of("checkpoints/candidate-" + table);
}

void StoredEvaluator::remove_checkpoints(const arch::ArchSpec& spec) const {
    std::filesystem::path path = checkpoint(spec);
    std::filesystem::remove(path);
    std::filesystem::remove(path.replace_extension(".backbone.safetensors"));  // of the staged schedule
}

std::vector<study::Evaluation> held_out_evaluations(const Session& session, const nn::WeightBank& bank,
                                                    std::span<const arch::ArchSpec> specs, const Job& job) {
    return train::evaluate_candidates(context_of(session, bank, session.parts.calibration.examples()), specs, job.workers,
                                      session.config.threads_per_evaluation);
}

}  // namespace nachos::cli
