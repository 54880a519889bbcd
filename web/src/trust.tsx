// Reliability diagrams: of the images an exit is so sure of, the share it is right on.
import { useMemo } from 'preact/hooks';
import { Chart, type Option } from './chart';
import type { Bin, Detail, Reliability } from './data';
import { percent } from './format';
import { colours } from './theme';

function optionOf({ before, after }: Reliability): Option {
    const c = colours();
    const total = (bins: Bin[]) => bins.reduce((sum, [n]) => sum + n, 0);
    const dots = (bins: Bin[], color: string, border: string) => ({
        type: 'scatter' as const,
        data: bins.map(([n, confidence, accuracy]) => ({ value: [confidence, accuracy], symbolSize: 5 + 19 * Math.sqrt(n / total(bins)) })),
        itemStyle: { color, borderColor: border, borderWidth: 1.5, opacity: 0.9 },
        silent: true,
    });
    const axis = {
        type: 'value' as const,
        min: 0,
        max: 1,
        interval: 0.25,
        axisLine: { show: false },
        axisTick: { show: false },
        axisLabel: { color: c.muted, fontSize: 11, formatter: (v: number) => `${100 * v} %` },
        splitLine: { lineStyle: { color: c.line, opacity: 0.6 } },
        nameLocation: 'middle' as const,
        nameTextStyle: { color: c.muted },
    };
    return {
        animation: false,
        textStyle: { fontFamily: c.font },
        grid: { left: 62, right: 16, top: 12, bottom: 42 },
        xAxis: { ...axis, name: 'confidence', nameGap: 26 },
        yAxis: { ...axis, name: 'right', nameGap: 42 },
        series: [
            { type: 'line', symbol: 'none', data: [[0, 0], [1, 1]], lineStyle: { color: c.faint, type: 'dashed', width: 1.5 }, silent: true },
            dots(before, c.seen, c.seen),
            dots(after, c.accent, c.card),
        ],
    };
}

function Diagram({ exit, index, theme }: { exit: Reliability; index: number; theme: number }) {
    const option = useMemo(() => optionOf(exit), [exit, theme]);
    return (
        <figure class="card diagram">
            <h3>Exit {index + 1}</h3>
            <Chart option={option} height={250} />
            <figcaption class="note">
                Expected calibration error {percent(exit.error_before, 1)} as trained, {percent(exit.error_after, 1)} calibrated.
            </figcaption>
        </figure>
    );
}

export function Trust({ detail, theme }: { detail: Detail; theme: number }) {
    return (
        <>
            <ul class="legend" aria-hidden="true">
                <li>
                    <i class="l-seen" />
                    as trained
                </li>
                <li>
                    <i class="l-test" />
                    calibrated
                </li>
                <li>larger: more images</li>
            </ul>
            <div class="diagrams">
                {detail.reliability.map((exit, i) => (
                    <Diagram key={i} exit={exit} index={i} theme={theme} />
                ))}
            </div>
        </>
    );
}
