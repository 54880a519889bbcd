#include "cli/run_bench.h"

#include "cli/machine.h"
#include "cli/model_data.h"
#include "cli/runnable_model.h"
#include "core/error.h"
#include "core/json_reader.h"
#include "core/version.h"
#include "model/plain.h"
#include "report/text_table.h"
#include "runtime/classifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <numeric>
#include <vector>

namespace nachos::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kWarmUp = 50;  // images
constexpr int kBatch = 32;

double microseconds_since(Clock::time_point start) {
    return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

/// One network under measurement.
struct Contender {
    std::string name;
    model::Model model;
    policy::Thresholds thresholds;
    std::unique_ptr<runtime::Classifier> single, batched;
    std::vector<double> latency_us = {};
    double batch_us = 0;  ///< of all images, in batches
    std::int64_t macs = 0, right = 0;

    double quantile(double q) const {
        std::vector<double> sorted = latency_us;
        const auto at = static_cast<std::ptrdiff_t>(q * static_cast<double>(sorted.size() - 1));
        std::nth_element(sorted.begin(), sorted.begin() + at, sorted.end());
        return sorted[static_cast<std::size_t>(at)];
    }
    double images() const { return static_cast<double>(latency_us.size()); }
    double mean_us() const { return std::accumulate(latency_us.begin(), latency_us.end(), 0.0) / images(); }
    double avg_macs() const { return static_cast<double>(macs) / images(); }
    double accuracy() const { return static_cast<double>(right) / images(); }
    double images_a_second() const { return 1e6 * images() / batch_us; }
};

Contender contender(std::string name, model::Model model, const policy::Thresholds& thresholds) {
    return {
        .name = std::move(name), .model = std::move(model), .thresholds = thresholds, .single = nullptr, .batched = nullptr};
}

void measure(std::vector<Contender>& all, const data::Examples& examples, std::size_t images) {
    for (Contender& c : all) {
        c.single = std::make_unique<runtime::Classifier>(c.model, 1);
        c.batched = std::make_unique<runtime::Classifier>(c.model, kBatch);
    }
    const std::size_t size = examples.image_bytes();
    const auto image = [&](std::size_t i) { return std::span(examples.pixels).subspan(i * size, size); };
    runtime::Inference result;
    for (std::size_t i = 0; i < kWarmUp; ++i)
        for (Contender& c : all) c.single->run_batch(c.thresholds, image(i % images), {&result, 1});
    for (std::size_t i = 0; i < images; ++i) {
        for (Contender& c : all) {
            const auto start = Clock::now();
            c.single->run_batch(c.thresholds, image(i), {&result, 1});
            c.latency_us.push_back(microseconds_since(start));
            c.macs += result.macs;
            c.right += result.predicted == examples.labels[i] ? 1 : 0;
        }
    }
    std::vector<runtime::Inference> results(kBatch);
    for (std::size_t begin = 0; begin < images; begin += kBatch) {
        const std::size_t n = std::min<std::size_t>(kBatch, images - begin);
        for (Contender& c : all) {
            const auto start = Clock::now();
            c.batched->run_batch(c.thresholds, std::span(examples.pixels).subspan(begin * size, n * size),
                                 std::span(results).first(n));
            c.batch_us += microseconds_since(start);
        }
    }
}

/// Of this process so far.
std::int64_t peak_bytes() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
        std::int64_t kib = 0;
        if (word == "VmHWM:" && status >> kib) return kib * 1024;
    }
    return 0;
}

/// What the first saves beside the second: the same network without exits.
struct Saving {
    double time = 0, macs = 0;
};

Saving saving(const std::vector<Contender>& all) {
    return {1 - all[0].mean_us() / all[1].mean_us(), 1 - all[0].avg_macs() / all[1].avg_macs()};
}

void print_table(const std::vector<Contender>& all, std::int64_t peak) {
    report::TextTable table{
        .head = {"network", "accuracy", "average MACs", "mean us", "p50", "p95", "p99", "images/s, batches of 32"}};
    for (const Contender& c : all)
        table.rows.push_back({c.name, fmt::format("{:.2f} %", 100 * c.accuracy()), fmt::format("{:.0f}", c.avg_macs()),
                              fmt::format("{:.1f}", c.mean_us()), fmt::format("{:.1f}", c.quantile(0.5)),
                              fmt::format("{:.1f}", c.quantile(0.95)), fmt::format("{:.1f}", c.quantile(0.99)),
                              fmt::format("{:.0f}", c.images_a_second())});
    fmt::print("{}", report::aligned(table));
    const Saving s = saving(all);
    fmt::print("\nExits save {:.1f} % of the time and {:.1f} % of the MACs of the same network without them.\n",
               100 * s.time, 100 * s.macs);
    fmt::print("{} images one by one, one thread, in turns; at most {:.1f} MiB of memory for all of them together\n",
               all[0].latency_us.size(), static_cast<double>(peak) / (1 << 20));
}

void print_json(const std::vector<Contender>& all, std::int64_t peak) {
    auto networks = nlohmann::ordered_json::array();
    for (const Contender& c : all)
        networks.push_back({{"network", c.name},
                            {"accuracy", c.accuracy()},
                            {"avg_macs", c.avg_macs()},
                            {"mean_us", c.mean_us()},
                            {"p50_us", c.quantile(0.5)},
                            {"p95_us", c.quantile(0.95)},
                            {"p99_us", c.quantile(0.99)},
                            {"images_per_second", c.images_a_second()}});
    const Saving s = saving(all);
    fmt::print("{}\n", core::to_text({{"cpu", this_machine().cpu},
                                      {"version", core::version()},
                                      {"images", all[0].latency_us.size()},
                                      {"threads", 1},
                                      {"peak_bytes", peak},
                                      {"saved_time", s.time},
                                      {"saved_macs", s.macs},
                                      {"networks", networks}}));
}

void print_csv(const std::vector<Contender>& all) {
    fmt::print("network,accuracy,avg_macs,mean_us,p50_us,p95_us,p99_us,images_per_second\n");
    for (const Contender& c : all)
        fmt::print("{},{},{},{},{},{},{},{}\n", c.name, c.accuracy(), c.avg_macs(), c.mean_us(), c.quantile(0.5),
                   c.quantile(0.95), c.quantile(0.99), c.images_a_second());
}

/// Models that are measured beside it: those asked for, else the best network without exits of the study it lies in.
std::vector<std::string> beside(const BenchArguments& arguments) {
    if (!arguments.against.empty()) return arguments.against;
    std::vector<std::string> plain;
    const std::filesystem::path folder = std::filesystem::absolute(arguments.model).parent_path();
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        if (name.starts_with("best-plain-") && name.ends_with(".safetensors") &&
            !std::filesystem::equivalent(entry.path(), arguments.model))
            plain.push_back(entry.path().string());
    }
    std::sort(plain.begin(), plain.end());
    return plain;
}

}  // namespace

void bench_model(const BenchArguments& arguments) {
    const model::Model model = runnable_model(arguments.model);
    const data::Examples examples = examples_for(model, arguments.split);
    const std::size_t images = std::min(examples.size(), static_cast<std::size_t>(arguments.images));
    std::vector<Contender> all;
    all.push_back(
        contender("with exits", model, model::operating_point(model, arguments.max_avg_macs).on_calibration.thresholds));
    all.push_back(contender("the same without exits", model::without_exits(model), {}));
    for (const std::string& path : beside(arguments)) {
        model::Model other = runnable_model(path);
        require(other.net.input == model.net.input && other.class_names == model.class_names, ErrorKind::bad_data,
                "{} takes other images or has other classes than {}", path, arguments.model);
        const policy::Thresholds thresholds =
            model::operating_point(other, arguments.max_avg_macs).on_calibration.thresholds;
        all.push_back(contender(std::filesystem::path(path).stem().string(), std::move(other), thresholds));
    }
    measure(all, examples, images);
    const std::int64_t peak = peak_bytes();
    if (arguments.format == Format::table) print_table(all, peak);
    if (arguments.format == Format::json) print_json(all, peak);
    if (arguments.format == Format::csv) print_csv(all);
}

}  // namespace nachos::cli
