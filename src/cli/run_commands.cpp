#include "cli/commands.h"
#include "cli/run_bench.h"
#include "cli/run_eval.h"
#include "cli/run_lut.h"
#include "cli/runnable_model.h"
#include "core/error.h"
#include "core/json_reader.h"
#include "data/image_file.h"
#include "runtime/classifier.h"
#include "runtime/run_stats.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>

namespace nachos::cli {
namespace {

struct ClassifyArguments {
    std::string model;
    std::vector<std::string> images;
    std::optional<double> max_avg_macs;
    bool stats = false;
    Format format = Format::table;
};

data::Image read_for(const model::Model& model, const std::string& path) {
    const model::Preprocessing& p = model.preprocessing;
    return data::fit(data::read_image(path), p.height, p.width, p.channels);
}

nlohmann::ordered_json to_json(const std::string& path, const std::string& name, const runtime::Inference& r) {
    return {{"image", path},      {"class", name}, {"label", r.predicted}, {"confidence", r.confidence},
            {"exit", r.exit + 1}, {"macs", r.macs}};
}

/// Counts beside what was expected of these thresholds.
void print_stats(const runtime::RunStats& stats, const policy::OperatingPoint& expected) {
    fmt::print("\nexit  images   share  expected  mean confidence\n");
    for (std::size_t e = 0; e < expected.exit_share.size(); ++e) {
        const int exit = static_cast<int>(e);
        fmt::print("{:>4} {:>7}  {:>6.4f}    {:>6.4f}           {:>6.4f}\n", e + 1, stats.left(exit), stats.share(exit),
                   expected.exit_share[e], stats.mean_confidence(exit));
    }
    fmt::print("average MACs {:.0f}, expected {:.0f}; {} in all\n", stats.avg_macs(), expected.avg_cost, stats.macs());
}

nlohmann::ordered_json to_json(const runtime::RunStats& stats, const policy::OperatingPoint& expected) {
    auto exits = nlohmann::ordered_json::array();
    for (std::size_t e = 0; e < expected.exit_share.size(); ++e) {
        const int exit = static_cast<int>(e);
        exits.push_back({{"images", stats.left(exit)},
                         {"share", stats.share(exit)},
                         {"expected_share", expected.exit_share[e]},
                         {"mean_confidence", stats.mean_confidence(exit)}});
    }
    return {{"images", stats.samples()},
            {"avg_macs", stats.avg_macs()},
            {"expected_avg_macs", expected.avg_cost},
            {"macs", stats.macs()},
            {"p_value", stats.p_value(expected.exit_share)},
            {"exits", exits}};
}

/// Shares that chance hardly gives mean that images are not as they were when thresholds were fitted.
void warn_of_drift(const runtime::RunStats& stats, const policy::OperatingPoint& expected) {
    const double p = stats.p_value(expected.exit_share);
    if (p >= runtime::kDriftPValue) return;
    fmt::print(
        stderr,
        "nachos-run: images leave at other exits than when the thresholds were fitted (chi-square test, p = {:.1e}): the "
        "data have drifted; fit them again, and look at the accuracy\n",
        p);
}

void classify_all(const ClassifyArguments& arguments) {
    const model::Model model = runnable_model(arguments.model);
    const policy::OperatingPoint& point = model::operating_point(model, arguments.max_avg_macs).on_calibration;
    const policy::Thresholds& thresholds = point.thresholds;
    runtime::RunStats stats(model.net.exit_count());
    std::size_t width = 5;
    for (const std::string& path : arguments.images) width = std::max(width, path.size());
    const bool table = arguments.format == Format::table;
    if (table) fmt::print("{:<{}}  exit       MACs  confidence  class\n", "image", width);
    if (arguments.format == Format::csv) fmt::print("image,exit,macs,confidence,class\n");
    auto results = nlohmann::ordered_json::array();
    runtime::Classifier classifier(model, 1);
    for (const std::string& path : arguments.images) {
        const runtime::Inference r = classifier.run(thresholds, read_for(model, path).pixels).front();
        const std::string& name = model.class_names[static_cast<std::size_t>(r.predicted)];
        stats.add(r);
        if (arguments.format == Format::json) {
            results.push_back(to_json(path, name, r));
        } else if (table) {
            fmt::print("{:<{}}  {:>2}/{} {:>10}  {:>10.3f}  {}\n", path, width, r.exit + 1, model.net.exit_count(), r.macs,
                       r.confidence, name);
        } else {
            fmt::print("{},{},{},{},{}\n", path, r.exit + 1, r.macs, r.confidence, name);
        }
    }
    if (arguments.format == Format::json && arguments.stats) {
        fmt::print("{}\n", core::to_text({{"images", results}, {"stats", to_json(stats, point)}}));
    } else if (arguments.format == Format::json) {
        fmt::print("{}\n", core::to_text(results));
    } else if (arguments.stats && table) {
        print_stats(stats, point);
    }
    if (arguments.stats) warn_of_drift(stats, point);
}

std::string check_positive(const std::string& text) {
    double value = 0;
    const bool ok = CLI::detail::lexical_cast(text, value) && value > 0;
    return ok ? "" : text + " is not a number above 0";
}

template <class Arguments>
void add_shared_options(CLI::App& command, Arguments& arguments) {
    command
        .add_option("--max-avg-macs", arguments.max_avg_macs,
                    "use the most accurate thresholds that average at most this many MACs per image")
        ->check(check_positive);
    add_format_option(command, arguments.format);
}

void add_eval_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand("eval", "measure a model on a data set");
    const auto arguments = std::make_shared<EvalArguments>();
    command->add_option("MODEL", arguments->model, "model file (.safetensors)")->required();
    add_split_options(*command, arguments->split);
    add_shared_options(*command, *arguments);
    command->callback([arguments] { evaluate(*arguments); });
}

void add_bench_command_of_run(CLI::App& app) {
    CLI::App* command =
        app.add_subcommand("bench", "time a model on real images, beside the same network without exits and other models");
    const auto arguments = std::make_shared<BenchArguments>();
    command->add_option("MODEL", arguments->model, "model file (.safetensors)")->required();
    add_split_options(*command, arguments->split);
    command->add_option("--against", arguments->against, "model files measured beside it")->type_name("MODEL");
    command->add_option("--images", arguments->images, "images of the split that are timed")
        ->check(CLI::Range(1, 1 << 30))
        ->capture_default_str();
    add_shared_options(*command, *arguments);
    command->callback([arguments] { bench_model(*arguments); });
}

void add_lut_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand(
        "lut", "measure how long each layer of a search space takes on this machine, for searches with latency limits");
    const auto a = std::make_shared<LutArguments>();
    command->add_option("CONFIG.toml", a->config, "configuration whose groups [space] and [data] say what is measured");
    command->add_option("key=value", a->overrides, "configuration keys to set instead");
    command->add_option("--out", a->out, "where the table is written (JSON)")->required()->type_name("LUT.json");
    command->add_option("--space", a->space, "a search space, where no configuration is given")->capture_default_str();
    const auto add_size = [&](const char* name, int& value, int most, const char* help) {
        command->add_option(name, value, help)->check(CLI::Range(1, most));
    };
    add_size("--resolution", a->resolution, 1024,
             "height = width of images in pixels; default: the configuration's data, else 32");
    add_size("--channels", a->channels, 3, "of images; default: likewise, else 3");
    add_size("--classes", a->classes, 100000, "default: likewise, else 10; with all three given no data is read");
    add_size("--designs", a->designs, 10000, "random designs that the table's predictions are checked on");
    add_size("--passes", a->passes, 1000, "visits of each network; more are slower and less noisy");
    add_format_option(*command, a->format);
    add_progress_option(*command, a->progress);
    command->callback([a] { measure_lut(*a); });
}

}  // namespace

void add_run_commands(CLI::App& app) {
    const auto arguments = std::make_shared<ClassifyArguments>();
    app.add_option("MODEL", arguments->model, "model file (.safetensors)");
    app.add_option("IMAGE", arguments->images, "PNG or JPEG files to classify");
    app.add_flag("--stats", arguments->stats,
                 "also count where images leave, compare with what is expected, and warn of drift");
    add_shared_options(app, *arguments);
    add_eval_command(app);
    add_bench_command_of_run(app);
    add_lut_command(app);
    // MODEL and IMAGE are needed only where no subcommand is named, which CLI11's required() cannot say.
    app.callback([&app, arguments] {
        if (!app.get_subcommands().empty()) return;
        require(!arguments->images.empty(), ErrorKind::usage, "MODEL and at least one IMAGE are needed; see {} --help",
                app.get_name());
        classify_all(*arguments);
    });
}

}  // namespace nachos::cli
