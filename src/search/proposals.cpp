#include "search/proposals.h"

#include "core/error.h"

#include <algorithm>
#include <numeric>

namespace nachos::search {
namespace {

constexpr int kDraws = 10000;
constexpr std::int64_t kMostSwept = std::int64_t{1} << 20;

std::string sentence(const std::vector<study::Violation>& broken) {
    std::string text;
    for (const study::Violation& v : broken)
        text +=
            fmt::format("{}{} is {:.0f}, at most {:.0f} is allowed", text.empty() ? "" : "; ", v.limit, v.got, v.allowed);
    return text;
}

}  // namespace

Proposals::Proposals(const SearchProblem& problem, core::Rng rng)
    : problem_(problem), rng_(rng), anchor_(known_to_meet()), corners_{problem.space.largest(), problem.space.smallest()} {}

std::vector<study::Violation> Proposals::broken(const arch::ArchSpec& spec) const {
    return study::violations(problem_.limits, problem_.costs(spec));
}

arch::Genome Proposals::known_to_meet() {
    const arch::SearchSpace& space = problem_.space;
    std::vector<study::Violation> nearest;
    for (int draw = -2; draw < kDraws; ++draw) {
        const arch::ArchSpec spec = draw == -2   ? space.smallest()
                                    : draw == -1 ? space.with_all_exits(space.smallest())
                                                 : space.decode(space.sample(rng_));
        const auto own = broken(spec);
        if (own.empty()) return space.encode(spec);
        if (nearest.empty() || study::total_violation(own) < study::total_violation(nearest)) nearest = own;
    }
    fail(ErrorKind::inadmissible,
         "no architecture of space '{}' meets the limits that need no data; of {} samples the nearest: {}", space.name(),
         kDraws, sentence(nearest));
}

arch::Genome Proposals::repaired(arch::Genome genome) {
    genome = problem_.space.repair(std::move(genome));
    std::vector<std::size_t> order(genome.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    rng_.shuffle(std::span(order));
    for (const std::size_t g : order) {
        if (meets(genome)) break;
        genome[g] = anchor_[g];
    }
    return problem_.space.repair(std::move(genome));
}

bool Proposals::claim(const arch::ArchSpec& spec) {
    const std::string id = arch::arch_id(spec);
    return !claimed_.contains(id) && broken(spec).empty() && claimed_.insert(id).second;
}

void Proposals::top_up(std::vector<arch::ArchSpec>& batch, int size) {
    while (static_cast<int>(batch.size()) < size) {
        auto spec = fresh();
        if (!spec) return;
        batch.push_back(std::move(*spec));
    }
}

std::optional<arch::ArchSpec> Proposals::fresh() {
    while (!corners_.empty()) {
        arch::ArchSpec spec = std::move(corners_.back());
        corners_.pop_back();
        if (claim(spec)) return spec;
    }
    if (!sweeping_) {
        if (auto spec = drawn()) return spec;
        sweeping_ = true;
    }
    return swept();
}

std::optional<arch::ArchSpec> Proposals::drawn() {
    constexpr int kPlainDraws = 100;  // before limits that few samples meet are met by repair
    for (int draw = 0; draw < kDraws; ++draw) {
        arch::Genome genome = problem_.space.sample(rng_);
        if (draw >= kPlainDraws) genome = repaired(std::move(genome));
        arch::ArchSpec spec = problem_.space.decode(genome);
        if (claim(spec)) return spec;
    }
    return std::nullopt;
}

std::optional<arch::ArchSpec> Proposals::swept() {
    const auto& genes = problem_.space.genes();
    std::int64_t genomes = 1;
    for (const arch::Gene& gene : genes)
        genomes = std::min(genomes * static_cast<std::int64_t>(gene.choices.size()), kMostSwept + 1);
    if (genomes > kMostSwept) return std::nullopt;
    while (cursor_ < genomes) {
        std::int64_t digits = cursor_++;
        arch::Genome genome;
        for (const arch::Gene& gene : genes) {
            const auto values = static_cast<std::int64_t>(gene.choices.size());
            genome.push_back(static_cast<int>(digits % values));
            digits /= values;
        }
        arch::ArchSpec spec = problem_.space.decode(genome);
        if (claim(spec)) return spec;
    }
    return std::nullopt;
}

}  // namespace nachos::search
