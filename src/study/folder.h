#pragma once

#include <filesystem>
#include <string>

namespace nachos::study {

/// Names inside a study's folder.
inline constexpr const char* kDatabaseFile = "study.db";
inline constexpr const char* kSnapshotFile = "snapshot.db";  ///< a whole copy of it, what viewers read
inline constexpr const char* kTailFile = "snapshot.tail";    ///< evaluations that came after that copy
inline constexpr const char* kConfigFile = "config.toml";
inline constexpr const char* kLatencyFile = "latency.json";  ///< a copy of the latency table, if the study has one

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

/// Whether a file of that name is there. Throws Error(runtime) where the system cannot tell.
bool is_file(const std::filesystem::path& path);

/// Names what stands at that path: another name = it was changed or replaced. kNoFile if there is nothing.
std::string stamp_of(const std::filesystem::path& path);
inline constexpr const char* kNoFile = "-";

/// What to do about a database of a study that is damaged, to stand behind a sentence that says so.
std::string recovery(const std::filesystem::path& database);

/// Throws Error(bad_data) if study.db is empty or gone though the study had begun: SQLite would begin anew in silence.
void require_begun_or_new(const std::filesystem::path& folder);

/// Throws Error(usage) if the folder holds something but no study: nothing of the user's is ever mixed with ours.
void require_study_or_nothing(const std::filesystem::path& folder);

/// Makes the folders inside it, and removes what killed processes left half written. Throws Error(runtime).
void prepare_folder(const std::filesystem::path& folder);

/// Removes what nachos writes into a study's folder, and nothing else. Throws Error(runtime).
void remove_study_files(const std::filesystem::path& folder);

/// The path of a file named relative to the folder. Throws Error(bad_data) if the name leads out of it.
std::filesystem::path path_inside(const std::filesystem::path& folder, const std::string& name);

}  // namespace nachos::study
