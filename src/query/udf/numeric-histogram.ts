/**
 * A histogram of at most so many bins that suit the values (Ben-Haim and Tom-Tov, "A streaming parallel decision tree
 * algorithm", 2010): every value is a bin of its own until the two closest have to become one.
 */

/** Centres with weights, ascending. Values that are not finite do not count. O(values · bins). */
export function numericHistogram(
  binsMax: number,
  items: readonly (readonly [value: number, weight: number])[],
): readonly (readonly [number, number])[] | null {
  const sorted = items
    .filter(([value]) => Number.isFinite(value))
    .sort(([left], [right]) => left - right);
  if (sorted.length === 0) return null;
  const bins: [number, number][] = [];
  for (const [value, weight] of sorted) {
    const last = bins.at(-1);
    if (last !== undefined && last[0] === value) last[1] += weight;
    else bins.push([value, weight]);
    if (bins.length > binsMax) mergeClosest(bins);
  }
  return bins;
}

function mergeClosest(bins: [number, number][]): void {
  let closest = 0;
  let gap = Infinity;
  for (let i = 0; i + 1 < bins.length; i++) {
    const distance = (bins[i + 1]?.[0] ?? 0) - (bins[i]?.[0] ?? 0);
    if (distance >= gap) continue;
    gap = distance;
    closest = i;
  }
  const [left, right] = [bins[closest], bins[closest + 1]];
  if (left === undefined || right === undefined) return;
  const weight = left[1] + right[1];
  bins.splice(closest, 2, [(left[0] * left[1] + right[0] * right[1]) / weight, weight]);
}
