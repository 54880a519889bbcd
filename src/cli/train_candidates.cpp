#include "cli/train_candidates.h"

#include "core/error.h"
#include "core/files.h"
#include "study/evaluation_json.h"
#include "train/threads.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace nachos::cli {
namespace {

using nlohmann::json;

/// A coarser grid than in the end: fitting must not take longer than running the network.
constexpr policy::TuneOptions kSearchTuning{.grid = 1 << 15, .refine = false};

constexpr const char* kOther = "pool and worker are of one build";  // where messages are said to come from

struct Question {
    arch::ArchSpec arch;
    study::Fidelity fidelity;
    ScoredOn part = ScoredOn::validation;
};

std::string text_of(const Question& q) {
    return json{{"arch", arch::to_json(q.arch)},
                {"fidelity", study::text_of(q.fidelity)},
                {"held_out", q.part == ScoredOn::calibration}}
        .dump();
}

Question question_from(const std::string& text) {
    const json q = json::parse(text);
    return {arch::spec_from_json(q.at("arch").get<std::string>(), kOther),
            study::fidelities_from(q.at("fidelity").get<std::string>()).front(),
            q.at("held_out").get<bool>() ? ScoredOn::calibration : ScoredOn::validation};
}

constexpr const char* kStopped = "stopped";

std::string text_of(const study::Evaluation& e) {
    return json{{"error", e.error},
                {"costs", study::to_json(e.costs)},
                {"curve", study::to_json(e.curve)},
                {"table_file", e.table_file},
                {"seconds", e.seconds}}
        .dump(-1, ' ', false, json::error_handler_t::replace);
}

study::Evaluation evaluation_from(const exec::Answer& answer, const arch::ArchSpec& spec, const study::Fidelity& fidelity) {
    study::Evaluation e;
    e.arch = spec;
    e.fidelity = study::text_of(fidelity);
    e.error = answer.lost;
    if (!answer.lost.empty()) return e;
    const json a = json::parse(answer.text);
    e.error = a.at("error").get<std::string>();
    e.costs = study::costs_from_json(a.at("costs").get<std::string>(), kOther);
    e.curve = study::curve_from_json(a.at("curve").get<std::string>(), kOther);
    e.table_file = a.at("table_file").get<std::string>();
    e.seconds = a.at("seconds").get<double>();
    return e;
}

/// The worker's side: a study's data and weights, and what it was asked for so far.
class CandidateEvaluator {
  public:
    CandidateEvaluator(const std::string& folder, const std::string& digest, const std::atomic<bool>& told_to_stop)
        : study_(study::Study::open_readonly(folder)),
          session_(parse_config(study_.config(), folder)),
          told_to_stop_(told_to_stop),
          bank_(session_.fresh_bank()) {
        train::set_own_threads(session_.config.threads_per_evaluation);
        ensure_supernet(session_, study_, bank_, {});
        require(cli::weights_digest(bank_) == digest, ErrorKind::runtime,
                "the supernet's checkpoint in {} is not the one that the search runs on", folder);
    }

    std::string operator()(const std::string& question) {
        const Question q = question_from(question);
        try {
            return text_of(train::evaluate_candidate(context_for(q.fidelity, q.part), q.arch));
        } catch (const Error& e) {
            require(e.kind() == ErrorKind::stopped, e.kind(), "{}", e.what());
            return json{{kStopped, e.what()}}.dump();
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
            .recalibration =
                train::prepare_sample(session_.parts.train.examples(), config.evaluate.recalibration_images,
                                      session_.normalisation, batch, session_.device, session_.rng.stream("recalibration")),
            .validation = train::prepare(images, session_.normalisation, batch, session_.device),
            .curve = {.measure = policy::measure_from(config.policy.measure),
                      .budgets = session_.budgets,
                      .published_rule = config.policy.published_rule(),
                      .tune = kSearchTuning},
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
            policy::save_table(study_.path_of(name), table, policy::TablePrecision::f16);
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

CandidateWorkers::CandidateWorkers(const study::Study& study, const nn::WeightBank& bank, const Job& job)
    : study_(study), job_(job), digest_(cli::weights_digest(bank)) {}

void CandidateWorkers::evaluate(std::span<const arch::ArchSpec> specs, const study::Fidelity& fidelity, ScoredOn part,
                                const OnEvaluation& on_evaluation) {
    if (specs.empty()) return;
    if (!pool_) {
        const std::string program = (core::program_folder() / "nachos-train").string();
        pool_ = std::make_unique<exec::WorkerPool>(
            exec::WorkerOptions{.command = {program, "worker", std::filesystem::absolute(study_.folder()).string(), digest_},
                                .workers = job_.workers});
    }
    std::vector<std::string> questions;
    for (const arch::ArchSpec& spec : specs) questions.push_back(text_of(Question{spec, fidelity, part}));
    std::size_t evaluated = 0;
    const auto on_answer = [&](std::size_t i, const exec::Answer& answer) {
        if (answer.text.starts_with(fmt::format("{{\"{}\"", kStopped))) return;
        ++evaluated;
        on_evaluation(i, evaluation_from(answer, specs[i], fidelity));
    };
    pool_->ask(questions, on_answer, job_.should_stop);
    if (evaluated < specs.size()) stop_here();
}

std::string table_file(const arch::ArchSpec& spec, const study::Fidelity& fidelity) {
    std::string name = "tables/" + arch::arch_id(spec);
    if (fidelity.weights != study::Fidelity::Weights::inherit) {
        name += "." + study::text_of(fidelity);
        std::replace(name.begin(), name.end(), ':', '-');
    }
    return name + ".safetensors";
}

std::vector<std::filesystem::path> candidate_checkpoints(const study::Study& study, const arch::ArchSpec& spec,
                                                         const study::Fidelity& fidelity) {
    const std::string name = std::filesystem::path(table_file(spec, fidelity)).stem().string();
    return {study.path_of("checkpoints/candidate-" + name + ".safetensors"),
            study.path_of("checkpoints/candidate-" + name + ".backbone.safetensors")};
}

void worker_command(const std::string& folder, const std::string& weights_digest) {
    exec::serve([&](const std::atomic<bool>& told_to_stop) -> exec::AnswerFn {
        auto evaluator = std::make_shared<CandidateEvaluator>(folder, weights_digest, told_to_stop);
        return [evaluator](const std::string& question) { return (*evaluator)(question); };
    });
}

}  // namespace nachos::cli
