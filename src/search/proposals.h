#pragma once

#include "search/engine.h"

#include <optional>
#include <set>
#include <string>

namespace nachos::search {

/// What an engine may evaluate: architectures that meet the limits that need no data, each of them once.
class Proposals {
  public:
    /// Throws Error(inadmissible) if neither the smallest architecture, with and without exits, nor any of 10,000 samples
    /// meets those limits: which ones the nearest breaks, its cost, and what is allowed.
    Proposals(const SearchProblem& problem, core::Rng rng);

    /// The canonical genome; where it breaks a limit, its genes move one by one, in random order, to those of an
    /// architecture that is known to meet all, until it does too.
    arch::Genome repaired(arch::Genome genome);

    /// True the first time an architecture is named that meets the limits.
    bool claim(const arch::ArchSpec& spec);

    /// Whether that architecture was claimed.
    bool known(const arch::ArchSpec& spec) const { return claimed_.contains(arch::arch_id(spec)); }

    /// Adds claimed architectures until `batch` holds `size`: first the smallest and the largest, then samples. Once 10,000
    /// samples have brought no new one, spaces of at most 2^20 genomes are swept in order, so that none is missed. Adds
    /// fewer where the space is exhausted.
    void top_up(std::vector<arch::ArchSpec>& batch, int size);

  private:
    std::vector<study::Violation> broken(const arch::ArchSpec& spec) const;
    bool meets(const arch::Genome& genome) const { return broken(problem_.space.decode(genome)).empty(); }
    arch::Genome known_to_meet();
    std::optional<arch::ArchSpec> fresh();
    std::optional<arch::ArchSpec> drawn();
    std::optional<arch::ArchSpec> swept();

    const SearchProblem& problem_;
    core::Rng rng_;
    arch::Genome anchor_;                  ///< meets the limits
    std::vector<arch::ArchSpec> corners_;  ///< not yet handed out
    std::set<std::string> claimed_;
    bool sweeping_ = false;
    std::int64_t cursor_ = 0;  ///< genomes swept
};

}  // namespace nachos::search
