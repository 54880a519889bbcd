#include "cli/quantization_images.h"
#include "cli/train_session.h"
#include "core/error.h"
#include "core/files.h"
#include "export/c_writer.h"
#include "export/exporters.h"
#include "report/results.h"

#include <fmt/format.h>

#include <cstdio>

namespace nachos::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kVerifiedFile = "verified.txt";  // what was said of an export that is the model

/// What this machine lacks to run the form; empty if nothing.
std::string missing_runner(const exporting::ExporterRow& form) {
    try {
        form.require_runner();
        return {};
    } catch (const Error& e) {
        return e.what();
    }
}

/// Verified on the calibration part, in words.
std::string verified(const fs::path& folder, const data::Examples& calibration) {
    const exporting::ExportFolder opened = exporting::open_export(folder);
    const exporting::ExporterRow* form = &exporting::exporter_of(opened.manifest.forms.back().kind, folder.string());
    if (const std::string missing = missing_runner(*form); !missing.empty()) return "not verified here: " + missing;
    const exporting::Verdict verdict =
        exporting::verify_forms(opened, {&form, 1}, {calibration.pixels, calibration.labels}).front().verdict;
    require(verdict.same(), ErrorKind::verification, "{} is not the model: of calibration image {}, {}", folder.string(),
            verdict.first_differing.value_or(0), verdict.first_difference);
    const std::string undecided =
        verdict.undecided == 0 ? "" : fmt::format(" ({} on a threshold, to rounding)", verdict.undecided);
    const std::string text = fmt::format("verified: same exits and classes on {} images{}", verdict.samples, undecided);
    core::write_file_atomic(folder / kVerifiedFile, text + "\n");
    return text;
}

std::string sizes(const exporting::Form& form) {
    const std::string weights = fmt::format("weights {:.1f} kB", static_cast<double>(form.weight_bytes) / 1000);
    if (form.arena_bytes == 0) return weights;
    return weights + fmt::format(", memory {:.1f} kB", static_cast<double>(form.arena_bytes) / 1000);
}

/// At the most accurate operating point.
std::string cost_of_int8(const std::vector<exporting::QuantizationLoss>& losses) {
    if (losses.empty()) return {};
    const exporting::QuantizationLoss& l = losses.back();
    return fmt::format("; {:.2f} % right on calibration, float32 {:.2f} %, {:.1f} % leave elsewhere", 100 * l.accuracy,
                       100 * l.trained_accuracy, 100 * l.flips);
}

struct Wanted {
    const char* what;
    const char* kind;
    bool int8;
};
constexpr Wanted kWanted[] = {{"c", "c", false}, {"c-int8", "c", true}, {"onnx", "onnx-staged", false}};

/// Writes and verifies one form; returns what there is to say.
std::string exported(const Session& session, const fs::path& model_file, const Wanted& wanted, const fs::path& folder) {
    const data::Examples& calibration = session.parts.calibration.examples();
    const std::string name = exporting::c_identifier("nachos_" + model_file.stem().string() + (wanted.int8 ? "_int8" : ""));
    exporting::Int8Export done;
    if (!wanted.int8) {
        done.manifest = exporting::export_model(model_file, wanted.kind, name, folder);
    } else {
        try {
            done = exporting::export_int8(model_file, wanted.kind, name, range_images(session.parts.train.examples()).pixels,
                                          {calibration.pixels, calibration.labels}, folder);
        } catch (const Error& e) {
            if (e.kind() != ErrorKind::inadmissible) throw;
            return fmt::format("not written: {}", e.what());  // the other forms are still an answer
        }
    }
    return fmt::format("{}{}; {}", sizes(done.manifest.forms.back()), cost_of_int8(done.losses),
                       verified(folder, calibration));
}

}  // namespace

void export_best(const Session& session, const study::Study& study, const study::Limits& limits) {
    const report::Results results = report::results(report::read(study), limits);
    if (results.designs.empty() || !results.designs.back().trained()) return;
    const fs::path model_file = study.path_of(results.designs.back().model_file);
    for (const Wanted& wanted : kWanted) {
        const fs::path folder = fs::path(model_file).replace_extension() / wanted.what;
        const bool known = fs::exists(folder / kVerifiedFile);
        fmt::print("export  {}{}\n", folder.string(), known ? "" : "  " + exported(session, model_file, wanted, folder));
    }
}

}  // namespace nachos::cli
