// The staged network in ONNX Runtime: one session a stage; a stage behind the exit taken is never run.
import * as ort from 'onnxruntime-web/wasm';
import { confidenceAt, predicted, probabilities, type Fit, type Measure } from './confidence';

export interface TryData {
    schema: number;
    program: { version: string; commit: string };
    data: string;
    model: string;
    input: { height: number; width: number; channels: number };
    classes: string[];
    measure: Measure;
    calibration: Fit[];
    executed_macs: number[];
    points: { budget_macs: number; thresholds: (number | null)[]; accuracy: number; avg_macs: number; exit_share: number[] }[];
    /** ONNX files, base64 */
    stages: string[];
    samples: { height: number; width: number; channels: number; rows: number[]; labels: number[]; pixels: string } | null;
    /** what the study recorded of the samples, (samples, exits); null where it did not */
    recorded: { confidences: number[]; predictions: number[] } | null;
}

/** What one exit said. */
export interface Said {
    prediction: number;
    confidence: number;
    probabilities: number[];
}

export const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

async function wasmBinary(): Promise<ArrayBuffer> {
    const packed = bytesOf(document.getElementById('wasm')!.textContent!);
    return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer();
}

export class Network {
    private constructor(
        private readonly data: TryData,
        private readonly sessions: ort.InferenceSession[],
    ) {}

    static async load(data: TryData): Promise<Network> {
        ort.env.wasm.wasmBinary = await wasmBinary();
        ort.env.wasm.numThreads = 1; // threads need a server's headers
        ort.env.wasm.proxy = false;
        ort.env.logLevel = 'error';
        const sessions: ort.InferenceSession[] = [];
        for (const stage of data.stages) sessions.push(await ort.InferenceSession.create(bytesOf(stage), { executionProviders: ['wasm'] }));
        return new Network(data, sessions);
    }

    /** Runs stage after stage until the image, bytes (H, W, C), leaves; yields what each exit said. */
    async *run(image: Uint8Array, thresholds: readonly (number | null)[]): AsyncGenerator<Said> {
        const { height, width, channels } = this.data.input;
        const values: Record<string, ort.Tensor> = { image: new ort.Tensor('uint8', image, [1, height, width, channels]) };
        const logits: Float32Array[] = [];
        const gates: number[] = [];
        for (const [exit, session] of this.sessions.entries()) {
            const results = await session.run(Object.fromEntries(session.inputNames.map((name) => [name, values[name]!])));
            Object.assign(values, results);
            logits.push(results['logits']!.data as Float32Array);
            gates.push(results['gate'] ? (results['gate'].data as Float32Array)[0]! : 0);
            const last = exit + 1 === this.sessions.length;
            const confidence = last ? 1 : confidenceAt(this.data.measure, this.data.calibration, logits, gates, exit);
            yield { prediction: predicted(logits[exit]!), confidence, probabilities: probabilities(logits[exit]!, this.data.calibration[exit]!.temperature) };
            const threshold = thresholds[exit] ?? null;
            if (threshold !== null && confidence >= threshold) return;
        }
    }
}
