#pragma once

#include "report/results.h"

#include <string>

namespace nachos::report {

/// What the terminal can show.
struct PlotStyle {
    int width = 80;         ///< columns; nothing is drawn in less than 40
    int height = 16;        ///< lines between the axes
    bool unicode = false;   ///< four dots high and two wide to a character; else plain ASCII
    bool coloured = false;  ///< by ANSI escapes
};

/// The front as text: average MACs (log scale) to the right, accuracy upwards; every evaluated point, the admissible front,
/// the limits as lines, axes with figures and a line that says which sign is what.
std::string front_text(const Snapshot& snapshot, const Results& results, const PlotStyle& style);

}  // namespace nachos::report
