#include "cli/train_evaluator.h"

#include "cli/option_visitors.h"

namespace nachos::cli {
namespace {

constexpr int kEvaluatorVersion = 3;  // raised whenever an evaluation would come out otherwise

/// What decides, beside the epochs, how a candidate that trains comes out.
std::string training_options(SearchConfig config) {
    return options_to_toml([&](core::OptionVisitor& v) {
        v.group("augment", "", [&] { config.augment.describe(v); });
        v.group("loss", "", [&] { config.loss.describe(v); });
        v.group("final", "", [&] { config.final.describe(v); });
    });
}

}  // namespace

StoredEvaluator::StoredEvaluator(const Session& session, study::Study& study, CandidateWorkers& workers,
                                 const study::Fidelity& fidelity, const Job& job)
    : session_(session), study_(study), workers_(workers), fidelity_(fidelity), job_(job) {}

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
    std::vector<std::string> keys;
    std::vector<study::Evaluation> evaluated;
    const auto store = [&] {  // what is known of a batch by now, in one transaction
        if (!keys.empty()) study_.append(keys, evaluated);
        keys.clear();
        evaluated.clear();
    };
    const auto on_evaluation = [&](std::size_t i, study::Evaluation evaluation, bool lost) {
        results[places[i]] = evaluation;
        if (lost) return;  // not stored: the next start of this study tries it again
        keys.push_back(key(unknown[i]));
        evaluated.push_back(std::move(evaluation));
        if (!fidelity_.trains()) return;
        store();
        for (const auto& checkpoint : candidate_checkpoints(study_, unknown[i], fidelity_))
            std::filesystem::remove(checkpoint);
        if (job_.progress)
            job_.progress({study::text_of(fidelity_), static_cast<std::int64_t>(i + 1),
                           static_cast<std::int64_t>(unknown.size()), "networks"});
    };
    try {
        workers_.evaluate(unknown, fidelity_, ScoredOn::validation, on_evaluation);
    } catch (...) {
        store();
        throw;
    }
    store();
    return results;
}

std::string StoredEvaluator::key(const arch::ArchSpec& spec) const {
    return evaluation_key_of(session_, workers_.weights_digest(), fidelity_, spec);
}

std::string evaluation_key_of(const Session& session, const std::string& weights_digest, const study::Fidelity& fidelity,
                              const arch::ArchSpec& spec) {
    return study::evaluation_key({.arch = spec,
                                  .fidelity = study::text_of(fidelity),
                                  .seed = session.config.seed,
                                  .weights_digest = weights_digest,
                                  .split_digest = session.parts.digest,
                                  .evaluator_version = kEvaluatorVersion,
                                  .training = fidelity.trains() ? training_options(session.config) : ""});
}

}  // namespace nachos::cli
