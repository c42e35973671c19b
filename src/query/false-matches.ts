/**
 * Finds the rows that the index gives although the request does not mean them. The index folds `__topic__` to
 * lower case (and cuts it, when the configuration has a key of that name) while topics are compared exactly,
 * and it knows times in seconds only while a request may begin and end inside one (sls-query §4.1). The
 * Parquet file has the topic as it was and the nanoseconds.
 */
import { Bitset } from '#kernel/bitset.ts';
import type { SegmentReader } from '#segment/segment.ts';
import type { ReadSql } from './fetch-rows.ts';
import { quoteName, quoteText } from './sql-text.ts';

const TOPIC = '__topic__';

export interface ExactBounds {
  /** Empty: any topic. */
  readonly topic: string;
  /** The first second, and the nanoseconds of it that are too early; Unix seconds. */
  readonly fromTime: number;
  readonly fromNs: number;
  /** The last second and the nanoseconds of it that still belong to the range; 0: none of the second. */
  readonly toTime: number;
  readonly toNs: number;
}

/** Rows to leave out, at least those among the candidates. The caller owns the set. */
export type FalseMatches = (reader: SegmentReader, candidates: Bitset) => Promise<Bitset>;

/** What it gives throws as `readSql` does. */
export function falseMatches(bounds: ExactBounds, readSql: ReadSql): FalseMatches {
  return async (reader, candidates) => {
    const found = new Bitset(reader.info.rowCount);
    const conditions = [...otherTopics(bounds, reader), ...outerNanoseconds(bounds, reader)];
    if (conditions.length === 0 || candidates.isEmpty()) return found;
    const file = `read_parquet(${quoteText(reader.parquetPath)}, file_row_number=true)`;
    const sql = `SELECT file_row_number FROM ${file} WHERE ${conditions.join(' OR ')}`;
    for (const [row] of await readSql(sql)) found.add(Number(row));
    return found;
  };
}

function otherTopics({ topic }: ExactBounds, reader: SegmentReader): readonly string[] {
  const column = reader.columns.find(({ field }) => field === TOPIC)?.column;
  if (topic === '' || column === undefined) return [];
  const name = quoteName(column);
  const text = quoteText(topic);
  // A value that is one term differs from the topic in case only; hardly any log does.
  const isWhole = !Object.hasOwn(reader.indexConfig.keys ?? {}, TOPIC);
  const alike = isWhole ? ` AND lower(${name}) = lower(${text})` : '';
  return [`(${name} <> ${text}${alike})`];
}

function outerNanoseconds(bounds: ExactBounds, reader: SegmentReader): readonly string[] {
  const { fromTime, fromNs, toTime, toNs } = bounds;
  const { minTime, maxTime } = reader.info;
  const ns = 'coalesce(__time_ns_part__, 0)';
  const conditions: string[] = [];
  if (fromNs > 0 && minTime <= fromTime && fromTime <= maxTime)
    conditions.push(`(__time__ = ${fromTime} AND ${ns} < ${fromNs})`);
  if (toNs > 0 && minTime <= toTime && toTime <= maxTime)
    conditions.push(`(__time__ = ${toTime} AND ${ns} >= ${toNs})`);
  return conditions;
}
