#pragma once

#include "data/dataset.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace nachos::data {

/// A part of the data whose role is in its type (method 8): code that takes a ValidationPart cannot be handed another.
template <class Role>
class Part {
  public:
    explicit Part(Examples examples) : examples_(std::move(examples)) {}
    const Examples& examples() const { return examples_; }

  private:
    Examples examples_;
};

using TrainPart = Part<struct TrainRole>;              ///< weights; support is drawn inside it
using ValidationPart = Part<struct ValidationRole>;    ///< the search's figures
using CalibrationPart = Part<struct CalibrationRole>;  ///< final thresholds and temperatures
using TestPart = Part<struct TestRole>;                ///< final figures

/// The test split, closed. Opening it is recorded, and only the command that reports final numbers does it.
class SealedTest {
  public:
    explicit SealedTest(std::optional<Examples> examples) : examples_(std::move(examples)) {}
    bool present() const { return examples_.has_value(); }
    int size() const { return examples_ ? static_cast<int>(examples_->size()) : 0; }
    /// Calls `record` first (it stores that the test split was read), then hands the part out.
    /// Throws Error(bad_data) if there is no test split: how to get one.
    TestPart open(const std::function<void()>& record) const;

  private:
    std::optional<Examples> examples_;
};

struct Parts {
    std::string name;
    std::vector<std::string> class_names;
    TrainPart train;
    ValidationPart validation;
    CalibrationPart calibration;
    SealedTest test;
    std::string digest;  ///< identifies the split: hash of pixels, labels and membership
};

/// Divides a data set, class by class in proportion (stratified, at least 1 image of each in each part), by the seed and the
/// data alone. Throws Error(bad_data) if a class has too few images to be in every part, naming it.
Parts split(Dataset dataset, const DataOptions& options, std::uint64_t seed);

/// Mean and standard deviation per channel, of pixel values scaled to [0, 1]; the deviation is at least 1/255.
struct Normalisation {
    std::vector<float> mean;
    std::vector<float> std;
};
Normalisation normalisation_of(const TrainPart& train);

/// The same of any images, for what is no result: padding, tests.
Normalisation statistics_of(const Examples& examples);

}  // namespace nachos::data
