#pragma once

#include "report/details.h"
#include "report/results.h"

#include <string>

namespace nachos::report {

/// A snapshot as the JSON that the interactive page shows; docs/design/report.md has the schema. The same snapshot gives the
/// same bytes. Small enough for 5,000 architectures: figures of the search are rows of numbers, rounded to what is shown.
std::string page_data(const Snapshot& snapshot, const Details& details);

/// The same of a study as it stands. Throws Error(bad_data) if a file of it is damaged.
std::string page_data(const study::Study& study);

}  // namespace nachos::report
