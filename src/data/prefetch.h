#pragma once

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <variant>
#include <vector>

namespace nachos::data {

/// Makes items 0 .. count - 1 ahead of their use, on threads of its own, and hands them out in order.
template <class Item>
class Prefetcher {
  public:
    struct Options {
        int count = 0;
        int threads = 1;
        int ahead = 2;  ///< items made but not yet handed out, at most
    };

    /// `make(i)` is called once for each i, on any thread; what it throws reaches next() in the place of item i.
    Prefetcher(const Options& options, std::function<Item(int)> make) : options_(options), make_(std::move(make)) {
        const int threads = std::min(options.threads, options.count);
        for (int t = 0; t < threads; ++t) threads_.emplace_back([this](std::stop_token stop) { work(stop); });
    }
    Prefetcher(const Prefetcher&) = delete;
    Prefetcher& operator=(const Prefetcher&) = delete;

    /// The next item; nothing after the last.
    std::optional<Item> next() {
        std::unique_lock lock(mutex_);
        if (handed_out_ == options_.count) return std::nullopt;
        ready_.wait(lock, [this] { return made_.contains(handed_out_); });
        auto result = std::move(made_.extract(handed_out_++).mapped());
        lock.unlock();
        room_.notify_one();
        if (auto* error = std::get_if<std::exception_ptr>(&result)) std::rethrow_exception(*error);
        return std::move(std::get<Item>(result));
    }

  private:
    using Result = std::variant<Item, std::exception_ptr>;

    void work(const std::stop_token& stop) {
        std::unique_lock lock(mutex_);
        const auto has_room = [this] { return claimed_ == options_.count || claimed_ < handed_out_ + options_.ahead; };
        while (room_.wait(lock, stop, has_room) && claimed_ < options_.count && !stop.stop_requested()) {
            const int mine = claimed_++;
            lock.unlock();
            Result result = attempt(mine);
            lock.lock();
            made_.emplace(mine, std::move(result));
            ready_.notify_one();
        }
    }

    Result attempt(int i) {
        try {
            return make_(i);
        } catch (...) {
            return std::current_exception();
        }
    }

    Options options_;
    std::function<Item(int)> make_;
    std::mutex mutex_;
    std::condition_variable_any room_;  ///< an item was handed out
    std::condition_variable ready_;     ///< an item was made
    std::map<int, Result> made_;
    int claimed_ = 0;
    int handed_out_ = 0;
    std::vector<std::jthread> threads_;  ///< last: its destruction stops and joins them before the rest goes
};

}  // namespace nachos::data
