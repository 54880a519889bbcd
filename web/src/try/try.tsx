// Pick a sample or drop an image, and watch where the network stops.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { exitTaken } from '../exits';
import { count, macs, percent, plural, threshold } from '../format';
import { Section } from '../parts';
import { pictures } from '../samples';
import { applyTheme, storedTheme, type Theme } from '../theme';
import { bytesOf, Network, type Said, type TryData } from './network';

interface Shown {
    url: string;
    pixels: Uint8Array;
    label: number | null;
    name: string;
}

/** An image of the user's as the network's input; browsers resize a little otherwise than training did. */
async function read(file: Blob, { height, width, channels }: TryData['input']): Promise<Uint8Array> {
    const bitmap = await createImageBitmap(file);
    const canvas = document.createElement('canvas');
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext('2d', { willReadFrequently: true })!;
    context.imageSmoothingQuality = 'high';
    context.fillStyle = '#fff';
    context.fillRect(0, 0, width, height);
    context.drawImage(bitmap, 0, 0, width, height);
    const { data } = context.getImageData(0, 0, width, height);
    const bytes = new Uint8Array(width * height * channels);
    for (let i = 0; i < width * height; ++i) {
        const [r, g, b] = [data[4 * i]!, data[4 * i + 1]!, data[4 * i + 2]!];
        if (channels === 1) bytes[i] = (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;
        else bytes.set([r, g, b], 3 * i);
    }
    return bytes;
}

function Bar({ value, mark, label }: { value: number; mark: number | null; label: string }) {
    return (
        <div class="meter" role="img" aria-label={label}>
            <i style={{ width: `${100 * value}%` }} />
            {mark !== null && <b style={{ left: `${100 * Math.min(mark, 1)}%` }} />}
        </div>
    );
}

interface StageProps {
    data: TryData;
    exit: number;
    said: Said | undefined;
    rule: number | null;
    state: 'waiting' | 'busy' | 'passed' | 'left' | 'spared';
}

const kStates = { waiting: '', busy: 'computing …', passed: 'not sure enough: on', left: 'stops here', spared: 'never computed' };

function Stage({ data, exit, said, rule, state }: StageProps) {
    const last = exit + 1 === data.executed_macs.length;
    const own = data.executed_macs[exit]! - (data.executed_macs[exit - 1] ?? 0);
    const top = said ? said.probabilities.map((p, k) => [p, k] as const).sort((a, b) => b[0] - a[0]).slice(0, 3) : [];
    return (
        <li class={`stage ${state}`}>
            <h3>{last ? 'Final classifier' : `Exit ${exit + 1}`}</h3>
            <p class="note">+{macs(own)}</p>
            {said && !last && (
                <>
                    <p class="sure">
                        {percent(said.confidence, 1)} sure <span class="muted">{rule === null ? 'exit is off' : `needs ${threshold(rule)}`}</span>
                    </p>
                    <Bar value={said.confidence} mark={rule} label={`confidence ${said.confidence.toFixed(3)}, threshold ${rule === null ? 'off' : threshold(rule)}`} />
                </>
            )}
            {top.length > 0 && (
                <ol class="top">
                    {top.map(([p, k]) => (
                        <li key={k}>
                            <span>{data.classes[k] ?? k}</span> <span class="muted">{percent(p, 0)}</span>
                        </li>
                    ))}
                </ol>
            )}
            <p class="state">{kStates[state]}</p>
        </li>
    );
}

/** Runs every stored sample at every operating point and compares with what the study recorded. */
async function checkAll(data: TryData, network: Network): Promise<string> {
    const { samples, recorded } = data;
    if (!samples || !recorded) return 'The study recorded nothing to compare with.';
    const size = data.input.height * data.input.width * data.input.channels;
    const pixels = bytesOf(samples.pixels);
    const exits = data.executed_macs.length;
    const off = Array.from({ length: exits - 1 }, () => null);
    let [exitsDiffer, classesDiffer] = [0, 0];
    for (let n = 0; n < samples.rows.length; ++n) {
        const said: Said[] = [];
        for await (const s of network.run(pixels.subarray(n * size, (n + 1) * size), off)) said.push(s);
        const own = said.map((s) => s.confidence);
        for (const { thresholds } of data.points) {
            const here = exitTaken(own, 0, thresholds);
            const there = exitTaken(recorded.confidences, n * exits, thresholds);
            if (here !== there) ++exitsDiffer;
            else if (said[here]!.prediction !== recorded.predictions[n * exits + here]) ++classesDiffer;
        }
    }
    const whole = `${plural(samples.rows.length, 'sample')} at ${plural(data.points.length, 'operating point')}`;
    if (exitsDiffer + classesDiffer === 0) return `${whole}: every one leaves at the exit that was recorded in training, with the same answer.`;
    return `${whole}: ${plural(exitsDiffer, 'exit')} and ${plural(classesDiffer, 'answer')} differ from what was recorded.`;
}

function usePictures(data: TryData): Shown[] {
    return useMemo(() => {
        if (!data.samples) return [];
        const pixels = bytesOf(data.samples.pixels);
        const size = data.input.height * data.input.width * data.input.channels;
        return pictures(data.samples).map((url, n) => {
            const label = data.samples!.labels[n]!;
            return { url, pixels: pixels.subarray(n * size, (n + 1) * size), label, name: data.classes[label] ?? String(label) };
        });
    }, [data]);
}

const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

export function Try({ data }: { data: TryData }) {
    const [theme, setTheme] = useState<Theme>(storedTheme);
    const [network, setNetwork] = useState<Network | null>(null);
    const [error, setError] = useState('');
    const [point, setPoint] = useState(data.points.length - 1);
    const [image, setImage] = useState<Shown | null>(null);
    const [said, setSaid] = useState<Said[]>([]);
    const [done, setDone] = useState(true);
    const [checked, setChecked] = useState('');
    const run = useRef(0);
    const shownSamples = usePictures(data);
    const { thresholds, avg_macs, accuracy, budget_macs } = data.points[point]!;
    const exits = data.executed_macs.length;
    useEffect(() => {
        Network.load(data).then(setNetwork, (e: unknown) => setError(`ONNX Runtime does not start here: ${String(e)}`));
    }, []);
    useEffect(() => {
        if (!network || !image) return;
        const own = ++run.current;
        const slow = matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 450;
        void (async () => {
            setSaid([]);
            setDone(false);
            const all: Said[] = [];
            try {
                for await (const s of network.run(image.pixels, thresholds)) {
                    await pause(slow);
                    if (run.current !== own) return;
                    all.push(s);
                    setSaid([...all]);
                }
            } catch (e) {
                setError(`The network stopped: ${String(e)}`);
            }
            if (run.current === own) setDone(true);
        })();
    }, [network, image, point]);
    const take = async (file: Blob | undefined | null, name = 'your image') => {
        if (!file) return;
        try {
            const pixels = await read(file, data.input);
            setError('');
            setImage({ url: URL.createObjectURL(file), pixels, label: null, name });
        } catch {
            setError(`${name} is no image that this browser reads.`);
        }
    };
    const state = (exit: number): StageProps['state'] => {
        if (!image) return 'waiting';
        if (exit < said.length) return done && exit === said.length - 1 ? 'left' : 'passed';
        if (done) return 'spared';
        return exit === said.length ? 'busy' : 'waiting';
    };
    const answer = done && said.length > 0 ? said.at(-1)! : null;
    const spent = data.executed_macs[Math.max(said.length - 1, 0)]!;
    const whole = data.executed_macs.at(-1)!;
    const name = answer && (data.classes[answer.prediction] ?? String(answer.prediction));
    const turn = () => {
        const next = ({ auto: 'light', light: 'dark', dark: 'auto' } as const)[theme];
        applyTheme(next);
        setTheme(next);
    };
    return (
        <div class="page" onDragOver={(e) => e.preventDefault()} onDrop={(e) => (e.preventDefault(), void take(e.dataTransfer?.files[0], e.dataTransfer?.files[0]?.name))}>
            <header>
                <div class="row">
                    <p class="brand">nachos</p>
                    <button type="button" class="quiet push" onClick={turn}>
                        Theme: {theme}
                    </button>
                </div>
                <h1>Try it: {data.model}</h1>
                <p class="note">
                    A network for {data.data}, run in this page by ONNX Runtime, stage after stage, until an exit is sure enough. Nothing leaves this computer.{' '}
                    <span role="status">{network ? 'Ready.' : error === '' ? 'Loading the network …' : ''}</span>
                </p>
                {error !== '' && (
                    <p class="warn" role="alert">
                        {error}
                    </p>
                )}
            </header>
            <main>
                <Section id="point" title="How much may it spend?">
                    <div class="card">
                        <div class="dial">
                            <label for="operating">From cheap to accurate</label>
                            <input
                                id="operating"
                                type="range"
                                min={0}
                                max={data.points.length - 1}
                                value={point}
                                aria-valuetext={`${macs(avg_macs)} on average, ${percent(accuracy)} right on the calibration images`}
                                onInput={(e) => setPoint(Number(e.currentTarget.value))}
                            />
                            <span class="muted">
                                {point + 1} of {data.points.length}
                            </span>
                        </div>
                        <p class="note">
                            Fitted for {macs(budget_macs)}; on the calibration images {macs(avg_macs)} on average and {percent(accuracy)} right. Leaves at{' '}
                            {thresholds.length === 0 ? 'the final classifier alone' : thresholds.map((t, i) => `exit ${i + 1} ${t === null ? 'never' : `if at least ${threshold(t)} sure`}`).join(', ')}.
                        </p>
                    </div>
                </Section>
                <Section id="run" title="What it does">
                    <div class="run">
                        <div class="subject">
                            {image ? <img src={image.url} alt={image.name} /> : <div class="none">Pick an image below, or drop one here</div>}
                            {image && <p class="note">{image.label === null ? image.name : `a sample: ${image.name}`}</p>}
                            <label class="quiet file">
                                Your own image …
                                <input type="file" accept="image/*" onChange={(e) => void take(e.currentTarget.files?.[0], e.currentTarget.files?.[0]?.name)} />
                            </label>
                        </div>
                        <ol class="stages">
                            {data.executed_macs.map((_, exit) => (
                                <Stage key={exit} data={data} exit={exit} said={said[exit]} rule={thresholds[exit] ?? null} state={state(exit)} />
                            ))}
                        </ol>
                    </div>
                    <div aria-live="polite" aria-atomic="true">
                        {answer && (
                            <p class="headline outcome">
                                <b>{name}</b>
                                {image?.label === null || image === null ? '' : image.label === answer.prediction ? ', which is right' : `, though it is ${image.name}`}, at {said.length === exits ? 'the final classifier' : `exit ${said.length}`}, for <b>{macs(spent)}</b> of {count(whole)}
                                {spent < whole && <>: {percent(1 - spent / whole, 0)} spared</>}.
                            </p>
                        )}
                    </div>
                    {image?.label === null && <p class="note">Browsers resize a little otherwise than the training did, so figures of your own images may differ in the last digits from nachos-run's.</p>}
                </Section>
                {shownSamples.length > 0 && (
                    <Section id="samples" title="Samples" note="Images of the calibration part, which no training saw.">
                        <ul class="thumbs picks">
                            {shownSamples.map((s, n) => (
                                <li key={n}>
                                    <button type="button" aria-pressed={s === image} aria-label={`sample ${n + 1}: ${s.name}`} title={s.name} onClick={() => setImage(s)}>
                                        <img src={s.url} alt="" />
                                    </button>
                                </li>
                            ))}
                        </ul>
                        <p class="row">
                            <button type="button" class="quiet" disabled={!network || checked === '…'} onClick={() => network && (setChecked('…'), void checkAll(data, network).then(setChecked))}>
                                Check all samples
                            </button>
                            <span class="muted" id="checked" aria-live="polite">
                                {checked === '…' ? 'running …' : checked}
                            </span>
                        </p>
                    </Section>
                )}
                <p class="note">
                    nachos {data.program.version} ({data.program.commit}), confidence by {data.measure}.
                </p>
            </main>
        </div>
    );
}
