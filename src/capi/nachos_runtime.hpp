#pragma once

#include "nachos_runtime.h"

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace nachos {

/// The same library for C++17: values and exceptions (std::runtime_error) in place of pointers and codes. Header only, so
/// that nothing of C++ crosses the border of the library.
class RuntimeModel {
  public:
    explicit RuntimeModel(const std::string& path, int max_batch = 1) : RuntimeModel(nachos_open(path.c_str(), max_batch)) {}
    RuntimeModel(const void* bytes, std::size_t size, int max_batch = 1)
        : RuntimeModel(nachos_open_memory(bytes, size, max_batch)) {}

    nachos_info info() const { return nachos_model_info(model_.get()); }
    std::size_t image_bytes() const {
        const nachos_info i = info();
        return static_cast<std::size_t>(i.height) * static_cast<std::size_t>(i.width) * static_cast<std::size_t>(i.channels);
    }
    std::string class_name(int label) const {
        const char* name = nachos_class_name(model_.get(), label);
        if (name == nullptr) throw std::runtime_error("there is no class " + std::to_string(label));
        return name;
    }
    std::int64_t exit_macs(int exit) const { return nachos_exit_macs(model_.get(), exit); }

    nachos_point point(int index) const {
        nachos_point result{};
        check(nachos_point_info(model_.get(), index, &result));
        return result;
    }
    double expected_share(int point, int exit) const { return nachos_expected_share(model_.get(), point, exit); }
    int current_point() const { return nachos_current_point(model_.get()); }
    void set_point(int index) { check(nachos_set_point(model_.get(), index)); }
    void set_max_avg_macs(double macs) { check(nachos_set_max_avg_macs(model_.get(), macs)); }

    /// `pixels`: images of image_bytes() each, one after the other.
    std::vector<nachos_result> classify(const std::vector<std::uint8_t>& pixels) {
        if (pixels.size() % image_bytes() != 0) throw std::runtime_error("the bytes are no whole number of images");
        std::vector<nachos_result> results(pixels.size() / image_bytes());
        check(nachos_classify(model_.get(), pixels.data(), results.size(), results.data()));
        return results;
    }

    nachos_stats stats() const { return nachos_model_stats(model_.get()); }
    std::int64_t left_at(int exit) const { return nachos_left_at(model_.get(), exit); }
    double mean_confidence(int exit) const { return nachos_mean_confidence(model_.get(), exit); }
    void reset_stats() { nachos_reset_stats(model_.get()); }

  private:
    struct Close {
        void operator()(nachos_model* model) const { nachos_close(model); }
    };

    explicit RuntimeModel(nachos_model* model) : model_(model) {
        if (model == nullptr) throw std::runtime_error(nachos_error(nullptr));
    }
    void check(int status) const {
        if (status != NACHOS_OK) throw std::runtime_error(nachos_error(model_.get()));
    }

    std::unique_ptr<nachos_model, Close> model_;
};

}  // namespace nachos
