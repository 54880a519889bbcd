#pragma once

#include "report/details.h"
#include "report/results.h"

#include <span>
#include <string>
#include <utility>
#include <vector>

namespace nachos::report {

/// A snapshot as the JSON that the interactive page shows; docs/design/report.md has the schema. The same snapshot gives the
/// same bytes. Small enough for 5,000 architectures: figures of the search are rows of numbers, rounded to what is shown.
std::string page_data(const Snapshot& snapshot, const Details& details);

/// What the page holds of one evaluation. Making it takes most of the time: who shows a study that grows keeps it.
struct DesignPart {
    std::string json;                             ///< its entry of `designs`
    std::vector<std::pair<int, double>> budgets;  ///< those its curve names: index, MACs
    std::string fidelity;
    arch::ArchSpec arch;
};
DesignPart design_part(const study::Evaluation& evaluation);

/// What the page holds beside designs.
struct PageRest {
    study::Facts facts;
    std::string config;
    std::string start;   ///< Details::start
    std::string behind;  ///< JSON of what stands behind the designs, without its opening brace
};
/// Does not look at the snapshot's evaluations.
PageRest page_rest(const Snapshot& snapshot, const Details& details);

/// The page's data, put together; takes little more time than copying the texts.
std::string page_data(const PageRest& rest, std::span<const DesignPart* const> designs);

/// The same of a study as it stands. Throws Error(bad_data) if a file of it is damaged.
std::string page_data(const study::Study& study);

}  // namespace nachos::report
