#pragma once

#include "study/evaluation_row.h"
#include "study/records.h"
#include "study/tail.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace nachos::study {

/// Configuration keys that may differ when a study goes on: budgets, and where a file lies whose content is another key.
inline constexpr std::string_view kBudgetKeys[] = {"search.evaluations", "search.max_hours", "latency.table"};

struct CreateOptions {
    bool resume_only = false;  ///< refuse to begin a new study
    bool overwrite = false;    ///< begin anew: removes what an earlier study in the same folder left
    /// Brings a stored configuration to today's keys: one that an older version did not know counts as its default. May be
    /// empty.
    std::function<std::string(const std::string& stored)> resolve = {};
};

/// A study: the folder DIR with its database study.db, a copy of that for viewers (snapshot.db, replaced soon after a change
/// and when the study is closed) with the evaluations that came since (snapshot.tail), and checkpoints/, tables/, models/
/// beside it. Whatever a function here has stored when it
/// returns survives a crash. All throw Error(bad_data) if the database is damaged, Error(runtime) if
/// the disk fails.
class Study {
  public:
    /// Opens DIR for writing, and begins a study there if the folder is new or empty. Throws Error(usage): the folder holds
    /// something else; another process writes; the study's configuration is another one (naming the first key that differs).
    static Study create_or_resume(const std::filesystem::path& folder, const std::string& resolved_config,
                                  const CreateOptions& options = {});
    /// Opens DIR for writing with the configuration it has.
    static Study resume(const std::filesystem::path& folder);
    /// Opens DIR for looking only, as it was when snapshot.db was last replaced, with the evaluations that came since: takes
    /// no lock, so it can neither stop a writer nor be stopped by one, and needs no right to write. A study without
    /// snapshot.db is read in place.
    static Study open_readonly(const std::filesystem::path& folder);

    Study(Study&&) noexcept;
    Study& operator=(Study&&) noexcept;
    ~Study();

    const std::filesystem::path& folder() const;
    /// The path of a file of the study, named relative to its folder. Throws Error(bad_data) if the name leads out of it.
    std::filesystem::path path_of(const std::string& name) const;
    /// The resolved configuration, as TOML.
    std::string config() const;

    void put_facts(const Facts& facts);
    /// Throws Error(bad_data) if the study stopped before they were stored.
    Facts facts() const;

    std::optional<std::string> get_meta(const std::string& key) const;
    void put_meta(const std::string& key, const std::string& value);

    /// The evaluation stored under this key (evaluation_key), if any. Viewers do not find those of the tail.
    std::optional<Evaluation> find(const std::string& key) const;
    /// Adds evaluations behind the others, in one transaction: all or none. One whose key is known is replaced where it
    /// stands. When this returns, they and the tables they name have been synced. Throws Error(runtime) if the disk is full.
    void append(std::span<const std::string> keys, std::span<const Evaluation> evaluations);
    void append(const std::string& key, const Evaluation& evaluation);
    /// All, in the order in which they were first appended.
    std::vector<Evaluation> evaluations() const;
    /// The same with their rows; those whose rows are as `known` says are not read again.
    std::vector<StoredEvaluation> evaluations_unlike(const RowDigests& known) const;
    /// A viewer's: reads on from where the tail ended when the study was opened.
    TailReader tail() const;

    /// Adds or replaces the trained network of that name.
    void put_model(const TrainedModel& model);
    std::vector<TrainedModel> models() const;

    /// Adds or replaces the step with that number of evaluations; one that is replayed keeps the seconds it took first.
    void put_history(const HistoryStep& step);
    std::vector<HistoryStep> history() const;

    /// Brings snapshot.db up to date at once, for viewers; nothing if this is one. Throws Error(runtime).
    void publish() const;

    void record_test_read(const std::string& purpose);
    std::vector<TestRead> test_reads() const;

  private:
    struct State;
    explicit Study(std::unique_ptr<State> state);
    void adopt_config(const std::string& resolved_config, const CreateOptions& options);
    void sync_tables(std::span<const Evaluation> evaluations) const;

    std::unique_ptr<State> state_;
};

}  // namespace nachos::study
