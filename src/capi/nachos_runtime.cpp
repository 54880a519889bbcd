#include "capi/nachos_runtime.h"

#include "core/error.h"
#include "core/version.h"
#include "runtime/classifier.h"
#include "runtime/run_stats.h"

#include <algorithm>
#include <memory>
#include <string>

namespace {

using nachos::Error;
using nachos::ErrorKind;

constexpr std::int32_t kMostBatch = 4096;

thread_local std::string open_error;

/// Runs `f`; what it throws becomes a status and a sentence in `error`. Nothing leaves.
template <class F>
int guarded(std::string& error, F&& f) noexcept {
    try {
        error.clear();
        f();
        return NACHOS_OK;
    } catch (const Error& e) {
        try {
            error = e.what();
        } catch (...) {  // no memory for the sentence: the status must do
        }
        return e.exit_code();
    } catch (const std::exception& e) {
        try {
            error = e.what();
        } catch (...) {
        }
        return NACHOS_FAILED;
    }
}

bool within(std::int64_t index, std::size_t size) { return index >= 0 && index < static_cast<std::int64_t>(size); }

std::size_t at(std::int32_t index) { return static_cast<std::size_t>(index); }

}  // namespace

struct nachos_model {
    nachos_model(nachos::model::Model given, std::int32_t max_batch)
        : model(std::move(given)),
          classifier(model, max_batch),
          stats(model.net.exit_count()),
          batch(static_cast<std::size_t>(max_batch)) {
        set(nachos::model::operating_point(model, {}));
    }

    void set(const nachos::model::ThresholdSet& chosen) {
        point = static_cast<std::int32_t>(&chosen - model.threshold_sets.data());
        reset();
    }
    void reset() { stats = nachos::runtime::RunStats(model.net.exit_count()); }
    const nachos::model::ThresholdSet& current() const { return model.threshold_sets[at(point)]; }

    nachos::model::Model model;
    nachos::runtime::Classifier classifier;
    nachos::runtime::RunStats stats;
    std::vector<nachos::runtime::Inference> batch;
    std::int32_t point = 0;
    std::string error;
};

namespace {

template <class Read>
nachos_model* opened(std::int32_t max_batch, Read&& read) noexcept {
    nachos_model* model = nullptr;
    guarded(open_error, [&] {
        nachos::require(max_batch > 0 && max_batch <= kMostBatch, ErrorKind::usage, "max_batch is {}, 1 to {} are allowed",
                        max_batch, kMostBatch);
        model = std::make_unique<nachos_model>(read(), max_batch).release();
    });
    return model;
}

void require_point(const nachos_model& model, std::int32_t point) {
    nachos::require(within(point, model.model.threshold_sets.size()), ErrorKind::usage,
                    "there is no operating point {}, the model has {}", point, model.model.threshold_sets.size());
}

void classify(nachos_model& m, const std::uint8_t* pixels, std::size_t count, nachos_result* results) {
    const auto image = static_cast<std::size_t>(m.model.net.input.elements());
    const nachos::policy::Thresholds& thresholds = m.current().on_calibration.thresholds;
    for (std::size_t begin = 0; begin < count; begin += m.batch.size()) {
        const std::size_t n = std::min(m.batch.size(), count - begin);
        m.classifier.run_batch(thresholds, {pixels + begin * image, n * image}, std::span(m.batch).first(n));
        for (std::size_t i = 0; i < n; ++i) {
            const nachos::runtime::Inference& r = m.batch[i];
            m.stats.add(r);
            results[begin + i] = {r.predicted, r.exit, r.confidence, r.macs};
        }
    }
}

}  // namespace

extern "C" {

int nachos_runtime_abi(void) { return NACHOS_RUNTIME_ABI; }

const char* nachos_runtime_version(void) { return nachos::core::version(); }

nachos_model* nachos_open(const char* path, std::int32_t max_batch) {
    return opened(max_batch, [&] {
        nachos::require(path != nullptr, ErrorKind::usage, "path is NULL");
        return nachos::model::load_model(path);
    });
}

nachos_model* nachos_open_memory(const void* bytes, std::size_t size, std::int32_t max_batch) {
    return opened(max_batch, [&] {
        nachos::require(bytes != nullptr, ErrorKind::usage, "bytes is NULL");
        const std::string where = "model in memory";
        return nachos::model::model_from(nachos::core::parse_tensors({static_cast<const char*>(bytes), size}, where), where);
    });
}

void nachos_close(nachos_model* model) { delete model; }

const char* nachos_error(const nachos_model* model) { return model == nullptr ? open_error.c_str() : model->error.c_str(); }

nachos_info nachos_model_info(const nachos_model* model) {
    const nachos::model::Model& m = model->model;
    return {m.net.input.h,
            m.net.input.w,
            m.net.input.c,
            m.net.classes,
            m.net.exit_count(),
            static_cast<std::int32_t>(m.threshold_sets.size()),
            model->classifier.max_batch()};
}

const char* nachos_class_name(const nachos_model* model, std::int32_t label) {
    const auto& names = model->model.class_names;
    return within(label, names.size()) ? names[at(label)].c_str() : nullptr;
}

std::int64_t nachos_exit_macs(const nachos_model* model, std::int32_t exit) {
    const auto& macs = model->model.costs.executed_macs;
    return within(exit, macs.size()) ? macs[at(exit)] : -1;
}

int nachos_point_info(nachos_model* model, std::int32_t point, nachos_point* result) {
    return guarded(model->error, [&] {
        require_point(*model, point);
        const nachos::model::ThresholdSet& set = model->model.threshold_sets[at(point)];
        *result = {set.budget_macs, set.on_calibration.avg_cost, set.on_calibration.accuracy};
    });
}

double nachos_expected_share(const nachos_model* model, std::int32_t point, std::int32_t exit) {
    const auto& sets = model->model.threshold_sets;
    if (!within(point, sets.size())) return -1;
    const std::vector<double>& shares = sets[at(point)].on_calibration.exit_share;
    return within(exit, shares.size()) ? shares[at(exit)] : -1;
}

std::int32_t nachos_current_point(const nachos_model* model) { return model->point; }

int nachos_set_point(nachos_model* model, std::int32_t point) {
    return guarded(model->error, [&] {
        require_point(*model, point);
        model->set(model->model.threshold_sets[at(point)]);
    });
}

int nachos_set_max_avg_macs(nachos_model* model, double max_avg_macs) {
    return guarded(model->error, [&] {
        nachos::require(max_avg_macs > 0, ErrorKind::usage, "max_avg_macs is {}, a number above 0 is needed", max_avg_macs);
        model->set(nachos::model::operating_point(model->model, max_avg_macs));
    });
}

int nachos_classify(nachos_model* model, const std::uint8_t* pixels, std::size_t count, nachos_result* results) {
    return guarded(model->error, [&] {
        nachos::require(count == 0 || (pixels != nullptr && results != nullptr), ErrorKind::usage,
                        "pixels or results is NULL");
        classify(*model, pixels, count, results);
    });
}

nachos_stats nachos_model_stats(const nachos_model* model) {
    const nachos::runtime::RunStats& s = model->stats;
    nachos_stats stats{s.samples(), s.avg_macs(), 1};
    std::string unused;
    if (stats.images > 0) guarded(unused, [&] { stats.p_value = s.p_value(model->current().on_calibration.exit_share); });
    return stats;
}

std::int64_t nachos_left_at(const nachos_model* model, std::int32_t exit) {
    return exit >= 0 && exit < model->model.net.exit_count() ? model->stats.left(exit) : -1;
}

double nachos_mean_confidence(const nachos_model* model, std::int32_t exit) {
    return exit >= 0 && exit < model->model.net.exit_count() ? model->stats.mean_confidence(exit) : 0;
}

void nachos_reset_stats(nachos_model* model) {
    guarded(model->error, [&] { model->reset(); });
}

}  // extern "C"
