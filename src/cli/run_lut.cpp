#include "cli/run_lut.h"

#include "arch/search_space.h"
#include "cli/latency_file.h"
#include "cli/option_visitors.h"
#include "core/error.h"
#include "core/files.h"
#include "core/json_reader.h"
#include "core/stats.h"
#include "core/version.h"
#include "cost/space_layers.h"
#include "data/dataset.h"
#include "report/text_table.h"
#include "runtime/measure_latency.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cstdio>
#include <ctime>

namespace nachos::cli {
namespace {

/// What every space has if nobody says otherwise.
constexpr arch::TaskShape kDefaultTask{};

/// The space and the shape of its task: as the arguments say, else as the configuration's data is, else the default.
arch::SearchSpace space_of(const LutArguments& a) {
    arch::SpaceOptions space;
    space.name = a.space;
    arch::TaskShape task = kDefaultTask;
    if (!a.config.empty()) {
        data::DataOptions data;
        const std::string toml = core::read_file(a.config, 1 << 20);
        read_options({.toml = toml, .where = a.config, .overrides = a.overrides, .other_groups = true},
                     [&](core::OptionVisitor& v) {
                         v.group("space", "", [&] { space.describe(v); });
                         v.group("data", "", [&] { data.describe(v); });
                     });
        if (a.resolution == 0 || a.channels == 0 || a.classes == 0) {
            const data::Dataset set = data::load(data);
            require(set.train.height == set.train.width, ErrorKind::usage,
                    "images of '{}' are {} x {} pixels, square ones are needed; set data.resolution to resize them",
                    set.name, set.train.width, set.train.height);
            task = {set.train.height, set.train.channels, set.classes()};
        }
    }
    if (a.resolution > 0) task.resolution = a.resolution;
    if (a.channels > 0) task.channels = a.channels;
    if (a.classes > 0) task.classes = a.classes;
    return arch::make_space(space, task);
}

std::vector<arch::NetDesc> random_designs(const arch::SearchSpace& space, int count) {
    core::Rng rng = core::Rng(0).stream("designs that a latency table is checked on");
    std::vector<arch::NetDesc> designs;
    for (int d = 0; d < count; ++d) designs.push_back(space.build(space.decode(space.sample(rng))));
    return designs;
}

double median_relative_spread(const cost::LatencyTable& table) {
    std::vector<double> spreads;
    for (const auto& [key, l] : table.layers)
        if (l.median_us > 0) spreads.push_back(l.spread_us / l.median_us);
    return spreads.empty() ? 0 : core::median(spreads);
}

void print_table(const LutArguments& a, const runtime::MeasuredLatencies& m, int core) {
    const cost::LatencyTable& t = m.table;
    report::TextTable table{.head = {"design", "exit", "predicted us", "measured us", "error"}};
    for (const runtime::LatencyPair& p : m.pairs)
        table.rows.push_back({fmt::format("{}", p.design + 1), p.last ? "final" : fmt::format("{}", p.exit + 1),
                              fmt::format("{:.1f}", p.predicted_us), fmt::format("{:.1f}", p.measured_us),
                              fmt::format("{:+.1f} %", 100 * (p.predicted_us / p.measured_us - 1))});
    fmt::print("{}\n", report::aligned(table));
    fmt::print("{}: {} layers measured on {}, 1 thread {}, float32, batch 1\n", a.out, t.layers.size(), t.device.cpu,
               core < 0 ? "(not pinned: the system does not allow it)" : fmt::format("on core {}", core));
    fmt::print(
        "an inference {:.2f} us, an exit {:.2f} us beside their layers; spread of a layer's time (between quartiles) {:.1f} "
        "%\n",
        t.inference_us, t.exit_us, 100 * median_relative_spread(t));
    fmt::print(
        "{} random designs, all their exits: median error {:.1f} %, nine in ten below {:.1f} %, rank correlation {:.3f} "
        "(Kendall {:.3f}; whole networks alone {:.3f})\n",
        t.check.designs, 100 * t.check.median_error, 100 * t.check.p90_error, t.check.spearman, t.check.kendall,
        t.check.spearman_whole);
}

void print_json(const runtime::MeasuredLatencies& m, int core) {
    const cost::LatencyTable& t = m.table;
    auto pairs = nlohmann::ordered_json::array();
    for (const runtime::LatencyPair& p : m.pairs)
        pairs.push_back({{"design", p.design},
                         {"exit", p.exit + 1},
                         {"last", p.last},
                         {"predicted_us", p.predicted_us},
                         {"measured_us", p.measured_us}});
    fmt::print("{}\n", core::to_text({{"cpu", t.device.cpu},
                                      {"threads", t.device.threads},
                                      {"core", core < 0 ? nlohmann::ordered_json() : nlohmann::ordered_json(core)},
                                      {"layers", t.layers.size()},
                                      {"inference_us", t.inference_us},
                                      {"exit_us", t.exit_us},
                                      {"median_relative_spread", median_relative_spread(t)},
                                      {"median_error", t.check.median_error},
                                      {"p90_error", t.check.p90_error},
                                      {"spearman", t.check.spearman},
                                      {"kendall", t.check.kendall},
                                      {"spearman_whole_networks", t.check.spearman_whole},
                                      {"designs", pairs}}));
}

void print_csv(const runtime::MeasuredLatencies& m) {
    fmt::print("design,exit,last,predicted_us,measured_us\n");
    for (const runtime::LatencyPair& p : m.pairs)
        fmt::print("{},{},{},{},{}\n", p.design, p.exit + 1, p.last, p.predicted_us, p.measured_us);
}

}  // namespace

void measure_lut(const LutArguments& a) {
    const arch::SearchSpace space = space_of(a);
    const int core = runtime::pin_thread();
    ProgressBar bar(a.progress);
    runtime::MeasuredLatencies measured = runtime::measure_latencies(
        cost::covering_networks(space), random_designs(space, a.designs), {.passes = a.passes}, bar.observer());
    cost::LatencyTable& table = measured.table;
    table.device = this_device();
    table.commit = core::commit();
    table.date = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
    core::write_file_atomic(a.out, cost::to_json(table));
    if (a.format == Format::table) print_table(a, measured, core);
    if (a.format == Format::json) print_json(measured, core);
    if (a.format == Format::csv) print_csv(measured);
}

}  // namespace nachos::cli
