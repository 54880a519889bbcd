#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace nachos::exec {

/// Where a process stands in a job of several, and where they meet.
struct RankOptions {
    int rank = 0;
    int size = 1;         ///< ranks in the job
    std::string address;  ///< host of rank 0
    int port = 0;
    bool hosted = false;             ///< the launcher itself listens there, else rank 0 does
    std::string attempt;             ///< tells this start of the job from earlier ones that met at the same place
    std::chrono::seconds join{600};  ///< how long a rank waits for the others to begin
    std::chrono::seconds lost{30};   ///< without a sign of life for so long, a rank is lost
};

/// What the launcher says: RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT (torchrun, which adds more; Kubernetes), or else
/// Slurm's variables of a step. Nothing if there is one rank only. Throws Error(usage) naming the variable that is missing
/// or wrong.
std::optional<RankOptions> ranks_from_environment();

/// The first host of a Slurm list: "node[03-07,9],other" begins with "node03".
std::string first_host(const std::string& slurm_list);

}  // namespace nachos::exec
