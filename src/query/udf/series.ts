/** What is computed over all values of a group: the aggregates that DuckDB lacks, as functions of lists. */
import { AppError } from '#base/app-error.ts';
import { FUNNEL_STEPS_MAX, HISTOGRAM_BINS_MAX, SEQUENCE_MAX } from '../limits.ts';
import { numericHistogram } from './numeric-histogram.ts';
import { REAL, TEXT, WHOLE, listOf, mapOf, udf, type UdfFamily } from './scalar-udf.ts';

/** Times or centres with values, in order. */
type Points = readonly (readonly [number, number | null])[];

export const SERIES: UdfFamily = {
  functions: [
    udf('sls_numeric_histogram', [WHOLE, listOf(REAL)], mapOf(REAL, REAL), (bins, values) =>
      numericHistogram(checkBins(bins), sortedReals(values), NO_WEIGHTS),
    ),
    udf(
      'sls_weighted_histogram',
      [WHOLE, listOf(REAL), listOf(REAL)],
      mapOf(REAL, REAL),
      (bins, values, weights) => {
        const order = byValue(values, weights);
        return numericHistogram(
          checkBins(bins),
          Float64Array.from(order, ({ value }) => value),
          Float64Array.from(order, ({ weight }) => weight),
        );
      },
    ),
    udf(
      'sls_weighted_rank',
      [listOf(REAL), listOf(REAL), REAL],
      WHOLE,
      (values, weights, share) => weightedRanks(values, weights, [share])[0] ?? null,
    ),
    udf(
      'sls_weighted_ranks',
      [listOf(REAL), listOf(REAL), listOf(REAL)],
      listOf(WHOLE),
      weightedRanks,
    ),
    udf('sls_funnel', [REAL, listOf(WHOLE)], WHOLE, funnel),
    udf('sls_padding', [listOf(WHOLE), listOf(REAL), WHOLE, TEXT], mapOf(REAL, REAL), padding),
  ],
  // Times stand in front of steps, so that one list holds both and sorts by time.
  macros: `
CREATE MACRO sls_funnel_step(conditions) AS CASE WHEN len(conditions) <= ${FUNNEL_STEPS_MAX}
  THEN list_position(conditions, true)
  ELSE error('window_funnel takes at most ${FUNNEL_STEPS_MAX} steps') END,
  (event, chain) AS CASE WHEN len(chain) <= ${FUNNEL_STEPS_MAX} THEN list_position(chain, event)
  ELSE error('window_funnel takes at most ${FUNNEL_STEPS_MAX} steps') END;
CREATE MACRO sls_funnel_item(t, step) AS
  CASE WHEN step > 0 THEN t::BIGINT * 64 + step::BIGINT END;
`,
};

function checkBins(bins: bigint): number {
  if (bins < 2n || bins > HISTOGRAM_BINS_MAX)
    throw new AppError(
      'ParameterInvalid',
      `numeric_histogram takes 2 to ${HISTOGRAM_BINS_MAX} buckets`,
    );
  return Number(bins);
}

const NO_WEIGHTS = new Float64Array();

function sortedReals(values: readonly (number | null)[]): Float64Array {
  return Float64Array.from(values.filter((value) => value !== null)).sort();
}

interface Weighted {
  readonly value: number;
  readonly weight: number;
  /** Its place, from 0. */
  readonly at: number;
}

/** Values with their weights, ascending, without nulls and what weighs nothing. */
function byValue(
  values: readonly (number | null)[],
  weights: readonly (number | null)[],
): readonly Weighted[] {
  const found: Weighted[] = [];
  for (const [at, value] of values.entries()) {
    const weight = weights[at] ?? 0;
    if (value !== null && weight > 0) found.push({ value, weight, at });
  }
  return found.sort((a, b) => a.value - b.value);
}

/** For each share the place (from 1) of the smallest value up to which that share of all weight lies. */
function weightedRanks(
  values: readonly (number | null)[],
  weights: readonly (number | null)[],
  shares: readonly (number | null)[],
): readonly (bigint | null)[] {
  const order = byValue(values, weights);
  const sums = new Float64Array(order.length);
  let total = 0;
  for (const [i, { weight }] of order.entries()) sums[i] = total += weight;
  return shares.map((share) => {
    if (share === null) return null;
    if (!(share >= 0 && share <= 1))
      throw new AppError('ParameterInvalid', 'percentile must be between 0 and 1');
    const found = order.at(sums.findIndex((sum) => sum >= share * total));
    return found === undefined ? null : BigInt(found.at + 1);
  });
}

/**
 * The longest chain of steps 1, 2, … in that order, no further than `width` from its start (sls-query §3.9). A step of
 * the chain that is not the next one ends the attempt, so that each attempt ends within as many events as there are steps.
 */
function funnel(width: number, items: readonly (bigint | null)[]): bigint {
  const sorted = BigInt64Array.from(items.filter((item) => item !== null)).sort();
  let longest = 0;
  for (let start = 0; start < sorted.length; start++) {
    const [time, step] = eventOf(sorted[start]);
    if (step !== 1) continue;
    let length = 1;
    for (let at = start + 1; at < sorted.length; at++) {
      const [nextTime, nextStep] = eventOf(sorted[at]);
      if (nextStep !== length + 1 || nextTime - time > width) break;
      length++;
    }
    longest = Math.max(longest, length);
  }
  return BigInt(longest);
}

function eventOf(item = 0n): readonly [time: number, step: number] {
  return [Number(item >> 6n), Number(item & 63n)];
}

/** A point for every interval from the first time to the last. */
function padding(
  times: readonly (bigint | null)[],
  values: readonly (number | null)[],
  interval: bigint,
  kind: string,
): Points {
  if (interval <= 0n) throw new AppError('ParameterInvalid', 'interval must be positive');
  const known = times.filter((time) => time !== null);
  const first = known.reduce((least, time) => (time < least ? time : least), known[0] ?? 0n);
  const found = new Map<number, number>();
  for (const [i, time] of times.entries()) {
    const value = values[i] ?? null;
    if (time !== null && value !== null) found.set(Number((time - first) / interval), value);
  }
  let count = 0;
  for (const slot of found.keys()) count = Math.max(count, slot + 1);
  if (count > SEQUENCE_MAX)
    throw new AppError('ParameterInvalid', `series has more than ${SEQUENCE_MAX} points`);
  const slots = Array.from({ length: count }, (_slot, i) => found.get(i) ?? null);
  const pad = padOf(kind, slots);
  return slots.map((value, i) => [Number(first) + i * Number(interval), value ?? pad(i)]);
}

function padOf(kind: string, slots: readonly (number | null)[]): (slot: number) => number | null {
  const before = nearest(slots);
  const after = nearest([...slots].reverse()).reverse();
  switch (kind.toLowerCase()) {
    case 'zero':
      return () => 0;
    case 'forward':
      return (slot) => before[slot] ?? null;
    case 'backward':
      return (slot) => after[slot] ?? null;
    case 'mean':
      return (slot) => {
        const [left, right] = [before[slot] ?? null, after[slot] ?? null];
        return left === null || right === null ? (left ?? right) : (left + right) / 2;
      };
    default:
      throw new AppError(
        'ParameterInvalid',
        'padding type must be zero, mean, forward or backward',
      );
  }
}

/** The last known value up to each slot. */
function nearest(slots: readonly (number | null)[]): (number | null)[] {
  let last: number | null = null;
  return slots.map((value) => (last = value ?? last));
}
