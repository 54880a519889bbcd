#include "cli/train_contender.h"

#include "cli/latency_file.h"
#include "cli/train_samples.h"
#include "core/error.h"
#include "core/parallel.h"
#include "cost/cost.h"
#include "data/resize.h"
#include "model/model_file.h"
#include "nn/network.h"
#include "policy/calibrate.h"
#include "runtime/latency_probe.h"
#include "train/evaluate.h"
#include "train/inherit.h"
#include "train/teacher.h"

#include <algorithm>
#include <future>
#include <mutex>

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

/// The study's grid, then those asked for beside it: an index into the grid means the same everywhere.
std::vector<double> final_budgets(const Session& session) {
    std::vector<double> budgets = session.budgets;
    for (const int more : session.config.final.budgets)
        if (std::find(budgets.begin(), budgets.end(), more) == budgets.end()) budgets.push_back(more);
    return budgets;
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
    FinalTraining(const Session& session, study::Study& study, const nn::WeightBank& supernet,
                  std::optional<double> max_avg_macs, const Job& job)
        : session_(session),
          study_(study),
          supernet_(supernet),
          max_avg_macs_(max_avg_macs),
          job_(job),
          examples_(train_and_validation(session.parts)),
          budgets_(final_budgets(session)) {}

    /// Before any contender learns, where the configuration asks for a teacher.
    void train_teacher(const core::ProgressFn& progress) {
        if (teacher_ || !session_.config.final.teacher) return;
        teacher_.emplace(train::train_teacher(session_.config.teacher, session_.space.task(),
                                              {.examples = examples_,
                                               .normalisation = session_.normalisation,
                                               .augment = session_.config.augment,
                                               .loss = session_.config.loss,
                                               .rng = session_.rng.stream("teacher"),
                                               .device = session_.device,
                                               .maps = session_.maps,
                                               .checkpoint = study_.path_of("checkpoints/teacher.safetensors"),
                                               .progress = progress,
                                               .should_stop = job_.should_stop,
                                               .phase = "teacher"}));
    }

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
                                  .max_avg_macs = max_avg_macs_,
                                  .rng = rng,
                                  .device = session_.device,
                                  .maps = session_.maps,
                                  .checkpoint = study_.path_of("checkpoints/final-" + contender.name + ".safetensors"),
                                  .progress = progress,
                                  .should_stop = job_.should_stop,
                                  .phase = "final " + contender.name,
                                  .teacher = teacher_ ? &*teacher_ : nullptr});
        const auto images =
            train::prepare_sample(session_.parts.train.examples(), kFinalRecalibrationImages, session_.normalisation,
                                  train::kStatisticsBatch, session_.device, rng.stream("recalibration"));
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
        if (trained.curve.empty()) return;  // no thresholds meet the limits, so there is no operating point to tell of
        const Contender& contender = trained.contender;
        study::TrainedModel record{.name = contender.name,
                                   .comparator = contender.comparator,
                                   .arch = contender.arch,
                                   .measure = contender.measure,
                                   .costs = trained.costs,
                                   .model_file = model_file(contender.name),
                                   .points = {}};
        if (session_.latency && cost::mismatch(*session_.latency, this_device()).empty())
            record.costs.measured_latency_us = measured_latencies(trained.model);
        std::optional<policy::ExitView> view;
        if (test)
            view = policy::view(table_of(trained.model.net, test->examples(), study::test_table_file(contender.name)),
                                trained.model.measure, trained.model.calibration);
        const std::vector<double> costs(trained.costs.executed_macs.begin(), trained.costs.executed_macs.end());
        for (const study::CurvePoint& p : trained.curve) {
            study::TrainedPoint point{.budget_index = p.budget_index,
                                      .budget_macs = p.budget_macs,
                                      .avg_macs_paper = p.avg_macs_paper,
                                      .search_accuracy = searched_accuracy(contender.searched, p),
                                      .calibration = p.point,
                                      .test = {}};
            if (view) point.test = policy::apply(*view, p.point.thresholds, costs);
            record.points.push_back(std::move(point));
        }
        model::save_model(study_.path_of(record.model_file), trained.model);
        study_.put_model(record);
    }

  private:
    /// To each exit on this machine, one thread that stays on its core; nothing else of this job runs meanwhile.
    static std::vector<double> measured_latencies(const model::Model& model) {
        const auto measure = [&] {
            runtime::pin_thread();
            return runtime::exit_latencies_us(model, {.passes = 5, .inferences = 100, .warm_up = 20});
        };
        return std::async(std::launch::async, measure).get();  // a thread of its own, for it stays pinned
    }

    static std::string model_file(const std::string& name) { return "models/" + name + ".safetensors"; }

    /// What the search expected within the point's budget; one dominated there is answered by the one below it.
    std::optional<double> searched_accuracy(const std::optional<study::Evaluation>& searched,
                                            const study::CurvePoint& point) const {
        std::optional<double> accuracy;
        if (!searched) return accuracy;
        const bool macs = session_.axes.unit == study::CostUnit::macs;  // else MACs are what came out, no budget
        for (const study::CurvePoint& p : searched->curve) {
            if (macs ? p.budget_macs <= point.budget_macs : p.budget_index <= point.budget_index)
                accuracy = std::max(accuracy.value_or(0), p.point.accuracy);
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
        Trained trained{.contender = contender, .costs = session_.costs_of(net), .model = {}, .curve = {}};
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
        const data::DataOptions& data = session_.config.data;
        m.division = {.test_fraction = data.test_fraction,
                      .validation_fraction = data.validation_fraction,
                      .calibration_fraction = data.calibration_fraction,
                      .train_limit = data.train_limit,
                      .seed = session_.config.seed};
        m.measure = policy::measure_from(contender.measure);
        const bool published = session_.config.policy.published_rule();
        if (!published) m.calibration = policy::calibrate(table);  // the published rule takes confidences as they are
        const bool plain = contender.comparator && contender.arch.placed_exits() == 0;
        trained.curve = plain ? whole_network(table, trained)
                              : train::curve_of(table, trained.costs, m.calibration,
                                                {.measure = m.measure,
                                                 .budgets = published ? session_.budgets : budgets_,
                                                 .published_rule = published,
                                                 .unit = session_.axes.unit});
        if (budgets_.size() > session_.budgets.size())  // the curve's order is that of the budgets
            std::stable_sort(trained.curve.begin(), trained.curve.end(),
                             [](const auto& a, const auto& b) { return a.point.avg_cost < b.point.avg_cost; });
        m.threshold_sets = threshold_sets(trained.curve);
        return trained;
    }

    /// In rising order of MACs, as a model has them; where latency is the cost, that need not be the curve's order.
    static std::vector<model::ThresholdSet> threshold_sets(const std::vector<study::CurvePoint>& curve) {
        std::vector<model::ThresholdSet> sets;
        for (const study::CurvePoint& p : curve) sets.push_back({p.budget_macs, p.point});
        std::stable_sort(sets.begin(), sets.end(),
                         [](const auto& a, const auto& b) { return a.budget_macs < b.budget_macs; });
        const auto same = [](const auto& a, const auto& b) { return a.budget_macs == b.budget_macs; };
        sets.erase(std::unique(sets.begin(), sets.end(), same), sets.end());
        return sets;
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
    std::optional<double> max_avg_macs_;  ///< what the cost regularizer aims at
    const Job& job_;
    data::Examples examples_;
    std::vector<double> budgets_;  ///< that thresholds are fitted for
    std::optional<train::Teacher> teacher_;
};

/// Trainings that run side by side, all with as many steps, shown as one.
class JointProgress {
  public:
    JointProgress(core::ProgressFn to, std::string phase, std::size_t trainings)
        : to_(std::move(to)), phase_(std::move(phase)), states_(trainings) {}

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
        if (to_ && steps_ > 0) to_({phase_, done, steps_ * static_cast<std::int64_t>(states_.size()), note_});
    }

    core::ProgressFn to_;
    std::string phase_;
    std::mutex mutex_;
    std::vector<State> states_;
    std::int64_t steps_ = 0;  ///< of one training; 0 = none has reported yet
    std::string note_;
};

}  // namespace

struct FinalStage::State {
    const Session& session;
    study::Study& study;
    const Job& job;
    FinalTraining training;
    std::vector<Trained> trained = {};

    bool knows(const std::string& name) const {
        const auto models = study.models();
        return std::any_of(models.begin(), models.end(), [&](const study::TrainedModel& m) { return m.name == name; });
    }
};

FinalStage::FinalStage(const Session& session, study::Study& study, const nn::WeightBank& supernet,
                       std::optional<double> max_avg_macs, const Job& job)
    : state_(new State{session, study, job, FinalTraining(session, study, supernet, max_avg_macs, job)}) {}

FinalStage::~FinalStage() = default;

void FinalStage::train(std::vector<Contender> contenders, const std::string& phase) {
    State& s = *state_;
    std::erase_if(contenders, [&](const Contender& c) { return s.knows(c.name); });
    const auto shared =
        std::stable_partition(contenders.begin(), contenders.end(), [](const Contender& c) { return c.network.empty(); });
    std::vector<Trained> own(static_cast<std::size_t>(shared - contenders.begin()));
    if (!own.empty()) s.training.train_teacher(s.job.progress);
    JointProgress progress(s.job.progress, phase, own.size());
    core::for_each_index(static_cast<int>(own.size()), s.job.workers, [&](int i) {
        const auto at = static_cast<std::size_t>(i);
        own[at] = s.training.train(contenders[at], progress.of(at));
        progress.finish(at);
    });
    std::move(own.begin(), own.end(), std::back_inserter(s.trained));
    for (auto c = shared; c != contenders.end(); ++c) s.trained.push_back(s.training.share(*c, s.trained));
}

std::vector<study::Evaluation> FinalStage::designs() const {
    std::vector<study::Evaluation> designs;
    for (const study::TrainedModel& model : state_->study.models())
        if (!model.comparator) designs.push_back(study::calibrated_evaluation(model));
    for (const Trained& t : state_->trained) {
        if (t.contender.comparator) continue;
        study::Evaluation e;
        e.arch = t.contender.arch;
        e.costs = t.costs;
        e.curve = t.curve;
        designs.push_back(std::move(e));
    }
    return designs;
}

void FinalStage::measure() {
    const State& s = *state_;
    if (s.trained.empty()) return;
    std::optional<data::TestPart> test;
    if (s.session.parts.test.present()) {
        test = s.session.parts.test.open(
            [&] { s.study.record_test_read(fmt::format("final figures of {} networks", s.trained.size())); });
    }
    store_samples(s.session, s.study);
    for (const Trained& t : s.trained) s.training.measure(t, test);
    state_->trained.clear();
}

}  // namespace nachos::cli
