#include "search/run.h"

#include "core/error.h"

#include <algorithm>
#include <map>

namespace nachos::search {
namespace {

constexpr int kFailuresTolerated = 8;  // before a search of which most candidates fail is given up

std::optional<BestPoint> best_of(std::span<const study::Evaluation> archive, const study::Limits& limits) {
    const auto front = admissible_front(archive, limits);
    if (front.empty()) return {};
    const study::Evaluation& evaluation = archive[static_cast<std::size_t>(front.back().evaluation)];
    const policy::OperatingPoint& point = evaluation.curve[static_cast<std::size_t>(front.back().point)].point;
    return BestPoint{point.accuracy, point.avg_cost};
}

}  // namespace

Run::Run(const SearchProblem& problem, const SearchOptions& options, const SearchObserver& observer)
    : problem_(problem),
      options_(options),
      observer_(observer),
      axes_(axes_of(problem.space, problem.limits, problem.costs, problem.unit)) {}

bool Run::out_of_patience() const {
    const auto& history = result_.history;
    const auto patience = static_cast<std::size_t>(options_.patience);
    if (patience == 0 || history.size() <= patience || static_cast<int>(result_.archive.size()) < options_.initial)
        return false;
    const SearchStep& before = history[history.size() - 1 - patience];
    return before.evaluations >= options_.initial && history.back().hypervolume <= before.hypervolume;
}

bool Run::out_of_time() const {
    double seconds = 0;
    for (const SearchStep& step : result_.history) seconds += step.seconds;
    return options_.max_hours > 0 && seconds > 3600 * options_.max_hours;
}

int Run::room() const {
    if (out_of_patience() || out_of_time()) return 0;
    return std::min(options_.batch, options_.evaluations - static_cast<int>(result_.archive.size()));
}

std::span<const study::Evaluation> Run::evaluate(std::span<const arch::ArchSpec> batch,
                                                 std::optional<SurrogateQuality> surrogates) {
    std::vector<study::Evaluation> evaluations = problem_.evaluate(batch);
    require(evaluations.size() == batch.size(), ErrorKind::runtime, "the evaluator answered {} of {} architectures",
            evaluations.size(), batch.size());
    std::move(evaluations.begin(), evaluations.end(), std::back_inserter(result_.archive));
    require_enough_worked();
    record(std::move(surrogates));
    return std::span<const study::Evaluation>(result_.archive).last(batch.size());
}

void Run::require_enough_worked() const {
    std::map<std::string, int> reasons;
    int failed = 0;
    for (const study::Evaluation& e : result_.archive) {
        if (e.ok()) continue;
        ++failed;
        ++reasons[e.error];
    }
    if (failed < kFailuresTolerated || 2 * failed <= static_cast<int>(result_.archive.size())) return;
    const auto most =
        std::max_element(reasons.begin(), reasons.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    fail(ErrorKind::runtime, "{} of {} candidates failed, {} of them with: {}", failed, result_.archive.size(), most->second,
         most->first);
}

void Run::initial_design(Proposals& proposals, int count) {
    while (true) {
        std::vector<arch::ArchSpec> batch;
        proposals.top_up(batch, std::min(room(), count - static_cast<int>(result_.archive.size())));
        if (batch.empty()) return;
        evaluate(batch);
    }
}

void Run::evaluate_in_order(Proposals& proposals, std::span<const arch::ArchSpec> specs, int count) {
    auto next = specs.begin();
    while (next != specs.end()) {
        const int room_for = std::min(room(), count - static_cast<int>(result_.archive.size()));
        std::vector<arch::ArchSpec> batch;
        for (; next != specs.end() && static_cast<int>(batch.size()) < room_for; ++next) {
            const arch::ArchSpec spec = problem_.space.decode(proposals.repaired(problem_.space.encode(*next)));
            if (proposals.claim(spec)) batch.push_back(spec);
        }
        if (batch.empty()) return;
        evaluate(batch);
    }
}

void Run::record(std::optional<SurrogateQuality> surrogates) {
    const auto& archive = result_.archive;
    const auto feasible = std::count_if(archive.begin(), archive.end(), [&](const study::Evaluation& evaluation) {
        return has_admissible_point(evaluation, problem_.limits);
    });
    const auto now = std::chrono::steady_clock::now();
    double seconds = std::chrono::duration<double>(now - last_).count();
    if (problem_.recorded_seconds) seconds = problem_.recorded_seconds(static_cast<int>(archive.size())).value_or(seconds);
    result_.history.push_back({.evaluations = static_cast<int>(archive.size()),
                               .total = options_.evaluations,
                               .hypervolume = hypervolume(archive, problem_.limits, axes_),
                               .feasible_share = static_cast<double>(feasible) / static_cast<double>(archive.size()),
                               .seconds = seconds,
                               .best = best_of(archive, problem_.limits),
                               .surrogates = std::move(surrogates)});
    last_ = now;
    if (observer_) observer_(result_.history.back());
}

bool has_admissible_point(const study::Evaluation& evaluation, const study::Limits& limits) {
    return std::any_of(evaluation.curve.begin(), evaluation.curve.end(), [&](const study::CurvePoint& p) {
        return study::violations(limits, evaluation.costs, p.point).empty();
    });
}

}  // namespace nachos::search
