/** Smallest and largest value of a column chunk, for pruning (parquet.thrift, `Statistics`). */
import type { Integers } from './delta-codec.ts';
import { STATISTICS_BYTES_MAX } from './limits.ts';
import type { Statistics } from './metadata.ts';
import type { TextPlaces } from './number-texts.ts';

/** Bounds of the first `count` texts, in the order of their bytes; long ones are cut, the largest upwards. */
export function textStatistics(texts: TextPlaces, count: number, nullCount: number): Statistics {
  if (count === 0) return noBounds(nullCount);
  const { arena, starts, ends } = texts;
  let min = 0;
  let max = 0;
  for (let i = 1; i < count; i++) {
    const first = arena[starts[i]!]!;
    // The first byte nearly always decides; an empty text has none and takes the long way.
    const isEmpty = starts[i] === ends[i];
    if (isEmpty || first <= arena[starts[min]!]!) min = compare(texts, i, min) < 0 ? i : min;
    if (isEmpty || first >= arena[starts[max]!]! || starts[max] === ends[max])
      max = compare(texts, i, max) > 0 ? i : max;
  }
  const low = cutDown(arena.subarray(starts[min], ends[min]));
  const high = cutUp(arena.subarray(starts[max], ends[max]));
  return {
    nullCount,
    min: new Uint8Array(low),
    max: high === undefined ? undefined : new Uint8Array(high),
    isMinExact: low.length === ends[min]! - starts[min]!,
    isMaxExact: ends[max]! - starts[max]! <= STATISTICS_BYTES_MAX,
  };
}

function compare({ arena, starts, ends }: TextPlaces, a: number, b: number): number {
  const aLength = ends[a]! - starts[a]!;
  const bLength = ends[b]! - starts[b]!;
  const length = Math.min(aLength, bLength);
  let i = 0;
  while (i < length && arena[starts[a]! + i] === arena[starts[b]! + i]) i++;
  return i < length ? arena[starts[a]! + i]! - arena[starts[b]! + i]! : aLength - bLength;
}

/** At most `STATISTICS_BYTES_MAX` bytes, whole characters. */
function cutDown(text: Uint8Array): Uint8Array {
  if (text.length <= STATISTICS_BYTES_MAX) return text;
  let end = STATISTICS_BYTES_MAX;
  while (end > 0 && (text[end]! & 0xc0) === 0x80) end--;
  return text.subarray(0, end);
}

/** A text that is not smaller: cut, with the last character that has a next one replaced by it. */
function cutUp(text: Uint8Array): Uint8Array | undefined {
  if (text.length <= STATISTICS_BYTES_MAX) return text;
  const points = Array.from(Buffer.from(cutDown(text)).toString('utf8'));
  for (let last = points.length - 1; last >= 0; last--) {
    const next = nextPoint(points[last]!.codePointAt(0)!);
    if (next === undefined) continue;
    const cut = Buffer.from(points.slice(0, last).join('') + String.fromCodePoint(next), 'utf8');
    if (cut.length <= STATISTICS_BYTES_MAX) return cut;
  }
  return undefined;
}

function nextPoint(point: number): number | undefined {
  if (point === 0xd7ff) return 0xe000;
  return point < 0x10ffff ? point + 1 : undefined;
}

/** Exact bounds of integers, `sizeBytes` each. */
export function integerStatistics(
  values: Integers | Uint32Array,
  nullCount: number,
  sizeBytes: 4 | 8,
): Statistics {
  if (values.length === 0) return noBounds(nullCount);
  const [min, max] = values instanceof BigInt64Array ? bigBounds(values) : boundsOf(values);
  const encode = (value: number | bigint): Uint8Array => plainInteger(value).slice(0, sizeBytes);
  return { nullCount, min: encode(min), max: encode(max), isMinExact: true, isMaxExact: true };
}

// One loop for each kind of array: one for both is several times slower.
function boundsOf(values: Float64Array | Uint32Array): readonly [number, number] {
  let min = values[0]!;
  let max = min;
  for (let i = 1; i < values.length; i++) {
    const value = values[i]!;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return [min, max];
}

function bigBounds(values: BigInt64Array): readonly [bigint, bigint] {
  let min = values[0]!;
  let max = min;
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return [min, max];
}

/** The eight bytes of an integer, little-endian; the first four are those of one of 32 bits. */
function plainInteger(value: number | bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, BigInt(value), true);
  return bytes;
}

/** Bounds that nobody knows. */
export function noBounds(nullCount: number): Statistics {
  return { nullCount, min: undefined, max: undefined, isMinExact: false, isMaxExact: false };
}
