#include "cli/commands.h"
#include "cli/losses_table.h"
#include "cli/quantization_images.h"
#include "cli/runnable_model.h"
#include "core/error.h"
#include "export/c_writer.h"
#include "export/exporters.h"

#include <fmt/format.h>

#include <cstdio>
#include <memory>

namespace nachos::cli {
namespace {

struct ExportArguments {
    std::string model;
    std::string to;
    std::string out;
    std::string name;
    bool int8 = false;
    std::string data;
};

/// In 8 bits; prints what that costs on the images thresholds are fitted on.
exporting::Manifest export_int8(const ExportArguments& arguments, const std::string& name) {
    require(arguments.to == "c", ErrorKind::usage, "--int8 is for --to c; ONNX forms are float32, --to {} was asked for",
            arguments.to);
    const model::Model model = runnable_model(arguments.model);
    const QuantizationImages images = quantization_images(model, arguments.model, arguments.data);
    const data::Examples& calibration = images.calibration;
    const exporting::Int8Export exported = exporting::export_int8(arguments.model, arguments.to, name, images.ranges.pixels,
                                                                  {calibration.pixels, calibration.labels}, arguments.out);
    fmt::print("int8, thresholds fitted anew, on the {} calibration images:\n", calibration.size());
    fmt::print("{}", losses_table(exported.losses));
    if (!images.own)
        fmt::print("{} does not say which images it learnt from: some of these may be among them, so figures may flatter\n",
                   arguments.model);
    return exported.manifest;
}

void export_model(const ExportArguments& arguments) {
    const std::filesystem::path file = arguments.model, out = arguments.out;
    const std::string given = arguments.name.empty() ? "nachos_" + file.stem().string() : arguments.name;
    const std::string name = exporting::c_identifier(arguments.int8 && arguments.name.empty() ? given + "_int8" : given);
    const exporting::Manifest manifest =
        arguments.int8 ? export_int8(arguments, name) : exporting::export_model(file, arguments.to, name, out);
    const exporting::Form& form = manifest.forms.back();
    for (const std::string& f : form.files) fmt::print("{}\n", (out / f).string());
    fmt::print("weights  {} bytes\n", form.weight_bytes);
    if (form.arena_bytes > 0) fmt::print("memory   {} bytes for activations\n", form.arena_bytes);
    fmt::print("check it: nachos verify {} --data DATA\n", arguments.out);
}

}  // namespace

void add_export_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand("export", "a trained model in a form for devices");
    auto arguments = std::make_shared<ExportArguments>();
    command->add_option("MODEL", arguments->model, "model file (.safetensors)")->required();
    std::vector<std::string> kinds;
    std::string summary;
    for (const exporting::ExporterRow& row : exporting::exporters()) {
        kinds.emplace_back(row.kind);
        summary += fmt::format("{}{}: {}", summary.empty() ? "" : "; ", row.kind, row.summary);
    }
    command->add_option("--to", arguments->to, summary)->required()->check(CLI::IsMember(kinds));
    command->add_option("--out", arguments->out, "folder; may hold other forms of the same model")
        ->required()
        ->type_name("DIR");
    command->add_option("--name", arguments->name, "of files and functions; default: nachos_ and the model's");
    command->add_flag("--int8", arguments->int8, "in 8 bits, thresholds fitted anew; for --to c");
    command->add_option("--data", arguments->data,
                        "for --int8: the data set the model was trained on; default: that of the study it lies in");
    command->callback([arguments] { export_model(*arguments); });
}

}  // namespace nachos::cli
