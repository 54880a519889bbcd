// The headline: which design for a budget, and what is lost. Limits are applied here, live.
import { useMemo, useState } from 'preact/hooks';
import { averageLatency, type Design, type LimitKey, type Limits, type Source, type Study } from './data';
import { bytes, count, limitValue, macs, percent, points, shortCount, time } from './format';
import { kLimits, nearest, ranges, type Answer } from './limits';
import { Command, Figure } from './parts';

/** What an accuracy was measured on. */
export function accuracyOf(d: Design): { value: number; part: string } {
    if (d.test) return { value: d.test.accuracy, part: 'the test images' };
    return { value: d.figures.accuracy, part: d.network.file ? 'the calibration images' : 'the validation images' };
}

export const averageOf = (d: Design) => (d.test ?? d.figures).avg;

/** The name that commands print: the design's, up to the dash the model's. */
export const Name = ({ design }: { design: Design }) => <code class="name">{design.key}</code>;

function Loss({ best, unbound }: { best: Design; unbound: Design }) {
    if (best === unbound) return <>You lose nothing: under the other limits no design here is more accurate.</>;
    const lost = accuracyOf(unbound).value - accuracyOf(best).value;
    const saved = 1 - averageOf(best) / averageOf(unbound);
    return (
        <>
            Against the most accurate design without this budget (<Name design={unbound} />, {percent(accuracyOf(unbound).value)} at {macs(averageOf(unbound))}) you{' '}
            {lost > 0 ? <>lose <b>{points(lost)}</b> of accuracy</> : <>lose no accuracy on {accuracyOf(best).part} ({points(-lost)} more)</>} and spend{' '}
            <b>{percent(saved, 0)}</b> less.
        </>
    );
}

function Nearest({ designs, limits }: { designs: readonly Design[]; limits: Limits }) {
    const list = useMemo(() => nearest(designs, limits, 3), [designs, limits]);
    const text = (key: LimitKey, value: number) => limitValue(kLimits.find((l) => l.key === key)!.unit, value);
    return (
        <ul class="plain">
            {list.map(({ design, broken }) => (
                <li key={design.key}>
                    <Name design={design} />:{' '}
                    {broken
                        .map((v) => `${kLimits.find((l) => l.key === v.key)!.name} is ${text(v.key, v.got)}, ${percent(v.relative, 1)} ${v.key.startsWith('min_') ? 'below' : 'above'} ${text(v.key, v.allowed)}`)
                        .join('; ')}
                </li>
            ))}
        </ul>
    );
}

export function AnswerText({ study, source, designs, limits, answer }: { study: Study; source: Source; designs: readonly Design[]; limits: Limits; answer: Answer }) {
    const { best, unbound, cheapest } = answer;
    if (designs.length === 0)
        return <p class="headline">{study.failed.length > 0 ? 'Every architecture evaluated so far has failed.' : 'Nothing has been evaluated yet: come back when the search has begun.'}</p>;
    if (!best || !unbound)
        return (
            <>
                <p class="headline">No design meets these limits.</p>
                {cheapest && limits.max_avg_macs !== undefined ? (
                    <p>
                        The cheapest that meets the others is <Name design={cheapest} />, {macs(cheapest.figures.avg)} on average.
                    </p>
                ) : (
                    <p>The nearest ones, and what each breaks:</p>
                )}
                <Nearest designs={designs} limits={limits} />
            </>
        );
    const accuracy = accuracyOf(best);
    return (
        <>
            <p class="headline">
                Take <Name design={best} />: <b>{percent(accuracy.value)}</b> of {accuracy.part} right, <b>{macs(averageOf(best))}</b> on average.
            </p>
            <p>
                <Loss best={best} unbound={unbound} />
            </p>
            {source === 'searched' && <p class="note">Found by the search with shared weights and not trained for good, which changes the figures: accuracy is that of the validation images, which the search saw.</p>}
        </>
    );
}

/** The figures of one design, with both accountings side by side. */
export function DesignFigures({ design }: { design: Design }) {
    const { figures, test, network } = design;
    const part = test ? 'test images' : network.file ? 'calibration images' : 'validation images';
    const shown = test ?? figures;
    const measured = averageLatency(design, network.costs.measured_latency);
    const latency = measured ?? averageLatency(design, network.costs.latency);
    return (
        <dl class="tiles">
            <Figure strong value={percent(shown.accuracy)} what={`right, ${part}`} />
            <Figure value={count(shown.avg)} what={<>MACs on average{test && `, ${part}`}</>} />
            <Figure value={count(shown.p95)} what="MACs for 95 % of them, at most" />
            <Figure value={count(shown.worst)} what="MACs for any image, at most" />
            {latency !== null && <Figure value={time(latency)} what={measured === null ? 'on average, by the latency table' : 'on average, measured'} />}
            <Figure value={count(network.costs.params)} what="parameters" />
            <Figure value={bytes(network.costs.peak)} what="activations at once (float32)" />
        </dl>
    );
}

export function Commands({ design }: { design: Design }) {
    const { file } = design.network;
    if (!file) return <Command text="nachos final ." />;
    return (
        <>
            <Command text={`nachos-run ${file} IMAGE.png --max-avg-macs ${design.budgetMacs + 1}`} />
            <Command text={`nachos export ${file} --to c --out export/`} />
        </>
    );
}

const kSteps = 400;

interface Range {
    low: number;
    high: number;
}

/** From the least to the most of the designs; the far end means no limit. What is being typed stays when the study changes meanwhile. */
function LimitField({ id, name, unit, range, value, least, onChange }: { id: string; name: string; unit: (typeof kLimits)[number]['unit']; range: Range; value: number | undefined; least: boolean; onChange: (v: number | undefined) => void }) {
    const logarithmic = unit !== 'share' && range.low > 0;
    const to = (v: number) => (logarithmic ? Math.log(v / range.low) / Math.log(range.high / range.low) : (v - range.low) / (range.high - range.low)) * kSteps;
    const from = (s: number) => (logarithmic ? range.low * (range.high / range.low) ** (s / kSteps) : range.low + (range.high - range.low) * (s / kSteps));
    const free = least ? 0 : kSteps;
    const place = value === undefined ? free : Math.round(Math.min(Math.max(to(value), 0), kSteps));
    const slide = (s: number) => onChange(s === free ? undefined : unit === 'share' ? Math.round(from(s) * 1000) / 1000 : Math.round(Number(from(s).toPrecision(3))));
    const scale = unit === 'share' ? 100 : 1;
    const [draft, setDraft] = useState<string>();
    const type = (text: string) => {
        setDraft(undefined);
        const number = Number(text) / scale;
        if (text.trim() === '') onChange(undefined);
        else if (Number.isFinite(number) && number >= 0) onChange(number);
    };
    const said = value === undefined ? 'no limit' : `${least ? 'at least' : 'at most'} ${limitValue(unit, value)}`;
    return (
        <div class="limit">
            <label for={id}>{name}</label>
            <output>{said}</output>
            <input id={id} type="range" min={0} max={kSteps} value={place} aria-valuetext={said} onInput={(e) => slide(Number(e.currentTarget.value))} />
            <input
                type="number"
                min={0}
                max={unit === 'share' ? 100 : undefined}
                step="any"
                aria-label={`${name}, ${least ? 'at least' : 'at most'}, in ${unit === 'share' ? 'percent' : unit === 'count' ? 'parameters' : unit === 'us' ? 'microseconds' : unit}`}
                placeholder="none"
                value={draft ?? (value === undefined ? '' : Number((value * scale).toPrecision(8)))}
                onInput={(e) => setDraft(e.currentTarget.value)}
                onChange={(e) => type(e.currentTarget.value)}
                onBlur={() => setDraft(undefined)} // typed and taken back changes nothing
            />
        </div>
    );
}

export function LimitFields({ designs, limits, own, onChange }: { designs: readonly Design[]; limits: Limits; own: Limits; onChange: (l: Limits) => void }) {
    const spans = useMemo(() => ranges(designs), [designs]);
    const set = (key: LimitKey, value: number | undefined) => {
        const next = { ...limits };
        if (value === undefined) delete next[key];
        else next[key] = value;
        onChange(next);
    };
    if (designs.length === 0) return null;
    const field = (i: number, name: string) => {
        const { key, unit } = kLimits[i]!;
        return <LimitField key={key} id={`limit-${key}`} name={name} unit={unit} range={spans[i]!} value={limits[key]} least={key.startsWith('min_')} onChange={(v) => set(key, v)} />;
    };
    const others = studyLimits({ ...limits, max_avg_macs: undefined });
    const changed = kLimits.some(({ key }) => limits[key] !== own[key]);
    return (
        <div class="limits">
            {field(0, 'Budget, MACs on average')}
            <details>
                <summary>
                    Other limits
                    {others.length > 0 && <span class="muted">: {others.join(', ')}</span>}
                </summary>
                {kLimits.slice(1).map(({ name }, i) => spans[i + 1]!.low < Infinity && field(i + 1, name.charAt(0).toUpperCase() + name.slice(1)))}
            </details>
            <button type="button" class="quiet" disabled={!changed} onClick={() => onChange(own)}>
                Back to the study's limits
            </button>
        </div>
    );
}

/** In words, those that are set. */
export const studyLimits = (own: { [K in LimitKey]?: number | undefined }) =>
    kLimits.filter(({ key }) => own[key] !== undefined).map(({ key, name, unit }) => `${name} ${key.startsWith('min_') ? '≥' : '≤'} ${unit === 'MACs' ? `${shortCount(own[key]!)} MACs` : limitValue(unit, own[key]!)}`);
