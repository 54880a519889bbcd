#pragma once

#include <string_view>

namespace nachos::report {

/// What vite made of web/, as one file; empty in a build without npm.
std::string_view page_template();

/// The page that runs a network, likewise.
std::string_view try_template();

}  // namespace nachos::report
