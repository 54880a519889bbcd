#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace nachos::core {

/// What a long step tells its observer. Algorithms never print.
struct Progress {
    std::string phase;       ///< e.g. "supernet"
    std::int64_t done = 0;   ///< units finished
    std::int64_t total = 0;  ///< units in all; 0 = unknown
    std::string note;        ///< e.g. "loss 0.41, accuracy 0.89"
};

using ProgressFn = std::function<void(const Progress&)>;

}  // namespace nachos::core
