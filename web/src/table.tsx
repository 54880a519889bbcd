// Every design, sortable, a page at a time; to copy or download as CSV.
import { useMemo, useState } from 'preact/hooks';
import { csv, type Row } from './csv';
import type { Design, Limits, Study } from './data';
import { bytes, count, percent, plural, shares, thresholds } from './format';
import { admissibleFlags } from './limits';
import { CopyButton, Scroll, useSettled } from './parts';

const kPage = 25;

interface Column {
    name: string;
    of: (r: Row) => number | string | null;
    text: (r: Row) => string;
    left?: boolean;
}

const number = (name: string, of: (d: Design) => number | null, text: (v: number) => string): Column => ({
    name,
    of: (r) => of(r.design),
    text: (r) => {
        const value = of(r.design);
        return value === null ? '–' : text(value);
    },
});

const kColumns: Column[] = [
    number('search', (d) => d.searched, percent),
    number('calibration', (d) => (d.network.file ? d.figures.accuracy : null), percent),
    number('test', (d) => d.test?.accuracy ?? null, percent),
    number('worst class', (d) => d.figures.minClass, (v) => percent(v, 1)),
    number('avg MACs', (d) => d.figures.avg, count),
    number('paper MACs', (d) => d.avgPaper, count),
    number('p95', (d) => d.figures.p95, count),
    number('worst', (d) => d.figures.worst, count),
    number('parameters', (d) => d.network.costs.params, count),
    number('peak', (d) => d.network.costs.peak, bytes),
    { name: 'leave at exit, %', of: (r) => r.design.figures.shares[0] ?? 0, text: (r) => shares(r.design.figures.shares) },
    { name: 'thresholds', of: (r) => r.design.figures.thresholds[0] ?? 2, text: (r) => thresholds(r.design.figures.thresholds), left: true },
];
const kName: Column = { name: 'design', of: (r) => r.design.key, text: (r) => r.design.key, left: true };

function sorted(rows: Row[], column: Column, down: boolean): Row[] {
    const sign = down ? -1 : 1;
    return [...rows].sort((a, b) => {
        const [x, y] = [column.of(a), column.of(b)];
        if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1; // what is not measured stands last
        return sign * (typeof x === 'string' ? x.localeCompare(String(y)) : x - Number(y));
    });
}

type Which = 'front' | 'admissible' | 'all';

function rowsOf(study: Study, front: readonly Design[], limits: Limits, which: Which): Row[] {
    const on = new Set(front);
    const rows: Row[] = [];
    const add = (source: Row['source'], designs: readonly Design[]) => {
        const flags = admissibleFlags(designs, limits);
        designs.forEach((design, i) => {
            if (which === 'front' ? on.has(design) : which === 'all' || flags[i] === 1) rows.push({ design, source, admissible: flags[i] === 1, onFront: on.has(design) });
        });
    };
    add('trained', study.trained);
    add('searched', study.searched);
    return rows;
}

function download(text: string, name: string) {
    const url = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }));
    const link = document.createElement('a');
    link.href = url;
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

interface DesignsProps {
    study: Study;
    front: readonly Design[];
    limits: Limits;
    chosen: Design | null;
    onChoose: (d: Design) => void;
}

export function Designs({ study, front, limits: asked, chosen, onChoose }: DesignsProps) {
    const [which, setWhich] = useState<Which>('front');
    const [order, setOrder] = useState<{ column: Column; down: boolean }>({ column: kColumns[4]!, down: false });
    const [shown, setShown] = useState(kPage);
    const asking = useMemo(() => ({ front, limits: asked }), [front, asked]);
    const settled = useSettled(asking, 150);
    const kept = useMemo(() => rowsOf(study, settled.front, settled.limits, which), [study, settled, which]);
    const list = useMemo(() => sorted(kept, order.column, order.down), [kept, order]);
    const sort = (column: Column) => setOrder({ column, down: order.column === column ? !order.down : false });
    const head = (column: Column) => (
        <th key={column.name} scope="col" class={column.left ? 'text' : ''} aria-sort={order.column !== column ? 'none' : order.down ? 'descending' : 'ascending'}>
            <button type="button" onClick={() => sort(column)}>
                {column.name}
                <span aria-hidden="true">{order.column !== column ? '' : order.down ? ' ↓' : ' ↑'}</span>
            </button>
        </th>
    );
    const choice = (value: Which, text: string) => (
        <label>
            <input type="radio" name="which" checked={which === value} onChange={() => (setWhich(value), setShown(kPage))} />
            {text}
        </label>
    );
    return (
        <>
            <div class="row tools">
                <fieldset class="choice">
                    <legend class="sr">Which designs</legend>
                    {choice('front', 'on the front')}
                    {choice('admissible', 'within the limits')}
                    {choice('all', 'all')}
                </fieldset>
                <span class="muted" aria-live="polite">
                    {plural(kept.length, 'design')}
                </span>
                <CopyButton text={() => csv(list)} label="Copy the table as CSV" />
                <button type="button" class="quiet" onClick={() => download(csv(list), 'designs.csv')}>
                    Download CSV
                </button>
            </div>
            <Scroll label="Designs">
                <table class="designs">
                    <thead>
                        <tr>
                            {head(kName)}
                            {kColumns.map(head)}
                        </tr>
                    </thead>
                    <tbody>
                        {list.slice(0, shown).map((r) => (
                            <tr key={`${r.source}-${r.design.key}`} class={`${r.design === chosen ? 'chosen' : ''}${r.admissible ? '' : ' beyond'}`}>
                                <th scope="row" class="text">
                                    <button type="button" class="pick" aria-pressed={r.design === chosen} onClick={() => onChoose(r.design)}>
                                        {r.design.key}
                                    </button>
                                    {r.source === 'searched' && <span class="muted"> searched</span>}
                                </th>
                                {kColumns.map((c) => (
                                    <td key={c.name} class={c.left ? 'text' : ''}>
                                        {c.text(r)}
                                    </td>
                                ))}
                            </tr>
                        ))}
                    </tbody>
                </table>
            </Scroll>
            {shown < list.length && (
                <button type="button" class="quiet" onClick={() => setShown(shown + 4 * kPage)}>
                    Show more ({(list.length - shown).toLocaleString('en')} left)
                </button>
            )}
        </>
    );
}
