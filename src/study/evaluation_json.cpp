#include "study/evaluation_json.h"

#include "core/error.h"
#include "core/json_reader.h"
#include "policy/policy_json.h"

#include <simdjson.h>

#include <type_traits>

namespace nachos::study {
namespace {

using OrderedJson = nlohmann::ordered_json;

// Each struct is described once, for both directions: `io` is a Writer or a Reader.

template <class Io>
void transfer(Io& io, policy::OperatingPoint& p) {
    io("thresholds", p.thresholds);
    io("accuracy", p.accuracy);
    io("min_class_accuracy", p.min_class_accuracy);
    io("avg_cost", p.avg_cost);
    io("avg_cost_upper", p.avg_cost_upper);
    io("p95_cost", p.p95_cost);
    io("worst_cost", p.worst_cost);
    io("exit_share", p.exit_share);
}

template <class Io>
void transfer(Io& io, CurvePoint& p) {
    io("budget_index", p.budget_index);
    io("budget_macs", p.budget_macs);
    io("avg_macs_paper", p.avg_macs_paper);
    io("point", p.point);
}

template <class Io>
void transfer(Io& io, EvaluationRow& r) {
    io("id", r.id);
    io("arch", r.arch);
    io("fidelity", r.fidelity);
    io("error", r.error);
    io("costs", r.costs);
    io("curve", r.curve);
    io("table_file", r.table_file);
    io("seconds", r.seconds);
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
    io.later("latency_us", c.latency_us);
    io.later("measured_latency_us", c.measured_latency_us);
}

template <class Io>
void transfer(Io& io, Limits& l) {
    io("max_avg_macs", l.max_avg_macs);
    io("max_p95_macs", l.max_p95_macs);
    io("max_worst_macs", l.max_worst_macs);
    io("max_params", l.max_params);
    io("max_peak_activation_bytes", l.max_peak_activation_bytes);
    io.later("max_avg_latency_us", l.max_avg_latency_us);
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
    io.later("cost", f.cost);
    io("min_macs", f.min_cost);
    io("max_macs", f.max_cost);
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

/// simdjson's tree, for thousands of curves are read at once; quickest where the keys come in the order written.
class Reader {
  public:
    using Element = simdjson::dom::element;

    explicit Reader(simdjson::dom::object object) : object_(object), next_(object_.begin()) {}

    template <class T>
    void operator()(const char* key, T& value) {
        if (next_ == object_.end() || !next_.key_equals(key)) return decode(object_.at_key(key), value);
        decode(next_.value(), value);
        ++next_;
    }

    /// A member that studies of the same schema may lack: it keeps its default.
    template <class T>
    void later(const char* key, T& value) {
        if (object_.at_key(key).error() == simdjson::SUCCESS) (*this)(key, value);
    }

    template <class T>
    static void decode(Element in, T& value) {
        if constexpr (std::is_same_v<T, int>) {
            const std::int64_t wide = in.get_int64();
            value = static_cast<int>(wide);
            if (value != wide) throw simdjson::simdjson_error(simdjson::NUMBER_OUT_OF_RANGE);
        } else if constexpr (std::is_same_v<T, std::string>) {
            value = std::string_view(in.get_string());
        } else if constexpr (kIsPlain<T>) {
            value = in.get<T>();
        } else {
            Reader inner(in.get_object());
            transfer(inner, value);
        }
    }

    template <class T>
    static void decode(Element in, std::optional<T>& value) {
        value.reset();
        if (!in.is_null()) decode(in, value.emplace());
    }

    template <class T>
    static void decode(Element in, std::vector<T>& values) {
        const simdjson::dom::array items = in.get_array();
        values.clear();
        values.reserve(items.size());
        for (const Element item : items) decode(item, values.emplace_back());
    }

  private:
    simdjson::dom::object object_;
    simdjson::dom::object::iterator next_;
};

template <class T>
std::string text_of(T value) {
    return core::to_text(Writer::encode(value));
}

template <class T>
T value_of(const std::string& text, const std::string& where) {
    static thread_local simdjson::dom::parser parser;  // keeps its memory
    try {
        T value;
        Reader::decode(parser.parse(text), value);
        return value;
    } catch (const simdjson::simdjson_error& error) {
        fail(ErrorKind::bad_data, "{} holds a damaged record: {}", where, error.what());
    }
}

}  // namespace

std::string to_json(const ArchCosts& costs) { return text_of(costs); }
std::string to_json(const std::vector<CurvePoint>& curve) { return text_of(curve); }
std::string to_json(const std::vector<TrainedPoint>& points) { return text_of(points); }
std::string to_json(const EvaluationRow& row) { return text_of(row); }
std::string to_json(const Limits& limits) { return text_of(limits); }
std::string to_json(const Facts& facts) { return text_of(facts); }

ArchCosts costs_from_json(const std::string& text, const std::string& where) { return value_of<ArchCosts>(text, where); }

std::vector<CurvePoint> curve_from_json(const std::string& text, const std::string& where) {
    return value_of<std::vector<CurvePoint>>(text, where);
}

std::vector<TrainedPoint> trained_points_from_json(const std::string& text, const std::string& where) {
    return value_of<std::vector<TrainedPoint>>(text, where);
}

EvaluationRow row_from_json(const std::string& text, const std::string& where) {
    return value_of<EvaluationRow>(text, where);
}

Facts facts_from_json(const std::string& text, const std::string& where) { return value_of<Facts>(text, where); }

}  // namespace nachos::study
