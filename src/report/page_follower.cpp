#include "report/page_follower.h"

#include "study/fidelity.h"

#include <algorithm>

namespace nachos::report {

PageFollower::PageFollower(std::filesystem::path folder) : folder_(std::move(folder)), follower_(folder_) {}

void PageFollower::take(const study::Follower::Update& update) {
    std::map<std::int64_t, DesignPart> before;
    if (update.study) {
        const Snapshot snapshot = read_without_evaluations(*update.study);
        rest_ = page_rest(snapshot, details(*update.study, snapshot.models));
        before.swap(parts_);
    }
    for (const study::StoredEvaluation& stored : update.evaluations) {
        if (!stored.evaluation) {
            parts_.insert(parts_.end(), before.extract(stored.row));
            continue;
        }
        parts_.insert_or_assign(parts_.end(), stored.row, design_part(*stored.evaluation));
        ++made_;
    }
}

std::vector<const DesignPart*> PageFollower::judged() const {
    const auto fidelity =
        study::judged_fidelity(study::fidelities_from(rest_.facts.fidelity), [this](const std::string& name) {
            return std::any_of(parts_.begin(), parts_.end(), [&](const auto& p) { return p.second.fidelity == name; });
        });
    std::vector<const DesignPart*> designs;
    for (const auto& [row, part] : parts_)
        if (!fidelity || part.fidelity == *fidelity) designs.push_back(&part);
    return designs;
}

std::string PageFollower::page_data() {
    const study::Follower::Update update = follower_.update();
    try {
        take(update);
    } catch (...) {  // half taken: all of it anew next time
        follower_ = study::Follower(folder_);
        parts_.clear();
        throw;
    }
    return report::page_data(rest_, judged());
}

}  // namespace nachos::report
