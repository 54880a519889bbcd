#include "cli/run_eval.h"

#include "cli/model_data.h"
#include "cli/runnable_model.h"
#include "core/json_reader.h"
#include "core/stats.h"
#include "runtime/classifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace nachos::cli {
namespace {

/// What the model did on some samples.
struct Tally {
    std::int64_t samples = 0;
    std::int64_t right = 0;
    std::int64_t macs = 0;

    void add(bool correct, std::int64_t spent) {
        ++samples;
        right += correct ? 1 : 0;
        macs += spent;
    }
    double accuracy() const { return static_cast<double>(right) / static_cast<double>(samples); }
    double avg_macs() const { return static_cast<double>(macs) / static_cast<double>(samples); }
};

struct Result {
    Tally all;
    std::vector<Tally> classes;
    std::vector<std::int64_t> exits;  ///< samples that left there
    std::vector<std::int64_t> macs;   ///< per sample
    double worst_macs = 0;

    double exit_share(std::size_t exit) const { return static_cast<double>(exits[exit]) / static_cast<double>(all.samples); }
    /// The smallest cost that at least 95 % of the samples do not exceed.
    std::int64_t p95_macs() const {
        std::vector<std::int64_t> sorted = macs;
        std::sort(sorted.begin(), sorted.end());
        return sorted[(19 * sorted.size() + 19) / 20 - 1];
    }
    std::vector<double> exit_shares() const {
        std::vector<double> shares;
        for (std::size_t i = 0; i < exits.size(); ++i) shares.push_back(exit_share(i));
        return shares;
    }
};

Result run(const model::Model& model, const model::ThresholdSet& set, const data::Examples& examples) {
    Result result;
    result.classes.resize(model.class_names.size());
    result.exits.resize(model.net.exits.size());
    result.worst_macs = set.on_calibration.worst_cost;
    constexpr int kBatch = 32;
    runtime::Classifier classifier(model, kBatch);
    const auto inferences = classifier.run(set.on_calibration.thresholds, examples.pixels);
    for (std::size_t n = 0; n < examples.size(); ++n) {
        const runtime::Inference& r = inferences[n];
        const bool correct = r.predicted == examples.labels[n];
        result.all.add(correct, r.macs);
        result.classes[static_cast<std::size_t>(examples.labels[n])].add(correct, r.macs);
        ++result.exits[static_cast<std::size_t>(r.exit)];
        result.macs.push_back(r.macs);
    }
    return result;
}

void print_json(const model::Model& model, const EvalArguments& arguments, const Result& r) {
    const core::Interval ci = core::wilson95(r.all.accuracy(), static_cast<double>(r.all.samples));
    auto classes = nlohmann::ordered_json::array();
    for (std::size_t c = 0; c < r.classes.size(); ++c) {
        const Tally& t = r.classes[c];
        nlohmann::ordered_json row{
            {"class", model.class_names[c]}, {"samples", t.samples}, {"accuracy", nullptr}, {"avg_macs", nullptr}};
        if (t.samples > 0) row.update({{"accuracy", t.accuracy()}, {"avg_macs", t.avg_macs()}});
        classes.push_back(std::move(row));
    }
    fmt::print("{}\n", core::to_text({{"split", arguments.split.name},
                                      {"samples", r.all.samples},
                                      {"accuracy", r.all.accuracy()},
                                      {"accuracy_ci95", {ci.low, ci.high}},
                                      {"avg_macs", r.all.avg_macs()},
                                      {"p95_macs", r.p95_macs()},
                                      {"worst_macs", r.worst_macs},
                                      {"exit_share", r.exit_shares()},
                                      {"classes", classes}}));
}

void print_table(const model::Model& model, const EvalArguments& arguments, const Result& r) {
    const core::Interval ci = core::wilson95(r.all.accuracy(), static_cast<double>(r.all.samples));
    fmt::print("split         {}, {} images\n", arguments.split.name, r.all.samples);
    fmt::print("accuracy      {:.4f}  (95 % interval {:.4f} to {:.4f})\n", r.all.accuracy(), ci.low, ci.high);
    fmt::print("average MACs  {:.0f}\np95 MACs      {}\nworst MACs    {:.0f}\n\n", r.all.avg_macs(), r.p95_macs(),
               r.worst_macs);
    fmt::print("exit       MACs   share\n");
    for (std::size_t i = 0; i < r.exits.size(); ++i)
        fmt::print("{:>4} {:>10}  {:>6.4f}\n", i + 1, model.costs.executed_macs[i], r.exit_share(i));
    std::size_t width = 5;
    for (const std::string& name : model.class_names) width = std::max(width, name.size());
    fmt::print("\n{:<{}}  images  accuracy  average MACs\n", "class", width);
    for (std::size_t c = 0; c < r.classes.size(); ++c) {
        const Tally& t = r.classes[c];
        if (t.samples == 0) {
            fmt::print("{:<{}}  {:>6}         -             -\n", model.class_names[c], width, 0);
        } else {
            fmt::print("{:<{}}  {:>6}  {:>8.4f}  {:>12.0f}\n", model.class_names[c], width, t.samples, t.accuracy(),
                       t.avg_macs());
        }
    }
}

void print_csv(const model::Model& model, const Result& r) {
    fmt::print("class,samples,accuracy,avg_macs\n");
    for (std::size_t c = 0; c < r.classes.size(); ++c) {
        const Tally& t = r.classes[c];
        const auto figures = t.samples == 0 ? std::string(",") : fmt::format("{},{}", t.accuracy(), t.avg_macs());
        fmt::print("{},{},{}\n", model.class_names[c], t.samples, figures);
    }
    fmt::print("all,{},{},{}\n", r.all.samples, r.all.accuracy(), r.all.avg_macs());
}

}  // namespace

void evaluate(const EvalArguments& arguments) {
    const model::Model model = runnable_model(arguments.model);
    const model::ThresholdSet& set = model::operating_point(model, arguments.max_avg_macs);
    const Result result = run(model, set, examples_for(model, arguments.split));
    switch (arguments.format) {
        case Format::table:
            print_table(model, arguments, result);
            break;
        case Format::json:
            print_json(model, arguments, result);
            break;
        case Format::csv:
            print_csv(model, result);
            break;
    }
}

}  // namespace nachos::cli
