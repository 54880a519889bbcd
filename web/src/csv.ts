// The table as a file.
import { averageLatency, type Design } from './data';

export interface Row {
    design: Design;
    source: 'trained' | 'searched';
    admissible: boolean;
    onFront: boolean;
}

/** Quoted where it must be (RFC 4180); a leading sign that a spreadsheet would take for a formula is disarmed. */
export function cell(value: string | number | null | boolean): string {
    if (value === null) return '';
    let text = String(value);
    if (typeof value === 'string' && /^[=+\-@\t\r]/.test(text)) text = `'${text}`;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const kColumns: [string, (r: Row) => string | number | null | boolean][] = [
    ['id', (r) => r.design.key],
    ['stage', (r) => r.source],
    ['measure', (r) => r.design.network.measure],
    ['accuracy_search', (r) => r.design.searched],
    ['accuracy_calibration', (r) => (r.source === 'trained' ? r.design.figures.accuracy : null)],
    ['accuracy_test', (r) => r.design.test?.accuracy ?? null],
    ['min_class_accuracy', (r) => r.design.figures.minClass],
    ['avg_macs', (r) => r.design.figures.avg],
    ['avg_macs_test', (r) => r.design.test?.avg ?? null],
    ['avg_macs_paper', (r) => r.design.avgPaper],
    ['p95_macs', (r) => r.design.figures.p95],
    ['worst_macs', (r) => r.design.figures.worst],
    ['avg_latency_us', (r) => averageLatency(r.design, r.design.network.costs.latency)],
    ['measured_avg_latency_us', (r) => averageLatency(r.design, r.design.network.costs.measured_latency)],
    ['params', (r) => r.design.network.costs.params],
    ['peak_activation_bytes', (r) => r.design.network.costs.peak],
    ['exit_share', (r) => r.design.figures.shares.join(' ')],
    ['thresholds', (r) => r.design.figures.thresholds.map((t) => t ?? 'off').join(' ')],
    ['admissible', (r) => r.admissible],
    ['on_front', (r) => r.onFront],
    ['model_file', (r) => r.design.network.file ?? ''],
];

export function csv(rows: readonly Row[]): string {
    const lines = [kColumns.map(([name]) => name).join(',')];
    for (const row of rows) lines.push(kColumns.map(([, of]) => cell(of(row))).join(','));
    return `${lines.join('\r\n')}\r\n`;
}
