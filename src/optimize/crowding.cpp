#include "optimize/crowding.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace nachos::optimize {

Crowding::Crowding(const std::vector<Objectives>& front)
    : present_(front.size(), true), repeats_(front.size(), false), distances_(front.size(), 0) {
    std::vector<int> order(front.size());
    std::iota(order.begin(), order.end(), 0);
    const auto at = [&](int i) -> const Objectives& { return front[static_cast<std::size_t>(i)]; };
    std::sort(order.begin(), order.end(), [&](int a, int b) { return at(a) != at(b) ? at(a) < at(b) : a < b; });
    for (std::size_t k = 1; k < order.size(); ++k)
        if (at(order[k]) == at(order[k - 1])) repeats_[static_cast<std::size_t>(order[k])] = true;
    for (std::size_t m = 0; !front.empty() && m < front.front().size(); ++m) link(front, m);
    for (std::size_t i = 0; i < front.size(); ++i)
        if (!repeats_[i]) distances_[i] = distance(static_cast<int>(i));
}

void Crowding::link(const std::vector<Objectives>& front, std::size_t objective) {
    std::vector<std::pair<double, int>> order;
    for (std::size_t i = 0; i < front.size(); ++i)
        if (!repeats_[i]) order.emplace_back(front[i][objective], static_cast<int>(i));
    std::sort(order.begin(), order.end());
    const double range = order.back().first - order.front().first;
    std::vector<double>& scaled = scaled_.emplace_back(front.size(), 0.0);
    std::vector<Link>& links = links_.emplace_back(front.size());
    for (std::size_t k = 0; k < order.size(); ++k) {
        const auto i = static_cast<std::size_t>(order[k].second);
        scaled[i] = range > 0 ? order[k].first / range : 0;
        if (k > 0) links[i].before = order[k - 1].second;
        if (k + 1 < order.size()) links[i].after = order[k + 1].second;
    }
}

double Crowding::distance(int point) const {
    double sum = 0;
    for (std::size_t m = 0; m < links_.size(); ++m) {
        const Link& l = links_[m][static_cast<std::size_t>(point)];
        if (l.before < 0 || l.after < 0) return std::numeric_limits<double>::infinity();
        sum += scaled_[m][static_cast<std::size_t>(l.after)] - scaled_[m][static_cast<std::size_t>(l.before)];
    }
    return sum;
}

int Crowding::most_crowded() const {
    int least = -1;
    for (std::size_t i = 0; i < present_.size(); ++i)
        if (present_[i] && (least < 0 || distances_[i] <= distances_[static_cast<std::size_t>(least)]))
            least = static_cast<int>(i);
    return least;
}

void Crowding::remove(int point) {
    const auto p = static_cast<std::size_t>(point);
    present_[p] = false;
    if (repeats_[p]) return;
    for (std::vector<Link>& links : links_) {
        const Link own = links[p];
        if (own.before >= 0) links[static_cast<std::size_t>(own.before)].after = own.after;
        if (own.after >= 0) links[static_cast<std::size_t>(own.after)].before = own.before;
    }
    for (const std::vector<Link>& links : links_)
        for (const int near : {links[p].before, links[p].after})
            if (near >= 0) distances_[static_cast<std::size_t>(near)] = distance(near);
}

std::vector<int> Crowding::present() const {
    std::vector<int> left;
    for (std::size_t i = 0; i < present_.size(); ++i)
        if (present_[i]) left.push_back(static_cast<int>(i));
    return left;
}

}  // namespace nachos::optimize
