// Medians of the time that ONNX Runtime takes for the network of an export folder and for a model of one node, as JSON.
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';

const folder = process.argv[2], images = 1000, warmUp = 100;
const ort = createRequire(path.join(path.resolve(process.env.NACHOS_ONNXRUNTIME ?? '.'), 'host.js'))('onnxruntime-node');
const manifest = JSON.parse(fs.readFileSync(path.join(folder, 'manifest.json')));
const { height, width, channels } = manifest.input;
if (manifest.executed_macs.length !== 1) throw new Error('the network has exits; name one without');

// Protocol buffers by hand: a field is its number and type, then a number or the length of what follows.
const number = (n) => { const out = []; do { out.push(n > 127 ? (n & 127) | 128 : n); n >>= 7; } while (n > 0); return out; };
const varint = (field, n) => [field << 3, ...number(n)];
const bytes = (field, content) => [(field << 3) | 2, ...number(content.length), ...content];
const text = (field, s) => bytes(field, [...Buffer.from(s)]);

/** y = Identity(x), bytes of shape [1, height, width, channels]. */
function oneNode() {
    const value = (name) => {
        const shape = [1, height, width, channels].flatMap((d) => bytes(1, varint(1, d)));
        return [...text(1, name), ...bytes(2, bytes(1, [...varint(1, 2), ...bytes(2, shape)]))];
    };
    const node = [...text(1, 'x'), ...text(2, 'y'), ...text(4, 'Identity')];
    const graph = [...bytes(1, node), ...text(2, 'one'), ...bytes(11, value('x')), ...bytes(12, value('y'))];
    return Uint8Array.from([...varint(1, 8), ...bytes(7, graph), ...bytes(8, varint(2, 13))]);
}

async function medianUs(model, input) {
    const session = await ort.InferenceSession.create(model, {
        executionProviders: ['cpu'], intraOpNumThreads: 1, interOpNumThreads: 1, graphOptimizationLevel: 'all', logSeverityLevel: 3 });
    const times = [];
    for (let i = 0; i < warmUp + images; ++i) {
        const pixels = Uint8Array.from({ length: height * width * channels }, (_, p) => (p * 7 + i * 13) & 255);
        const feeds = { [input]: new ort.Tensor('uint8', pixels, [1, height, width, channels]) };
        const start = process.hrtime.bigint();
        await session.run(feeds);
        if (i >= warmUp) times.push(Number(process.hrtime.bigint() - start) / 1e3);
    }
    return times.sort((a, b) => a - b)[times.length >> 1];
}

const network = await medianUs(path.join(folder, `${manifest.name}.stage1.onnx`), 'image');
console.log(JSON.stringify({ network_us: network, one_node_us: await medianUs(oneNode(), 'x') }));
