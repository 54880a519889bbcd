#include "cli/train_candidates.h"
#include "core/error.h"
#include "train/evaluate.h"
#include "train/threads.h"

#include <map>

namespace nachos::cli {
namespace {

/// A coarser grid than in the end: fitting must not take longer than running the network.
constexpr policy::TuneOptions kSearchTuning{.grid = 1 << 15, .refine = false};

/// The worker's side: a study's data and weights, and what it was asked for so far.
class CandidateEvaluator {
  public:
    CandidateEvaluator(const std::string& folder, const std::string& digest, const std::atomic<bool>& told_to_stop)
        : study_(study::Study::open_readonly(folder)),
          session_(study_config(study_)),
          told_to_stop_(told_to_stop),
          bank_(session_.fresh_bank()) {
        train::set_own_threads(session_.config.threads_per_evaluation);
        ensure_supernet(session_, study_, bank_, {});
        require(cli::weights_digest(bank_) == digest, ErrorKind::runtime,
                "the supernet's checkpoint in {} is not the one that the search runs on", folder);
    }

    std::string operator()(const std::string& question) {
        const CandidateQuestion q = question_from(question);
        try {
            return to_text(train::evaluate_candidate(context_for(q.fidelity, q.part), q.arch));
        } catch (const Error& e) {
            return e.kind() == ErrorKind::stopped ? stopped_text() : failed_text(e.what());
        }
    }

  private:
    const train::CandidateContext& context_for(const study::Fidelity& fidelity, ScoredOn part) {
        auto& context = contexts_[{study::text_of(fidelity), part}];
        if (!context) context = make_context(fidelity, part);
        return *context;
    }

    std::unique_ptr<train::CandidateContext> make_context(const study::Fidelity& fidelity, ScoredOn part) const {
        const SearchConfig& config = session_.config;
        const int batch = config.evaluate.batch_size;
        const data::Examples& images =
            part == ScoredOn::validation ? session_.parts.validation.examples() : session_.parts.calibration.examples();
        auto context = std::make_unique<train::CandidateContext>(train::CandidateContext{
            .space = session_.space,
            .bank = bank_,
            .recalibration = train::prepare_sample(session_.parts.train.examples(), config.evaluate.recalibration_images,
                                                   session_.normalisation, train::kStatisticsBatch, session_.device,
                                                   session_.rng.stream("recalibration")),
            .validation = train::prepare(images, session_.normalisation, batch, session_.device),
            .curve = {.measure = policy::measure_from(config.policy.measure),
                      .budgets = session_.budgets,
                      .published_rule = config.policy.published_rule(),
                      .tune = kSearchTuning,
                      .unit = session_.axes.unit},
            .latency = session_.latency ? &*session_.latency : nullptr,
            .fidelity = fidelity});
        context->fresh = [this](const arch::ArchSpec& spec) {
            return nn::WeightBank(nn::weighted_layers(session_.space.build(spec)), stream_of(spec).stream("weights"),
                                  session_.device);
        };
        context->train = [this, fidelity](nn::WeightBank& own, const arch::ArchSpec& spec, int epochs) {
            train(own, spec, fidelity, epochs);
        };
        if (part == ScoredOn::calibration) return context;
        context->store_table = [this, fidelity](const arch::ArchSpec& spec, const policy::RecordedTable& table) {
            std::string name = table_file(spec, fidelity);
            policy::save_table(study_.path_of(name), table, policy::TablePrecision::f16,
                               core::Sync::later);  // before the evaluation is stored
            return name;
        };
        return context;
    }

    core::Rng stream_of(const arch::ArchSpec& spec) const { return session_.rng.stream("candidate " + arch::arch_id(spec)); }

    void train(nn::WeightBank& bank, const arch::ArchSpec& spec, const study::Fidelity& fidelity, int epochs) const {
        train::FinalOptions options = session_.config.final;
        options.optimizer.epochs = epochs;
        train::train_by_schedule(bank, session_.space.build(spec), session_.space.build(arch::without_exits(spec)), options,
                                 {.examples = session_.parts.train.examples(),
                                  .normalisation = session_.normalisation,
                                  .augment = session_.config.augment,
                                  .loss = session_.config.loss,
                                  .max_avg_macs = session_.config.limits.max_avg_macs,
                                  .rng = stream_of(spec),
                                  .device = session_.device,
                                  .maps = session_.maps,
                                  .checkpoint = candidate_checkpoints(study_, spec, fidelity).front(),
                                  .progress = {},
                                  .should_stop = [this] { return told_to_stop_.load(); },
                                  .phase = "candidate " + arch::arch_id(spec)});
    }

    study::Study study_;
    Session session_;
    const std::atomic<bool>& told_to_stop_;
    nn::WeightBank bank_;
    std::map<std::pair<std::string, ScoredOn>, std::unique_ptr<train::CandidateContext>> contexts_;
};

}  // namespace

void worker_command(const std::string& folder, const std::string& weights_digest) {
    exec::serve([&](const std::atomic<bool>& told_to_stop) -> exec::AnswerFn {
        auto evaluator = std::make_shared<CandidateEvaluator>(folder, weights_digest, told_to_stop);
        return [evaluator](const std::string& question) { return (*evaluator)(question); };
    });
}

}  // namespace nachos::cli
