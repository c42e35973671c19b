/**
 * A histogram of at most so many bins that suit the values (Ben-Haim and Tom-Tov, "A streaming parallel decision tree
 * algorithm", 2010): every value is a bin of its own until the two closest have to become one. Values come sorted, so that
 * the answer depends on nothing else.
 */

/** Centres with weights, ascending; null without values. O(values · bins), with nothing to interrupt it. */
export function numericHistogram(
  binsMax: number,
  sortedValues: Float64Array,
  weights: Float64Array,
): readonly (readonly [number, number])[] | null {
  const centres = new Float64Array(binsMax + 1);
  const masses = new Float64Array(binsMax + 1);
  let count = 0;
  for (const [i, value] of sortedValues.entries()) {
    if (!Number.isFinite(value)) continue;
    const weight = weights[i] ?? 1;
    if (count > 0 && centres[count - 1] === value) {
      masses[count - 1] = (masses[count - 1] ?? 0) + weight;
      continue;
    }
    centres[count] = value;
    masses[count] = weight;
    count++;
    if (count <= binsMax) continue;
    mergeClosest(centres, masses);
    count--;
  }
  if (count === 0) return null;
  return Array.from({ length: count }, (_bin, i) => [centres[i] ?? 0, masses[i] ?? 0]);
}

/** Of full arrays; the last bin is free afterwards. */
function mergeClosest(centres: Float64Array, masses: Float64Array): void {
  let closest = 0;
  let gap = Infinity;
  for (let i = 0; i + 1 < centres.length; i++) {
    const distance = (centres[i + 1] ?? 0) - (centres[i] ?? 0);
    if (distance >= gap) continue;
    gap = distance;
    closest = i;
  }
  const [left, right] = [masses[closest] ?? 0, masses[closest + 1] ?? 0];
  const sum = (centres[closest] ?? 0) * left + (centres[closest + 1] ?? 0) * right;
  centres[closest] = sum / (left + right);
  masses[closest] = left + right;
  centres.copyWithin(closest + 1, closest + 2);
  masses.copyWithin(closest + 1, closest + 2);
}
