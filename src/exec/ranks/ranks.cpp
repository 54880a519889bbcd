#include "exec/ranks/ranks.h"

#include "core/error.h"
#include "exec/route.h"

#ifndef USE_C10D_GLOO
#define USE_C10D_GLOO
#endif
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace nachos::exec {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kBeat = 2s;
constexpr std::chrono::milliseconds kLook = 2ms, kLongLook = 100ms;  // between two looks for a message: at first, in the end
constexpr auto kPatience = 24h;  // of libtorch; the watch is what ends a wait for a lost rank
constexpr auto kGrace = 3s;      // for a rank whose connection broke to say so itself
constexpr auto kLeaving = 10s;   // rank 0, which the others speak through, waits so long for them

std::vector<std::uint8_t> bytes_of(const std::string& text) { return {text.begin(), text.end()}; }
std::string text_of(const std::vector<std::uint8_t>& bytes) { return {bytes.begin(), bytes.end()}; }

constexpr const char* kFailed = "failed";  // the exit code of a rank that ended by an error

std::string left(int rank) { return "left/" + std::to_string(rank); }

std::string first_line(const char* what) {
    const std::string text = what;
    return text.substr(0, text.find('\n'));
}

c10::intrusive_ptr<c10d::Store> connect(const RankOptions& options, bool server) {
    c10d::TCPStoreOptions store;
    store.port = static_cast<std::uint16_t>(options.port);
    store.isServer = server;
    store.waitWorkers = false;
    store.timeout = options.join;
    return c10::make_intrusive<c10d::PrefixStore>("nachos" + options.attempt,
                                                  c10::make_intrusive<c10d::TCPStore>(options.address, store));
}

}  // namespace

/// Signs of life: a thread that gives ours and reads the others' over a connection of its own, and one that watches the
/// clock, because the first may hang with the network.
class Watch {
  public:
    Watch(const RankOptions& options, Ranks::OnLost on_lost)
        : options_(options), on_lost_(std::move(on_lost)), store_(connect(options, false)) {
        beats_.resize(static_cast<std::size_t>(options.size));
        seen_.assign(beats_.size(), Clock::now());
        beating_ = std::thread([this] { beat(); });
        watching_ = std::thread([this] { watch(); });
    }

    ~Watch() {
        {
            const std::lock_guard lock(mutex_);
            ended_ = true;
        }
        changed_.notify_all();
        beating_.join();
        watching_.join();
    }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

  private:
    static std::string key(int rank) { return "beat/" + std::to_string(rank); }

    /// Rank 0 looks at all; the others at rank 0 alone, through which they speak.
    void beat() {
        const int last = options_.rank == 0 ? options_.size - 1 : 0;
        for (std::int64_t count = 1;; ++count) {
            try {
                store_->set(key(options_.rank), bytes_of(std::to_string(count)));
                if (store_->check({kFailed})) {
                    const int code = std::stoi(text_of(store_->get(kFailed)));
                    return on_lost_(fmt::format("another rank of {} ended with exit code {}", options_.size, code),
                                    static_cast<ErrorKind>(code));
                }
                for (int r = 0; r <= last; ++r) {
                    if (!store_->check({key(r)})) continue;
                    const std::string found = text_of(store_->get(key(r)));
                    const std::lock_guard lock(mutex_);
                    if (found == beats_[static_cast<std::size_t>(r)]) continue;
                    beats_[static_cast<std::size_t>(r)] = found;
                    seen_[static_cast<std::size_t>(r)] = Clock::now();
                }
            } catch (const std::exception&) {  // rank 0 has ended, and with it the store
                const std::lock_guard lock(mutex_);
                seen_[0] = std::min(seen_[0], Clock::now() - options_.lost + kGrace);
                return;
            }
            if (waited(kBeat)) return;
        }
    }

    void watch() {
        const int last = options_.rank == 0 ? options_.size - 1 : 0;
        while (!waited(1s)) {
            std::unique_lock lock(mutex_);
            for (int r = 0; r <= last; ++r) {
                if (r == options_.rank || Clock::now() - seen_[static_cast<std::size_t>(r)] < options_.lost) continue;
                lock.unlock();
                return on_lost_(fmt::format("rank {} of {} was lost: it has ended, or gave no sign of life for {} s", r,
                                            options_.size, options_.lost.count()),
                                ErrorKind::stopped);
            }
        }
    }

    /// False after the time, true at the end.
    bool waited(std::chrono::milliseconds time) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, time, [this] { return ended_; });
    }

    RankOptions options_;
    Ranks::OnLost on_lost_;
    c10::intrusive_ptr<c10d::Store> store_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool ended_ = false;
    std::vector<std::string> beats_;
    std::vector<Clock::time_point> seen_;
    std::thread beating_, watching_;
};

struct Ranks::State {
    RankOptions options;
    c10::intrusive_ptr<c10d::Store> store = {};
    c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo = {};
    std::unique_ptr<Watch> watch = {};
    std::int64_t messages = 0;       ///< of this rank so far: calls go in step, so this names them
    std::string broadcast_key = {};  ///< of the last broadcast, on rank 0, until all have read it
    mutable bool lost = false;       ///< a rank, so there is nobody to wait for

    /// libtorch's exceptions say that a connection failed.
    template <class Action>
    auto guarded(Action action) const {
        try {
            return action();
        } catch (const Error&) {
            throw;
        } catch (const std::exception& e) {
            lost = true;
            fail(ErrorKind::stopped,
                 "rank {} of {} lost another rank ({}); the same command goes on from the last checkpoint", options.rank,
                 options.size, first_line(e.what()));
        }
    }

    /// What `rank` wrote or will write.
    std::string wait_for(const std::string& key, int rank) const {
        for (auto look = kLook; !store->check({key}); look = std::min(look * 2, kLongLook)) {
            if (store->check({left(rank)}) && !store->check({key}))
                fail(ErrorKind::stopped, "rank {} of {} has left; the same command goes on from the last checkpoint", rank,
                     options.size);
            std::this_thread::sleep_for(look);
        }
        return text_of(store->get(key));
    }

    void all_reduce(const at::Tensor& tensor, c10d::ReduceOp op) const {
        guarded([&] {
            std::vector<at::Tensor> tensors{tensor};
            c10d::AllreduceOptions how;
            how.reduceOp = op;
            gloo->allreduce(tensors, how)->wait();
        });
    }
};

Ranks::Ranks(const RankOptions& options, OnLost on_lost) : state_(new State{.options = options}) {
    try {
        state_->store = connect(options, options.rank == 0 && !options.hosted);
        const auto group = c10d::ProcessGroupGloo::Options::create(kPatience);
        const std::string own = options.rank == 0 ? options.address : own_address_towards(options.address, options.port);
        group->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname(own));
        group->threads = 2;
        state_->gloo = c10::make_intrusive<c10d::ProcessGroupGloo>(state_->store, options.rank, options.size, group);
    } catch (const std::exception& e) {
        fail(ErrorKind::runtime, "rank {} of {} did not meet the others at {} port {} within {} s: {}", options.rank,
             options.size, options.address, options.port, options.join.count(), first_line(e.what()));
    }
    state_->watch = std::make_unique<Watch>(options, std::move(on_lost));
}

Ranks::~Ranks() {
    State& s = *state_;
    s.watch.reset();  // who leaves gives no sign of life
    try {
        s.store->set(left(s.options.rank), bytes_of("left"));
        const auto start = Clock::now();
        for (int r = 1; !s.lost && s.options.rank == 0 && r < s.options.size; ++r)
            while (!s.store->check({left(r)}) && Clock::now() - start < kLeaving) std::this_thread::sleep_for(kLook);
    } catch (const std::exception&) {
        // Rank 0 has left before.
    }
}

void Ranks::end_all(ErrorKind kind) noexcept {
    State& s = *state_;
    s.watch.reset();
    s.lost = true;  // nobody is waited for again
    try {
        s.store->set(kFailed, bytes_of(std::to_string(static_cast<int>(kind))));
        std::this_thread::sleep_for(2 * kBeat);
    } catch (const std::exception&) {
        // Rank 0 has ended before.
    }
}

int Ranks::rank() const { return state_->options.rank; }
int Ranks::size() const { return state_->options.size; }

void Ranks::sum(std::span<float> values) {
    state_->all_reduce(at::from_blob(values.data(), {static_cast<std::int64_t>(values.size())}, at::kFloat),
                       c10d::ReduceOp::SUM);
}

bool Ranks::any(bool here) {
    const at::Tensor flag = at::full({1}, here ? 1 : 0, at::kInt);
    state_->all_reduce(flag, c10d::ReduceOp::MAX);
    return flag.item<int>() != 0;
}

std::string Ranks::broadcast(const std::string& text) {
    State& s = *state_;
    const std::string key = "message/" + std::to_string(s.messages++);
    return s.guarded([&]() -> std::string {
        if (s.options.rank > 0) return s.wait_for(key, 0);
        s.store->set(key, bytes_of(text));
        s.broadcast_key = key;
        return text;
    });
}

std::vector<std::string> Ranks::gather(const std::string& text) {
    State& s = *state_;
    const std::string key = "message/" + std::to_string(s.messages++) + "/";
    return s.guarded([&] {
        std::vector<std::string> texts;
        if (s.options.rank > 0) {
            s.store->set(key + std::to_string(s.options.rank), bytes_of(text));
            return texts;
        }
        texts.push_back(text);
        for (int r = 1; r < s.options.size; ++r) {
            texts.push_back(s.wait_for(key + std::to_string(r), r));
            s.store->deleteKey(key + std::to_string(r));
        }
        if (!s.broadcast_key.empty()) s.store->deleteKey(s.broadcast_key);  // all have read what was said before
        s.broadcast_key.clear();
        return texts;
    });
}

}  // namespace nachos::exec
