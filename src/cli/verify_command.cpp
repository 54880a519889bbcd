#include "cli/commands.h"
#include "cli/losses_table.h"
#include "cli/model_data.h"
#include "cli/runnable_model.h"
#include "core/error.h"
#include "core/json_reader.h"
#include "export/exporters.h"
#include "report/text_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>

namespace nachos::cli {
namespace {

struct VerifyArguments {
    std::string folder;
    SplitArguments split;
    std::vector<std::string> forms;
    Format format = Format::table;
};

/// Of a folder in 8 bits: the int8 model beside the one it was made of.
using Losses = std::vector<exporting::QuantizationLoss>;

using Rows = std::vector<exporting::FormVerdict>;

void print_table(const Rows& rows) {
    report::TextTable table{.head = {"form", "images", "logits off by", "exits differ", "classes differ", "accuracy",
                                     "the model's", "average MACs", "the model's"}};
    for (const auto& [kind, v] : rows)
        table.rows.push_back({kind, fmt::format("{}", v.samples), fmt::format("{:.1e}", v.most_off),
                              fmt::format("{}", v.exits_differ), fmt::format("{}", v.labels_differ),
                              fmt::format("{:.2f} %", 100 * v.accuracy.back()),
                              fmt::format("{:.2f} %", 100 * v.reference_accuracy.back()),
                              fmt::format("{:.0f}", v.avg_macs.back()), fmt::format("{:.0f}", v.reference_avg_macs.back())});
    fmt::print("{}", report::aligned(table));
    fmt::print("exits and classes: over all images and {} operating points; accuracy and MACs: at the last of them\n",
               rows.front().verdict.accuracy.size());
    for (const auto& [kind, v] : rows)
        if (v.undecided > 0)
            fmt::print("{}: {} left elsewhere because a confidence lies on a threshold, to rounding; either is right\n",
                       kind, v.undecided);
}

nlohmann::ordered_json losses_json(const Losses& losses) {
    auto all = nlohmann::ordered_json::array();
    for (const exporting::QuantizationLoss& l : losses)
        all.push_back({{"budget_macs", l.budget_macs},
                       {"accuracy", l.accuracy},
                       {"trained_accuracy", l.trained_accuracy},
                       {"avg_macs", l.avg_macs},
                       {"trained_avg_macs", l.trained_avg_macs},
                       {"exits_flipped", l.flips}});
    return all;
}

void print_json(const Rows& rows, const Losses& losses) {
    auto forms = nlohmann::ordered_json::array();
    for (const auto& [kind, v] : rows)
        forms.push_back({{"form", kind},
                         {"same", v.same()},
                         {"samples", v.samples},
                         {"logits_off_by", v.most_off},
                         {"exits_differ", v.exits_differ},
                         {"labels_differ", v.labels_differ},
                         {"undecided", v.undecided},
                         {"first_differing", v.first_differing ? nlohmann::ordered_json(*v.first_differing) : nullptr},
                         {"accuracy", v.accuracy},
                         {"reference_accuracy", v.reference_accuracy},
                         {"avg_macs", v.avg_macs},
                         {"reference_avg_macs", v.reference_avg_macs}});
    nlohmann::ordered_json all{{"forms", forms}};
    if (!losses.empty()) all["quantization"] = losses_json(losses);
    fmt::print("{}\n", core::to_text(all));
}

void print_csv(const Rows& rows) {
    fmt::print("form,images,logits_off_by,exits_differ,labels_differ,accuracy,avg_macs\n");
    for (const auto& [kind, v] : rows)
        fmt::print("{},{},{},{},{},{},{}\n", kind, v.samples, v.most_off, v.exits_differ, v.labels_differ, v.accuracy.back(),
                   v.avg_macs.back());
}

Losses losses_of(const exporting::ExportFolder& opened, const data::Examples& examples) {
    const std::filesystem::path trained = opened.folder / exporting::kTrainedFile;
    if (!opened.model.quantization || !std::filesystem::exists(trained)) return {};
    const model::Model model = runnable_model(trained.string());
    require(model.net.input == opened.model.net.input && model.net.exit_count() == opened.model.net.exit_count() &&
                model.net.classes == opened.model.net.classes,
            ErrorKind::bad_data, "{} is not the model that {} was made of", trained.string(), exporting::kModelFile);
    return exporting::quantization_loss(opened.model, model, {examples.pixels, examples.labels});
}

void verify(const VerifyArguments& arguments) {
    const exporting::ExportFolder opened = exporting::open_export(arguments.folder);
    require(!opened.manifest.forms.empty(), ErrorKind::bad_data, "{} holds no exported form", arguments.folder);
    check_runnable(opened.model, arguments.folder);
    std::vector<const exporting::ExporterRow*> forms;
    for (const exporting::Form& form : opened.manifest.forms) {
        const auto& wanted = arguments.forms;
        if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), form.kind) == wanted.end()) continue;
        forms.push_back(&exporting::exporter_of(form.kind, arguments.folder));
        forms.back()->require_runner();
    }
    require(!forms.empty(), ErrorKind::usage, "{} holds none of the forms asked for", arguments.folder);
    const data::Examples examples = examples_for(opened.model, arguments.split);
    const Rows rows = exporting::verify_forms(opened, forms, {examples.pixels, examples.labels});
    const Losses losses = losses_of(opened, examples);
    if (arguments.format == Format::table) print_table(rows);
    if (arguments.format == Format::table && !losses.empty())
        fmt::print("\nin 8 bits beside the model that was trained:\n{}", losses_table(losses));
    if (arguments.format == Format::json) print_json(rows, losses);
    if (arguments.format == Format::csv) print_csv(rows);
    for (const auto& [kind, verdict] : rows)
        require(verdict.same(), ErrorKind::verification, "{} in {} is not the model: of image {}, {}", kind,
                arguments.folder, verdict.first_differing.value_or(0), verdict.first_difference);
}

}  // namespace

void add_verify_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand(
        "verify", "holds exported forms against the trained model, over a whole split; exit code 5 if they differ");
    auto arguments = std::make_shared<VerifyArguments>();
    command->add_option("DIR", arguments->folder, "folder that nachos export made")->required();
    add_split_options(*command, arguments->split);
    std::vector<std::string> kinds;
    for (const exporting::ExporterRow& row : exporting::exporters()) kinds.emplace_back(row.kind);
    command->add_option("--form", arguments->forms, "forms that are verified; default: all in the folder")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->check(CLI::IsMember(kinds));
    add_format_option(*command, arguments->format);
    command->callback([arguments] { verify(*arguments); });
}

}  // namespace nachos::cli
