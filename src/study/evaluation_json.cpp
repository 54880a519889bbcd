#include "study/evaluation_json.h"

#include "core/error.h"
#include "core/json_reader.h"
#include "policy/policy_json.h"

#include <type_traits>

namespace nachos::study {
namespace {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

// Each struct is described once, for both directions: `io` is a Writer or a Reader.

template <class Io>
void transfer(Io& io, CurvePoint& p) {
    io("budget_index", p.budget_index);
    io("budget_macs", p.budget_macs);
    io("avg_macs_paper", p.avg_macs_paper);
    io("point", p.point);
}

template <class Io>
void transfer(Io& io, TrainedPoint& p) {
    io("budget_index", p.budget_index);
    io("budget_macs", p.budget_macs);
    io("avg_macs_paper", p.avg_macs_paper);
    io("search_accuracy", p.search_accuracy);
    io("calibration", p.calibration);
    io("test", p.test);
}

template <class Io>
void transfer(Io& io, ArchCosts& c) {
    io("backbone_macs", c.backbone_macs);
    io("head_macs", c.head_macs);
    io("executed_macs", c.executed_macs);
    io("paper_macs", c.paper_macs);
    io("params", c.params);
    io("peak_activation_bytes", c.peak_activation_bytes);
}

template <class Io>
void transfer(Io& io, Limits& l) {
    io("max_avg_macs", l.max_avg_macs);
    io("max_p95_macs", l.max_p95_macs);
    io("max_worst_macs", l.max_worst_macs);
    io("max_params", l.max_params);
    io("max_peak_activation_bytes", l.max_peak_activation_bytes);
    io("min_accuracy", l.min_accuracy);
    io("min_class_accuracy", l.min_class_accuracy);
}

template <class Io>
void transfer(Io& io, Facts& f) {
    io("data", f.data);
    io("class_names", f.class_names);
    io("train_images", f.train_images);
    io("validation_images", f.validation_images);
    io("calibration_images", f.calibration_images);
    io("test_images", f.test_images);
    io("split_digest", f.split_digest);
    io("measure", f.measure);
    io.later("fidelity", f.fidelity);
    io.later("notes", f.notes);
    io("limits", f.limits);
    io("min_macs", f.min_macs);
    io("max_macs", f.max_macs);
    io("max_error", f.max_error);
}

template <class T>
constexpr bool kIsPlain = std::is_arithmetic_v<T> || std::is_same_v<T, std::string>;

class Writer {
  public:
    template <class T>
    void operator()(const char* key, T& value) {
        json_[key] = encode(value);
    }

    template <class T>
    void later(const char* key, T& value) {
        (*this)(key, value);
    }

    template <class T>
    static OrderedJson encode(T& value) {
        if constexpr (kIsPlain<T>) {
            return value;
        } else {
            Writer inner;
            transfer(inner, value);
            return std::move(inner.json_);
        }
    }

    static OrderedJson encode(policy::OperatingPoint& point) { return policy::to_json(point); }

    template <class T>
    static OrderedJson encode(std::optional<T>& value) {
        return value ? encode(*value) : OrderedJson();
    }

    template <class T>
    static OrderedJson encode(std::vector<T>& values) {
        OrderedJson list = OrderedJson::array();
        for (auto& value : values) list.push_back(encode(value));
        return list;
    }

  private:
    OrderedJson json_ = OrderedJson::object();
};

class Reader {
  public:
    Reader(const Json& json, const std::string& where) : json_(json), where_(where) {}

    template <class T>
    void operator()(const char* key, T& value) {
        Reader(json_.at(key), where_).decode(value);
    }

    /// A member that studies of the same schema may lack: it keeps its default.
    template <class T>
    void later(const char* key, T& value) {
        if (json_.contains(key)) (*this)(key, value);
    }

    template <class T>
    void decode(T& value) {
        if constexpr (std::is_integral_v<T>) need(core::fits<T>(json_), "a whole number");
        if constexpr (std::is_floating_point_v<T>) need(json_.is_number(), "a number");
        if constexpr (kIsPlain<T>)
            json_.get_to(value);
        else
            transfer(*this, value);
    }

    void decode(policy::OperatingPoint& point) { point = policy::point_from({json_, where_}); }

    template <class T>
    void decode(std::optional<T>& value) {
        value.reset();
        if (!json_.is_null()) decode(value.emplace());
    }

    template <class T>
    void decode(std::vector<T>& values) {
        values.clear();
        for (const auto& item : json_.get_ref<const Json::array_t&>()) Reader(item, where_).decode(values.emplace_back());
    }

  private:
    void need(bool ok, const char* needed) const {
        require(ok, ErrorKind::bad_data, "{} holds a damaged record: {} where {} is needed", where_, core::shown(json_),
                needed);
    }

    const Json& json_;
    const std::string& where_;
};

template <class T>
std::string text_of(T value) {
    return core::to_text(Writer::encode(value));
}

template <class T>
T value_of(const std::string& text, const std::string& where) {
    const Json json = core::parse_json(text, where);
    try {
        T value;
        Reader(json, where).decode(value);
        return value;
    } catch (const Json::exception& error) {
        fail(ErrorKind::bad_data, "{} holds a damaged record: {}", where, error.what());
    }
}

}  // namespace

std::string to_json(const ArchCosts& costs) { return text_of(costs); }
std::string to_json(const std::vector<CurvePoint>& curve) { return text_of(curve); }
std::string to_json(const std::vector<TrainedPoint>& points) { return text_of(points); }
std::string to_json(const Limits& limits) { return text_of(limits); }
std::string to_json(const Facts& facts) { return text_of(facts); }

ArchCosts costs_from_json(const std::string& text, const std::string& where) { return value_of<ArchCosts>(text, where); }

std::vector<CurvePoint> curve_from_json(const std::string& text, const std::string& where) {
    return value_of<std::vector<CurvePoint>>(text, where);
}

std::vector<TrainedPoint> trained_points_from_json(const std::string& text, const std::string& where) {
    return value_of<std::vector<TrainedPoint>>(text, where);
}

Facts facts_from_json(const std::string& text, const std::string& where) { return value_of<Facts>(text, where); }

}  // namespace nachos::study
