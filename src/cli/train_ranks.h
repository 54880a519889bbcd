#pragma once

#include "cli/train_session.h"

namespace nachos::cli {

/// All processes that the launcher started, met; nothing if this is the only one. When one of them is lost, this process
/// ends with one sentence and exit code 75.
std::unique_ptr<exec::Ranks> join_ranks();

/// Throws Error(usage) if the launcher started several processes of a command that runs in one.
void require_one_rank(const std::string& command);

/// The part of `search` on ranks but the first: its shards of the supernet's training, its share of the evaluations.
void follow_search(const Session& session, const TrainingArguments& arguments, exec::Ranks& ranks);

}  // namespace nachos::cli
