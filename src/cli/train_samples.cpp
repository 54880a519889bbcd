#include "cli/train_samples.h"

#include "data/stratify.h"
#include "study/sample_images.h"

#include <algorithm>
#include <filesystem>

namespace nachos::cli {
namespace {

constexpr std::size_t kImages = 96;
constexpr std::size_t kMostBytes = 4'000'000;  ///< of large images, fewer

study::SampleImages drawn(const data::Examples& examples, int classes, core::Rng rng) {
    const std::vector<std::size_t> counts = data::count_labels(examples.labels, classes);
    const std::size_t wanted = std::clamp(kMostBytes / examples.image_bytes(), std::size_t{1}, kImages);
    const std::size_t total = std::min(std::max(wanted, counts.size()), examples.size());
    const std::vector<std::size_t> shares = data::apportion(counts, total);
    const auto sizes = [&](int c, std::size_t) { return std::vector{shares[static_cast<std::size_t>(c)]}; };
    std::vector<int> rows = data::deal(examples.labels, classes, sizes, rng).front();
    rng.shuffle(std::span(rows));  // so that the first ones are a fair choice too
    data::Examples chosen = data::select(examples, rows);
    return {.height = chosen.height,
            .width = chosen.width,
            .channels = chosen.channels,
            .rows = std::move(rows),
            .labels = std::move(chosen.labels),
            .pixels = std::move(chosen.pixels)};
}

}  // namespace

void store_samples(const Session& session, const study::Study& study) {
    const std::filesystem::path path = study.path_of(study::kSampleFile);
    if (std::filesystem::exists(path)) return;
    study::save_samples(path, drawn(session.parts.calibration.examples(), static_cast<int>(session.parts.class_names.size()),
                                    session.rng.stream("samples")));
}

}  // namespace nachos::cli
