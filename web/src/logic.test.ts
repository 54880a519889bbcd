import { describe, expect, it } from 'vitest';
import { logTicks } from './ticks';
import { cell, csv } from './csv';
import { costsOf, studyOf, type Costs, type Design, type RawStudy } from './data';
import { exitTaken, leavings } from './exits';
import { bytes, count, percent, shortCount } from './format';
import { admissible, answer, front, nearest, violations } from './limits';

const costs: Costs = costsOf({ backbone: [90, 280], head: [5, 15], params: 1234, peak: 50176 });

function design(id: string, avg: number, accuracy: number, more: Partial<Design> = {}): Design {
    return {
        key: `${id}-00`,
        network: { id, arch: { stem: [0, 0], depth: [], width: [], kernel: [], expand: [], exits: [] }, costs, measure: 'gate' },
        budget: 0,
        budgetMacs: avg,
        avgPaper: avg,
        figures: { accuracy, minClass: accuracy - 0.1, avg, p95: 300, worst: 300, thresholds: [0.5], shares: [0.5, 0.5] },
        searched: accuracy,
        test: null,
        ...more,
    };
}

/** Deterministic, so that a failure can be repeated. */
function random(seed: number) {
    return () => {
        seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
        return seed / 2 ** 32;
    };
}

describe('costs', () => {
    it('charge every head passed; the paper does not', () => {
        expect(costs.executed).toEqual([95, 300]);
        expect(costs.paper).toEqual([95, 295]);
    });
});

describe('limits', () => {
    const d = design('a', 200, 0.9);
    it('are met at equality and broken beyond', () => {
        expect(admissible(d, { max_avg_macs: 200, min_accuracy: 0.9, max_worst_macs: 300, max_params: 1234, max_peak_activation_bytes: 50176, max_p95_macs: 300 })).toBe(true);
        expect(violations(d, { max_avg_macs: 160 })).toEqual([{ key: 'max_avg_macs', got: 200, allowed: 160, relative: 0.25 }]);
        for (const broken of [{ max_p95_macs: 299 }, { max_worst_macs: 299 }, { max_params: 1233 }, { max_peak_activation_bytes: 50175 }, { min_accuracy: 0.91 }, { min_class_accuracy: 0.81 }])
            expect(admissible(d, broken)).toBe(false);
    });
    it('no limit admits all', () => expect(admissible(d, {})).toBe(true));
    it('the nearest come first, one an architecture', () => {
        const list = nearest([design('a', 300, 0.9), design('a', 220, 0.8), design('b', 250, 0.9)], { max_avg_macs: 200 }, 3);
        expect(list.map((n) => n.design.figures.avg)).toEqual([220, 250]);
        expect(list[0]!.broken[0]!.relative).toBeCloseTo(0.1);
    });
});

describe('front', () => {
    it('equals the definition of dominance on random designs', () => {
        const next = random(7);
        for (let round = 0; round < 50; ++round) {
            const all = Array.from({ length: 40 }, (_, i) => design(String(i), Math.floor(20 * next()), Math.floor(10 * next()) / 10));
            all.sort((a, b) => a.figures.avg - b.figures.avg);
            const dominated = (d: Design) =>
                all.some(({ figures: f }) => f.avg <= d.figures.avg && f.accuracy >= d.figures.accuracy && (f.avg < d.figures.avg || f.accuracy > d.figures.accuracy));
            const expected = new Set(all.filter((d) => !dominated(d)).map((d) => `${d.figures.avg} ${d.figures.accuracy}`));
            expect(new Set(front(all).map((d) => `${d.figures.avg} ${d.figures.accuracy}`))).toEqual(expected);
        }
    });
});

describe('answer', () => {
    const designs = [design('a', 100, 0.8), design('b', 150, 0.78), design('c', 200, 0.9), design('d', 300, 0.95)];
    it('is the most accurate within the budget, beside the most accurate without it', () => {
        const { best, unbound, cheapest } = answer(designs, { max_avg_macs: 250 });
        expect([best?.network.id, unbound?.network.id, cheapest?.network.id]).toEqual(['c', 'd', 'a']);
    });
    it('is nothing where the budget is below the cheapest', () => {
        const { best, cheapest, front: none } = answer(designs, { max_avg_macs: 99 });
        expect([best, cheapest?.network.id, none.length]).toEqual([null, 'a', 0]);
    });
    it('of nothing is nothing', () => expect(answer([], { max_avg_macs: 1 })).toEqual({ best: null, unbound: null, cheapest: null, front: [] }));
});

describe('exits', () => {
    it('are left at the first confidence that reaches its threshold', () => {
        expect(exitTaken([0.5, 0.9, 1], 0, [0.5, 0.1])).toBe(0);
        expect(exitTaken([0.49, 0.9, 1], 0, [0.5, 0.9])).toBe(1);
        expect(exitTaken([0.49, 0.9, 1], 0, [0.5, null])).toBe(2);
        expect(exitTaken([1], 0, [])).toBe(0);
    });
    it('order images from easy to hard', () => {
        const list = leavings([0, 1, 1], [0.6, 1, 0.9, 1, 0.2, 1], [0, 0, 0, 1, 1, 0], [0.5]);
        expect(list.map((l) => [l.index, l.exit, l.prediction])).toEqual([[1, 0, 0], [0, 0, 0], [2, 1, 0]]);
    });
});

describe('numbers', () => {
    it('read as in the terminal', () => {
        expect([count(412300), count(3935184), count(999960), count(17)]).toEqual(['412.3 k', '3.94 M', '1.00 M', '17']);
        expect([shortCount(500000), bytes(24576), bytes(12), percent(0.9123), percent(null)]).toEqual(['500 k', '24.6 kB', '12 B', '91.23 %', '–']);
    });
    it('have round ticks within their range', () => {
        expect(logTicks(9e4, 1.1e6, 6)).toEqual([1e5, 2e5, 5e5, 1e6]);
        expect(logTicks(100, 250)).toEqual([100, 120, 150, 200, 250]);
        expect(logTicks(1, 1e12, 3)).toHaveLength(13);
    });
});

describe('csv', () => {
    it('quotes what must be, and disarms formulas', () => {
        expect(cell('a,"b"')).toBe('"a,""b"""');
        expect(cell('=1+1')).toBe("'=1+1");
        expect(cell(-1)).toBe('-1');
        expect(cell(null)).toBe('');
    });
    it('has a row a design', () => {
        const lines = csv([{ design: design('a', 100, 0.8), source: 'searched', admissible: true, onFront: false }]).trim().split('\r\n');
        expect(lines).toHaveLength(2);
        expect(lines[1]).toContain('a-00,searched,gate,0.8,,,');
    });
});

describe('data', () => {
    it('of another version is refused in plain words', () => expect(() => studyOf({ schema: 99 } as RawStudy)).toThrow(/version 1 .* version 99/));
});
