#include "export/onnx_runner.h"

#include "core/error.h"
#include "core/files.h"
#include "exec/run_program.h"
#include "export/answer_file.h"

#include <fmt/format.h>

#include <cstdlib>

namespace nachos::exporting {
namespace {

namespace fs = std::filesystem;

/// The host loop. Arguments: folder with node_modules, export folder, "staged" or "single", file of images, file of answers.
constexpr const char* kHost = R"(import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';

const [root, folder, kind, imageFile, answerFile] = process.argv.slice(2);
const ort = createRequire(path.join(path.resolve(root), 'host.js'))('onnxruntime-node');
const manifest = JSON.parse(fs.readFileSync(path.join(folder, 'manifest.json')));
const { height, width, channels } = manifest.input;
const size = height * width * channels, classes = manifest.class_names.length, exits = manifest.executed_macs.length;
const points = manifest.operating_points;
const images = fs.readFileSync(imageFile), count = images.length / size;
const options = { executionProviders: ['cpu'], intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 };
const open = (file) => ort.InferenceSession.create(path.join(folder, file), options);
const bytesOf = (first, n) => new ort.Tensor('uint8', new Uint8Array(images.buffer, images.byteOffset + first * size, n * size),
    [n, height, width, channels]);
const argmax = (z) => z.reduce((best, v, i) => (v > z[best] ? i : best), 0);
const sigmoid = (x) => 1 / (1 + Math.exp(-x));

// How sure exit e is, given what the exits up to it said of one image (method: the manifest's measure).
function confidence(e, heard) {
    const { temperature } = manifest.calibration[e], z = heard[e].logits, top = argmax(z);
    const gate = (i) => sigmoid(manifest.calibration[i].gate_slope * heard[i].gate + manifest.calibration[i].gate_offset);
    const u = Array.from(z, (v) => (v - z[top]) / temperature), p = u.map(Math.exp), sum = p.reduce((a, b) => a + b, 0);
    switch (manifest.measure) {
        case 'gate': return gate(e);
        case 'cumulative_gate': {
            let stay = 1;
            for (let i = 0; i <= e; ++i) stay *= 1 - gate(i);
            return 1 - stay;
        }
        case 'max_prob': return 1 / sum;
        case 'score_margin': return (1 - Math.max(...p.filter((_, i) => i !== top))) / sum;
        case 'entropy': {
            const h = Math.log(sum) - p.reduce((a, v, i) => a + v * u[i], 0) / sum;
            return Math.min(1, Math.max(0, 1 - h / Math.log(classes)));
        }
        case 'patience': {
            let agreeing = 0;
            while (agreeing < e && argmax(heard[e - 1 - agreeing].logits) === top) ++agreeing;
            return e === 0 ? 0 : agreeing / e;
        }
    }
    throw new Error(`unknown measure ${manifest.measure}`);
}

function exitTaken(thresholds, heard) {
    for (let e = 0; e < exits - 1; ++e)
        if (thresholds[e] !== null && Math.fround(confidence(e, heard)) >= thresholds[e]) return e;
    return exits - 1;
}

const out = fs.openSync(answerFile, 'w');
function write(logits, decisions) {
    fs.writeSync(out, Buffer.from(Float32Array.from(logits.flatMap((z) => Array.from(z))).buffer));
    fs.writeSync(out, Buffer.from(Int32Array.from(decisions.flat()).buffer));
}

if (kind === 'staged') {
    const stages = [];
    for (let e = 0; e < exits; ++e) stages.push(await open(`${manifest.name}.stage${e + 1}.onnx`));
    const batch = 32;
    for (let first = 0; first < count; first += batch) {
        const n = Math.min(batch, count - first), values = { image: bytesOf(first, n) };
        const heard = Array.from({ length: n }, () => []);
        for (const stage of stages) {
            const said = await stage.run(Object.fromEntries(stage.inputNames.map((name) => [name, values[name]])));
            Object.assign(values, said);
            for (let i = 0; i < n; ++i)
                heard[i].push({ logits: said.logits.data.slice(i * classes, (i + 1) * classes), gate: said.gate ? said.gate.data[i] : 0 });
        }
        for (const h of heard)
            write(h.map((x) => x.logits), points.map((p) => { const e = exitTaken(p.thresholds, h); return [e, argmax(h[e].logits)]; }));
    }
} else {
    const session = await open(`${manifest.name}.onnx`);
    const run = (image, thresholds) => session.run(exits === 1 ? { image }
        : { image, thresholds: new ort.Tensor('float32', Float32Array.from(thresholds), [exits - 1]) });
    for (let i = 0; i < count; ++i) {
        const image = bytesOf(i, 1), logits = [], decisions = [];
        for (let e = 0; e < exits; ++e) {
            const only = Array.from({ length: exits - 1 }, (_, j) => (j === e ? -1 : 2));
            logits.push((await run(image, only)).logits.data);
        }
        for (const p of points) {
            const said = await run(image, p.thresholds.map((t) => (t === null ? 2 : t)));
            decisions.push([Number(said.exit.data[0]), Number(said.label.data[0])]);
        }
        write(logits, decisions);
    }
}
fs.closeSync(out);
)";

fs::path runtime_folder() {
    const char* named = std::getenv("NACHOS_ONNXRUNTIME");
    return named != nullptr && *named != '\0' ? fs::path(named) : core::program_folder();
}

Answers answers(const fs::path& folder, const char* kind, const model::Model& model, std::span<const std::uint8_t> pixels) {
    const fs::path root = runtime_folder();
    const ScratchFolder scratch;
    core::write_file_atomic(scratch / "host.mjs", kHost);
    write_images(scratch / "images", pixels);
    exec::run_program({.command = {"node", (scratch / "host.mjs").string(), root.string(), folder.string(), kind,
                                   (scratch / "images").string(), (scratch / "answers").string()}});
    return read_answers(scratch / "answers", model, pixels);
}

}  // namespace

std::string onnx_stage_file(const std::string& name, int stage) { return fmt::format("{}.stage{}.onnx", name, stage + 1); }

std::string onnx_single_file(const std::string& name) { return name + ".onnx"; }

Answers onnx_staged_answers(const fs::path& folder, const std::string&, const model::Model& model,
                            std::span<const std::uint8_t> pixels) {
    return answers(folder, "staged", model, pixels);
}

Answers onnx_single_answers(const fs::path& folder, const std::string&, const model::Model& model,
                            std::span<const std::uint8_t> pixels) {
    return answers(folder, "single", model, pixels);
}

void require_onnxruntime() {
    const fs::path root = runtime_folder();
    require(onnxruntime_found(), ErrorKind::runtime,
            "{} holds no node_modules/onnxruntime-node, with which ONNX files are run; install it there (npm install "
            "--ignore-scripts onnxruntime-node) or name its folder in NACHOS_ONNXRUNTIME",
            root.string());
    exec::run_program({.command = {"node", "--version"}});
}

bool onnxruntime_found() { return fs::exists(runtime_folder() / "node_modules/onnxruntime-node/package.json"); }

}  // namespace nachos::exporting
