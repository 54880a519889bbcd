#include "cli/commands.h"
#include "cli/run_eval.h"
#include "cli/runnable_model.h"
#include "core/error.h"
#include "core/json_reader.h"
#include "data/image_file.h"
#include "runtime/classifier.h"

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

void classify_all(const ClassifyArguments& arguments) {
    const model::Model model = runnable_model(arguments.model);
    const policy::Thresholds& thresholds = model::operating_point(model, arguments.max_avg_macs).on_calibration.thresholds;
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
        if (arguments.format == Format::json) {
            results.push_back(to_json(path, name, r));
        } else if (table) {
            fmt::print("{:<{}}  {:>2}/{} {:>10}  {:>10.3f}  {}\n", path, width, r.exit + 1, model.net.exit_count(), r.macs,
                       r.confidence, name);
        } else {
            fmt::print("{},{},{},{},{}\n", path, r.exit + 1, r.macs, r.confidence, name);
        }
    }
    if (arguments.format == Format::json) fmt::print("{}\n", core::to_text(results));
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
    command->add_option("--data", arguments->data, "folder or file, \"fashion-mnist\" or \"synthetic[:N]\"")->required();
    command->add_option("--split", arguments->split, "test or train")
        ->check(CLI::IsMember({"test", "train"}))
        ->capture_default_str();
    add_shared_options(*command, *arguments);
    command->callback([arguments] { evaluate(*arguments); });
}

}  // namespace

void add_run_commands(CLI::App& app) {
    const auto arguments = std::make_shared<ClassifyArguments>();
    app.add_option("MODEL", arguments->model, "model file (.safetensors)");
    app.add_option("IMAGE", arguments->images, "PNG or JPEG files to classify");
    add_shared_options(app, *arguments);
    add_eval_command(app);
    // MODEL and IMAGE are needed only where no subcommand is named, which CLI11's required() cannot say.
    app.callback([&app, arguments] {
        if (!app.get_subcommands().empty()) return;
        require(!arguments->images.empty(), ErrorKind::usage, "MODEL and at least one IMAGE are needed; see {} --help",
                app.get_name());
        classify_all(*arguments);
    });
}

}  // namespace nachos::cli
