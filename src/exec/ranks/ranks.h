#pragma once

#include "core/error.h"
#include "exec/rank_options.h"

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace nachos::exec {

/// This process as one of several, over libtorch's c10d (Gloo). All ranks must make the same calls in the same order. A call
/// throws Error(stopped) if another rank has ended or cannot be reached.
class Ranks {
  public:
    /// Waits for all ranks. `on_lost`, called on another thread, must end the process: a rank has given no sign of life
    /// (ErrorKind::stopped), or has said by which error it ends, and this one may be waiting for it inside a call that
    /// cannot be interrupted. Throws Error(runtime) if the ranks do not meet.
    using OnLost = std::function<void(const std::string& sentence, ErrorKind kind)>;
    Ranks(const RankOptions& options, OnLost on_lost);
    /// Leaves; waits for the others, if they are leaving too.
    ~Ranks();
    Ranks(const Ranks&) = delete;
    Ranks& operator=(const Ranks&) = delete;

    int rank() const;
    int size() const;
    bool first() const { return rank() == 0; }

    /// Element-wise sum over the ranks, the same bits on all.
    void sum(std::span<float> values);
    /// Whether it is so on any rank.
    bool any(bool here);
    /// The text of rank 0. Throws Error(stopped) if it has left.
    std::string broadcast(const std::string& text);
    /// The texts of all, by rank, on rank 0; nothing on others. Throws Error(stopped) if one has left.
    std::vector<std::string> gather(const std::string& text);

    /// Says to the others that this rank ends by an error, and waits until they have seen it: they end by the same.
    void end_all(ErrorKind kind) noexcept;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace nachos::exec
