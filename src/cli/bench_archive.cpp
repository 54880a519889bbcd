#include "cli/bench_archive.h"

#include "arch/spaces.h"
#include "core/error.h"
#include "core/files.h"
#include "core/json_reader.h"
#include "cost/cost.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

namespace nachos::cli {
namespace {

constexpr std::uint64_t kMostBytes = 1 << 28;

struct Record {
    arch::ArchSpec spec;
    std::vector<double> thresholds;
    double top1 = 0;
    double avg_macs = 0;
};

struct Range {
    int low = 0;
    int high = 0;
};

std::vector<int> whole_numbers(const core::JsonReader& reader, const std::string& where, const char* key, Range range) {
    std::vector<int> values;
    for (const double v : reader.numbers(key)) {
        require(v == std::floor(v) && v >= range.low && v <= range.high, ErrorKind::bad_data,
                "{}: key '{}' holds {}, whole numbers from {} to {} are allowed", where, key, v, range.low, range.high);
        values.push_back(static_cast<int>(v));
    }
    return values;
}

void check_size(std::size_t got, std::size_t needed, const std::string& where, const char* key) {
    require(got == needed, ErrorKind::bad_data, "{}: key '{}' has {} entries, {} are needed", where, key, got, needed);
}

double measurement(const core::JsonReader& reader, const std::string& where, const char* key, double most) {
    const double value = reader.number(key);
    require(std::isfinite(value) && value > 0 && value <= most, ErrorKind::bad_data,
            "{}: key '{}' holds {}, a number above 0 and at most {} is needed", where, key, value, most);
    return value;
}

arch::ArchSpec spec_of(const core::JsonReader& reader, const std::string& where) {
    const std::size_t stages = arch::ofa_mbv3().stages.size();
    arch::ArchSpec spec;
    spec.space = arch::ofa_mbv3().name;
    spec.depth = whole_numbers(reader, where, "depth", {1, 16});
    check_size(spec.depth.size(), stages, where, "depth");
    const auto blocks = static_cast<std::size_t>(std::accumulate(spec.depth.begin(), spec.depth.end(), 0));
    spec.kernel = whole_numbers(reader, where, "kernel", {1, 15});
    check_size(spec.kernel.size(), blocks, where, "kernel");
    spec.expand = whole_numbers(reader, where, "expand", {1, 16});
    check_size(spec.expand.size(), blocks, where, "expand");
    spec.resolution = reader.integer("resolution");
    require(spec.resolution >= 8 && spec.resolution <= 1024, ErrorKind::bad_data,
            "{}: key 'resolution' holds {}, 8 to 1024 are allowed", where, spec.resolution);
    return spec;
}

Record record_of(const std::string& line, const std::string& where) {
    const auto json = core::parse_json(line, where);
    const core::JsonReader reader(json, where);
    Record record{.spec = spec_of(reader, where), .thresholds = reader.numbers("threshold")};
    check_size(record.thresholds.size(), record.spec.depth.size() - 1, where, "threshold");
    for (const double t : record.thresholds) {
        require(t >= 0 && t <= 1, ErrorKind::bad_data, "{}: key 'threshold' holds {}, 0 to 1 are allowed", where, t);
        record.spec.exits.push_back({.placed = t < 1});
    }
    record.top1 = measurement(reader, where, "top1", 100);
    record.avg_macs = 1e6 * measurement(reader, where, "avg_macs_m", 1e9);
    return record;
}

std::vector<Record> records_of(const std::string& path) {
    const std::string text = core::read_file(path, kMostBytes);
    std::vector<Record> records;
    int line = 1;
    for (std::size_t begin = 0; begin < text.size(); ++line) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        const std::string own = text.substr(begin, end - begin);
        if (own.find_first_not_of(" \t\r") != std::string::npos)
            records.push_back(record_of(own, fmt::format("{}, line {}", path, line)));
        begin = end + 1;
    }
    constexpr std::size_t kLeast = 20;
    require(records.size() >= kLeast, ErrorKind::bad_data, "{}: holds {} networks, at least {} are needed", path,
            records.size(), kLeast);
    return records;
}

/// The published space with every value that occurs.
arch::SearchSpace space_of(const std::vector<Record>& records) {
    arch::SpaceData data = arch::ofa_mbv3();
    for (std::size_t s = 0; s < data.stages.size(); ++s) {
        arch::StageSpace& stage = data.stages[s];
        std::set<int> depths(stage.depths.begin(), stage.depths.end());
        std::set<int> kernels(stage.kernels.begin(), stage.kernels.end());
        std::set<int> expands(stage.expands.begin(), stage.expands.end());
        for (const Record& r : records) {
            depths.insert(r.spec.depth[s]);
            kernels.insert(r.spec.kernel.begin(), r.spec.kernel.end());
            expands.insert(r.spec.expand.begin(), r.spec.expand.end());
        }
        stage.depths.assign(depths.begin(), depths.end());
        stage.kernels.assign(kernels.begin(), kernels.end());
        stage.expands.assign(expands.begin(), expands.end());
    }
    return {data, {}};
}

}  // namespace

std::span<const BenchTarget> bench_targets() {
    static constexpr BenchTarget kTargets[] = {{"top1", "percent", &BenchArchive::top1},
                                               {"avg_macs", "natural logarithm of MACs", &BenchArchive::log_avg_macs}};
    return kTargets;
}

BenchArchive read_bench_archive(const std::string& path, const search::EncodingOptions& options) {
    const std::vector<Record> records = records_of(path);
    const arch::SearchSpace space = space_of(records);
    const auto costs = [&](const arch::ArchSpec& spec) {
        const cost::Costs c = cost::costs_of(space.build(spec));
        return study::ArchCosts{c.backbone_macs, c.head_macs, c.executed_macs,
                                c.paper_macs,    c.params,    c.peak_activation_bytes};
    };
    const search::Encoding encoding(space, costs, options);
    std::set<double> thresholds;
    for (const Record& r : records) thresholds.insert(r.thresholds.begin(), r.thresholds.end());
    BenchArchive archive;
    for (const Record& r : records) {
        std::vector<double>& row = archive.rows.emplace_back(encoding(r.spec));
        for (const double t : r.thresholds)  // by order, for 0.1 and 0.2 are no nearer to each other than to none
            row.push_back(static_cast<double>(std::distance(thresholds.begin(), thresholds.find(t))));
        row.push_back(r.spec.resolution);
        archive.top1.push_back(r.top1);
        archive.log_avg_macs.push_back(std::log(r.avg_macs));
    }
    return archive;
}

}  // namespace nachos::cli
