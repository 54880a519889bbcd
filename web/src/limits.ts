// Which designs meet limits, and which of those to take. The same rules as study/limits.cpp and search/archive.cpp.
import { averageLatency, type Design, type LimitKey, type Limits } from './data';
import type { Unit } from './format';

export const kLimits: { key: LimitKey; name: string; unit: Unit; of: (d: Design) => number }[] = [
    { key: 'max_avg_macs', name: 'average cost', unit: 'MACs', of: (d) => d.figures.avg },
    { key: 'max_p95_macs', name: 'cost of 95 % of the images', unit: 'MACs', of: (d) => d.figures.p95 },
    { key: 'max_worst_macs', name: 'worst-case cost', unit: 'MACs', of: (d) => d.network.costs.executed.at(-1)! },
    { key: 'max_params', name: 'parameters', unit: 'count', of: (d) => d.network.costs.params },
    { key: 'max_peak_activation_bytes', name: 'peak memory of activations', unit: 'bytes', of: (d) => d.network.costs.peak },
    { key: 'max_avg_latency_us', name: 'average time', unit: 'us', of: (d) => averageLatency(d, d.network.costs.latency) ?? Infinity },
    { key: 'min_accuracy', name: 'accuracy', unit: 'share', of: (d) => d.figures.accuracy },
    { key: 'min_class_accuracy', name: 'accuracy of the worst class', unit: 'share', of: (d) => d.figures.minClass },
];

export interface Violation {
    key: LimitKey;
    got: number;
    allowed: number;
    /** |got - allowed| / |allowed| */
    relative: number;
}

const kAvg = kLimits.findIndex(({ key }) => key === 'max_avg_macs');
const kAccuracy = kLimits.findIndex(({ key }) => key === 'min_accuracy');
const isLeast = (key: LimitKey) => key.startsWith('min_');

export function violations(design: Design, limits: Limits): Violation[] {
    const broken: Violation[] = [];
    for (const { key, of } of kLimits) {
        const allowed = limits[key];
        if (allowed === undefined) continue;
        const got = of(design);
        if (isLeast(key) ? got >= allowed : got <= allowed) continue;
        const gap = Math.abs(got - allowed);
        broken.push({ key, got, allowed, relative: allowed === 0 ? gap : gap / Math.abs(allowed) });
    }
    return broken;
}

export function admissible(design: Design, limits: Limits): boolean {
    return kLimits.every(({ key, of }) => {
        const allowed = limits[key];
        return allowed === undefined || (isLeast(key) ? of(design) >= allowed : of(design) <= allowed);
    });
}

/** What limits ask of each design, as columns: filtering tens of thousands while a slider moves must not take a frame. */
interface Columns {
    /** one of kLimits each */
    values: Float64Array[];
}
const known = new WeakMap<readonly Design[], Columns>();

function columnsOf(designs: readonly Design[]): Columns {
    let columns = known.get(designs);
    if (!columns) {
        columns = { values: kLimits.map(({ of }) => Float64Array.from(designs, of)) };
        known.set(designs, columns);
    }
    return columns;
}

/** 1 for each admissible design. */
export function admissibleFlags(designs: readonly Design[], limits: Limits): Uint8Array {
    const flags = new Uint8Array(designs.length).fill(1);
    kLimits.forEach(({ key }, l) => {
        const allowed = limits[key];
        if (allowed === undefined) return;
        const values = columnsOf(designs).values[l]!;
        if (isLeast(key)) for (let i = 0; i < flags.length; ++i) flags[i]! &= values[i]! >= allowed ? 1 : 0;
        else for (let i = 0; i < flags.length; ++i) flags[i]! &= values[i]! <= allowed ? 1 : 0;
    });
    return flags;
}

/** The least and the most of each of kLimits; `low` is infinite where nothing is known. */
export function ranges(designs: readonly Design[]): { low: number; high: number }[] {
    return columnsOf(designs).values.map((values) => {
        let low = Infinity;
        let high = -Infinity;
        for (const v of values) {
            if (v < low) low = v;
            if (v > high && v < Infinity) high = v;
        }
        return { low, high: high > low ? high : low + 1 };
    });
}

/** The non-dominated of the flagged designs, sorted by average cost: each more accurate than all that are no dearer. */
export function front(designs: readonly Design[], flags?: Uint8Array): Design[] {
    const { values } = columnsOf(designs);
    const [avg, accuracy] = [values[kAvg]!, values[kAccuracy]!];
    const kept: number[] = [];
    let best = -1;
    for (let i = 0; i < designs.length; ++i) {
        if (accuracy[i]! <= best || (flags && flags[i] !== 1)) continue;
        best = accuracy[i]!;
        if (kept.length > 0 && avg[i] === avg[kept.at(-1)!]) kept.pop();
        kept.push(i);
    }
    return kept.map((i) => designs[i]!);
}

/** The nearest designs where none is admissible: least total violation first, one an architecture. */
export function nearest(designs: readonly Design[], limits: Limits, count: number): { design: Design; broken: Violation[] }[] {
    const best = new Map<string, { design: Design; broken: Violation[]; total: number }>();
    for (const design of designs) {
        const broken = violations(design, limits);
        const total = broken.reduce((sum, v) => sum + v.relative, 0);
        const known = best.get(design.network.id);
        if (!known || total < known.total) best.set(design.network.id, { design, broken, total });
    }
    return [...best.values()].sort((a, b) => a.total - b.total).slice(0, count);
}

export interface Answer {
    /** the most accurate within all limits */
    best: Design | null;
    /** the most accurate when the average cost is free */
    unbound: Design | null;
    /** the cheapest within the other limits: where even that is above the budget */
    cheapest: Design | null;
    front: Design[];
}

/** The answer for limits, of designs sorted by average cost. */
export function answer(designs: readonly Design[], limits: Limits): Answer {
    const { max_avg_macs: budget, ...others } = limits;
    const flags = admissibleFlags(designs, others);
    const free = front(designs, flags);
    const within = budget === undefined ? free : free.filter((d) => d.figures.avg <= budget);
    return { best: within.at(-1) ?? null, unbound: free.at(-1) ?? null, cheapest: free[0] ?? null, front: within };
}
