#pragma once

#include <functional>

namespace nachos::core {

/// Calls job(0), ..., job(count - 1), each once, on at most `workers` threads of its own, and waits for all. After a failure
/// none is begun any more, and the exception of the lowest index that failed is thrown.
void for_each_index(int count, int workers, const std::function<void(int)>& job);

}  // namespace nachos::core
