// Where images leave. A sample leaves at the first exit i < E whose confidence is at least its threshold (null: that exit is off).

export function exitTaken(confidences: ArrayLike<number>, first: number, thresholds: readonly (number | null)[]): number {
    for (let i = 0; i < thresholds.length; ++i) {
        const threshold = thresholds[i];
        if (threshold !== null && threshold !== undefined && confidences[first + i]! >= threshold) return i;
    }
    return thresholds.length;
}

/** A sample image as an operating point treats it. */
export interface Leaving {
    index: number;
    exit: number;
    label: number;
    prediction: number;
    /** at the exit taken; 1 at the last */
    confidence: number;
    /** at the first exit: how hard it was from the start */
    first: number;
}

/** Easy to hard: by exit, then by how sure the first exit was. `confidences` and `predictions` are (samples, exits). */
export function leavings(
    labels: readonly number[],
    confidences: readonly number[],
    predictions: readonly number[],
    thresholds: readonly (number | null)[],
): Leaving[] {
    const exits = thresholds.length + 1;
    return labels
        .map((label, index) => {
            const row = index * exits;
            const exit = exitTaken(confidences, row, thresholds);
            return { index, exit, label, prediction: predictions[row + exit]!, confidence: confidences[row + exit]!, first: confidences[row]! };
        })
        .sort((a, b) => a.exit - b.exit || b.first - a.first);
}
