/** Round values between two, 1, 2 and 5 times powers of ten; more between where the range is short. */
export function logTicks(low: number, high: number): number[] {
    const ticks: number[] = [];
    const factors = high / low < 3 ? [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9] : high / low < 12 ? [1, 1.5, 2, 3, 4, 5, 7] : [1, 2, 5];
    for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; ++power)
        for (const factor of factors) {
            const tick = Number((factor * 10 ** power).toPrecision(3));
            if (tick >= low && tick <= high) ticks.push(tick);
        }
    return ticks;
}
