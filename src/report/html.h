#pragma once

#include "report/results.h"

#include <string>

namespace nachos::report {

/// The plain page: self-contained, without scripts and without the network. Names from the user are escaped.
std::string html_report(const Snapshot& snapshot);

/// report.html: the interactive page with the study in it, or the plain one in a build without it.
std::string report_html(const study::Study& study);

/// Writes pareto.json, pareto.csv and report.html into the study's folder.
void write_reports(const study::Study& study);

}  // namespace nachos::report
