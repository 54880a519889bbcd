// Makes studies with one trained network each, whose weights are random and whose recorded tables are the runtime's own:
// try_maker FOLDER. The browser test runs the same networks in the page of `nachos report --try`.
#include "arch/spaces.h"
#include "report/details.h"
#include "runtime/random_model.h"
#include "study/realistic.h"
#include "study/sample_images.h"

#include <cstdio>

namespace nachos::test {
namespace {

constexpr int kImages = 40;

policy::RecordedTable recorded(const model::Model& model, const std::vector<std::uint8_t>& pixels, core::Rng& rng) {
    std::vector<runtime::Heard> heard;
    const auto early = static_cast<std::size_t>(model.net.exit_count() - 1);
    runtime::Classifier(model, kImages).run(policy::Thresholds(early), pixels, &heard);
    policy::RecordedTable table{.samples = kImages,
                                .exits = model.net.exit_count(),
                                .classes = model.net.classes,
                                .labels = {},
                                .logits = {},
                                .gates = {}};
    for (const runtime::Heard& h : heard) {
        table.labels.push_back(rng.between(0, model.net.classes - 1));
        table.logits.insert(table.logits.end(), h.logits.begin(), h.logits.end());
        std::vector<float> gates = h.gates;
        gates.resize(early);
        gates.push_back(0);  // the final exit has none
        table.gates.insert(table.gates.end(), gates.begin(), gates.end());
    }
    return table;
}

study::TrainedModel record_of(const model::Model& model, const std::string& name) {
    const cost::Costs& c = model.costs;
    study::TrainedModel record{
        name, false, model.arch, policy::to_string(model.measure), {}, "models/" + name + ".safetensors", {}};
    record.costs = {c.backbone_macs, c.head_macs, c.executed_macs, c.paper_macs, c.params, c.peak_activation_bytes};
    int budget = 0;
    for (const model::ThresholdSet& set : model.threshold_sets)
        record.points.push_back({budget++, set.budget_macs, set.on_calibration.avg_cost, {}, set.on_calibration, {}});
    return record;
}

void make(const std::filesystem::path& folder, policy::Measure measure, int channels) {
    const arch::SearchSpace space(arch::mbv3_small(), {28, channels, 10});
    core::Rng rng(3);
    const model::Model model = random_model(space, study::realistic_arch(space, rng), measure, 5);
    const std::vector<std::uint8_t> pixels = random_images(model.net, kImages, rng);
    auto study = study::Study::create_or_resume(folder, "seed = 1\n", {.overwrite = true});
    study::Facts facts = study::realistic_facts();
    facts.limits = {};
    study.put_facts(facts);
    const study::TrainedModel record = record_of(model, arch::arch_id(model.arch));
    model::save_model(study.path_of(record.model_file), model);
    const policy::RecordedTable table = recorded(model, pixels, rng);
    policy::save_table(study.path_of(study::calibration_table_file(record.name)), table, policy::TablePrecision::f32);
    study::SampleImages samples{
        .height = 28, .width = 28, .channels = channels, .rows = {}, .labels = table.labels, .pixels = pixels};
    for (int i = 0; i < kImages; ++i) samples.rows.push_back(i);
    study::save_samples(study.path_of(study::kSampleFile), samples);
    study.put_model(record);
}

}  // namespace
}  // namespace nachos::test

int main(int argc, char** argv) {
    if (argc != 2) return std::fputs("usage: try_maker FOLDER\n", stderr), 2;
    const std::filesystem::path folder = argv[1];
    for (const auto& row : nachos::policy::measures())
        nachos::test::make(folder / row.name, row.measure, row.measure == nachos::policy::Measure::max_prob ? 3 : 1);
}
