#include "fuzz.h"
#include "report/engine_comparison.h"
#include "study/evaluation_json.h"

using namespace nachos;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(fuzz::text_of(data, size));
    const auto same = [](const std::string& a, const std::string& b) {
        if (a != b) __builtin_trap();
    };
    fuzz::accept_or_refuse([&] {
        const auto costs = study::to_json(study::costs_from_json(text, "input"));
        same(costs, study::to_json(study::costs_from_json(costs, "its own text")));
    });
    fuzz::accept_or_refuse([&] {
        const auto curve = study::to_json(study::curve_from_json(text, "input"));
        same(curve, study::to_json(study::curve_from_json(curve, "its own text")));
    });
    fuzz::accept_or_refuse([&] {
        const auto points = study::to_json(study::trained_points_from_json(text, "input"));
        same(points, study::to_json(study::trained_points_from_json(points, "its own text")));
    });
    fuzz::accept_or_refuse([&] {
        const auto facts = study::to_json(study::facts_from_json(text, "input"));
        same(facts, study::to_json(study::facts_from_json(facts, "its own text")));
    });
    fuzz::accept_or_refuse([&] {
        const auto row = study::to_json(study::row_from_json(text, "input"));
        same(row, study::to_json(study::row_from_json(row, "its own text")));
    });
    return fuzz::accept_or_refuse([&] {
        const auto run = report::to_json(report::engine_run_from_json(text, "input"));
        same(run, report::to_json(report::engine_run_from_json(run, "its own text")));
    });
}
