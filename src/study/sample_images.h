#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

namespace nachos::study {

/// Images to look at, relative to a study's folder.
inline constexpr const char* kSampleFile = "samples/calibration.safetensors";

/// Some images of the calibration part, as bytes. `rows` names their rows in every recorded table of that part, so that a
/// table says what a network thought of them.
struct SampleImages {
    int height = 0;
    int width = 0;
    int channels = 0;                  ///< 1 or 3
    std::vector<std::int32_t> rows;    ///< (M), in random order: the first ones are a fair choice too
    std::vector<std::int32_t> labels;  ///< (M)
    std::vector<std::uint8_t> pixels;  ///< (M, H, W, C), rows top to bottom

    std::size_t size() const { return rows.size(); }
    std::size_t image_bytes() const { return static_cast<std::size_t>(height) * width * channels; }
};

/// Atomic. Throws Error(runtime).
void save_samples(const std::filesystem::path& path, const SampleImages& samples);

/// Throws Error(bad_data): sizes that do not fit.
SampleImages load_samples(const std::filesystem::path& path);

}  // namespace nachos::study
