// Which designs meet limits, and which of those to take. The same rules as study/limits.cpp and search/archive.cpp.
import type { Design, LimitKey, Limits } from './data';

export const kLimits: { key: LimitKey; name: string; unit: 'MACs' | 'count' | 'bytes' | 'share'; of: (d: Design) => number }[] = [
    { key: 'max_avg_macs', name: 'average cost', unit: 'MACs', of: (d) => d.figures.avg },
    { key: 'max_p95_macs', name: 'cost of 95 % of the images', unit: 'MACs', of: (d) => d.figures.p95 },
    { key: 'max_worst_macs', name: 'worst-case cost', unit: 'MACs', of: (d) => d.network.costs.executed.at(-1)! },
    { key: 'max_params', name: 'parameters', unit: 'count', of: (d) => d.network.costs.params },
    { key: 'max_peak_activation_bytes', name: 'peak memory of activations', unit: 'bytes', of: (d) => d.network.costs.peak },
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

/** The non-dominated of designs sorted by average cost: each more accurate than all that are no dearer. */
export function front(designs: readonly Design[]): Design[] {
    const kept: Design[] = [];
    for (const d of designs) {
        const last = kept.at(-1);
        if (last && d.figures.accuracy <= last.figures.accuracy) continue;
        if (last && d.figures.avg === last.figures.avg) kept.pop();
        kept.push(d);
    }
    return kept;
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
    const free = front(designs.filter((d) => admissible(d, others)));
    const within = budget === undefined ? free : free.filter((d) => d.figures.avg <= budget);
    return { best: within.at(-1) ?? null, unbound: free.at(-1) ?? null, cheapest: free[0] ?? null, front: within };
}
