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

Publisher::Publisher(const Database& database, std::filesystem::path copy, TailWriter* tail)
    : database_(database),
      copy_(std::move(copy)),
      tail_(tail),
      worker_([this](const std::stop_token& stop) { work(stop); }) {}

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
    const std::uint64_t copied = tail_ != nullptr ? tail_->end() : 0;  // stored before they stood there
    try {
        database_.copy_to(copy_);
        if (tail_ != nullptr) tail_->drop(copied);
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
