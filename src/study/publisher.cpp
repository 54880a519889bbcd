#include "study/publisher.h"

#include <algorithm>
#include <ctime>

namespace nachos::study {
namespace {

constexpr int kRest = 200;                            ///< times what the last copy took of the processor
constexpr int kRestForWaiting = 20;                   ///< times what it waited beside that: for the disk, and its turn
constexpr std::chrono::seconds kRestAfterFailure{5};  ///< at least

std::chrono::nanoseconds processor_time() {
    timespec t{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec);
}

}  // namespace

Publisher::Publisher(const Database& database, std::filesystem::path copy)
    : database_(database), copy_(std::move(copy)), worker_([this](const std::stop_token& stop) { work(stop); }) {}

Publisher::~Publisher() {
    worker_.request_stop();
    worker_.join();
    if (!behind_) return;
    try {
        publish();
    } catch (const std::exception&) {  // the study itself is stored; its next writer copies it
    }
}

void Publisher::changed() {
    const std::scoped_lock lock(mutex_);
    behind_ = true;
    wake_.notify_all();
}

void Publisher::publish() {
    const std::scoped_lock one(copying_);
    {
        const std::scoped_lock lock(mutex_);
        behind_ = false;  // before the copy: what is stored meanwhile may miss it
    }
    const Clock::time_point start = Clock::now();
    const auto began = processor_time();
    const auto rest = [&] {
        const Clock::duration worked = processor_time() - began;
        return kRest * worked + kRestForWaiting * std::max(Clock::duration::zero(), Clock::now() - start - worked);
    };
    try {
        database_.copy_to(copy_);
    } catch (...) {
        const std::scoped_lock lock(mutex_);
        behind_ = true;
        next_ = Clock::now() + std::max<Clock::duration>(rest(), kRestAfterFailure);
        throw;
    }
    const std::scoped_lock lock(mutex_);
    next_ = Clock::now() + rest();
}

void Publisher::work(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (wake_.wait(lock, stop, [this] { return behind_; })) {
        while (!stop.stop_requested() && Clock::now() < next_) wake_.wait_until(lock, stop, next_, [] { return false; });
        if (stop.stop_requested()) return;
        if (!behind_) continue;  // published meanwhile
        lock.unlock();
        try {
            publish();
        } catch (const std::exception&) {  // a full disk, say: tried again after the rest, viewers keep the older copy
        }
        lock.lock();
    }
}

}  // namespace nachos::study
