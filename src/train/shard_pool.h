#pragma once

#include "train/threads.h"

#include <barrier>
#include <exception>
#include <functional>
#include <thread>
#include <vector>

namespace nachos::train {

/// Threads that each run one shard of every step, single-threaded inside: cutting the batch costs one meeting a step, where
/// cutting every layer costs hundreds.
class ShardPool {
  public:
    /// Of `all` shards of a batch, `shards` are run here; one that is a whole batch may use all cores.
    ShardPool(int shards, int all) : done_(shards), start_(shards) {
        for (int i = 1; i < shards; ++i) threads_.emplace_back([this, i] { work(i); });
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

    /// Calls job(0), ..., job(shards - 1), each on its own thread, and waits for all. Rethrows the first shard's exception.
    void run(const std::function<void(int)>& job) {
        job_ = &job;
        errors_.assign(threads_.size() + 1, nullptr);
        start_.arrive_and_wait();
        guarded(0);
        done_.arrive_and_wait();
        for (const std::exception_ptr& e : errors_) {
            if (e) std::rethrow_exception(e);
        }
    }

  private:
    void work(int shard) {
        set_own_threads(1);
        for (;;) {
            start_.arrive_and_wait();
            if (job_ == nullptr) return;
            guarded(shard);
            done_.arrive_and_wait();
        }
    }

    void guarded(int shard) {
        try {
            (*job_)(shard);
        } catch (...) {
            errors_[static_cast<std::size_t>(shard)] = std::current_exception();
        }
    }

    std::barrier<> done_, start_;
    const std::function<void(int)>* job_ = nullptr;
    std::vector<std::exception_ptr> errors_;
    std::vector<std::thread> threads_;
    int threads_before_ = at::get_num_threads();
};

}  // namespace nachos::train
