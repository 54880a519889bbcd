// ECharts in a page of ours: only the parts that are used, sizes that follow the page, colours that follow the theme.
import { LineChart, ScatterChart, type LineSeriesOption, type ScatterSeriesOption } from 'echarts/charts';
import {
    GridComponent,
    MarkAreaComponent,
    MarkLineComponent,
    TooltipComponent,
    type GridComponentOption,
    type MarkAreaComponentOption,
    type MarkLineComponentOption,
    type TooltipComponentOption,
} from 'echarts/components';
import { init, use, type ComposeOption, type ECharts } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { shortCount } from './format';
import type { Colours } from './theme';
import { logTicks } from './ticks';

use([LineChart, ScatterChart, GridComponent, MarkAreaComponent, MarkLineComponent, TooltipComponent, CanvasRenderer]);

export type Option = ComposeOption<
    | LineSeriesOption
    | ScatterSeriesOption
    | GridComponentOption
    | TooltipComponentOption
    | MarkLineComponentOption
    | MarkAreaComponentOption
>;
export type Series = LineSeriesOption | ScatterSeriesOption;

/** Draws `option` into a box and keeps its size; `onReady` is told of each drawing. */
export function Chart({ option, height, onReady }: { option: Option; height: number; onReady?: (chart: ECharts) => void }) {
    const box = useRef<HTMLDivElement>(null);
    const chart = useRef<ECharts | null>(null);
    const ready = useRef(onReady);
    ready.current = onReady;
    useEffect(() => {
        const made = init(box.current!, null, { renderer: 'canvas' });
        chart.current = made;
        const observer = new ResizeObserver(() => {
            made.resize();
            ready.current?.(made);
        });
        observer.observe(box.current!);
        return () => {
            observer.disconnect();
            made.dispose();
            chart.current = null;
        };
    }, []);
    useEffect(() => {
        chart.current!.setOption(option, { replaceMerge: ['series'] });
        ready.current?.(chart.current!);
    }, [option]);
    useLayoutEffect(() => box.current?.querySelector('canvas')?.setAttribute('aria-hidden', 'true'));
    return <div ref={box} class="chart" style={{ height: `${height}px` }} aria-hidden="true" />;
}

const axisStyle = (c: Colours) => ({
    axisLine: { lineStyle: { color: c.line } },
    axisTick: { show: false },
    axisLabel: { color: c.muted, fontSize: 12 },
    splitLine: { lineStyle: { color: c.line, opacity: 0.6 } },
    nameTextStyle: { color: c.muted, fontSize: 12 },
    nameLocation: 'middle' as const,
});

/** An axis of logarithms (base 10) of MACs: ECharts' own logarithmic axis labels powers of ten alone. */
export function macsAxis(c: Colours, low: number, high: number, name = 'MACs an image, on average') {
    const ticks = logTicks(low, high, innerWidth < 600 ? 5 : 10).map(Math.log10);
    const style = axisStyle(c);
    return {
        ...style,
        type: 'value' as const,
        min: Math.log10(low),
        max: Math.log10(high),
        name,
        nameGap: 30,
        axisTick: { show: false, customValues: ticks },
        axisLabel: { ...style.axisLabel, customValues: ticks, formatter: (v: number) => shortCount(Math.round(10 ** v)), hideOverlap: true },
    };
}

export function shareAxis(c: Colours, name: string, low?: number, high?: number) {
    const style = axisStyle(c);
    const digits = low !== undefined && high !== undefined && high - low < 0.045 ? 1 : 0;
    return {
        ...style,
        type: 'value' as const,
        ...(low !== undefined && { min: low }),
        ...(high !== undefined && { max: high }),
        name,
        nameGap: digits === 1 ? 52 : 46,
        axisLine: { show: false },
        axisLabel: {
            ...style.axisLabel,
            showMinLabel: false,
            showMaxLabel: false,
            formatter: (v: number) => `${(100 * v).toFixed(digits)} %`,
        },
    };
}

export function countAxis(c: Colours, name: string) {
    return { ...axisStyle(c), type: 'value' as const, name, nameGap: 30, min: 0 };
}

export const baseOption = (c: Colours): Option => ({
    animation: false,
    textStyle: { fontFamily: c.font },
    grid: { left: 70, right: 18, top: 14, bottom: 48 },
});
