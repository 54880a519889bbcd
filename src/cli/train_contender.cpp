#include "cli/train_contender.h"

#include "core/error.h"
#include "core/parallel.h"
#include "cost/cost.h"
#include "data/resize.h"
#include "model/model_file.h"
#include "nn/network.h"
#include "policy/calibrate.h"
#include "train/evaluate.h"
#include "train/inherit.h"

#include <algorithm>
#include <mutex>
#include <set>

namespace nachos::cli {
namespace {

constexpr int kFinalRecalibrationImages = 8192;

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
    Contender contender;
    study::ArchCosts costs;
    model::Model model;
    std::vector<study::CurvePoint> curve;  ///< on the calibration part, cross-fitted
};

class FinalTraining {
  public:
    FinalTraining(const Session& session, study::Study& study, const nn::WeightBank& supernet, const Job& job)
        : session_(session), study_(study), supernet_(supernet), job_(job), examples_(train_and_validation(session.parts)) {}

    Trained train(const Contender& contender, const core::ProgressFn& progress) const {
        const arch::NetDesc net = session_.space.build(contender.arch);
        const auto& options = session_.config.final;
        const core::Rng rng = session_.rng.stream("final " + arch::arch_id(contender.arch));
        nn::WeightBank bank = options.from_supernet
                                  ? supernet_.slice(net)
                                  : nn::WeightBank(nn::weighted_layers(net), rng.stream("weights"), session_.device);
        train::train_by_schedule(bank, net, session_.space.build(arch::without_exits(contender.arch)), options,
                                 {.examples = examples_,
                                  .normalisation = session_.normalisation,
                                  .augment = session_.config.augment,
                                  .loss = contender.loss,
                                  .max_avg_macs = session_.config.limits.max_avg_macs,
                                  .rng = rng,
                                  .device = session_.device,
                                  .checkpoint = study_.path_of("checkpoints/final-" + contender.name + ".safetensors"),
                                  .progress = progress,
                                  .should_stop = job_.should_stop,
                                  .phase = "final " + contender.name});
        const auto images =
            train::prepare_sample(session_.parts.train.examples(), kFinalRecalibrationImages, session_.normalisation,
                                  session_.config.evaluate.batch_size, session_.device, rng.stream("recalibration"));
        return calibrated(contender, nn::to_desc(net, bank, train::batch_statistics(net, bank, images.batches)));
    }

    /// A contender that shares another's network.
    Trained share(const Contender& contender, const std::vector<Trained>& trained) const {
        for (const Trained& t : trained)
            if (t.contender.name == contender.network) return calibrated(contender, t.model.net);
        return calibrated(contender, model::load_model(study_.path_of(model_file(contender.network))).net);
    }

    /// Figures on the test split with the thresholds as they are, and the record of the model.
    void measure(const Trained& trained, const std::optional<data::TestPart>& test) const {
        const Contender& contender = trained.contender;
        study::TrainedModel record{.name = contender.name,
                                   .comparator = contender.comparator,
                                   .arch = contender.arch,
                                   .measure = contender.measure,
                                   .costs = trained.costs,
                                   .model_file = model_file(contender.name),
                                   .points = {}};
        std::optional<policy::ExitView> view;
        if (test)
            view = policy::view(table_of(trained.model.net, test->examples(), study::test_table_file(contender.name)),
                                trained.model.measure, trained.model.calibration);
        const std::vector<double> costs(trained.costs.executed_macs.begin(), trained.costs.executed_macs.end());
        for (const study::CurvePoint& p : trained.curve) {
            study::TrainedPoint point{.budget_index = p.budget_index,
                                      .budget_macs = p.budget_macs,
                                      .avg_macs_paper = p.avg_macs_paper,
                                      .search_accuracy = searched_accuracy(contender.searched, p.budget_index),
                                      .calibration = p.point,
                                      .test = {}};
            if (view) point.test = policy::apply(*view, p.point.thresholds, costs);
            record.points.push_back(std::move(point));
        }
        model::save_model(study_.path_of(record.model_file), trained.model);
        study_.put_model(record);
    }

  private:
    static std::string model_file(const std::string& name) { return "models/" + name + ".safetensors"; }

    static std::optional<double> searched_accuracy(const std::optional<study::Evaluation>& searched, int budget_index) {
        std::optional<double> accuracy;  // a budget dominated in the search is answered by the one below it
        if (!searched) return accuracy;
        for (const study::CurvePoint& p : searched->curve) {
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

    Trained calibrated(const Contender& contender, arch::NetDesc net) const {
        const policy::RecordedTable table =
            table_of(net, session_.parts.calibration.examples(), study::calibration_table_file(contender.name));
        Trained trained{.contender = contender, .costs = train::costs_of(net), .model = {}, .curve = {}};
        model::Model& m = trained.model;
        m.arch = contender.arch;
        m.costs = cost::costs_of(net);
        m.net = std::move(net);
        m.preprocessing = {.height = m.net.input.h,
                           .width = m.net.input.w,
                           .channels = m.net.input.c,
                           .resize_filter = data::kResizeFilter,
                           .mean = session_.normalisation.mean,
                           .std = session_.normalisation.std};
        m.class_names = session_.parts.class_names;
        m.measure = policy::measure_from(contender.measure);
        m.calibration = policy::calibrate(table);
        const bool plain = contender.comparator && contender.arch.placed_exits() == 0;
        trained.curve = plain ? whole_network(table, trained)
                              : train::curve_of(table, trained.costs, m.measure, session_.budgets, m.calibration);
        for (const study::CurvePoint& p : trained.curve) m.threshold_sets.push_back({p.budget_macs, p.point});
        return trained;
    }

    /// The one operating point of a network without exits, whether it meets the limits or not.
    std::vector<study::CurvePoint> whole_network(const policy::RecordedTable& table, const Trained& trained) const {
        const auto cost = static_cast<double>(trained.costs.executed_macs.back());
        const policy::ExitView view = policy::view(table, trained.model.measure, trained.model.calibration);
        return {{static_cast<int>(session_.budgets.size()) - 1, cost, cost,
                 policy::apply(view, {}, std::span<const double>(&cost, 1))}};
    }

    const Session& session_;
    study::Study& study_;
    const nn::WeightBank& supernet_;
    const Job& job_;
    data::Examples examples_;
};

/// Trainings that run side by side, all with as many steps, shown as one.
class JointProgress {
  public:
    JointProgress(core::ProgressFn to, std::size_t trainings) : to_(std::move(to)), states_(trainings) {}

    core::ProgressFn of(std::size_t training) {
        return [this, training](const core::Progress& p) {
            const std::lock_guard lock(mutex_);
            states_[training].done = p.done;
            steps_ = p.total;
            note_ = p.note;
            show();
        };
    }

    /// Of one that may have been done already and then reports nothing.
    void finish(std::size_t training) {
        const std::lock_guard lock(mutex_);
        State& state = states_[training];
        state.finished = true;
        if (state.done < steps_) show();
    }

  private:
    struct State {
        std::int64_t done = 0;
        bool finished = false;
    };

    void show() const {
        std::int64_t done = 0;
        for (const State& s : states_) done += s.finished ? steps_ : s.done;
        if (to_ && steps_ > 0) to_({"final", done, steps_ * static_cast<std::int64_t>(states_.size()), note_});
    }

    core::ProgressFn to_;
    std::mutex mutex_;
    std::vector<State> states_;
    std::int64_t steps_ = 0;  ///< of one training; 0 = none has reported yet
    std::string note_;
};

/// Those with a network of their own side by side, then those that share one.
std::vector<Trained> train_all(const FinalTraining& training, const std::vector<Contender>& contenders, const Job& job) {
    std::vector<const Contender*> own;
    for (const Contender& c : contenders)
        if (c.network.empty()) own.push_back(&c);
    std::vector<Trained> trained(own.size());
    JointProgress progress(job.progress, own.size());
    core::for_each_index(static_cast<int>(own.size()), job.workers, [&](int i) {
        const auto at = static_cast<std::size_t>(i);
        trained[at] = training.train(*own[at], progress.of(at));
        progress.finish(at);
    });
    for (const Contender& c : contenders)
        if (!c.network.empty()) trained.push_back(training.share(c, trained));
    return trained;
}

}  // namespace

void train_and_measure(const Session& session, study::Study& study, const nn::WeightBank& supernet,
                       std::vector<Contender> contenders, const Job& job) {
    std::set<std::string> known;
    for (const study::TrainedModel& m : study.models()) known.insert(m.name);
    std::erase_if(contenders, [&](const Contender& c) { return known.contains(c.name); });
    if (contenders.empty()) return;
    const FinalTraining training(session, study, supernet, job);
    const std::vector<Trained> trained = train_all(training, contenders, job);
    std::optional<data::TestPart> test;
    if (session.parts.test.present()) {
        test = session.parts.test.open(
            [&] { study.record_test_read(fmt::format("final figures of {} networks", trained.size())); });
    }
    for (const Trained& t : trained) training.measure(t, test);
}

}  // namespace nachos::cli
