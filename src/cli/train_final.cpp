#include "cli/job.h"
#include "cli/train_session.h"
#include "core/error.h"
#include "cost/cost.h"
#include "data/resize.h"
#include "model/model_file.h"
#include "nn/network.h"
#include "policy/calibrate.h"
#include "report/results.h"
#include "train/evaluate.h"
#include "train/inherit.h"

#include <algorithm>
#include <set>

namespace nachos::cli {
namespace {

constexpr int kFinalRecalibrationImages = 8192;

/// Evaluations to train: the one with the most accurate admissible point, then those that add most hypervolume to it.
std::vector<study::Evaluation> choose(const std::vector<study::Evaluation>& archive, const study::Limits& limits,
                                      const search::HypervolumeAxes& axes, int top) {
    const std::vector<search::Design> front = search::admissible_front(archive, limits);
    std::vector<int> candidates;  // of the front, most accurate first
    for (auto design = front.rbegin(); design != front.rend(); ++design) {
        if (std::find(candidates.begin(), candidates.end(), design->evaluation) == candidates.end()) {
            candidates.push_back(design->evaluation);
        }
    }
    std::vector<study::Evaluation> chosen;
    while (static_cast<int>(chosen.size()) < top && !candidates.empty()) {
        std::size_t best = 0;
        double most = -1;
        for (std::size_t i = 0; i < candidates.size() && !chosen.empty(); ++i) {
            chosen.push_back(archive[static_cast<std::size_t>(candidates[i])]);
            const double volume = search::hypervolume(chosen, limits, axes);
            chosen.pop_back();
            if (volume > most) {
                most = volume;
                best = i;
            }
        }
        chosen.push_back(archive[static_cast<std::size_t>(candidates[best])]);
        candidates.erase(candidates.begin() + static_cast<std::ptrdiff_t>(best));
    }
    return chosen;
}

/// Train and validation together: final training may see both, never calibration.
data::Examples train_and_validation(const data::Parts& parts) {
    data::Examples all = parts.train.examples();
    const data::Examples& more = parts.validation.examples();
    all.pixels.insert(all.pixels.end(), more.pixels.begin(), more.pixels.end());
    all.labels.insert(all.labels.end(), more.labels.begin(), more.labels.end());
    return all;
}

/// A trained network before the test split is opened.
struct Trained {
    study::Evaluation searched;
    model::Model model;
    std::vector<study::CurvePoint> curve;  ///< on the calibration part, cross-fitted
};

class FinalTraining {
  public:
    FinalTraining(const Session& session, study::Study& study, const nn::WeightBank& supernet, const Job& job)
        : session_(session), study_(study), supernet_(supernet), job_(job), examples_(train_and_validation(session.parts)) {}

    Trained train(const study::Evaluation& evaluation, const std::string& phase) const {
        const arch::NetDesc net = session_.space.build(evaluation.arch);
        const auto& options = session_.config.final;
        const std::string id = arch::arch_id(evaluation.arch);
        const core::Rng rng = session_.rng.stream("final " + id);
        nn::WeightBank bank = options.from_supernet
                                  ? supernet_.slice(net)
                                  : nn::WeightBank(nn::weighted_layers(net), rng.stream("weights"), session_.device);
        train::train_network(bank, net, options.optimizer,
                             {.examples = examples_,
                              .normalisation = session_.normalisation,
                              .augment = session_.config.augment,
                              .loss = session_.config.loss,
                              .max_avg_macs = session_.config.limits.max_avg_macs,
                              .rng = rng,
                              .device = session_.device,
                              .checkpoint = study_.path_of("checkpoints/final-" + id + ".safetensors"),
                              .progress = job_.progress,
                              .should_stop = job_.should_stop,
                              .phase = phase});
        const auto images =
            train::prepare_sample(session_.parts.train.examples(), kFinalRecalibrationImages, session_.normalisation,
                                  session_.config.evaluate.batch_size, session_.device, rng.stream("recalibration"));
        return calibrated(evaluation, nn::to_desc(net, bank, train::batch_statistics(net, bank, images.batches)));
    }

    /// Figures on the test split with the thresholds as they are, and the record of the model.
    void measure(const Trained& trained, const std::optional<data::TestPart>& test) const {
        const std::string id = arch::arch_id(trained.searched.arch);
        study::TrainedModel record{.name = id,
                                   .comparator = false,
                                   .arch = trained.searched.arch,
                                   .measure = policy::to_string(trained.model.measure),
                                   .costs = trained.searched.costs,
                                   .model_file = "models/" + id + ".safetensors",
                                   .points = {}};
        std::optional<policy::ExitView> view;
        if (test)
            view = policy::view(table_of(trained.model.net, test->examples(), "tables/" + id + ".test.safetensors"),
                                trained.model.measure, trained.model.calibration);
        const std::vector<double> costs(trained.searched.costs.executed_macs.begin(),
                                        trained.searched.costs.executed_macs.end());
        for (const study::CurvePoint& p : trained.curve) {
            study::TrainedPoint point{.budget_index = p.budget_index,
                                      .budget_macs = p.budget_macs,
                                      .avg_macs_paper = p.avg_macs_paper,
                                      .search_accuracy = searched_accuracy(trained.searched, p.budget_index),
                                      .calibration = p.point,
                                      .test = {}};
            if (view) point.test = policy::apply(*view, p.point.thresholds, costs);
            record.points.push_back(std::move(point));
        }
        model::save_model(study_.path_of(record.model_file), trained.model);
        study_.put_model(record);
    }

  private:
    static std::optional<double> searched_accuracy(const study::Evaluation& searched, int budget_index) {
        std::optional<double> accuracy;  // a budget dominated in the search is answered by the one below it
        for (const study::CurvePoint& p : searched.curve) {
            if (p.budget_index <= budget_index) accuracy = std::max(accuracy.value_or(0), p.point.accuracy);
        }
        return accuracy;
    }

    policy::RecordedTable table_of(const arch::NetDesc& net, const data::Examples& examples, const std::string& file) const {
        const auto images =
            train::prepare(examples, session_.normalisation, session_.config.evaluate.batch_size, session_.device);
        policy::RecordedTable table = train::record(net, images, session_.device);
        policy::save_table(study_.path_of(file), table, policy::TablePrecision::f32);
        return table;
    }

    Trained calibrated(const study::Evaluation& evaluation, arch::NetDesc net) const {
        const std::string id = arch::arch_id(evaluation.arch);
        const policy::RecordedTable table =
            table_of(net, session_.parts.calibration.examples(), "tables/" + id + ".calibration.safetensors");
        Trained trained{.searched = evaluation, .model = {}, .curve = {}};
        model::Model& m = trained.model;
        m.arch = evaluation.arch;
        m.costs = cost::costs_of(net);
        m.net = std::move(net);
        m.preprocessing = {.height = m.net.input.h,
                           .width = m.net.input.w,
                           .channels = m.net.input.c,
                           .resize_filter = data::kResizeFilter,
                           .mean = session_.normalisation.mean,
                           .std = session_.normalisation.std};
        m.class_names = session_.parts.class_names;
        m.measure = policy::measure_from(session_.config.policy.measure);
        m.calibration = policy::calibrate(table);
        trained.curve = train::curve_of(table, evaluation.costs, m.measure, session_.budgets, m.calibration);
        for (const study::CurvePoint& p : trained.curve) m.threshold_sets.push_back({p.budget_macs, p.point});
        return trained;
    }

    const Session& session_;
    study::Study& study_;
    const nn::WeightBank& supernet_;
    const Job& job_;
    data::Examples examples_;
};

}  // namespace

void run_final(const Session& session, study::Study& study, const nn::WeightBank& bank, const study::Limits& limits, int top,
               const Job& job) {
    std::vector<study::Evaluation> chosen = choose(study.evaluations(), limits, session.axes, top);
    require(!chosen.empty(), ErrorKind::inadmissible, "no searched design meets the limits, so there is nothing to train");
    std::set<std::string> known;
    for (const study::TrainedModel& m : study.models()) known.insert(m.name);
    std::erase_if(chosen, [&](const study::Evaluation& e) { return known.count(arch::arch_id(e.arch)) > 0; });
    if (chosen.empty()) return;
    const FinalTraining training(session, study, bank, job);
    std::vector<Trained> trained;
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        trained.push_back(training.train(chosen[i], fmt::format("final {}/{}", i + 1, chosen.size())));
    }
    std::optional<data::TestPart> test;
    if (session.parts.test.present()) {
        test = session.parts.test.open(
            [&] { study.record_test_read(fmt::format("final figures of {} networks", trained.size())); });
    }
    for (const Trained& t : trained) training.measure(t, test);
}

void final_command(const TrainingArguments& arguments) {
    auto study = study::Study::resume(arguments.out);
    const Session session(parse_config(study.config(), study.path_of("config.toml").string()));
    const RunningJob running(arguments, study);
    nn::WeightBank bank = session.fresh_bank();
    ensure_supernet(session, study, bank, running.job());
    const study::Limits limits = arguments.limits->applied_to(session.config.limits);
    run_final(session, study, bank, limits, arguments.top.value_or(session.config.final.top), running.job());
    finish(study, limits);
}

}  // namespace nachos::cli
