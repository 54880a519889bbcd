// Writes the pages that the browser tests open: page_maker FOLDER. Each is a study of another kind.
#include "core/files.h"
#include "report/page.h"
#include "report/page_data.h"
#include "report/sample.h"
#include "study/realistic.h"

#include <cstdio>

namespace nachos::report {
namespace {

constexpr int kImages = 24, kSide = 8;

/// What tables would say of the trained design of sample_trained(): two exits, the first one surer of every second image.
Details sample_details(const Snapshot& snapshot) {
    Details details;
    TrainedDetail detail{.name = snapshot.models.front().name};
    for (int i = 0; i <= 10; ++i) {
        const double share = i / 10.0;
        detail.front.push_back(
            {{1 - share}, 0.95 - 0.1 * share, 0.8, 300000 - 205000 * share, 0, 300000, 300000, {share, 1 - share}});
    }
    std::reverse(detail.front.begin(), detail.front.end());
    const std::vector<policy::ReliabilityBin> bins{{40, 0.3, 0.2}, {60, 0.7, 0.75}, {100, 0.95, 0.9}};
    detail.reliability = {{bins, bins, 0.06, 0.05}};
    detail.reliability_on_test = true;
    study::SampleImages samples{.height = kSide, .width = kSide, .channels = 1, .rows = {}, .labels = {}, .pixels = {}};
    detail.samples = {.samples = kImages, .exits = 2, .labels = {}, .predictions = {}, .confidences = {}};
    for (int n = 0; n < kImages; ++n) {
        samples.rows.push_back(3 * n);
        samples.labels.push_back(n % 2);
        for (int i = 0; i < kSide * kSide; ++i) samples.pixels.push_back(static_cast<std::uint8_t>(10 * n));
        detail.samples.labels.push_back(n % 2);
        detail.samples.predictions.insert(detail.samples.predictions.end(), {n % 3 == 0 ? 0 : n % 2, n % 2});
        detail.samples.confidences.insert(detail.samples.confidences.end(), {0.5F + 0.02F * static_cast<float>(n), 1});
    }
    details.samples = samples;
    details.trained = {detail};
    details.start =
        R"({"unix_time":1700000000.5,"event":"start","version":"0","commit":"abc","libtorch":"1","cpu":"<i>x</i>","threads":2})";
    return details;
}

/// As many architectures as a long search leaves, a curve of 16 points each.
Snapshot large(int architectures) {
    Snapshot s;
    s.facts = study::realistic_facts();
    core::Rng rng(1);
    const auto space = study::realistic_space();
    for (int i = 0; i < architectures; ++i) {
        s.evaluations.push_back(study::realistic_evaluation(space, rng));
        if (i % 8 == 7) s.history.push_back({.evaluations = i + 1, .hypervolume = 0.6 - 2.0 / (i + 8), .feasible_share = 1});
    }
    return s;
}

Snapshot failed() {
    Snapshot s = test::sample_snapshot();
    s.facts.limits.min_accuracy = 0.99;
    study::Evaluation broken;
    broken.arch = test::sample_arch(3);
    broken.error = "out of <memory>";
    s.evaluations.push_back(broken);
    return s;
}

Snapshot empty() {
    Snapshot s = test::sample_snapshot();
    s.evaluations.clear();
    s.history.clear();
    return s;
}

/// A study that the search has left half-way: no history of surrogates, nothing trained, another measure of fidelity.
Snapshot half_way() {
    Snapshot s = test::sample_snapshot();
    s.facts.fidelity = "inherit,finetune:1";
    s.facts.notes = {"Fidelities <b>differ</b>."};
    s.facts.limits = {};
    return s;
}

/// Markup wherever a name can stand.
Snapshot markup() {
    Snapshot s = test::sample_trained();
    const std::string bad = "</script><img src=x onerror=\"document.title='broken'\">";
    s.facts.data = bad;
    s.facts.class_names = {bad, "'\"&<b>"};
    s.facts.notes = {bad};
    s.facts.split_digest = bad;
    s.facts.fidelity = bad;
    s.config = "# " + bad + "\n<!-- <script> -->\n";
    s.test_reads = {{bad, bad}};
    for (auto& m : s.models) m.model_file = "models/" + bad;
    s.learnt_collapse = bad;
    return s;
}

void write(const std::filesystem::path& folder) {
    std::filesystem::create_directories(folder);
    const auto put = [&](const char* name, const std::string& content) { core::write_file_atomic(folder / name, content); };
    Snapshot trained = test::sample_trained();
    trained.facts.train_images = 800;
    trained.facts.validation_images = trained.facts.calibration_images = trained.facts.test_images = 100;
    const Snapshot named = markup();
    put("trained.html", page(page_data(trained, sample_details(trained))));
    put("trained.json", page_data(trained, sample_details(trained)));
    put("growing.json", page_data(test::sample_snapshot(), {}));
    put("markup.html", page(page_data(named, sample_details(named))));
    put("empty.html", page(page_data(empty(), {})));
    put("half-way.html", page(page_data(half_way(), {})));
    put("failed.html", page(page_data(failed(), {})));
    put("live.html", page("null"));
    put("1000.html", page(page_data(large(1000), {})));
    put("5000.html", page(page_data(large(5000), {})));
}

}  // namespace
}  // namespace nachos::report

int main(int argc, char** argv) {
    if (argc != 2) return std::fputs("usage: page_maker FOLDER\n", stderr), 2;
    nachos::report::write(argv[1]);
}
