#include "model/model_file.h"

#include "core/expect_error.h"
#include "core/safetensors.h"
#include "core/temp_folder.h"
#include "model/tiny_model.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <functional>
#include <limits>

namespace nachos::model {
namespace {

using nlohmann::json;
using test::expect_error;
using test::TempFolder;
using test::tiny_model;

TEST(ModelFile, CostsOfTheExampleByHand) {
    const cost::Costs costs = tiny_model().costs;
    EXPECT_EQ(costs.executed_macs, (std::vector<std::int64_t>{14, 162}));
    EXPECT_EQ(costs.paper_macs, (std::vector<std::int64_t>{14, 156}));
}

TEST(ModelFile, RoundTrip) {
    const TempFolder folder;
    const Model before = tiny_model();
    save_model(folder / "m.safetensors", before);
    const Model after = load_model(folder / "m.safetensors");
    EXPECT_EQ(after.arch, before.arch);
    EXPECT_EQ(arch::net_to_json(after.net), arch::net_to_json(before.net));
    for (std::size_t i = 0; i < before.net.layers.size(); ++i) {
        EXPECT_EQ(after.net.layers[i].weight, before.net.layers[i].weight) << i;
        EXPECT_EQ(after.net.layers[i].bias_values, before.net.layers[i].bias_values) << i;
    }
    EXPECT_EQ(after.preprocessing.mean, before.preprocessing.mean);
    EXPECT_EQ(after.preprocessing.std, before.preprocessing.std);
    EXPECT_EQ(after.preprocessing.resize_filter, before.preprocessing.resize_filter);
    EXPECT_EQ(after.class_names, before.class_names);
    EXPECT_EQ(after.measure, before.measure);
    EXPECT_EQ(after.calibration.exits[0].gate_offset, 0.25);
    EXPECT_EQ(after.calibration.exits[1].temperature, 1.5);
    ASSERT_EQ(after.threshold_sets.size(), 2U);
    EXPECT_EQ(after.threshold_sets[0].budget_macs, 60);
    EXPECT_EQ(after.threshold_sets[0].on_calibration.thresholds, (policy::Thresholds{0.6}));
    EXPECT_EQ(after.threshold_sets[1].on_calibration.thresholds, (policy::Thresholds{std::nullopt}));
    EXPECT_EQ(after.threshold_sets[0].on_calibration.exit_share, (std::vector<double>{0.75, 0.25}));
    EXPECT_EQ(after.costs.executed_macs, before.costs.executed_macs);
}

TEST(ModelFile, SaysHowItsDataWereDividedWhereThatIsKnown) {
    const TempFolder folder;
    Model model = tiny_model();
    save_model(folder / "m.safetensors", model);
    EXPECT_FALSE(load_model(folder / "m.safetensors").division);
    constexpr std::uint64_t kSeed = 18'000'000'000'000'000'000U;
    model.division = {
        .test_fraction = 0.15, .validation_fraction = 0.2, .calibration_fraction = 0.3, .train_limit = 900, .seed = kSeed};
    save_model(folder / "m.safetensors", model);
    const auto division = load_model(folder / "m.safetensors").division;
    ASSERT_TRUE(division);
    EXPECT_EQ(division->test_fraction, 0.15);
    EXPECT_EQ(division->validation_fraction, 0.2);
    EXPECT_EQ(division->calibration_fraction, 0.3);
    EXPECT_EQ(division->train_limit, 900);
    EXPECT_EQ(division->seed, kSeed);
    for (const auto& [key, value] : std::vector<std::pair<std::string, double>>{
             {"test_fraction", 0.6}, {"validation_fraction", 0}, {"calibration_fraction", 0.5}, {"train_limit", -1}}) {
        core::TensorFile file = core::read_tensors(folder / "m.safetensors");
        nlohmann::json changed = nlohmann::json::parse(file.metadata.at("data_division"));
        changed[key] = key == "train_limit" ? nlohmann::json(-1) : nlohmann::json(value);
        file.metadata["data_division"] = changed.dump();
        test::expect_error(ErrorKind::bad_data, {"data_division", key}, [&] { model_from(file, "m"); });
    }
}

TEST(ModelFile, OtherProgramsFindPlainJsonAndTensors) {
    const TempFolder folder;
    save_model(folder / "m", tiny_model());
    const core::TensorFile file = core::read_tensors(folder / "m");
    EXPECT_EQ(file.metadata.at("schema_version"), "1");
    EXPECT_EQ(file.metadata.at("measure"), "max_prob");
    EXPECT_EQ(file.metadata.at("class_names"), R"(["bright","dark"])");
    const json sets = json::parse(file.metadata.at("threshold_sets"));
    EXPECT_EQ(sets.at(0).at("on_calibration").at("thresholds"), json::parse("[0.6]"));
    EXPECT_EQ(sets.at(1).at("on_calibration").at("thresholds"), json::parse("[null]"));
    EXPECT_EQ(file.tensors.at("conv2.weight").shape, (std::vector<std::int64_t>{2, 2, 3, 3}));
    EXPECT_EQ(file.tensors.at("exit1.linear.bias").shape, (std::vector<std::int64_t>{3}));
    EXPECT_FALSE(file.tensors.contains("conv2.bias"));
}

/// Saves the example, lets `change` spoil the file's content, and expects the reader to say so.
void expect_refused(const std::function<void(core::TensorFile&)>& change, std::initializer_list<std::string> parts) {
    const TempFolder folder;
    const auto path = folder / "m";
    save_model(path, tiny_model());
    core::TensorFile file = core::read_tensors(path);
    change(file);
    core::write_tensors(path, file);
    expect_error(ErrorKind::bad_data, {path.string()}, [&] { load_model(path); });
    expect_error(ErrorKind::bad_data, parts, [&] { load_model(path); });
}

/// The same for one value inside the JSON text of a metadata key.
void expect_refused(const std::string& key, const std::string& pointer, const json& value,
                    std::initializer_list<std::string> parts) {
    const auto change = [&](core::TensorFile& file) {
        json text = json::parse(file.metadata.at(key));
        text[json::json_pointer(pointer)] = value;
        file.metadata[key] = text.dump();
    };
    expect_refused(change, parts);
}

/// The same for the whole text of a metadata key.
void expect_text_refused(const std::string& key, const std::string& text, std::initializer_list<std::string> parts) {
    expect_refused([&](core::TensorFile& file) { file.metadata[key] = text; }, parts);
}

TEST(ModelFile, EveryMetadataKeyIsNeeded) {
    const TempFolder folder;
    save_model(folder / "m", tiny_model());
    const core::TensorFile file = core::read_tensors(folder / "m");
    EXPECT_EQ(file.metadata.size(), 9U);
    for (const auto& [key, value] : file.metadata)
        expect_refused([&key = key](core::TensorFile& f) { f.metadata.erase(key); }, {"metadata '" + key + "' is missing"});
}

TEST(ModelFile, OtherVersionsAndNamesAreRefused) {
    expect_text_refused("schema_version", "2", {"schema version '2'", "reads version 1", "newer"});
    expect_text_refused("measure", "luck", {"'luck'", "max_prob"});
    expect_text_refused("calibration", "[", {"calibration", "is not JSON"});
    expect_text_refused("net", "{}", {"net", "input"});
    expect_text_refused("arch", "[]", {"arch", "is not a JSON object"});
}

TEST(ModelFile, WeightsMustFit) {
    const std::vector<float> values(36, std::numeric_limits<float>::quiet_NaN());
    expect_refused([](auto& f) { f.tensors.erase("conv2.weight"); }, {"tensor 'conv2.weight' is missing"});
    expect_refused([](auto& f) { f.tensors.erase("exit1.linear.bias"); }, {"tensor 'exit1.linear.bias' is missing"});
    expect_refused([&](auto& f) { f.add_f32("conv2.weight", {36}, values.data()); }, {"[36]", "[2,2,3,3] is needed"});
    expect_refused([&](auto& f) { f.add_f32("conv2.weight", {2, 2, 3, 3}, values.data()); }, {"conv2", "not finite"});
}

TEST(ModelFile, NetworkMustBeSound) {
    expect_refused("net", "/layers/3/inputs/0", 4, {"conv2", "reads tensor 4"});
    expect_refused("net", "/layers/3/out/1", 5, {"conv2", "output shape"});
    expect_refused("net", "/exits/0/tensor", 2, {"exit 0"});
    expect_refused("net", "/layers/3/kernel", 4294967299, {"kernel", "4294967299", "a whole number is needed"});
    expect_refused("net", "/layers/3/bias", 0, {"bias", "true or false"});
    expect_refused("net", "/input", json{1, 2}, {"input", "has 2 sizes"});
    expect_refused("arch", "/classes", 3, {"arch and net differ"});
    expect_refused("costs", "/executed_macs/0", 1, {"costs are not those of the network", "14"});
}

TEST(ModelFile, PreprocessingMustFit) {
    expect_refused("preprocessing", "/height", 3, {"3 x 2", "takes 2 x 2"});
    expect_refused("preprocessing", "/height", "2", {"'height' holds \"2\"", "whole number"});
    expect_refused("preprocessing", "/height", 2.5, {"'height' holds 2.5", "whole number"});
    expect_refused("preprocessing", "/height", 1ULL << 40, {"whole number"});
    expect_refused("preprocessing", "/mean", {0.5, 0.5}, {"2 means", "1 channels"});
    expect_refused("preprocessing", "/std/0", 0, {"positive deviations"});
    expect_refused("preprocessing", "/resize_filter", 7, {"'resize_filter' holds 7", "a text"});
    expect_text_refused("class_names", R"(["one"])", {"1 class names", "2 classes"});
    expect_text_refused("class_names", R"(["one", "\u001b[31mtwo"])",
                        {R"(class name "\u001b[31mtwo")", "control characters"});
    expect_text_refused("class_names", R"({"a":1})", {"'class_names'", "a list"});
}

TEST(ModelFile, PolicyMustFit) {
    const std::string point = "/0/on_calibration";
    expect_refused("threshold_sets", point + "/thresholds", {0.5, 0.5}, {"threshold set 0", "2 thresholds", "needs 1"});
    expect_refused("threshold_sets", point + "/thresholds/0", "NaN", {"'thresholds' holds \"NaN\"", "a number"});
    expect_refused("threshold_sets", point + "/accuracy", 1.5, {"accuracy is not in [0, 1]"});
    expect_refused("threshold_sets", point + "/avg_cost", -1, {"cost is negative"});
    expect_refused("threshold_sets", point + "/exit_share", {1}, {"1 exit shares", "2 exits"});
    expect_refused("threshold_sets", point + "/exit_share/0", 0.5, {"do not sum to 1"});
    expect_refused("threshold_sets", "/0/budget_macs", 300, {"threshold set 1", "rising order"});
    expect_refused("threshold_sets", "/0", 1, {"threshold_sets[0]", "object is needed"});
    expect_text_refused("threshold_sets", "[]", {"no threshold set"});
    expect_refused("calibration", "/0/temperature", 0, {"temperature 0"});
    expect_text_refused("calibration", "[{}]", {"calibration[0]", "'temperature' is missing"});
    expect_text_refused("calibration", R"([{"temperature":1,"gate_slope":1,"gate_offset":0}])",
                        {"calibrates 1 exits", "there are 2"});
}

// JSON has no NaN and would store null, which means "off": it must not get that far.
TEST(ModelFile, NanIsRefusedBeforeItIsWritten) {
    const TempFolder folder;
    const double nan = std::numeric_limits<double>::quiet_NaN();
    Model model = tiny_model();
    model.threshold_sets[0].on_calibration.thresholds = {nan};
    expect_error(ErrorKind::bad_data, {"threshold set 0", "not finite"}, [&] { save_model(folder / "m", model); });
    model = tiny_model();
    model.calibration.exits[0].gate_offset = nan;
    expect_error(ErrorKind::bad_data, {"gate offset"}, [&] { save_model(folder / "m", model); });
    model = tiny_model();
    model.net.layers[3].name = "conv1";
    expect_error(ErrorKind::bad_data, {"two layers are named 'conv1'"}, [&] { save_model(folder / "m", model); });
    EXPECT_FALSE(std::filesystem::exists(folder / "m"));
}

TEST(ModelFile, OperatingPoint) {
    const Model model = tiny_model();
    EXPECT_EQ(operating_point(model, {}).budget_macs, 200);
    EXPECT_EQ(operating_point(model, 200).budget_macs, 200);
    EXPECT_EQ(operating_point(model, 170).budget_macs, 200);  // fitted for 200, but expected to stay at 162
    EXPECT_EQ(operating_point(model, 161).budget_macs, 60);
    EXPECT_EQ(operating_point(model, 60).budget_macs, 60);
    EXPECT_EQ(operating_point(model, 58).budget_macs, 60);
    expect_error(ErrorKind::inadmissible, {"at most 57 MACs", "cheapest averages 50"}, [&] { operating_point(model, 57); });
}

}  // namespace
}  // namespace nachos::model
