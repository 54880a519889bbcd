#pragma once

#include "export/exporters.h"
#include "export/quantize.h"
#include "runtime/random_model.h"

#include <algorithm>
#include <ostream>
#include <set>
#include <string>

namespace nachos::test {

/// A network of one of the spaces, with random weights.
struct FormCase {
    const char* space;
    int resolution, channels, images;
    policy::Measure measure;

    model::Model model() const {
        arch::SpaceOptions options;
        options.name = space;
        const arch::SearchSpace s = arch::make_space(options, {resolution, channels, 10});
        return random_model(s, s.with_all_exits(s.smallest()), measure, 5);
    }
};

/// Every space and every measure.
inline std::vector<FormCase> form_cases() {
    using policy::Measure;
    return {{"mbv3-small", 28, 1, 40, Measure::max_prob},  {"mbv3-small", 32, 3, 40, Measure::entropy},
            {"mbv3-small", 30, 3, 40, Measure::gate},      {"ofa-mbv3", 32, 3, 20, Measure::cumulative_gate},
            {"resnet8", 32, 3, 20, Measure::score_margin}, {"mbv3-small", 31, 1, 40, Measure::patience}};
}

inline std::string name_of(const FormCase& c) {
    std::string name = std::string(c.space) + "_" + policy::to_string(c.measure);
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
}

inline void PrintTo(const FormCase& c, std::ostream* out) { *out << name_of(c); }  // of GoogleTest

/// The same network in 8 bits. Thresholds are halved anew, so that images still leave at several exits.
inline model::Model in_int8(const model::Model& trained) {
    core::Rng rng(7);
    model::Model model = exporting::quantize_network(trained, random_images(trained.net, 40, rng));
    model.threshold_sets[1].on_calibration.thresholds = halving_thresholds(model, rng.stream("images"));
    return model;
}

/// Exported as `kind` and run as its user would, the model answers as the runtime does, at every exit and operating point.
inline void expect_same_answers(const model::Model& model, int images, const std::string& kind,
                                const std::filesystem::path& folder) {
    core::Rng rng(6);
    const auto pixels = random_images(model.net, images, rng);
    model::save_model(folder / "m.safetensors", model);
    exporting::export_model(folder / "m.safetensors", kind, "net", folder / "out");
    const exporting::Answers reference = exporting::reference_answers(model, pixels);
    const exporting::Answers form = exporting::exporter_of(kind, "test").answer(folder / "out", "net", model, pixels);
    const std::vector<std::int32_t> labels(static_cast<std::size_t>(images), 0);
    const exporting::Verdict verdict = exporting::hold_against(model, reference, form, labels);
    EXPECT_TRUE(verdict.same()) << verdict.first_difference;
    EXPECT_LE(verdict.most_off, model.quantization ? 0 : 1e-4);  // integers agree to the last bit
    std::set<std::int32_t> left;                                 // the middle operating point sends images to several exits
    for (std::size_t n = 0; n < labels.size(); ++n) left.insert(reference.exits[3 * n + 1]);
    EXPECT_GE(left.size(), 2U);
    for (std::size_t n = 0; n < labels.size(); ++n) {
        EXPECT_EQ(form.exits[3 * n], 0);
        EXPECT_EQ(form.exits[3 * n + 2], model.net.exit_count() - 1);
    }
}

}  // namespace nachos::test
