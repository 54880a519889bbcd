const kFactors = [
    [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9],
    [1, 1.5, 2, 3, 4, 5, 7],
    [1, 2, 5],
    [1, 3],
    [1],
];

function ticksOf(low: number, high: number, factors: number[]): number[] {
    const ticks: number[] = [];
    for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; ++power)
        for (const factor of factors) {
            const tick = Number((factor * 10 ** power).toPrecision(3));
            if (tick >= low && tick <= high) ticks.push(tick);
        }
    return ticks;
}

/** Round values between two, as many as there are up to `most`. */
export function logTicks(low: number, high: number, most = 10): number[] {
    const lists = kFactors.map((factors) => ticksOf(low, high, factors));
    return lists.find((ticks) => ticks.length <= most) ?? lists.at(-1)!;
}
