#include "study/follower.h"

#include "study/folder.h"

namespace nachos::study {

Follower::Follower(std::filesystem::path folder) : folder_(std::move(folder)) {}

/// `copy` is the stamp from before it is opened: if it is replaced in between, the next update finds another one.
Follower::Update Follower::all(const std::string& copy) {
    Update update{Study::open_readonly(folder_), {}};
    update.evaluations = update.study->evaluations_unlike(known_);
    known_.clear();
    for (const StoredEvaluation& e : update.evaluations) known_[e.row] = e.digest;
    tail_ = update.study->tail();
    copy_ = copy;
    return update;
}

Follower::Update Follower::update() {
    const std::string copy = stamp_of(folder_ / kSnapshotFile);
    if (copy == kNoFile || copy != copy_) return all(copy);
    TailReader tail = tail_;
    RowSet rows(known_);
    for (const TailRow& line : tail.more()) rows.add(view_of(line.row), line.where);
    // A copy that took the older one's place meanwhile may have taken rows from the tail that only itself has.
    if (const std::string now = stamp_of(folder_ / kSnapshotFile); now != copy) return all(now);
    Update update{{}, std::move(rows).read(folder_)};
    std::erase_if(update.evaluations, [](const StoredEvaluation& e) { return !e.evaluation; });
    for (const StoredEvaluation& e : update.evaluations) known_[e.row] = e.digest;
    tail_ = tail;
    return update;
}

}  // namespace nachos::study
