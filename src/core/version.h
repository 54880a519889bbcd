#pragma once

namespace nachos::core {

/// Version of this build, e.g. "0.1.0".
const char* version();

/// Short commit this build was configured from, with "+" if the tree had changes; "unknown" outside a git checkout.
const char* commit();

}  // namespace nachos::core
