// Accuracy against cost: every design the search evaluated, the front under the limits, trained designs, the one chosen.
import type { ECharts } from 'echarts/core';
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { accuracyOf, averageOf, Name } from './answer';
import { baseOption, Chart, macsAxis, shareAxis, type Option, type Series } from './chart';
import type { Design, Limits, Study } from './data';
import { macs, percent, shares, thresholds } from './format';
import { admissibleFlags, type Answer } from './limits';
import { colours, type Colours } from './theme';

interface Extent {
    x: [number, number];
    y: [number, number];
}

/** Where there is something to see: the front with room below it, or all. */
function extentOf(designs: readonly Design[], limits: Limits, whole: boolean): Extent {
    let [x0, x1, y0, y1] = [Infinity, 0, 1, 0];
    const ys: number[] = [];
    for (const d of designs) {
        for (const f of d.test ? [d.figures, d.test] : [d.figures]) {
            x0 = Math.min(x0, f.avg);
            x1 = Math.max(x1, f.avg);
            y0 = Math.min(y0, f.accuracy);
            y1 = Math.max(y1, f.accuracy);
            ys.push(f.accuracy);
        }
    }
    if (designs.length === 0) return { x: [1e4, 1e6], y: [0, 1] };
    if (limits.max_avg_macs !== undefined) x1 = Math.max(x1, Math.min(limits.max_avg_macs, 2 * x1));
    ys.sort((a, b) => a - b);
    const low = whole ? y0 : Math.max(y0, ys[Math.floor(ys.length * 0.08)]!);
    const room = Math.max((y1 - low) * 0.06, 0.004);
    return { x: [x0 / 1.06, x1 * 1.08], y: [Math.max(0, low - room), Math.min(1, y1 + room)] };
}

type Dot = [number, number];
const dot = (avg: number, accuracy: number): Dot => [Math.log10(avg), accuracy];
const dotOf = (d: Design) => dot(d.figures.avg, d.figures.accuracy);

// Of points that fall onto one spot of this grid (some three pixels a side, as large as a point) one is drawn.
const kColumns = 330;
const kRows = 115;

/** Where designs lie on that grid, -1 outside of the extent; and as flat numbers. */
interface Spots {
    cells: Int32Array;
    values: Float32Array;
}

function spotsOf(designs: readonly Design[], e: Extent): Spots {
    const cells = new Int32Array(designs.length).fill(-1);
    const values = new Float32Array(2 * designs.length);
    const [left, right] = e.x.map(Math.log10) as [number, number];
    designs.forEach(({ figures: { avg, accuracy } }, i) => {
        const x = Math.log10(avg);
        const column = Math.floor(((x - left) / (right - left)) * kColumns);
        const row = Math.floor(((accuracy - e.y[0]) / (e.y[1] - e.y[0])) * kRows);
        values[2 * i] = x;
        values[2 * i + 1] = accuracy;
        if (column >= 0 && column <= kColumns && row >= 0 && row <= kRows) cells[i] = row * (kColumns + 1) + column;
    });
    return { cells, values };
}

/** Those whose flag is `wanted`, as flat numbers, which ECharts draws by tens of thousands. */
function flat({ cells, values }: Spots, flags: Uint8Array, wanted: 0 | 1): Float32Array {
    const taken = new Uint8Array((kColumns + 1) * (kRows + 1));
    const out = new Float32Array(values.length);
    let n = 0;
    for (let i = 0; i < cells.length; ++i) {
        const cell = cells[i]!;
        if (flags[i] !== wanted || cell < 0 || taken[cell] === 1) continue;
        taken[cell] = 1;
        out[n++] = values[2 * i]!;
        out[n++] = values[2 * i + 1]!;
    }
    return out.subarray(0, n);
}

const cloud = (data: Float32Array, color: string, size: number): Series => ({
    type: 'scatter',
    large: true,
    largeThreshold: 0,
    progressive: 0,
    dimensions: ['x', 'y'],
    data: data as unknown as Dot[],
    symbolSize: size,
    itemStyle: { color },
    silent: true,
    z: 1,
});

function steps(front: readonly Design[], right: number, color: string): Series {
    const line: Dot[] = front.map(dotOf);
    if (front.length > 0) line.push([Math.log10(right), front.at(-1)!.figures.accuracy]);
    return { type: 'line', step: 'end', symbol: 'none', data: line, lineStyle: { color, width: 2 }, silent: true, z: 3 };
}

function limitLines(c: Colours, limits: Limits, e: Extent): Series {
    const lines: object[] = [];
    const areas: object[] = [];
    if (limits.max_avg_macs !== undefined && limits.max_avg_macs < e.x[1]) {
        const x = Math.log10(Math.max(limits.max_avg_macs, e.x[0]));
        lines.push({ xAxis: x });
        areas.push([{ xAxis: x }, { xAxis: Math.log10(e.x[1]) }]);
    }
    if (limits.min_accuracy !== undefined && limits.min_accuracy > e.y[0]) {
        const y = Math.min(limits.min_accuracy, e.y[1]);
        lines.push({ yAxis: y });
        areas.push([{ yAxis: e.y[0] }, { yAxis: y }]);
    }
    return {
        type: 'line',
        data: [],
        silent: true,
        markLine: { silent: true, symbol: 'none', label: { show: false }, lineStyle: { color: c.second, type: [5, 4], width: 1.5 }, data: lines as never[] },
        markArea: { silent: true, itemStyle: { color: c.shade }, data: areas as never[] },
    };
}

const dots = (data: Dot[], size: number, fill: string, border: string, z: number, width = 2): Series => ({
    type: 'scatter',
    data,
    symbolSize: size,
    itemStyle: { color: fill, borderColor: border, borderWidth: width, opacity: 1 },
    silent: true,
    z,
});

interface FrontProps {
    study: Study;
    designs: readonly Design[];
    limits: Limits;
    answer: Answer;
    chosen: Design | null;
    theme: number;
    onChoose: (d: Design | null) => void;
}

function optionOf({ study, designs, limits, answer, chosen }: FrontProps, extent: Extent, spots: Spots): Option {
    const c = colours();
    const flags = admissibleFlags(study.searched, limits);
    const inside = flat(spots, flags, 1);
    const outside = flat(spots, flags, 0);
    const trained = designs === study.trained;
    const series: Series[] = [
        limitLines(c, limits, extent),
        ...(outside.length > 0 ? [cloud(outside, c.faint, 3)] : []), // ECharts fails on a large series of nothing
        ...(inside.length > 0 ? [cloud(inside, c.seen, study.searched.length > 4000 ? 3 : 4)] : []),
        steps(answer.front, limits.max_avg_macs === undefined ? extent.x[1] : Math.min(limits.max_avg_macs, extent.x[1]), c.accent),
        dots((trained ? designs : answer.front).map(dotOf), 8, c.card, c.accent, 4),
    ];
    if (trained) series.push(dots(designs.filter((d) => d.test).map((d) => dot(d.test!.avg, d.test!.accuracy)), 8, c.accent, c.card, 5, 1));
    if (chosen) {
        const shown = chosen.test ?? chosen.figures;
        series.push(dots([dot(shown.avg, shown.accuracy)], 19, 'transparent', c.second, 6, 2.5));
    }
    return {
        ...baseOption(c),
        xAxis: macsAxis(c, extent.x[0], extent.x[1]),
        yAxis: shareAxis(c, 'accuracy', extent.y[0], extent.y[1]),
        series,
    };
}

/** Designs by pixel, to find the one that is pointed at. */
interface Pixels {
    designs: Design[];
    x: Float32Array;
    y: Float32Array;
}

function pixelsOf(chart: ECharts, study: Study, designs: readonly Design[], front: readonly Design[]): Pixels {
    const origin = chart.convertToPixel({ xAxisIndex: 0, yAxisIndex: 0 }, [4, 0]) as number[];
    const unit = chart.convertToPixel({ xAxisIndex: 0, yAxisIndex: 0 }, [5, 1]) as number[];
    // Those that matter more come last, and win where several lie on one spot.
    const strong = [...designs.filter((d) => d.network.file), ...front];
    const tested = strong.filter((d) => d.test);
    const all = [...study.searched, ...strong, ...tested];
    const x = new Float32Array(all.length);
    const y = new Float32Array(all.length);
    all.forEach((d, i) => {
        const { avg, accuracy } = i < all.length - tested.length ? d.figures : d.test!;
        x[i] = origin[0]! + (Math.log10(avg) - 4) * (unit[0]! - origin[0]!);
        y[i] = origin[1]! + accuracy * (unit[1]! - origin[1]!);
    });
    return { designs: all, x, y };
}

const kReach = 16;

function nearestSpot({ x, y }: Pixels, px: number, py: number): number {
    let best = -1;
    let least = kReach * kReach;
    for (let i = 0; i < x.length; ++i) {
        const [dx, dy] = [x[i]! - px, y[i]! - py];
        const distance = dx * dx + dy * dy;
        if (distance <= least) [least, best] = [distance, i];
    }
    return best;
}

interface Hover {
    design: Design;
    x: number;
    y: number;
}

function Tip({ hover, width }: { hover: Hover; width: number }) {
    const { design, x, y } = hover;
    const { figures, test, network } = design;
    const left = x > width / 2;
    return (
        <div class="tip" style={{ transform: `translate(${x}px, ${y}px) translate(${left ? 'calc(-100% - 14px)' : '14px'}, -50%)` }}>
            <b>
                <Name design={design} />
            </b>
            <div>
                {percent(accuracyOf(design).value)} of {accuracyOf(design).part}
            </div>
            {test && <div class="muted">{percent(figures.accuracy)} of the calibration images</div>}
            <div>{macs(averageOf(design))} on average</div>
            <div class="muted">{macs(figures.worst)} at most</div>
            {figures.shares.length > 1 && (
                <div class="muted">
                    leave at each exit: {shares(figures.shares)} %<br />
                    thresholds: {thresholds(figures.thresholds)}
                </div>
            )}
            {!network.file && <div class="muted">found by the search, not trained for good</div>}
        </div>
    );
}

function Legend({ trained, tested, seen }: { trained: boolean; tested: boolean; seen: boolean }) {
    return (
        <ul class="legend" aria-hidden="true">
            {seen && (
                <li>
                    <i class="l-seen" />
                    searched, within limits
                </li>
            )}
            {seen && (
                <li>
                    <i class="l-out" />
                    searched, beyond
                </li>
            )}
            <li>
                <i class="l-front" />
                {trained ? 'trained, calibration images' : 'the front, validation images'}
            </li>
            {tested && (
                <li>
                    <i class="l-test" />
                    trained, test images
                </li>
            )}
            <li>
                <i class="l-limit" />
                limits
            </li>
            <li>
                <i class="l-chosen" />
                chosen
            </li>
        </ul>
    );
}

const spoken = (d: Design) => `${d.key}: ${percent(accuracyOf(d).value)} of ${accuracyOf(d).part} right at ${macs(averageOf(d))} on average`;

export function Front(props: FrontProps) {
    const { study, designs, limits, answer, chosen, theme, onChoose } = props;
    const [whole, setWhole] = useState(false);
    const [hover, setHover] = useState<Hover | null>(null);
    const [told, setTold] = useState('');
    const box = useRef<HTMLDivElement>(null);
    const chart = useRef<ECharts | null>(null);
    const pixels = useRef<Pixels | null>(null);
    const all = useMemo(() => (designs === study.searched ? designs : [...study.searched, ...designs]), [study, designs]);
    const extent = useMemo(() => extentOf(all, study.raw.facts.limits, whole), [all, study, whole]);
    const spots = useMemo(() => spotsOf(study.searched, extent), [study, extent]);
    const option = useMemo(() => optionOf(props, extent, spots), [study, designs, limits, answer, chosen, theme, extent]);
    const latest = useRef({ study, designs, front: answer.front });
    latest.current = { study, designs, front: answer.front };
    const onReady = useCallback((made: ECharts) => {
        chart.current = made;
        pixels.current = null;
    }, []);
    const spotAt = (px: number, py: number): Hover | null => {
        if (!chart.current) return null;
        pixels.current ??= pixelsOf(chart.current, latest.current.study, latest.current.designs, latest.current.front);
        const i = nearestSpot(pixels.current, px, py);
        return i < 0 ? null : { design: pixels.current.designs[i]!, x: pixels.current.x[i]!, y: pixels.current.y[i]! };
    };
    const locate = (e: PointerEvent | MouseEvent): Hover | null => {
        const bounds = box.current!.getBoundingClientRect();
        return spotAt(e.clientX - bounds.left, e.clientY - bounds.top);
    };
    const shownAt = (d: Design): Hover | null => {
        if (!chart.current) return null;
        const f = d.test ?? d.figures;
        const [x, y] = chart.current.convertToPixel({ xAxisIndex: 0, yAxisIndex: 0 }, [Math.log10(f.avg), f.accuracy]) as [number, number];
        return { design: d, x, y };
    };
    const ring = answer.front.length > 0 ? answer.front : designs;
    const key = (e: KeyboardEvent) => {
        const at = ring.findIndex((d) => d === (hover?.design ?? chosen));
        const move = { ArrowRight: at + 1, ArrowUp: at + 1, ArrowLeft: at - 1, ArrowDown: at - 1, Home: 0, End: ring.length - 1 }[e.key];
        if (move !== undefined && ring.length > 0) {
            const next = ring[Math.min(Math.max(move, 0), ring.length - 1)]!;
            setHover(shownAt(next));
            setTold(spoken(next));
        } else if ((e.key === 'Enter' || e.key === ' ') && hover) {
            onChoose(hover.design);
            setTold(`Chosen: ${spoken(hover.design)}`);
        } else if (e.key === 'Escape') {
            onChoose(null);
            setHover(null);
            setTold('');
        } else return;
        e.preventDefault();
    };
    useEffect(() => setHover(null), [study, extent]);
    if (all.length === 0) return null;
    const summary = `${designs.length} designs; the front under the limits has ${answer.front.length}${answer.front.length > 0 ? `, from ${spoken(answer.front[0]!)} to ${spoken(answer.front.at(-1)!)}` : ''}. The table below lists every design.`;
    return (
        <figure class="card" aria-label="Accuracy against cost">
            <Legend trained={designs === study.trained} tested={designs.some((d) => d.test)} seen={study.searched.length > 0} />
            <div
                ref={box}
                class="plot"
                role="application"
                aria-roledescription="chart"
                tabIndex={0}
                aria-label={`Accuracy against average MACs. ${summary} Arrow keys walk along the front, Enter chooses a design, Escape returns to the answer.`}
                onPointerMove={(e) => setHover(locate(e))}
                onPointerLeave={() => setHover(null)}
                onClick={(e) => {
                    const spot = hover ?? locate(e); // what is shown is what is chosen
                    if (spot) onChoose(spot.design);
                }}
                onKeyDown={key}
                onBlur={() => setHover(null)}
            >
                <Chart option={option} height={400} onReady={onReady} />
                {hover && <div class="aim" style={{ transform: `translate(${hover.x}px, ${hover.y}px)` }} />}
                {hover && <Tip hover={hover} width={box.current?.clientWidth ?? 0} />}
            </div>
            <p class="sr" aria-live="polite">
                {told}
            </p>
            <figcaption class="note row">
                <span>Each point is a network with its exit thresholds. Point at one; click, or arrow keys and Enter, to choose it.</span>
                <button type="button" class="quiet" aria-pressed={whole} onClick={() => setWhole(!whole)}>
                    {whole ? 'Show the front' : 'Show everything'}
                </button>
            </figcaption>
        </figure>
    );
}
