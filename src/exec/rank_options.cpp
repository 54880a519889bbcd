#include "exec/rank_options.h"

#include "core/error.h"

#include <charconv>
#include <cstdlib>
#include <cstring>

namespace nachos::exec {
namespace {

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

int number(const char* name, int least, int most) {
    const std::string text = variable(name);
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    require(error == std::errc() && end == text.data() + text.size() && value >= least && value <= most, ErrorKind::usage,
            "the environment variable {} is '{}', allowed: {} to {}", name, text, least, most);
    return value;
}

constexpr int kMostRanks = 65536;

RankOptions from_slurm() {
    RankOptions options{.size = number("SLURM_STEP_NUM_TASKS", 1, kMostRanks), .address = {}};
    options.rank = number("SLURM_PROCID", 0, options.size - 1);
    options.address = first_host(variable("SLURM_STEP_NODELIST"));
    require(!options.address.empty(), ErrorKind::usage,
            "the environment variable SLURM_STEP_NODELIST is '{}', a list of hosts is needed",
            variable("SLURM_STEP_NODELIST"));
    constexpr int kFirstPort = 20000, kPorts = 20000;  // so that two jobs on one host do not meet
    options.port = kFirstPort + number("SLURM_JOB_ID", 0, 2000000000) % kPorts;
    return options;
}

}  // namespace

std::string first_host(const std::string& list) {
    const std::size_t end = list.find_first_of(",[");
    if (end == std::string::npos || list[end] == ',') return list.substr(0, end);
    const std::size_t closed = list.find(']', end);
    if (closed == std::string::npos) return {};
    const std::size_t first = end + 1, first_ends = list.find_first_of(",-]", first);
    return list.substr(0, end) + list.substr(first, first_ends - first) +
           list.substr(closed + 1, list.find(',', closed) - closed - 1);
}

std::optional<RankOptions> ranks_from_environment() {
    RankOptions options;
    if (!variable("WORLD_SIZE").empty()) {
        options.size = number("WORLD_SIZE", 1, kMostRanks);
        if (options.size == 1) return std::nullopt;
        options.rank = number("RANK", 0, options.size - 1);
        options.address = variable("MASTER_ADDR");
        require(!options.address.empty(), ErrorKind::usage,
                "WORLD_SIZE is {}, but the environment variable MASTER_ADDR, the host of rank 0, is not set", options.size);
        options.port = number("MASTER_PORT", 1, 65535);
        options.hosted = variable("TORCHELASTIC_USE_AGENT_STORE") == "True";
        options.attempt = variable("TORCHELASTIC_RESTART_COUNT");
    } else if (!variable("SLURM_STEP_NUM_TASKS").empty()) {
        options = from_slurm();
    }
    if (options.size == 1) return std::nullopt;
    return options;
}

}  // namespace nachos::exec
