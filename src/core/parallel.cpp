#include "core/parallel.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <thread>
#include <vector>

namespace nachos::core {

void for_each_index(int count, int workers, const std::function<void(int)>& job) {
    std::vector<std::exception_ptr> errors(static_cast<std::size_t>(std::max(count, 0)));
    std::atomic<int> next{0};
    std::atomic<bool> failed{false};
    const auto work = [&] {
        for (int i = next++; i < count && !failed; i = next++) {
            try {
                job(i);
            } catch (...) {
                errors[static_cast<std::size_t>(i)] = std::current_exception();
                failed = true;
            }
        }
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < std::min(workers, count); ++i) threads.emplace_back(work);
    for (std::thread& t : threads) t.join();
    for (const std::exception_ptr& e : errors) {
        if (e) std::rethrow_exception(e);
    }
}

}  // namespace nachos::core
