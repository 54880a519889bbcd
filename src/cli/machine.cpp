#include "cli/machine.h"

#include <fmt/format.h>
#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>

namespace nachos::cli {
namespace {

/// The value of the first line "key<separator>value" of a system file; empty if there is none.
std::string system_value(const char* path, const std::string& key, char separator) {
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) {
        const auto at = line.find(separator);
        if (!line.starts_with(key) || at == std::string::npos) continue;
        const auto from = line.find_first_not_of(" \t\"", at + 1);
        return from == std::string::npos ? "" : line.substr(from, line.find_last_not_of('"') + 1 - from);
    }
    return "";
}

int usable_cores() {
    cpu_set_t set;
    CPU_ZERO(&set);
    return ::sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set)
                                                         : static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));
}

std::string widest_simd() {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) return "AVX-512";
    if (__builtin_cpu_supports("avx2")) return "AVX2";
    if (__builtin_cpu_supports("avx")) return "AVX";
    return "SSE";
#elif defined(__aarch64__)
    return "NEON";
#else
    return "unknown";
#endif
}

std::string memory_text() {
    const double bytes = static_cast<double>(::sysconf(_SC_PHYS_PAGES)) * static_cast<double>(::sysconf(_SC_PAGE_SIZE));
    return fmt::format("{:.1f} GiB", bytes / (1 << 30));
}

}  // namespace

Machine this_machine() {
    utsname kernel{};
    ::uname(&kernel);
    const std::string model = system_value("/proc/cpuinfo", "model name", ':');
    const std::string name = system_value("/etc/os-release", "PRETTY_NAME", '=');
    return {.cpu = model.empty() ? kernel.machine : model,
            .cores = usable_cores(),
            .simd = widest_simd(),
            .memory = memory_text(),
            .system = fmt::format("{}, {} {}", name.empty() ? "unknown" : name, kernel.sysname, kernel.release)};
}

bool computes_in_bfloat16() {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512bf16") != 0;
#else
    return false;
#endif
}

std::string compiler_text() {
#if defined(__clang__)
    return "clang " __clang_version__;
#else
    return "gcc " __VERSION__;
#endif
}

}  // namespace nachos::cli
