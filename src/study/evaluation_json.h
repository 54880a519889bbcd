#pragma once

#include "study/evaluation_row.h"
#include "study/records.h"

#include <string>
#include <vector>

namespace nachos::study {

/// JSON texts of what the database holds as one value, and the tail as a line; equal values give equal text, and numbers
/// read back exactly. The readers throw Error(bad_data) naming `where`.
std::string to_json(const ArchCosts& costs);
ArchCosts costs_from_json(const std::string& text, const std::string& where);

std::string to_json(const std::vector<CurvePoint>& curve);
std::vector<CurvePoint> curve_from_json(const std::string& text, const std::string& where);

std::string to_json(const std::vector<TrainedPoint>& points);
std::vector<TrainedPoint> trained_points_from_json(const std::string& text, const std::string& where);

/// A line of the tail.
std::string to_json(const EvaluationRow& row);
EvaluationRow row_from_json(const std::string& text, const std::string& where);

std::string to_json(const Limits& limits);

std::string to_json(const Facts& facts);
Facts facts_from_json(const std::string& text, const std::string& where);

}  // namespace nachos::study
