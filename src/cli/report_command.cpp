#include "cli/commands.h"
#include "cli/try_page.h"
#include "core/error.h"
#include "core/files.h"
#include "report/html.h"
#include "report/page_data.h"

#include <fmt/format.h>

#include <cstdio>
#include <memory>

namespace nachos::cli {
namespace {

struct ReportArguments {
    std::string folder;
    std::string out;
    bool try_it = false;
    std::string design;
    bool json = false;
};

void write_report(const ReportArguments& arguments) {
    require(arguments.try_it || arguments.design.empty(), ErrorKind::usage, "--design goes with --try");
    require(!arguments.json || (arguments.out.empty() && !arguments.try_it), ErrorKind::usage,
            "--json prints to stdout, so it goes with neither --out nor --try");
    const auto study = study::Study::open_readonly(arguments.folder);
    if (arguments.json) return fmt::print("{}\n", report::page_data(study));
    const std::filesystem::path path = !arguments.out.empty()
                                           ? std::filesystem::path(arguments.out)
                                           : study.folder() / (arguments.try_it ? "try.html" : "report.html");
    core::write_file_atomic(path, arguments.try_it ? try_page(study, arguments.design) : report::report_html(study));
    fmt::print("{}\n", path.string());
}

}  // namespace

void add_report_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand("report", "one HTML page about a study, or one that runs a design of it");
    auto arguments = std::make_shared<ReportArguments>();
    command->add_option("DIR", arguments->folder, "folder of the study")->required();
    command->add_option("--out", arguments->out, "file to write")
        ->option_text("FILE [DIR/report.html; with --try DIR/try.html]");
    command->add_flag("--try", arguments->try_it, "write the page that runs a trained design in the browser instead");
    command->add_option("--design", arguments->design, "the trained network of --try, by its model's name")
        ->option_text("NAME [the most accurate admissible one]");
    command->add_flag("--json", arguments->json, "print what the page shows as JSON instead (docs/design/report.md)");
    command->callback([arguments] { write_report(*arguments); });
}

}  // namespace nachos::cli
