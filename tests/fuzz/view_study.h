#pragma once

#include "fuzz.h"
#include "report/comparison.h"
#include "report/html.h"

namespace nachos::fuzz {

/// What `pareto` and `report` do with the study in the scratch folder.
inline void view_study() {
    const auto study = study::Study::open_readonly(scratch_folder());
    const report::Snapshot snapshot = report::read(study);
    const report::Results results = report::results(snapshot, snapshot.facts.limits);
    report::pareto_json(results);
    report::pareto_csv(results);
    report::pareto_table(results);
    report::comparison_table(report::comparison(snapshot, results));
    report::html_report(snapshot);
}

}  // namespace nachos::fuzz
