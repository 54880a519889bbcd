#pragma once

#include <string_view>

namespace nachos::report {

/// What vite made of web/, as one file; empty in a build without npm.
std::string_view page_template();

}  // namespace nachos::report
