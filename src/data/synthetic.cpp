#include "data/formats.h"

#include "core/rng.h"

#include <algorithm>
#include <charconv>

namespace nachos::data {
namespace {

namespace fs = std::filesystem;

constexpr int kSide = 16;
constexpr int kDefaultImages = 800;
constexpr std::string_view kName = "synthetic";

/// 1 where the pattern is bright, -1 where it is dark.
int pattern(int label, int y, int x, int phase) {
    const auto bright_if = [](bool bright) { return bright ? 1 : -1; };
    switch (label) {
        case 0:
            return bright_if(x < kSide / 2);
        case 1:
            return bright_if(x >= kSide / 2);
        case 2:
            return bright_if((x + y + phase) % 6 < 3);
        default:
            return bright_if((x - y + kSide + phase) % 6 < 3);
    }
}

Image draw(int label, core::Rng& rng) {
    constexpr double kGrey = 128, kNoise = 40, kFaintest = 6, kClearest = 60;
    Image image{kSide, kSide, 1, {}};
    const int phase = rng.between(0, 5);
    const double contrast = kFaintest + (kClearest - kFaintest) * rng.uniform();  // some are easy, some are hard
    for (int y = 0; y < kSide; ++y) {
        for (int x = 0; x < kSide; ++x) {
            const double value = kGrey + contrast * pattern(label, y, x, phase) + kNoise * rng.normal();
            image.pixels.push_back(static_cast<std::uint8_t>(std::clamp(value, 0.0, 255.0)));
        }
    }
    return image;
}

int images_asked(const std::string& path) {
    if (path == kName) return kDefaultImages;
    constexpr int kMin = 16, kMax = 1000000;
    const std::string digits = path.substr(kName.size() + 1);
    int count = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
    require(error == std::errc() && end == digits.data() + digits.size() && count >= kMin && count <= kMax, ErrorKind::usage,
            "data.path is \"{}\"; after \"synthetic:\" a number of images from {} to {} is needed", path, kMin, kMax);
    return count;
}

}  // namespace

bool recognise_synthetic(const fs::path& path) {
    return path.string() == kName || path.string().starts_with(std::string(kName) + ":");
}

void read_synthetic(const fs::path& path, Sink& sink) {
    const int images = images_asked(path.string());
    sink.classes({"left", "right", "rising", "falling"});
    for (const Split split : {Split::train, Split::test}) {
        const bool train = split == Split::train;
        const core::Rng rng = core::Rng(0).stream(train ? "synthetic train" : "synthetic test");
        const int count = train ? images : images / 4;
        sink.expect(split, count);
        for (int i = 0; i < count; ++i) {
            core::Rng own = rng.stream("image", i);
            const int label = i % 4;
            sink.add(split, draw(label, own), label, {path, i});
        }
    }
}

}  // namespace nachos::data
