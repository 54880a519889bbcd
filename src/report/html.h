#pragma once

#include "report/results.h"

#include <string>

namespace nachos::report {

/// report.html: one self-contained page, without scripts and without the network. Names from the user are escaped.
std::string html_report(const Snapshot& snapshot);

/// Writes pareto.json, pareto.csv and report.html into the study's folder.
void write_reports(const study::Study& study);

}  // namespace nachos::report
