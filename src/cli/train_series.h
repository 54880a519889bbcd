#pragma once

#include "cli/training_arguments.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace nachos::cli {

/// A command that does the same for several seeds, in one folder with a folder a seed below it.
class SeedSeries {
  public:
    /// `kind` names the folder where --out does not: KIND-CONFIG. Throws Error(usage) if the folder holds something, and
    /// nothing of this command: nothing of the user's is ever mixed with ours.
    SeedSeries(const TrainingArguments& arguments, const std::string& kind, std::uint64_t first_seed);

    const std::filesystem::path& folder() const { return folder_; }
    std::filesystem::path folder_of(std::uint64_t seed) const;
    const std::vector<std::uint64_t>& seeds() const { return seeds_; }

    /// The command's arguments with what is left of --max-hours, for one of its parts.
    TrainingArguments arguments() const;

    /// Keeps the result as KIND.json in the folder and prints it as the arguments ask.
    void finish(const std::string& json, const std::string& csv, const std::string& table) const;

  private:
    TrainingArguments arguments_;
    std::string kind_;
    std::filesystem::path folder_;
    std::vector<std::uint64_t> seeds_;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace nachos::cli
