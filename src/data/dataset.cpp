#include "data/dataset.h"

#include "core/error.h"
#include "data/formats.h"
#include "data/stratify.h"

#include <array>

namespace nachos::data {
namespace {

void check(const DataOptions& o) {
    require(o.resolution == 0 || (o.resolution >= 8 && o.resolution <= 1024), ErrorKind::usage,
            "data.resolution is {}, allowed are 0 (as they are) and 8 to 1024", o.resolution);
    require(o.channels == 0 || o.channels == 1 || o.channels == 3, ErrorKind::usage,
            "data.channels is {}, allowed are 0 (as they are), 1 and 3", o.channels);
    require(o.test_fraction >= 0 && o.test_fraction <= 0.5, ErrorKind::usage,
            "data.test_fraction is {}, allowed is 0 to 0.5", o.test_fraction);
    require(o.train_limit >= 0, ErrorKind::usage, "data.train_limit is {}, at least 0 is needed", o.train_limit);
}

std::string size_text(const ImageView& image) {
    return fmt::format("{} x {} pixels with {} channel{}", image.height, image.width, image.channels,
                       image.channels == 1 ? "" : "s");
}

/// Loads: resizes each image and keeps it; the first problem is thrown.
class Collector : public Sink {
  public:
    explicit Collector(const DataOptions& options) : options_(options) {}

    void expect(Split split, std::size_t images) override { expected_[static_cast<int>(split)] = images; }

    Dataset result(std::string name) {
        Dataset dataset{std::move(name), class_names(), std::move(examples_[0]), std::nullopt};
        if (examples_[1].size() > 0) dataset.test = std::move(examples_[1]);
        return dataset;
    }

  protected:
    void take(Split split, const ImageView& image, std::int32_t label, const Origin& origin) override {
        const int height = options_.resolution ? options_.resolution : image.height;
        const int width = options_.resolution ? options_.resolution : image.width;
        const int channels = options_.channels ? options_.channels : image.channels;
        Examples& examples = examples_[static_cast<int>(split)];
        const ImageView fitted(height, width, channels, nullptr);  // its size alone
        check_equal(fitted, origin);
        if (examples.size() == 0) start(examples, fitted, expected_[static_cast<int>(split)]);
        if (height == image.height && width == image.width && channels == image.channels) {
            examples.pixels.insert(examples.pixels.end(), image.pixels, image.pixels + image.bytes());
        } else {
            const Image result = fit(image, height, width, channels);
            examples.pixels.insert(examples.pixels.end(), result.pixels.begin(), result.pixels.end());
        }
        examples.labels.push_back(label);
    }

    void problem(const Error& error) override { throw error; }

  private:
    void check_equal(const ImageView& fitted, const Origin& origin) {
        if (!first_) {
            first_ = fitted;
            first_origin_ = origin.text();
        }
        require(fitted.height == first_->height && fitted.width == first_->width, ErrorKind::bad_data,
                "images differ in size: {} has {}, {} has {}; set data.resolution to bring them to one size", first_origin_,
                size_text(*first_), origin.text(), size_text(fitted));
        require(fitted.channels == first_->channels, ErrorKind::bad_data,
                "images differ in colour: {} has {}, {} has {}; set data.channels to 1 or 3", first_origin_,
                size_text(*first_), origin.text(), size_text(fitted));
    }

    static void start(Examples& examples, const ImageView& shape, std::size_t expected) {
        examples.height = shape.height;
        examples.width = shape.width;
        examples.channels = shape.channels;
        examples.pixels.reserve(expected * shape.bytes());
        examples.labels.reserve(expected);
    }

    const DataOptions& options_;
    std::array<std::size_t, 2> expected_{};
    std::array<Examples, 2> examples_;
    std::optional<ImageView> first_;
    std::string first_origin_;
};

void carve_test(Dataset& dataset, double fraction) {
    const PileSizes sizes = [&](int c, std::size_t rows) {
        require(rows >= 2, ErrorKind::bad_data,
                "class \"{}\" of {} has {} image, at least 2 are needed to carve a test split (data.test_fraction)",
                dataset.class_names[c], dataset.name, rows);
        return std::vector{share_of(rows, fraction)};
    };
    const auto piles = deal(dataset.train.labels, dataset.classes(), sizes, core::Rng(0).stream("test_fraction"));
    dataset.test = select(dataset.train, piles[0]);
    dataset.train = select(dataset.train, piles[1]);
}

void limit_train(Dataset& dataset, std::size_t limit) {
    if (dataset.train.size() <= limit) return;
    require(limit >= dataset.class_names.size(), ErrorKind::usage,
            "data.train_limit is {}, but {} has {} classes, each of which needs an image", limit, dataset.name,
            dataset.classes());
    const auto kept = apportion(count_labels(dataset.train.labels, dataset.classes()), limit);
    const PileSizes sizes = [&](int c, std::size_t) { return std::vector{kept[c]}; };
    const auto piles = deal(dataset.train.labels, dataset.classes(), sizes, core::Rng(0).stream("train_limit"));
    dataset.train = select(dataset.train, piles[0]);
}

}  // namespace

Examples select(const Examples& examples, const std::vector<int>& rows) {
    Examples out{examples.height, examples.width, examples.channels, {}, {}};
    out.pixels.reserve(rows.size() * examples.image_bytes());
    out.labels.reserve(rows.size());
    for (int row : rows) {
        const std::uint8_t* image = examples.image(row);
        out.pixels.insert(out.pixels.end(), image, image + examples.image_bytes());
        out.labels.push_back(examples.labels[row]);
    }
    return out;
}

Dataset load(const DataOptions& options) {
    check(options);
    const Source source = find_source(options);
    Collector sink(options);
    source.row.read(source.path, sink);
    sink.finish(source.path);
    Dataset dataset = sink.result(source.name());
    if (!dataset.test && options.test_fraction > 0) carve_test(dataset, options.test_fraction);
    if (options.train_limit > 0) limit_train(dataset, options.train_limit);
    return dataset;
}

}  // namespace nachos::data
