#pragma once

#include <string_view>

namespace nachos::exporting {

/// C99 text of a function that generated code calls, by name; each stands in a file at most once. Maps are (H, W, C),
/// weights (kernel, kernel, in / groups, out).
struct CKernel {
    std::string_view name;
    std::string_view text;
};

/// Throws nothing: the name is one of ours (an assertion says so).
const CKernel& c_kernel(std::string_view name);

}  // namespace nachos::exporting
