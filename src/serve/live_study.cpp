#include "serve/live_study.h"

#include "core/error.h"
#include "study/folder.h"
#include "study/store.h"

#include <algorithm>
#include <ctime>
#include <thread>

namespace nachos::serve {
namespace {

using namespace std::chrono_literals;

constexpr auto kLookEvery = 100ms;
constexpr auto kLeastRest = 500ms;
constexpr int kMachine = 100;  // of which making texts takes one part

/// Times what making a text took of the processors.
int rest() { return std::max(1, kMachine / static_cast<int>(std::max(1U, std::thread::hardware_concurrency()))); }

/// Every thread's time on a processor, as reading a study uses several.
std::chrono::nanoseconds processor_time() {
    timespec t{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec);
}

/// A study without snapshot.db (of an older version) is read in place.
std::string stamp_of_study(const std::filesystem::path& folder) {
    const auto stamp = [&](const char* name) { return study::stamp_of(folder / name); };
    const std::string copy = stamp(study::kSnapshotFile);
    if (copy != study::kNoFile) return copy + "-" + stamp(study::kTailFile);
    return stamp(study::kDatabaseFile) + "-" + stamp("study.db-wal");
}

}  // namespace

LiveStudy::LiveStudy(std::filesystem::path folder, Render render) : folder_(std::move(folder)), render_(std::move(render)) {
    study::Study::open_readonly(folder_);
}

/// Whoever asks first after a while looks.
void LiveStudy::look() {
    const auto now = Clock::now();
    if (!seen_.empty() && (now < next_ || now - looked_ < kLookEvery)) return;
    looked_ = now;
    seen_ = stamp_of_study(folder_);
}

void LiveStudy::read() {
    Answer answer{seen_, "", answer_->text};
    const auto start = processor_time();
    try {
        answer.text = render_();
    } catch (const std::exception& error) {
        answer.error = error.what();
    }
    const auto took = begun_ ? processor_time() - start : std::chrono::nanoseconds(0);
    next_ = Clock::now() + std::max<Clock::duration>(rest() * took, kLeastRest);
    begun_ = true;
    answer_ = std::make_shared<const Answer>(std::move(answer));
}

std::string LiveStudy::state() {
    const std::scoped_lock lock(mutex_);
    look();
    return seen_;
}

std::shared_ptr<const LiveStudy::Answer> LiveStudy::answer() {
    const std::scoped_lock lock(mutex_);
    look();
    if (answer_->state != seen_) read();
    return answer_;
}

}  // namespace nachos::serve
