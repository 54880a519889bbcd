#include "report/details.h"

#include "core/error.h"
#include "core/files.h"
#include "core/json_reader.h"
#include "core/safetensors.h"
#include "policy/policy_json.h"

#include <algorithm>
#include <filesystem>

namespace nachos::report {
namespace {

constexpr std::int64_t kGrid = std::int64_t{1} << 18;  ///< of threshold vectors: what a chart shows, no more
constexpr std::uint64_t kMostLog = std::uint64_t{1} << 26;

/// Evenly by average cost, both ends among them.
std::vector<policy::FrontPoint> thinned(const std::vector<policy::FrontPoint>& front) {
    if (front.size() <= static_cast<std::size_t>(kFrontPoints)) return front;
    const double low = front.front().avg_cost, step = (front.back().avg_cost - low) / (kFrontPoints - 1);
    std::vector<policy::FrontPoint> kept;
    for (const auto& point : front)
        if (kept.empty() || &point == &front.back() || point.avg_cost >= low + step * static_cast<double>(kept.size()))
            kept.push_back(point);
    if (kept.size() > static_cast<std::size_t>(kFrontPoints)) kept.erase(kept.end() - 2);
    return kept;
}

std::vector<policy::OperatingPoint> front_of(const policy::ExitView& view, const study::ArchCosts& costs) {
    const std::vector<double> executed(costs.executed_macs.begin(), costs.executed_macs.end());
    std::vector<policy::OperatingPoint> points;
    for (const auto& point : thinned(policy::threshold_front(view, executed, {.grid = kGrid, .refine = false})))
        points.push_back(policy::apply(view, point.thresholds, executed));
    return points;
}

/// Samples whose rows the table has, or nothing: another data set's.
bool belong(const study::SampleImages& samples, const policy::RecordedTable& table) {
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const int row = samples.rows[i];
        if (row < 0 || row >= table.samples || table.labels[static_cast<std::size_t>(row)] != samples.labels[i])
            return false;
    }
    return true;
}

/// The calibration that the model's file holds: that of the thresholds it runs with.
policy::Calibration calibration_of(const std::filesystem::path& model, int exits) {
    const core::TensorFile file = core::read_tensors(model);
    const std::string where = model.string();
    const nlohmann::json json = core::parse_json("{\"exits\":" + file.text("calibration", where) + "}", where);
    policy::Calibration calibration = policy::calibration_from(core::JsonReader(json, where).objects("exits"));
    policy::check(calibration, exits, where);
    return calibration;
}

TrainedDetail detail_of(const study::Study& study, const study::TrainedModel& model,
                        const std::optional<study::SampleImages>& samples) {
    TrainedDetail detail{.name = model.name};
    const auto path = study.path_of(study::calibration_table_file(model.name));
    if (!std::filesystem::exists(path) || !std::filesystem::exists(study.path_of(model.model_file))) return detail;
    const policy::RecordedTable table = policy::load_table(path);
    require(table.exits == static_cast<int>(model.costs.executed_macs.size()), ErrorKind::bad_data,
            "{}: is of {} exits, its network has {}", path.string(), table.exits, model.costs.executed_macs.size());
    const auto calibration = calibration_of(study.path_of(model.model_file), table.exits);
    const policy::ExitView view = policy::view(table, policy::measure_from(model.measure), calibration);
    detail.front = front_of(view, model.costs);
    if (samples && belong(*samples, table)) detail.samples = policy::select(view, samples->rows);
    detail.reliability = reliability(study, model);
    detail.reliability_on_test = std::filesystem::exists(study.path_of(study::test_table_file(model.name)));
    return detail;
}

std::string last_start(const std::filesystem::path& log) {
    std::string found;
    if (!std::filesystem::exists(log) || std::filesystem::file_size(log) > kMostLog) return found;
    const std::string text = core::read_file(log, kMostLog);
    const std::size_t at = text.rfind("\"event\":\"start\"");
    if (at == std::string::npos) return found;
    const std::size_t begin = text.rfind('\n', at) + 1;  // npos + 1 is 0
    found = text.substr(begin, text.find('\n', at) - begin);
    try {
        core::parse_json(found, log.string());
    } catch (const Error&) {
        found.clear();  // a line being written
    }
    return found;
}

}  // namespace

Details details(const study::Study& study, const std::vector<study::TrainedModel>& models) {
    Details details;
    if (const auto path = study.path_of(study::kSampleFile); std::filesystem::exists(path))
        details.samples = study::load_samples(path);
    for (const study::TrainedModel& model : models)
        if (!model.comparator && model.arch.placed_exits() > 0)
            details.trained.push_back(detail_of(study, model, details.samples));
    details.start = last_start(study.folder() / "log.jsonl");
    return details;
}

}  // namespace nachos::report
