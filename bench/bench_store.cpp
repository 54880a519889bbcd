// What a study costs a search: bench_store FOLDER [EVALUATIONS [PACED]], JSON on stdout. FOLDER must be new; it is kept, for
// `nachos pareto FOLDER`.
//
// EVALUATIONS (10,000) are appended in batches of 8 as fast as they go, a table before each; then PACED (240) more, one each
// 0.25 s, as a search gives them, while the copy for viewers is replaced beside them. Between two of them it computes and
// makes its table anew, as a search does: memory that rested for a quarter of a second is ten times slower on some virtual
// machines.

#include "cli/machine.h"
#include "core/error.h"
#include "core/stats.h"
#include "core/version.h"
#include "study/realistic.h"

#include <malloc.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <numeric>

namespace {

using namespace nachos;
using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

constexpr int kBatch = 8;
constexpr double kEvaluationSeconds = 0.25;

struct Times {
    std::vector<double> table;   ///< s of one table's file
    std::vector<double> append;  ///< s of one evaluation: its batch's, shared among them
    double processor = 0;        ///< s of both, copying for viewers included: what a busy machine does not lengthen
};

double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

/// Computes for a while and has a table then, as an evaluation does.
policy::RecordedTable evaluate(const policy::RecordedTable& model, double seconds) {
    const auto end = Clock::now() + std::chrono::duration<double>(seconds);
    policy::RecordedTable table;
    do table = policy::RecordedTable(model);
    while (Clock::now() < end);
    return table;
}

double seconds_of(const std::function<void()>& f) {
    const auto start = Clock::now();
    f();
    return std::chrono::duration<double>(Clock::now() - start).count();
}

Json figures(std::vector<double> seconds) {
    std::sort(seconds.begin(), seconds.end());
    const auto at = [&](double share) {
        return 1e3 * seconds[static_cast<std::size_t>(share * static_cast<double>(seconds.size() - 1))];
    };
    const double mean = std::accumulate(seconds.begin(), seconds.end(), 0.0) / static_cast<double>(seconds.size());
    return {{"mean_ms", 1e3 * mean}, {"p50_ms", at(0.5)}, {"p95_ms", at(0.95)}, {"max_ms", 1e3 * seconds.back()}};
}

Json result(const Times& times) {
    const double search = kEvaluationSeconds * static_cast<double>(times.append.size());
    const double sum = std::accumulate(times.append.begin(), times.append.end(), 0.0) +
                       std::accumulate(times.table.begin(), times.table.end(), 0.0);
    return {{"table", figures(times.table)},
            {"append", figures(times.append)},
            {"overhead_percent", 100 * sum / search},
            {"processor_percent", 100 * times.processor / search}};
}

/// Stores `count` evaluations; with `paced`, each takes its 0.25 s.
Times store(study::Study& study, core::Rng& rng, int first, int count, bool paced) {
    const arch::SearchSpace space = study::realistic_space();
    policy::RecordedTable table = study::realistic_table(rng);
    Times times;
    for (int i = first; i < first + count; i += kBatch) {
        std::vector<std::string> keys;
        std::vector<study::Evaluation> batch;
        for (int k = i; k < std::min(i + kBatch, first + count); ++k) {
            keys.push_back(fmt::format("k{}", k));
            batch.push_back(study::realistic_evaluation(space, rng));
            if (paced) table = evaluate(table, kEvaluationSeconds);
            const auto path = study.path_of(batch.back().table_file);
            const double before = processor_seconds();
            times.table.push_back(
                seconds_of([&] { policy::save_table(path, table, policy::TablePrecision::f16, core::Sync::later); }));
            times.processor += processor_seconds() - before;
        }
        const double before = processor_seconds();
        const double own = seconds_of([&] { study.append(keys, batch); }) / static_cast<double>(keys.size());
        times.processor += processor_seconds() - before;
        times.append.insert(times.append.end(), keys.size(), own);
        for (const auto& e : batch) std::filesystem::remove(study.path_of(e.table_file));  // 10,000 would be 5 GB
    }
    return times;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) return std::fprintf(stderr, "bench_store FOLDER [EVALUATIONS [PACED]]\n"), 2;
    ::mallopt(M_MMAP_THRESHOLD, 32 << 20);  // as nachos-train does
    ::mallopt(M_TRIM_THRESHOLD, 1 << 30);
    ::mallopt(M_TOP_PAD, 64 << 20);
    const int count = argc > 2 ? std::atoi(argv[2]) : 10'000;
    const int paced = argc > 3 ? std::atoi(argv[3]) : 240;
    core::Rng rng(1);
    study::Study study = study::Study::create_or_resume(argv[1], "seed = 1\n");
    study.put_facts(study::realistic_facts());
    const Times fast = store(study, rng, 0, count, false);
    const double copy = seconds_of([&] { study.publish(); });
    const double read = seconds_of([&] {
        const auto all = study::Study::open_readonly(argv[1]).evaluations();
        require(static_cast<int>(all.size()) == count, ErrorKind::runtime, "{} of {} are there", all.size(), count);
    });
    Json out = {{"commit", core::commit()}, {"cpu", cli::this_machine().cpu}, {"evaluations", count},
                {"unpaced", result(fast)},  {"copy_ms", 1e3 * copy},          {"read_ms", 1e3 * read}};
    if (paced > 0) out["paced"] = result(store(study, rng, count, paced, true));
    std::printf("%s\n", out.dump(2).c_str());
    return 0;
}
