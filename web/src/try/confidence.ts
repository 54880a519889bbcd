// What policy/confidence.cpp computes, in the browser: how sure an exit is, from what the network said up to it.

export interface Fit {
    temperature: number;
    gate_slope: number;
    gate_offset: number;
}

export type Measure = 'gate' | 'cumulative_gate' | 'score_margin' | 'max_prob' | 'entropy' | 'patience';

const sigmoid = (x: number) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

export function predicted(logits: ArrayLike<number>): number {
    let best = 0;
    for (let k = 1; k < logits.length; ++k) if (logits[k]! > logits[best]!) best = k;
    return best;
}

export function probabilities(logits: ArrayLike<number>, temperature: number): number[] {
    const top = logits[predicted(logits)]!;
    const e = Array.from(logits, (z) => Math.exp((z - top) / temperature));
    const sum = e.reduce((a, b) => a + b, 0);
    return e.map((v) => v / sum);
}

function entropyCertainty(p: readonly number[]): number {
    const entropy = -p.reduce((sum, v) => sum + (v > 0 ? v * Math.log(v) : 0), 0);
    return Math.min(Math.max(1 - entropy / Math.log(p.length), 0), 1);
}

function patience(logits: readonly ArrayLike<number>[], exit: number): number {
    if (exit === 0) return 0;
    const own = predicted(logits[exit]!);
    let agreeing = 0;
    while (agreeing < exit && predicted(logits[exit - 1 - agreeing]!) === own) ++agreeing;
    return agreeing / exit;
}

/** At exit `exit`, from the logits and gates of all exits up to it. Rounded to single precision, as recorded. */
export function confidenceAt(measure: Measure, fits: readonly Fit[], logits: readonly ArrayLike<number>[], gates: readonly number[], exit: number): number {
    const gate = (i: number) => sigmoid(fits[i]!.gate_slope * gates[i]! + fits[i]!.gate_offset);
    const p = () => probabilities(logits[exit]!, fits[exit]!.temperature);
    const value = {
        gate: () => gate(exit),
        cumulative_gate: () => {
            let stay = 1;
            for (let i = 0; i <= exit; ++i) stay *= 1 - gate(i);
            return 1 - stay;
        },
        score_margin: () => {
            const sorted = p().sort((a, b) => b - a);
            return sorted[0]! - (sorted[1] ?? 0);
        },
        max_prob: () => Math.max(...p()),
        entropy: () => entropyCertainty(p()),
        patience: () => patience(logits, exit),
    }[measure]();
    return Math.fround(value);
}
