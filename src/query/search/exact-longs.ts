/**
 * Comparisons of long values with integers that a double cannot hold. The index has numbers as doubles, so that beyond 2^53
 * neighbours look alike (ids of 64 bits are consecutive at times); the logs have their digits.
 */
import { Bitset } from '#kernel/bitset.ts';
import { must } from '#base/assert.ts';
import { jsonLeaves } from '#segment/json-leaves.ts';
import type { SegmentReader } from '#segment/segment.ts';
import { EXACT_LONG_ROWS_MAX, PHRASE_BATCH_ROWS } from '../limits.ts';
import type { NumberRange } from './compile-search.ts';

export interface ExactRequest {
  readonly source: LongSource;
  /** With `exact`. */
  readonly range: NumberRange;
  /** Rows whose number is the bound as far as a double can tell. */
  readonly doubtful: Bitset;
}

/** Where a log has the digits of a long field. */
export interface LongSource {
  readonly column: string;
  /** Path below a JSON field. */
  readonly path: string | undefined;
}

/**
 * Which of the doubtful rows are in the range; undefined: they are too many to tell. The set may be the request's. Errors: as
 * `SegmentReader.logs`.
 */
export async function exactLongs(
  reader: SegmentReader,
  { source, range, doubtful }: ExactRequest,
): Promise<Bitset | undefined> {
  if (doubtful.isEmpty()) return doubtful;
  const isIn = (text: string): boolean =>
    textsOf(text, source).some((digits) => isInRange(digits, range));
  if (doubtful.count() > EXACT_LONG_ROWS_MAX)
    return reader.columns.some((column) => column.field === source.column)
      ? (await reader.rowsWhere(source.column, isIn)).and(doubtful)
      : undefined;
  const candidates: number[] = [];
  doubtful.forEach((row) => candidates.push(row));
  const found = new Bitset(reader.info.rowCount);
  for (let at = 0; at < candidates.length; at += PHRASE_BATCH_ROWS) {
    const rows = candidates.slice(at, at + PHRASE_BATCH_ROWS);
    const logs = await reader.logs(rows, (name) => name === source.column);
    for (const [i, log] of logs.entries())
      if (isIn(log[source.column] ?? '')) found.add(must(rows[i], 'a row for each log'));
  }
  return found;
}

/** `field`: of the segment, exactly. Undefined: it is no long. */
export function longSource(
  field: string,
  { indexConfig: { keys = {} } }: SegmentReader,
): LongSource | undefined {
  if (Object.hasOwn(keys, field))
    return keys[field]?.type === 'long' ? { column: field, path: undefined } : undefined;
  for (const [column, { json_keys: subKeys = {} }] of Object.entries(keys)) {
    const path = field.slice(column.length + 1);
    if (field.startsWith(`${column}.`) && Object.hasOwn(subKeys, path))
      return subKeys[path]?.type === 'long' ? { column, path } : undefined;
  }
  return undefined;
}

function textsOf(text: string, { path }: LongSource): readonly string[] {
  if (path === undefined) return [text];
  return jsonLeaves(text)
    .filter((leaf) => leaf.path === path)
    .map((leaf) => leaf.text);
}

/** Whether the digits of a long are in a range with `exact`. */
export function isInRange(digits: string, range: NumberRange): boolean {
  if (!/^[+-]?\d+$/u.test(digits) || range.exact === undefined) return false;
  const value = integerOf(digits);
  const bound = integerOf(range.exact);
  if (value === bound) return range.low === range.high || isInclusive(range);
  if (range.low === range.high) return false;
  return range.low === -Infinity ? value < bound : value > bound;
}

function isInclusive(range: NumberRange): boolean {
  return range.low === -Infinity ? range.highInclusive : range.lowInclusive;
}

function integerOf(digits: string): bigint {
  return BigInt(digits.startsWith('+') ? digits.slice(1) : digits);
}
