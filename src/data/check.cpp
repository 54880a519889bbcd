#include "data/check.h"

#include "data/formats.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace nachos::data {
namespace {

/// Checks: counts what is there and notes every problem.
class Survey : public Sink {
  public:
    std::vector<SizeCount> sizes() const {
        std::vector<SizeCount> list;
        for (const auto& [size, images] : sizes_) {
            const auto [height, width, channels] = size;
            list.push_back({height, width, channels, images});
        }
        std::stable_sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.images > b.images; });
        return list;
    }
    bool has_test() const { return has_test_; }
    std::vector<std::string> problems() { return std::move(problems_); }

  protected:
    void take(Split split, const ImageView& image, std::int32_t, const Origin&) override {
        ++sizes_[{image.height, image.width, image.channels}];
        has_test_ |= split == Split::test;
    }
    void problem(const Error& error) override { problems_.emplace_back(error.what()); }

  private:
    std::map<std::tuple<int, int, int>, std::size_t> sizes_;
    bool has_test_ = false;
    std::vector<std::string> problems_;
};

}  // namespace

Inspection inspect(const DataOptions& options) {
    const Source source = find_source(options);
    Survey survey;
    survey.attempt([&] { source.row.read(source.path, survey); });
    survey.finish(source.path);
    Inspection result{.name = source.name(),
                      .format = std::string(source.row.name),
                      .class_names = survey.class_names(),
                      .sizes = survey.sizes(),
                      .train = survey.counts(Split::train),
                      .test = std::nullopt,
                      .problems = survey.problems()};
    if (survey.has_test()) result.test = survey.counts(Split::test);
    return result;
}

}  // namespace nachos::data
