#pragma once

namespace nachos::report {

/// The style sheet of the report: one accent colour, light and dark, readable on a phone.
extern const char* const kPageStyle;

}  // namespace nachos::report
