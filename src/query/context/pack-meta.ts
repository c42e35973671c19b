/**
 * `__pack_meta__`: where a log is in its pack, opaque to clients (sls-query §4.4).
 *
 *   <shard>|<base64 of the log's time, decimal Unix seconds>|<logs>|<rank>
 *
 * `logs` counts the rows that the pack has in this shard and second, `rank` (from 0) says which of them it is, by nanosecond
 * part and ingestion order. That stays true: merges, compaction and a build with another index keep the order inside a
 * shard, days that expire take whole seconds away, and a group that a client repeats elsewhere comes in behind or in
 * another shard. Finding the log again takes one term in the segments of that second.
 */
import { must } from '#base/assert.ts';
import type { LogRow } from '#segment/log-row.ts';
import type { SegmentReader } from '#segment/segment.ts';
import type { PageRow } from '../search/page-rows.ts';
import { formatPackId, PACK_ID_FIELD, parsePackId, type PackId } from './pack-id.ts';
import { packRows, ranksOf, rowCount, sliceOf, timeOf, type PackRows } from './pack-rows.ts';

/** The field of an answer that has it; no log has it. */
const PACK_META_FIELD = '__pack_meta__';

/** A log by its place among the rows of its pack, shard and second. */
export interface PackMeta {
  readonly shardId: number;
  /** Unix seconds. */
  readonly time: number;
  /** Rows of the pack in this shard and second, at least 1. */
  readonly count: number;
  readonly rank: number;
}

const PACK_META = /^(\d{1,9})\|([A-Za-z0-9+/]{1,24}={0,2})\|(\d{1,10})\|(\d{1,10})$/u;

export function formatPackMeta({ shardId, time, count, rank }: PackMeta): string {
  return `${shardId}|${Buffer.from(String(time)).toString('base64')}|${count}|${rank}`;
}

/** Undefined: the text is none. */
export function parsePackMeta(text: string): PackMeta | undefined {
  const [, shardText, position = '', countText, rankText] = PACK_META.exec(text) ?? [];
  const timeText = Buffer.from(position, 'base64').toString('latin1');
  if (!/^\d{1,10}$/u.test(timeText)) return undefined;
  const meta = {
    shardId: Number(shardText),
    time: Number(timeText),
    count: Number(countText),
    rank: Number(rankText),
  };
  return meta.rank < meta.count ? meta : undefined;
}

/** The log that a meta means; undefined: there is none. */
export async function findLog(
  id: PackId,
  meta: PackMeta,
  segments: readonly SegmentReader[],
): Promise<PageRow | undefined> {
  const [found] = await sliceOf(await rowsOfSecond(id, meta, segments), meta.rank, 1);
  return found;
}

/**
 * The logs of a page with `__pack_meta__`; those that are not of a pack that can be found stay as they are. `segments` are all that may
 * have rows of the page's seconds. Errors: as the methods of `SegmentReader`.
 */
export async function withPackMeta(
  page: readonly PageRow[],
  logs: readonly LogRow[],
  segments: readonly SegmentReader[],
): Promise<readonly LogRow[]> {
  const members = page.flatMap((at, i) => {
    const id = parsePackId(logs[i]?.[PACK_ID_FIELD] ?? '');
    return id === undefined ? [] : [{ id, at, i, shardId: at.match.reader.info.shardId }];
  });
  const answer = [...logs];
  // One pack after the other, each with its sets of rows.
  const groups = Map.groupBy(
    members,
    ({ id, at, shardId }) => `${shardId} ${timeOf(at)} ${formatPackId(id)}`,
  );
  for (const group of groups.values()) {
    const { id, at, shardId } = must(group[0], 'a group has members');
    const time = timeOf(at);
    const pack = await rowsOfSecond(id, { shardId, time }, segments);
    const count = rowCount(pack);
    const rows = group.map((member) => member.at);
    for (const [n, rank] of (await ranksOf(pack, rows)).entries()) {
      // The index does not have the tags of a log with very many.
      if (rank === undefined) continue;
      const { i } = must(group[n], 'each member has a rank');
      answer[i] = { ...logs[i], [PACK_META_FIELD]: formatPackMeta({ shardId, time, count, rank }) };
    }
  }
  return answer;
}

function rowsOfSecond(
  id: PackId,
  { shardId, time }: Pick<PackMeta, 'shardId' | 'time'>,
  segments: readonly SegmentReader[],
): Promise<PackRows> {
  const ofShard = segments.filter(({ info }) => info.shardId === shardId);
  return packRows(id, ofShard, { fromTime: time, toTime: time + 1 });
}
