// Sample images by the exit they leave at, easy to hard: answered from recorded confidences, so that any thresholds will do.
import { useMemo } from 'preact/hooks';
import type { Design, Figures, Samples, Study } from './data';
import { leavings, type Leaving } from './exits';
import { macs, percent, plural } from './format';

/** The images as data URIs, drawn once. */
export function pictures({ height, width, channels, rows, pixels }: Samples): string[] {
    const bytes = Uint8Array.from(atob(pixels), (c) => c.charCodeAt(0));
    const canvas = document.createElement('canvas');
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext('2d')!;
    const size = width * height;
    return rows.map((_, n) => {
        const image = context.createImageData(width, height);
        for (let i = 0; i < size; ++i)
            for (let c = 0; c < 4; ++c) image.data[4 * i + c] = c === 3 ? 255 : bytes[(n * size + i) * channels + (channels === 3 ? c : 0)]!;
        context.putImageData(image, 0, 0);
        return canvas.toDataURL();
    });
}

function Thumb({ leaving, url, classes, last }: { leaving: Leaving; url: string; classes: string[]; last: boolean }) {
    const { label, prediction, confidence } = leaving;
    const right = label === prediction;
    const [is, said] = [classes[label] ?? String(label), classes[prediction] ?? String(prediction)];
    const sure = last ? '' : `, confidence ${confidence.toFixed(2)}`;
    const text = right ? `${is}${sure}` : `${is}, taken for ${said}${sure}`;
    return (
        <li class={right ? '' : 'wrong'}>
            <img src={url} alt={text} title={text} />
            {!right && (
                <span class="cross" aria-hidden="true">
                    ×
                </span>
            )}
        </li>
    );
}

export function SampleGallery({ study, design, figures }: { study: Study; design: Design; figures: Figures }) {
    const { samples, facts } = study.raw;
    const urls = useMemo(() => (samples ? pictures(samples) : []), [samples]);
    const { confidences, predictions } = design.network.detail ?? {};
    if (!samples || !confidences || !predictions) return null;
    const all = leavings(samples.labels, confidences, predictions, figures.thresholds);
    const exits = figures.thresholds.length + 1;
    return (
        <div class="gallery">
            {Array.from({ length: exits }, (_, exit) => {
                const here = all.filter((l) => l.exit === exit);
                const wrong = here.filter((l) => l.label !== l.prediction).length;
                const name = exit + 1 === exits ? 'Final classifier' : `Exit ${exit + 1}`;
                return (
                    <div key={exit} class="leave">
                        <h3>
                            {name} <span class="muted">· {macs(design.network.costs.executed[exit]!)}</span>
                        </h3>
                        <p class="note">
                            {plural(here.length, 'image')} of {all.length} {here.length === 1 ? 'leaves' : 'leave'} here ({percent(here.length / all.length, 0)}; of all calibration images {percent(figures.shares[exit] ?? 0, 0)})
                            {here.length > 0 && <>, {wrong === 0 ? 'all right' : `${wrong} wrong`}</>}.
                        </p>
                        <ul class="thumbs">
                            {here.map((l) => (
                                <Thumb key={l.index} leaving={l} url={urls[l.index]!} classes={facts.classes} last={exit + 1 === exits} />
                            ))}
                        </ul>
                    </div>
                );
            })}
        </div>
    );
}
