// The study as C++ wrote it (docs/design/report.md), and what the page makes of it. Costs are executed MACs unless a name says "paper".

/** [accuracy, worst class, average, 95 %, worst, thresholds, exit shares] */
export type RawPoint = [number, number, number, number, number, (number | null)[], number[]];

export interface RawArch {
    stem: [number, number];
    depth: number[];
    width: number[];
    kernel: number[];
    expand: number[];
    /** per site [convolutions, width, pooling], null = no exit */
    exits: ([number, number, number] | null)[];
}

export interface RawCosts {
    backbone: number[];
    head: number[];
    params: number;
    peak: number;
    /** microseconds to each exit by the study's latency table, and of the trained network itself; absent without */
    latency?: number[];
    measured_latency?: number[];
}

/** [samples, mean confidence, accuracy] */
export type Bin = [number, number, number];

export interface Reliability {
    before: Bin[];
    after: Bin[];
    error_before: number;
    error_after: number;
}

export interface Detail {
    front: RawPoint[];
    reliability: Reliability[];
    reliability_part: 'test' | 'calibration';
    /** (samples, exits), row-major, of the sample images */
    confidences?: number[];
    predictions?: number[];
}

export interface RawModel {
    name: string;
    id: string;
    comparator: boolean;
    arch: RawArch;
    measure: string;
    costs: RawCosts;
    file: string;
    points: {
        budget: number;
        budget_macs: number;
        avg_macs_paper: number;
        search: number | null;
        calibration: RawPoint;
        test: RawPoint | null;
    }[];
    detail?: Detail;
}

export interface RawDesign {
    id: string;
    arch: RawArch;
    error?: string;
    costs?: RawCosts;
    /**
     * Figures on validation, rows of whole numbers: index of the budget, average by the paper's accounting, accuracy and worst class (1e-5),
     * average, exits whose costs are the 95 % and the worst one, thresholds (1e-4, null = off), exit shares (1e-4)
     */
    points?: (number | null)[][];
}

export interface Samples {
    height: number;
    width: number;
    channels: number;
    rows: number[];
    labels: number[];
    pixels: string;
}

export interface HistoryStep {
    evaluations: number;
    hypervolume: number;
    feasible: number;
    error_model: string;
    error_kendall: number | null;
    cost_model: string;
    cost_kendall: number | null;
}

export interface ComparisonRow {
    name: string;
    summary: string;
    calibration: number | null;
    test: number | null;
    avg_macs: number;
    worst_macs: number;
    params: number;
}

export interface Saving {
    design: string;
    avg_macs: number;
    plain_macs: number;
    accuracy: number;
    plain_accuracy: number;
    text: string;
}

export interface Limits {
    max_avg_macs?: number;
    max_p95_macs?: number;
    max_worst_macs?: number;
    max_params?: number;
    max_peak_activation_bytes?: number;
    max_avg_latency_us?: number;
    min_accuracy?: number;
    min_class_accuracy?: number;
}
export type LimitKey = keyof Limits;

export interface RawStudy {
    schema: number;
    program: { version: string; commit: string };
    facts: {
        data: string;
        classes: string[];
        images: { train: number; validation: number; calibration: number; test: number };
        split_digest: string;
        measure: string;
        fidelity: string;
        notes: string[];
        limits: Limits;
        axes: { min_macs: number; max_macs: number; max_error: number };
        space: string;
        resolution: number;
        channels: number;
    };
    config: string;
    start: Record<string, unknown> | null;
    /** MACs of each budget's index */
    budgets: number[];
    designs: RawDesign[];
    models: RawModel[];
    samples: Samples | null;
    history: HistoryStep[];
    test_reads: { time: string; purpose: string }[];
    learnt: {
        designs: {
            budget: number;
            id: string;
            exits: number;
            expected: number | null;
            tuned: number | null;
            accuracy: number | null;
            worst: number;
        }[];
        collapse: string;
    };
    comparison: { rows: ComparisonRow[]; saving?: Saving };
}

export const kSchema = 1;

/** What thresholds do on a part of the data. */
export interface Figures {
    accuracy: number;
    minClass: number;
    avg: number;
    p95: number;
    worst: number;
    thresholds: (number | null)[];
    shares: number[];
}

export interface Costs {
    backbone: number[];
    head: number[];
    /** what a sample that leaves at each exit has paid: every head passed is charged */
    executed: number[];
    /** the paper's accounting: earlier heads are free */
    paper: number[];
    params: number;
    peak: number;
    latency?: number[];
    measured_latency?: number[];
}

/** An architecture. */
export interface Network {
    id: string;
    arch: RawArch;
    costs: Costs;
    measure: string;
    /** of a trained one */
    file?: string;
    detail?: Detail;
}

/** A design: an architecture at an operating point, judged by `figures` (calibration once trained, else validation). */
export interface Design {
    key: string;
    network: Network;
    budget: number;
    budgetMacs: number;
    avgPaper: number;
    figures: Figures;
    searched: number | null;
    test: Figures | null;
}

/** Mean microseconds of an inference, of the latencies to each exit; null where there are none. */
export function averageLatency({ figures }: Design, latency: number[] | undefined): number | null {
    return latency ? figures.shares.reduce((sum, share, i) => sum + share * latency[i]!, 0) : null;
}

export type Source = 'trained' | 'searched';

export interface Study {
    raw: RawStudy;
    /** each sorted by average MACs */
    trained: Design[];
    searched: Design[];
    failed: RawDesign[];
    /** trained networks that stand beside, without those that designs are made of */
    comparators: RawModel[];
}

export function costsOf(raw: RawCosts): Costs {
    let heads = 0;
    const executed = raw.backbone.map((macs, i) => macs + (heads += raw.head[i] ?? 0));
    const paper = raw.backbone.map((macs, i) => macs + (raw.head[i] ?? 0));
    return { ...raw, executed, paper };
}

export function figuresOf([accuracy, minClass, avg, p95, worst, thresholds, shares]: RawPoint): Figures {
    return { accuracy, minClass, avg, p95, worst, thresholds, shares };
}

const keyOf = (id: string, budget: number) => `${id}-${String(budget).padStart(2, '0')}`;
const byCost = (a: Design, b: Design) => a.figures.avg - b.figures.avg;

function searchedDesign(row: (number | null)[], network: Network, budgets: number[]): Design {
    const { executed } = network.costs;
    const [budget, avgPaper, accuracy, minClass, avg, p95, worst] = row as number[];
    const early = executed.length - 1;
    const figures: Figures = {
        accuracy: accuracy! / 1e5,
        minClass: minClass! / 1e5,
        avg: avg!,
        p95: executed[p95!]!,
        worst: executed[worst!]!,
        thresholds: row.slice(7, 7 + early).map((t) => (t === null ? null : t / 1e4)),
        shares: row.slice(7 + early).map((s) => s! / 1e4),
    };
    return { key: keyOf(network.id, budget!), network, budget: budget!, budgetMacs: budgets[budget!]!, avgPaper: avgPaper!, figures, searched: figures.accuracy, test: null };
}

function searchedDesigns(raw: RawStudy): Design[] {
    return raw.designs.flatMap(({ id, arch, costs, points = [] }) => {
        if (!costs) return [];
        const network: Network = { id, arch, costs: costsOf(costs), measure: raw.facts.measure };
        return points.map((row) => searchedDesign(row, network, raw.budgets));
    });
}

function trainedDesigns(models: RawModel[]): Design[] {
    return models.flatMap((model) => {
        const { id, arch, costs, measure, file, detail, points } = model;
        const network: Network = { id, arch, costs: costsOf(costs), measure, file, ...(detail && { detail }) };
        return points.map((p) => ({
            key: keyOf(id, p.budget),
            network,
            budget: p.budget,
            budgetMacs: p.budget_macs,
            avgPaper: p.avg_macs_paper,
            figures: figuresOf(p.calibration),
            searched: p.search,
            test: p.test && figuresOf(p.test),
        }));
    });
}

/** Throws an Error in plain words if the data is of another version. */
export function studyOf(raw: RawStudy): Study {
    if (raw.schema !== kSchema)
        throw new Error(`This page reads version ${kSchema} of a study's data and was given version ${raw.schema}. Write the report anew with the same nachos.`);
    return {
        raw,
        trained: trainedDesigns(raw.models.filter((m) => !m.comparator)).sort(byCost),
        searched: searchedDesigns(raw).sort(byCost),
        failed: raw.designs.filter((d) => d.error !== undefined),
        comparators: raw.models.filter((m) => m.comparator),
    };
}
