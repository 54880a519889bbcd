// One network as its thresholds move: accuracy against average cost, and a slider that gives the thresholds.
import { useMemo } from 'preact/hooks';
import { baseOption, Chart, macsAxis, shareAxis, type Option } from './chart';
import { figuresOf, type Design, type Figures, type RawModel, type Study } from './data';
import { count, macs, percent, points, shares, threshold } from './format';
import { CopyButton } from './parts';
import { colours } from './theme';

/** Operating points of a network, cheapest first: the fine front of a trained one, else those of its budgets. */
export function curveOf(study: Study, design: Design): Figures[] {
    const { detail } = design.network;
    if (detail && detail.front.length > 0) return detail.front.map(figuresOf);
    const all = design.network.file ? study.trained : study.searched;
    return all.filter((d) => d.network.id === design.network.id).map((d) => d.figures);
}

/** The point of a curve nearest in cost. */
export function nearestPoint(curve: readonly Figures[], avg: number): number {
    let best = 0;
    curve.forEach((f, i) => {
        if (Math.abs(f.avg - avg) < Math.abs(curve[best]!.avg - avg)) best = i;
    });
    return best;
}

/** The trained network with the same backbone and no exits. */
function plainOf(study: Study, design: Design): RawModel | undefined {
    const backbone = (a: Design['network']['arch']) => JSON.stringify([a.stem, a.depth, a.width, a.kernel, a.expand]);
    const own = backbone(design.network.arch);
    return study.comparators.find((m) => m.arch.exits.every((e) => e === null) && backbone(m.arch) === own);
}

interface CurveProps {
    study: Study;
    design: Design;
    curve: readonly Figures[];
    /** index into the curve, null = the design's own operating point */
    dial: number | null;
    theme: number;
    onDial: (i: number | null) => void;
}

function optionOf(curve: readonly Figures[], shown: Figures, plain: Figures | null): Option {
    const c = colours();
    const all = [...curve, shown, ...(plain ? [plain] : [])];
    const costs = all.map((f) => f.avg);
    const rights = all.map((f) => f.accuracy);
    const [low, high] = [Math.min(...rights), Math.max(...rights)];
    const room = Math.max((high - low) * 0.12, 0.004);
    const dot = (f: Figures): [number, number] => [Math.log10(f.avg), f.accuracy];
    return {
        ...baseOption(c),
        xAxis: macsAxis(c, Math.min(...costs) / 1.05, Math.max(...costs) * 1.05),
        yAxis: shareAxis(c, 'accuracy', low - room, Math.min(1, high + room)),
        series: [
            { type: 'line', data: curve.map(dot), symbolSize: 5, lineStyle: { color: c.accent, width: 2 }, itemStyle: { color: c.accent }, silent: true },
            ...(plain ? [{ type: 'scatter' as const, symbol: 'diamond', symbolSize: 13, data: [dot(plain)], itemStyle: { color: c.muted }, silent: true }] : []),
            { type: 'scatter', data: [dot(shown)], symbolSize: 15, itemStyle: { color: c.card, borderColor: c.second, borderWidth: 3, opacity: 1 }, silent: true, z: 5 },
        ],
    };
}

export function Curve({ study, design, curve, dial, theme, onDial }: CurveProps) {
    const at = dial ?? nearestPoint(curve, design.figures.avg);
    const shown = dial === null ? design.figures : curve[at]!;
    const plain = useMemo(() => {
        const model = plainOf(study, design);
        return model?.points[0] ? figuresOf(model.points.at(-1)!.calibration) : null;
    }, [study, design]);
    const option = useMemo(() => optionOf(curve, shown, plain), [curve, shown, plain, theme]);
    const part = design.network.file ? 'calibration images' : 'validation images';
    const said = `${percent(shown.accuracy)} right at ${macs(shown.avg)} on average`;
    return (
        <div class="card">
            <ul class="legend" aria-hidden="true">
                <li>
                    <i class="l-front" />
                    this network as its thresholds move, {part}
                </li>
                {plain && (
                    <li>
                        <i class="l-plain" />
                        the same network without exits
                    </li>
                )}
                <li>
                    <i class="l-chosen" />
                    shown{dial === null && design.network.file ? ' (cross-fitted: a little below the line)' : ''}
                </li>
            </ul>
            <Chart option={option} height={270} />
            <div class="dial">
                <label for="dial">From cheap to accurate</label>
                <input id="dial" type="range" min={0} max={curve.length - 1} value={at} aria-valuetext={said} onInput={(e) => onDial(Number(e.currentTarget.value))} />
                <button type="button" class="quiet" disabled={dial === null} onClick={() => onDial(null)}>
                    Back to {design.key}
                </button>
            </div>
            <dl class="facts" aria-live="polite">
                <div>
                    <dt>accuracy, {part}</dt>
                    <dd>
                        {percent(shown.accuracy)}
                        {plain && <span class="muted"> {signed(shown.accuracy - plain.accuracy)} against no exits</span>}
                    </dd>
                </div>
                <div>
                    <dt>average MACs</dt>
                    <dd>
                        {count(shown.avg)}
                        {plain && <span class="muted"> {percent(shown.avg / plain.avg - 1, 0)} against no exits</span>}
                    </dd>
                </div>
                <div>
                    <dt>leave at each exit</dt>
                    <dd>{shares(shown.shares)} %</dd>
                </div>
                <div>
                    <dt>thresholds</dt>
                    <dd>
                        {shown.thresholds.length === 0 ? 'no early exit' : shown.thresholds.map((t, i) => <span key={i} class="threshold">{`exit ${i + 1}: ${threshold(t)}`}</span>)}{' '}
                        {shown.thresholds.length > 0 && <CopyButton text={() => JSON.stringify(shown.thresholds)} label="Copy the thresholds" />}
                    </dd>
                </div>
            </dl>
        </div>
    );
}

const signed = (difference: number) => `${difference < 0 ? '−' : '+'}${points(Math.abs(difference))}`;
