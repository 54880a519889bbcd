#include "cli/commands.h"
#include "core/files.h"
#include "report/html.h"

#include <fmt/format.h>

#include <cstdio>
#include <memory>

namespace nachos::cli {
namespace {

struct ReportArguments {
    std::string folder;
    std::string out;
};

void write_report(const ReportArguments& arguments) {
    const auto study = study::Study::open_readonly(arguments.folder);
    const auto path = arguments.out.empty() ? study.folder() / "report.html" : std::filesystem::path(arguments.out);
    core::write_file_atomic(path, report::report_html(study));
    fmt::print("{}\n", path.string());
}

}  // namespace

void add_report_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand("report", "one HTML page about a study");
    auto arguments = std::make_shared<ReportArguments>();
    command->add_option("DIR", arguments->folder, "folder of the study")->required();
    command->add_option("--out", arguments->out, "file to write")->option_text("FILE [DIR/report.html]");
    command->callback([arguments] { write_report(*arguments); });
}

}  // namespace nachos::cli
