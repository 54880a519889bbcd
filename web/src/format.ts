// Numbers as text, as report/number_text.cpp writes them.
const kUnits = ['', ' k', ' M', ' G', ' T'];

function scaled(value: number): [number, string] {
    let unit = 0;
    while (value >= 999.95 && unit + 1 < kUnits.length) {
        value /= 1000;
        ++unit;
    }
    return [value, kUnits[unit]!];
}

/** 412300 -> "412.3 k", 3935184 -> "3.94 M" */
export function count(value: number): string {
    const [number, unit] = scaled(value);
    return number.toFixed(unit === '' ? 0 : number < 10 ? 2 : 1) + unit;
}

/** The same without trailing zeros: 500000 -> "500 k" */
export function shortCount(value: number): string {
    const [number, unit] = scaled(value);
    return Number(number.toPrecision(4)) + unit;
}

export const macs = (value: number) => `${count(value)} MACs`;

export function bytes(value: number): string {
    const text = count(value);
    return text.includes(' ') ? `${text}B` : `${text} B`;
}

export const percent = (share: number | null | undefined, decimals = 2) =>
    share === null || share === undefined ? '–' : `${(100 * share).toFixed(decimals)} %`;

/** A difference of shares: "0.42 points" */
export const points = (difference: number) => `${(100 * difference).toFixed(2)} points`;

export const threshold = (value: number | null) => (value === null ? 'off' : String(Number(value.toPrecision(3))));

export const thresholds = (values: readonly (number | null)[]) => (values.length === 0 ? '–' : values.map(threshold).join('  '));

export const shares = (values: readonly number[]) => values.map((s) => (100 * s).toFixed(0)).join('  ');

export const plural = (n: number, one: string, many = `${one}s`) => `${n.toLocaleString('en')} ${n === 1 ? one : many}`;

/** 1234 -> "1.23 ms" */
export function time(us: number): string {
    const [value, unit] = us < 1e3 ? [us, 'µs'] : us < 1e6 ? [us / 1e3, 'ms'] : [us / 1e6, 's'];
    return `${Number(value.toPrecision(3))} ${unit}`;
}

export type Unit = 'MACs' | 'count' | 'bytes' | 'share' | 'us';

export function limitValue(unit: Unit, value: number): string {
    if (unit === 'us') return time(value);
    if (unit === 'share') return percent(value, 1);
    if (unit === 'bytes') return bytes(value);
    return unit === 'MACs' ? `${shortCount(value)} MACs` : shortCount(value);
}
