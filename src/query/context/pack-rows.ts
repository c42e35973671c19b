/**
 * The rows of a pack, and their order. Segments are sorted by time and know nothing of the order inside a log group, so the
 * place of a log in its pack is its rank by (time, nanosecond part, ingestion order) among the rows with its pack id. For a
 * collector, whose groups are in the order of time, it is the place in the group.
 */
import type { Bitset } from '#kernel/bitset.ts';
import type { SegmentReader } from '#segment/segment.ts';
import { NS_MERGE_ROWS_MAX } from '../limits.ts';
import { eachSegment } from '../search/each-segment.ts';
import { timeNsOf } from '../search/fetch-rows.ts';
import { countBefore, type SegmentMatch } from '../search/match-segment.ts';
import { byIngestion, pageRows, type PageRow } from '../search/page-rows.ts';
import { lowerBound, RowRanks } from '../search/row-ranks.ts';
import { fieldsOf } from '../search/segment-fields.ts';
import { formatPackId, PACK_ID_FIELD, type PackId } from './pack-id.ts';

/** Unix seconds, [fromTime, toTime). */
export interface TimeRange {
  readonly fromTime: number;
  readonly toTime: number;
}

/** The rows of one pack by segment, none without any, in ingestion order. */
export type PackRows = readonly SegmentMatch[];

/** The rows of a pack in a time range. Errors: as the methods of `SegmentReader`. */
export async function packRows(
  id: PackId,
  segments: readonly SegmentReader[],
  range: TimeRange,
): Promise<PackRows> {
  const found: SegmentMatch[] = [];
  await eachSegment(overlapping(segments, range), async (reader) => {
    const rows = await rowsOf(id, reader);
    if (rows === undefined) return true;
    const times = await reader.times();
    const firstRow = lowerBound(times, range.fromTime);
    const endRow = lowerBound(times, range.toTime);
    const ranks = new RowRanks(rows.clip(firstRow, endRow));
    if (ranks.count > 0)
      found.push({ reader, ranks, times, firstRow, endRow, isFull: false, isPartial: false });
    return true;
  });
  return found.sort(byIngestion);
}

/** Segments that may have rows of a time range. */
export function overlapping(
  segments: readonly SegmentReader[],
  { fromTime, toTime }: TimeRange,
): readonly SegmentReader[] {
  return segments.filter(({ info }) => info.maxTime >= fromTime && info.minTime < toTime);
}

export function rowCount(pack: PackRows): number {
  return pack.reduce((sum, { ranks }) => sum + ranks.count, 0);
}

/** Rows [first, first + count) of a pack in its order, as far as there are so many. */
export function sliceOf(pack: PackRows, first: number, count: number): Promise<readonly PageRow[]> {
  return pageRows(pack, { offset: first, line: count, reverse: false }, timeNsOf);
}

/** How many rows of the pack come before each of these, all of one second; undefined for those it has not. */
export async function ranksOf(
  pack: PackRows,
  rows: readonly PageRow[],
): Promise<readonly (number | undefined)[]> {
  const time = rows[0] === undefined ? 0 : timeOf(rows[0]);
  const before = pack.reduce((sum, each) => sum + countBefore(each, time), 0);
  const sizes = pack.map((each) => countBefore(each, time + 1) - countBefore(each, time));
  const size = sizes.reduce((sum, each) => sum + each, 0);
  if (!sizes.includes(size) && size <= NS_MERGE_ROWS_MAX) {
    const second = await sliceOf(pack, before, size);
    const places = new Map(second.map((at, i) => [keyOf(at), before + i]));
    return rows.map((at) => places.get(keyOf(at)));
  }
  // As `pageRows` has it: one segment after the other.
  return rows.map(({ match, row }) => {
    const own = pack.findIndex(({ reader }) => reader === match.reader);
    const earlier = sizes.slice(0, own).reduce((sum, each) => sum + each, 0);
    const { ranks, times } = pack[own] ?? match;
    if (own < 0 || !ranks.rows.has(row)) return undefined;
    return before + earlier + ranks.rank(row) - ranks.rank(lowerBound(times, time));
  });
}

/** Log time of a row, Unix seconds. */
export function timeOf({ match, row }: PageRow): number {
  return match.times[row] ?? 0;
}

function keyOf({ match, row }: PageRow): string {
  return `${match.reader.info.id} ${row}`;
}

/** Whether the whole pack id is one term of the segment's index, in lower case. */
export function isOneTerm({ prefix }: PackId, reader: SegmentReader): boolean {
  if (!reader.textFields.includes(PACK_ID_FIELD)) return false;
  const { options, tokenizer } = fieldsOf(reader).groupOf(PACK_ID_FIELD);
  const sample = `${prefix}-0123456789abcdef`;
  const terms = tokenizer.cut(sample);
  return !options.caseSensitive && terms.length === 1 && terms[0] === sample;
}

/** Whether the texts of pack ids can be read without those of other fields. */
export function hasPackColumn(reader: SegmentReader): boolean {
  return reader.columns.some(({ field }) => field === PACK_ID_FIELD);
}

/** Undefined: none. A key of this name in the index configuration may cut ids; then their texts are read. */
async function rowsOf(id: PackId, reader: SegmentReader): Promise<Bitset | undefined> {
  const text = formatPackId(id);
  if (isOneTerm(id, reader)) return reader.term(PACK_ID_FIELD, text);
  if (!hasPackColumn(reader)) return undefined;
  return reader.rowsWhere(PACK_ID_FIELD, (other) => other.toLowerCase() === text);
}
