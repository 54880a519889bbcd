#include "cli/commands.h"
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
};

void export_model(const ExportArguments& arguments) {
    const std::filesystem::path file = arguments.model;
    const std::string name =
        exporting::c_identifier(arguments.name.empty() ? "nachos_" + file.stem().string() : arguments.name);
    const exporting::Manifest manifest = exporting::export_model(file, arguments.to, name, arguments.out);
    const exporting::Form& form = manifest.forms.back();
    for (const std::string& f : form.files) fmt::print("{}\n", (std::filesystem::path(arguments.out) / f).string());
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
    command->callback([arguments] { export_model(*arguments); });
}

}  // namespace nachos::cli
