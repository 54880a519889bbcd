#pragma once

#include <filesystem>
#include <string>

namespace nachos::study {

/// Names inside a study's folder.
inline constexpr const char* kDatabaseFile = "study.db";
inline constexpr const char* kConfigFile = "config.toml";

/// The right to write into a study, held until destruction; the system lets go of it when the process ends, however it ends.
class WriterLock {
  public:
    /// Throws Error(usage) if another process holds it, naming that process.
    explicit WriterLock(const std::filesystem::path& folder);
    ~WriterLock();
    WriterLock(const WriterLock&) = delete;
    WriterLock& operator=(const WriterLock&) = delete;

  private:
    int descriptor_ = -1;
};

/// Throws Error(usage) if the folder holds something but no study: nothing of the user's is ever mixed with ours.
void require_study_or_nothing(const std::filesystem::path& folder);

/// Removes what nachos writes into a study's folder, and nothing else.
void remove_study_files(const std::filesystem::path& folder);

/// The path of a file named relative to the folder. Throws Error(bad_data) if the name leads out of it.
std::filesystem::path path_inside(const std::filesystem::path& folder, const std::string& name);

}  // namespace nachos::study
