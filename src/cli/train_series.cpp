#include "cli/train_series.h"

#include "core/error.h"
#include "core/files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace nachos::cli {

namespace fs = std::filesystem;

SeedSeries::SeedSeries(const TrainingArguments& arguments, const std::string& kind, std::uint64_t first_seed)
    : arguments_(arguments), kind_(kind), folder_(arguments.out) {
    if (folder_.empty()) folder_ = kind + "-" + fs::path(arguments.config).stem().string();
    for (int i = 0; i < arguments.seeds; ++i) seeds_.push_back(first_seed + static_cast<std::uint64_t>(i));
    const bool ours = fs::exists(folder_of(first_seed)) || fs::exists(folder_ / (kind + ".json"));
    require(ours || !fs::exists(folder_) || fs::is_empty(folder_), ErrorKind::usage,
            "{} is not empty and holds nothing of this command with seed {}; name another folder with --out",
            folder_.string(), first_seed);
}

fs::path SeedSeries::folder_of(std::uint64_t seed) const { return folder_ / fmt::format("seed-{}", seed); }

TrainingArguments SeedSeries::arguments() const {
    constexpr double kLeastHours = 1e-6;  // 0 would mean no limit
    TrainingArguments rest = arguments_;
    const std::chrono::duration<double, std::ratio<3600>> spent = std::chrono::steady_clock::now() - start_;
    if (rest.max_hours > 0) rest.max_hours = std::max(rest.max_hours - spent.count(), kLeastHours);
    return rest;
}

void SeedSeries::finish(const std::string& json, const std::string& csv, const std::string& table) const {
    core::write_file_atomic(folder_ / (kind_ + ".json"), json);
    const Format format = arguments_.format;
    const std::string& text = format == Format::json ? json : format == Format::csv ? csv : table;
    std::fwrite(text.data(), 1, text.size(), stdout);
}

}  // namespace nachos::cli
