#include "data/parts.h"

#include "core/error.h"
#include "core/hash.h"
#include "data/stratify.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

namespace nachos::data {
namespace {

/// Which images are in a part, and in which order.
std::string digest_of(const Examples& examples) {
    return fmt::format("{}x{}x{}x{} {} {};", examples.size(), examples.height, examples.width, examples.channels,
                       core::hash_hex(core::bytes_of(std::span<const std::uint8_t>(examples.pixels))),
                       core::hash_hex(core::bytes_of(std::span<const std::int32_t>(examples.labels))));
}

void check_fraction(const char* key, double value) {
    require(value > 0 && value <= 0.4, ErrorKind::usage, "data.{} is {}, it must be above 0 and at most 0.4", key, value);
}

}  // namespace

TestPart SealedTest::open(const std::function<void()>& record) const {
    require(
        present(), ErrorKind::bad_data,
        "the data set has no test split; add one to it, or set data.test_fraction to carve one from the training images");
    record();
    return TestPart(*examples_);
}

Parts split(Dataset dataset, const DataOptions& options, std::uint64_t seed) {
    check_fraction("validation_fraction", options.validation_fraction);
    check_fraction("calibration_fraction", options.calibration_fraction);
    const PileSizes sizes = [&](int c, std::size_t rows) {
        std::vector wanted{share_of(rows, options.validation_fraction), share_of(rows, options.calibration_fraction)};
        require(rows > wanted[0] + wanted[1], ErrorKind::bad_data,
                "class \"{}\" of {} has {} training images, at least {} are needed to be in the training, validation and "
                "calibration parts",
                dataset.class_names[c], dataset.name, rows, wanted[0] + wanted[1] + 1);
        return wanted;
    };
    const auto piles = deal(dataset.train.labels, dataset.classes(), sizes, core::Rng(seed).stream("split"));
    std::array<Examples, 3> parts;
    std::string digests;
    for (std::size_t p = 0; p < parts.size(); ++p) {
        parts[p] = select(dataset.train, piles[p]);
        digests += digest_of(parts[p]);
    }
    if (dataset.test) digests += digest_of(*dataset.test);
    return {std::move(dataset.name),
            std::move(dataset.class_names),
            TrainPart(std::move(parts[2])),
            ValidationPart(std::move(parts[0])),
            CalibrationPart(std::move(parts[1])),
            SealedTest(std::move(dataset.test)),
            core::hash_hex(digests)};
}

Normalisation normalisation_of(const TrainPart& train) { return statistics_of(train.examples()); }

Normalisation statistics_of(const Examples& examples) {
    const std::size_t channels = examples.channels;
    // Sums of bytes are exact in 64 bits up to 2^48 pixels.
    std::vector<std::uint64_t> sum(channels), squares(channels);
    for (std::size_t i = 0; i < examples.pixels.size(); i += channels) {
        for (std::size_t c = 0; c < channels; ++c) {
            const std::uint64_t value = examples.pixels[i + c];
            sum[c] += value;
            squares[c] += value * value;
        }
    }
    const std::size_t pixels = examples.pixels.size() / std::max<std::size_t>(1, channels);
    const auto count = static_cast<double>(std::max<std::size_t>(1, pixels));
    Normalisation result;
    for (std::size_t c = 0; c < channels; ++c) {
        const double mean = static_cast<double>(sum[c]) / count;
        const double variance = std::max(0.0, static_cast<double>(squares[c]) / count - mean * mean);
        result.mean.push_back(static_cast<float>(mean / 255));
        result.std.push_back(static_cast<float>(std::max(std::sqrt(variance), 1.0) / 255));
    }
    return result;
}

}  // namespace nachos::data
