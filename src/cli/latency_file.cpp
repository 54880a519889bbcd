#include "cli/latency_file.h"

#include "cli/machine.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/version.h"

#include <fmt/format.h>

#include <cstdio>

namespace nachos::cli {

cost::Device this_device() {
    return {.cpu = this_machine().cpu, .threads = 1, .data_type = "float32", .runtime_version = core::version()};
}

cost::LatencyTable read_latency_table(const std::string& path) {
    constexpr std::uint64_t kMaxBytes = 1 << 26;
    return cost::latency_table_from(core::read_file(path, kMaxBytes), path);
}

std::string digest_of(const cost::LatencyTable& table) { return core::hash_hex(cost::to_json(table)); }

void warn_of_mismatch(const cost::LatencyTable& table, const std::string& path) {
    const std::string difference = cost::mismatch(table, this_device());
    if (!difference.empty()) fmt::print(stderr, "{}: {}\n", path, difference);
}

}  // namespace nachos::cli
