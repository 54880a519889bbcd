#pragma once

#include "study/database.h"
#include "study/tail.h"

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>

namespace nachos::study {

/// Keeps a copy of a database for those who only look. A thread replaces it soon after a change, but then rests 200 times as
/// long as the copy took of the processor, and 20 times as long as it waited for the disk: copying takes at most 0.5 % of a
/// processor, and 5 % of the time.
class Publisher {
  public:
    /// `database` must outlive it, and so must `tail`, if there is one: what a copy has leaves it once the copy stands in
    /// its place, so that viewers who read the tail first miss nothing.
    Publisher(const Database& database, std::filesystem::path copy, TailWriter* tail = nullptr);
    /// Copies what is not copied yet; a copy that fails then is left as it was.
    ~Publisher();
    Publisher(const Publisher&) = delete;
    Publisher& operator=(const Publisher&) = delete;

    /// The copy is behind from now on.
    void changed();
    /// Copies at once, however long it rested. Throws Error(runtime).
    void publish();

  private:
    using Clock = std::chrono::steady_clock;
    void work(const std::stop_token& stop);

    const Database& database_;
    const std::filesystem::path copy_;
    TailWriter* const tail_;
    std::mutex copying_;  ///< held while a copy is made
    std::mutex mutex_;    ///< of the rest
    std::condition_variable_any wake_;
    bool behind_ = false;
    Clock::time_point next_ = {};  ///< no copy before, unless asked
    std::jthread worker_;
};

}  // namespace nachos::study
