#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace nachos::serve {

/// A study as those who watch it see it. It reads what the search leaves for viewers, and never takes a lock; that this
/// changed is seen from the files' numbers, sizes and times. A text of it is made only when somebody asks, and then not
/// again until making it has taken no more than one per cent of the machine's processors, half a second at least. The first
/// text, for which there is nothing to go on from, does not count. Safe to use from any thread.
class LiveStudy {
  public:
    /// Makes the text of the study as it stands. Called by one thread at a time.
    using Render = std::function<std::string()>;

    /// Throws what Study::open_readonly throws if there is no study that can be read.
    LiveStudy(std::filesystem::path folder, Render render);

    /// Names the state there is to see; another name = the study has changed since.
    std::string state();

    struct Answer {
        std::string state;
        std::string error;  ///< a sentence: the study cannot be read just now (it begins, or is damaged); empty = it can
        std::string text;   ///< of the last state that could be read
    };
    std::shared_ptr<const Answer> answer();

  private:
    using Clock = std::chrono::steady_clock;
    void look();
    void read();

    const std::filesystem::path folder_;
    const Render render_;
    std::mutex mutex_;
    std::string seen_;               ///< what the files' names, sizes and times say
    Clock::time_point looked_ = {};  ///< when they were looked at last
    Clock::time_point next_ = {};    ///< no new state before
    bool begun_ = false;             ///< a text was asked for
    std::shared_ptr<const Answer> answer_ = std::make_shared<const Answer>();
};

}  // namespace nachos::serve
