// How the search went: hypervolume, and how well the surrogates ranked what was to come.
import { useMemo } from 'preact/hooks';
import { baseOption, Chart, countAxis, type Option } from './chart';
import type { HistoryStep } from './data';
import { colours } from './theme';

function hypervolumeOption(history: readonly HistoryStep[]): Option {
    const c = colours();
    return {
        ...baseOption(c),
        xAxis: countAxis(c, 'architectures evaluated'),
        yAxis: { ...countAxis(c, 'hypervolume'), nameGap: 46 },
        series: [{ type: 'line', step: 'end', symbol: 'none', data: history.map((h) => [h.evaluations, h.hypervolume]), lineStyle: { color: c.accent, width: 2 }, areaStyle: { color: c.wash }, silent: true }],
    };
}

function rankOption(history: readonly HistoryStep[]): Option {
    const c = colours();
    const line = (color: string, type: 'solid' | 'dashed', of: (h: HistoryStep) => number | null) => ({
        type: 'line' as const,
        symbol: 'circle',
        symbolSize: 4,
        data: history.map((h) => [h.evaluations, of(h)] as [number, number]),
        lineStyle: { color, width: 2, type },
        itemStyle: { color },
        silent: true,
    });
    return {
        ...baseOption(c),
        xAxis: countAxis(c, 'architectures evaluated'),
        yAxis: { ...countAxis(c, "Kendall's tau"), nameGap: 46, max: 1, ...(history.some((h) => (h.error_kendall ?? 0) < 0 || (h.cost_kendall ?? 0) < 0) && { min: -1 }) },
        series: [line(c.accent, 'solid', (h) => h.error_kendall), line(c.second, 'dashed', (h) => h.cost_kendall)],
    };
}

export function SearchHistory({ history, theme }: { history: readonly HistoryStep[]; theme: number }) {
    const ranked = useMemo(() => history.filter((h) => h.error_model !== '' && (h.error_kendall !== 0 || h.cost_kendall !== 0)), [history]);
    const volume = useMemo(() => hypervolumeOption(history), [history, theme]);
    const ranks = useMemo(() => rankOption(ranked), [ranked, theme]);
    const last = history.at(-1);
    if (!last) return null;
    const models = (of: (h: HistoryStep) => string) => [...new Set(ranked.map(of))].join(', ');
    return (
        <div class="pair">
            <figure class="card">
                <h3>Hypervolume</h3>
                <Chart option={volume} height={230} />
                <figcaption class="note">
                    What the admissible designs found so far cover: {last.hypervolume.toFixed(4)} after {last.evaluations} evaluations. Higher is better; 1 would be free and never wrong.
                </figcaption>
            </figure>
            {ranked.length > 0 && (
                <figure class="card">
                    <h3>How well candidates were ranked</h3>
                    <ul class="legend" aria-hidden="true">
                        <li>
                            <i class="l-front" />
                            error ({models((h) => h.error_model)})
                        </li>
                        <li>
                            <i class="l-limit" />
                            cost ({models((h) => h.cost_model)})
                        </li>
                    </ul>
                    <Chart option={ranks} height={200} />
                    <figcaption class="note">
                        Rank correlation of what the surrogate models predict with what was measured, in cross-validation: {ranked.at(-1)!.error_kendall?.toFixed(2) ?? '–'} for error, {ranked.at(-1)!.cost_kendall?.toFixed(2) ?? '–'} for cost at the end. 1: perfect, 0: chance.
                    </figcaption>
                </figure>
            )}
        </div>
    );
}
