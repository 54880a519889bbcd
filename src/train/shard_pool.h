#pragma once

#include "train/threads.h"

#include <algorithm>
#include <barrier>
#include <exception>
#include <functional>
#include <thread>
#include <vector>

namespace nachos::train {

/// Threads that run the shards of every step, each single-threaded inside: cutting the batch costs one meeting a step, where
/// cutting every layer costs hundreds. More shards than the machine has cores are run one behind the other: waiting threads
/// would take each other's caches.
class ShardPool {
  public:
    /// Of `all` shards of a batch, `shards` are run here; one that is a whole batch may use all cores.
    ShardPool(int shards, int all) : shards_(shards), workers_(workers_for(shards)), done_(workers_), start_(workers_) {
        for (int i = 1; i < workers_; ++i) threads_.emplace_back([this, i] { work(i); });
        if (all > 1) set_own_threads(1);
    }

    ~ShardPool() {
        job_ = nullptr;
        if (!threads_.empty()) start_.arrive_and_wait();
        for (std::thread& t : threads_) t.join();
        set_own_threads(threads_before_);
    }

    ShardPool(const ShardPool&) = delete;
    ShardPool& operator=(const ShardPool&) = delete;

    /// Calls job(0), ..., job(shards - 1), each once, and waits for all. Rethrows the first shard's exception.
    void run(const std::function<void(int)>& job) {
        job_ = &job;
        errors_.assign(static_cast<std::size_t>(shards_), nullptr);
        start_.arrive_and_wait();
        run_share(0);
        done_.arrive_and_wait();
        for (const std::exception_ptr& e : errors_) {
            if (e) std::rethrow_exception(e);
        }
    }

  private:
    static int workers_for(int shards) {
        return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, shards);
    }

    void work(int worker) {
        set_own_threads(1);
        for (;;) {
            start_.arrive_and_wait();
            if (job_ == nullptr) return;
            run_share(worker);
            done_.arrive_and_wait();
        }
    }

    /// Neighbouring shards, as evenly as it goes.
    void run_share(int worker) {
        for (int s = worker * shards_ / workers_; s < (worker + 1) * shards_ / workers_; ++s) {
            try {
                (*job_)(s);
            } catch (...) {
                errors_[static_cast<std::size_t>(s)] = std::current_exception();
            }
        }
    }

    const int shards_, workers_;
    std::barrier<> done_, start_;
    const std::function<void(int)>* job_ = nullptr;
    std::vector<std::exception_ptr> errors_;  ///< one a shard
    std::vector<std::thread> threads_;
    int threads_before_ = at::get_num_threads();
};

}  // namespace nachos::train
