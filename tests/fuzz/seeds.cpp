#include "arch/search_space.h"
#include "cli/config.h"
#include "core/files.h"
#include "cost/latency_table.h"
#include "data/files.h"
#include "export/manifest.h"
#include "model/metadata.h"
#include "model/tiny_model.h"
#include "policy/table.h"
#include "report/engine_comparison.h"
#include "report/sample.h"
#include "study/evaluation_json.h"
#include "study/folder.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <matio.h>
#include <png.h>

#include <cstdio>
#include <iostream>

#include <jpeglib.h>

/// Writes the valid seeds of every corpus with the writers of the program and of the tests: fuzz_seeds FOLDER. What fuzzing
/// found stands beside them and is not made here.
namespace nachos::fuzz {
namespace {

namespace fs = std::filesystem;

class Seeds {
  public:
    explicit Seeds(fs::path folder) : folder_(std::move(folder)) {}

    void write() const {
        specs();
        configs();
        studies();
        tensors();
        texts();
        tables_and_manifests();
        idx();
        records();
        matlab();
        images();
    }

  private:
    fs::path at(const std::string& target, const std::string& name) const {
        fs::create_directories(folder_ / target);
        return folder_ / target / name;
    }
    void put(const std::string& target, const std::string& name, std::string_view bytes) const {
        test::write_bytes(at(target, name), bytes);
    }

    void specs() const {
        for (const arch::SpaceRow& row : arch::spaces()) {
            const arch::SearchSpace space = arch::make_space({.name = row.name}, {});
            put("arch", fmt::format("{}-smallest.json", row.name), arch::to_json(space.smallest()));
            put("arch", fmt::format("{}-exits.json", row.name), arch::to_json(space.with_all_exits(space.largest())));
        }
    }

    void configs() const {
        put("config", "defaults.toml", cli::to_toml({}));
        put("config", "short.toml",
            "# text\n[data]\npath = 'a \"b\"'\n[limits]\nmax_avg_macs = 2.5e5\nmin_accuracy = \"none\"\n"
            "[space]\ndepth = [[1], [1, 2], [1], [0x2]]\nkernel = [3,\n 5]\n[search]\nengine = \"nsga2\"\n");
    }

    void studies() const;
    void tensors() const;
    void texts() const;
    void tables_and_manifests() const;
    void idx() const;
    void records() const;
    void matlab() const;
    void images() const;

    fs::path folder_;
};

/// A study's database as a viewer finds it, its pages as small as SQLite has them.
void write_study(const fs::path& path, const report::Snapshot& s) {
    const test::TempFolder temporary;
    {
        study::Study study = study::Study::create_or_resume(temporary.path(), s.config);
        study.put_facts(s.facts);
        for (const auto& e : s.evaluations) study.append(arch::arch_id(e.arch), e);
        for (const auto& m : s.models) study.put_model(m);
        for (const auto& h : s.history) study.put_history(h);
        if (!s.test_reads.empty()) study.record_test_read("final");
    }
    const fs::path file = temporary / study::kDatabaseFile;
    SQLite::Database(file.string(), SQLite::OPEN_READWRITE)
        .exec("PRAGMA journal_mode = DELETE; PRAGMA page_size = 512; VACUUM");
    fs::copy_file(file, path, fs::copy_options::overwrite_existing);
}

void Seeds::studies() const {
    const report::Snapshot s = report::test::sample_trained();
    write_study(at("study_db", "searched.db"), report::test::sample_snapshot());
    write_study(at("study_db", "trained.db"), s);
    put("study_rows", "trained",
        fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n\n{}\n", study::to_json(s.facts), arch::to_json(s.evaluations[1].arch),
                    study::to_json(s.evaluations[1].costs), study::to_json(s.evaluations[1].curve),
                    study::to_json(s.models[0].points), "models/m.safetensors", "gate\n0.5\n2e0\ngaussian-process"));
    put("study_json", "costs.json", study::to_json(s.evaluations[0].costs));
    put("study_json", "curve.json", study::to_json(s.evaluations[0].curve));
    put("study_json", "points.json", study::to_json(s.models[0].points));
    put("study_json", "facts.json", study::to_json(s.facts));
    study::EvaluationRow row = study::row_of(s.evaluations[1]);
    row.id = 7;
    const std::string line = study::to_json(row);
    put("study_json", "row.json", line);
    row.id = 1;
    put("study_tail", "replaced", line + "\n" + study::to_json(row) + "\n" + line.substr(0, 100));
    put("study_json", "engine.json",
        report::to_json(report::EngineRun{
            .engine = "random", .seed = 1, .steps = {{8, 0.5, 0.25}}, .seconds = 1.5, .supernet_seconds = 2.5}));
}

void Seeds::tensors() const {
    std::string lines;
    for (const auto& [key, value] : model::to_metadata(test::tiny_model())) lines += value + "\n";
    put("model", "tiny", lines);
    model::Quantization codes{.tensors = std::vector<model::Affine>(7, {0.01F, 3}), .inner = {}, .weight_scales = {}};
    codes.inner.assign(6, {0.01F, 3});
    put("model", "int8", lines + model::quantization_to_json(codes) + "\n");
    const policy::RecordedTable table{.samples = 2,
                                      .exits = 2,
                                      .classes = 2,
                                      .labels = {0, 1},
                                      .logits = {1, -1, 2, 0, 0, 1, -1, 1},
                                      .gates = {0.5F, 0, -0.5F, 0}};
    for (const char* target : {"table", "safetensors"}) {
        for (const auto precision : {policy::TablePrecision::f16, policy::TablePrecision::f32}) {
            const fs::path path = at(target, precision == policy::TablePrecision::f16 ? "f16" : "f32");
            policy::save_table(path, table, precision);
            std::string bytes = core::read_file(path);
            bytes.replace(bytes.find("nachos_checksum"), 15, "no_checksum____");  // it would refuse every change of a value
            test::write_bytes(path, bytes);
        }
    }
    const std::string header = R"({"a":{"dtype":"F32","shape":[0,3],"data_offsets":[0,0]}})";
    put("safetensors", "bare", std::string(1, static_cast<char>(header.size())) + std::string(7, '\0') + header);
}

void Seeds::texts() const {
    put("csv_table", "two-exits.csv", "label,pred_1,conf_1,pred_2,conf_2\n1,0,0.25,1,0.5\n2, 2 ,1e-3,2,-4\r\n");
    put("csv_table", "no-last-confidence.csv", "\xEF\xBB\xBFlabel,pred_1,conf_1,pred_2\n0,0,.5,0\n3,1,-1e400,3\n\n");
    put("exit_costs", "two.json", R"({"unit": "macs", "executed": [1, 2.5e3]})");
    std::string archive;
    for (int i = 0; i < 20; ++i)
        archive +=
            fmt::format(R"({{"depth":[1,1,1,1,1],"kernel":[3,5,7,3,{}],"expand":[3,4,6,3,4],"threshold":[1,0.2,1,{}],)"
                        R"("resolution":32,"top1":{},"avg_macs_m":{}}})"
                        "\n",
                        3 + 2 * (i % 3), i % 2 == 0 ? 1.0 : 0.5, 60.5 + i, 2 + 0.1 * i);
    put("bench_archive", "twenty.jsonl", archive);
}

std::string with_length(const std::string& first, const std::string& second) {
    return std::string{static_cast<char>(first.size()), static_cast<char>(first.size() >> 8)} + first + second;
}

void Seeds::idx() const {
    const std::string pixels("abcdefghijkl");
    const std::string images = test::idx({2, 2, 3}, pixels), labels = test::idx({2}, std::string("\0\1", 2));
    put("idx", "plain", with_length(images, labels));
    put("idx", "gzip", with_length(test::gzip(images), test::gzip(labels)));
}

void Seeds::records() const {
    std::string names;
    for (int c = 0; c < 10; ++c) names += fmt::format("class{}\n", c);
    put("cifar", "ten", with_length(names, std::string(3073, '\1')));
    put("cifar", "hundred", with_length("", std::string(3074, '\2')));
}

void Seeds::matlab() const {
    for (const auto compression : {MAT_COMPRESSION_ZLIB, MAT_COMPRESSION_NONE}) {
        const bool zipped = compression == MAT_COMPRESSION_ZLIB;
        mat_t* file = Mat_CreateVer(at("svhn", zipped ? "zipped.mat" : "plain.mat").c_str(), "seed", MAT_FT_MAT5);
        const auto write = [&](const char* name, std::vector<std::size_t> dims, std::vector<std::uint8_t> values) {
            matvar_t* array =
                Mat_VarCreate(name, MAT_C_UINT8, MAT_T_UINT8, static_cast<int>(dims.size()), dims.data(), values.data(), 0);
            Mat_VarWrite(file, array, compression);
            Mat_VarFree(array);
        };
        const std::size_t images = zipped ? 10 : 1;
        write("X", {32, 32, 3, images}, std::vector<std::uint8_t>(3072 * images, 7));
        write("y", {images, 1},
              zipped ? std::vector<std::uint8_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10} : std::vector<std::uint8_t>{1});
        Mat_Close(file);
    }
}

/// A progressive JPEG, which the tests have no writer for.
void write_progressive(const fs::path& path, int side) {
    std::FILE* out = std::fopen(path.c_str(), "wb");
    jpeg_compress_struct jpeg{};
    jpeg_error_mgr errors{};
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_stdio_dest(&jpeg, out);
    jpeg.image_height = jpeg.image_width = static_cast<JDIMENSION>(side);
    jpeg.input_components = 3;
    jpeg.in_color_space = JCS_RGB;
    jpeg_set_defaults(&jpeg);
    jpeg_simple_progression(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    std::vector<JSAMPLE> row(static_cast<std::size_t>(3 * side));
    for (int y = 0; y < side; ++y) {
        for (std::size_t x = 0; x < row.size(); ++x) row[x] = static_cast<JSAMPLE>(5 * x + 7 * y);
        JSAMPROW rows = row.data();
        jpeg_write_scanlines(&jpeg, &rows, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    std::fclose(out);
}

void Seeds::tables_and_manifests() const {
    cost::LatencyTable table{.device = {"a CPU", 1, "float32", "0.1.0"},
                             .commit = "0123abc",
                             .date = "2024-01-01T00:00:00Z",
                             .input = {1, 8, 8},
                             .classes = 2,
                             .inference_us = 0.5,
                             .exit_us = 0.25,
                             .check = {.designs = 20, .median_error = 0.01, .p90_error = 0.1, .spearman = 1, .kendall = 1},
                             .layers = {}};
    for (const arch::Layer& layer : test::tiny_net(8).layers) table.layers[cost::key_of(layer)] = {1.5, 0.125, 7};
    put("latency_table", "tiny.json", cost::to_json(table));
    const test::TempFolder folder;
    exporting::write_manifest(folder.path(),
                              {.name = "nachos_tiny",
                               .model_hash = "00",
                               .forms = {{.kind = "c", .files = {"nachos_tiny.c", "nachos_tiny.h"}, .weight_bytes = 204},
                                         {.kind = "onnx", .files = {"nachos_tiny.onnx"}}}},
                              test::tiny_model(8));
    put("manifest", "tiny.json", core::read_file(folder / exporting::kManifestFile));
}

void Seeds::images() const {
    test::write_png(at("image", "grey.png"), {.height = 2, .width = 3, .samples = {1, 2, 3, 4, 5, 6}});
    test::write_png(at("image", "bits.png"), {.height = 2, .width = 9, .bits = 1, .samples = {1, 128, 3, 0}});
    test::write_png(
        at("image", "deep.png"),
        {.height = 1, .width = 1, .bits = 16, .type = PNG_COLOR_TYPE_RGB_ALPHA, .samples = {1, 2, 3, 4, 5, 6, 7, 8}});
    test::write_png(at("image", "palette.png"),
                    {.height = 1, .width = 3, .type = PNG_COLOR_TYPE_PALETTE, .samples = {0, 1, 2}});
    test::write_jpeg(at("image", "grey.jpg"), test::flat_image(9, 8, {100}));
    test::write_jpeg(at("image", "colour.jpg"), test::flat_image(17, 9, {10, 200, 30}));
    test::write_jpeg(at("image", "inks.jpg"), test::flat_image(8, 8, {10, 200, 30, 40}));
    write_progressive(at("image", "progressive.jpg"), 17);
    std::string interlaced = core::read_file(at("image", "deep.png"));
    interlaced[28] = 1;  // one pixel is the same either way; the target corrects the checksum
    put("image", "interlaced.png", interlaced);
}

}  // namespace
}  // namespace nachos::fuzz

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: fuzz_seeds FOLDER\n";
        return 2;
    }
    nachos::fuzz::Seeds(argv[1]).write();
    return 0;
}
