/** What a scan without an index may read: the newest logs of each shard (sls-query §3.1). */
import { Bitset } from '#kernel/bitset.ts';
import { SCAN_LOGS_MAX, SCAN_SHARD_LOGS_MAX } from '../limits.ts';
import type { SegmentMatch } from '../search/match-segment.ts';
import { RowRanks } from '../search/row-ranks.ts';
import { tokensOf } from './tokens.ts';

/** Names that a statement may mean fields by: any word of it that is not a text, a number or a comment. */
export function writtenNames(text: string): readonly string[] {
  const names = tokensOf(text).flatMap(({ kind, text: written }) => {
    if (kind === 'word') return [written];
    return kind === 'name' ? [written.slice(1, -1).replaceAll('""', '"')] : [];
  });
  return [...new Set(names)];
}

export interface ScanLimits {
  readonly shardLogsMax: number;
  readonly logsMax: number;
}

const LIMITS: ScanLimits = { shardLogsMax: SCAN_SHARD_LOGS_MAX, logsMax: SCAN_LOGS_MAX };

/** The newest of the matching rows, as far as a scan may read them; the same array when these are all. */
export function newestMatches(
  matches: readonly SegmentMatch[],
  limits: ScanLimits = LIMITS,
): readonly SegmentMatch[] {
  const ofShard = new Map<number, number>();
  let all = 0;
  let isCut = false;
  const newest = [...matches].sort((a, b) => b.reader.info.maxTime - a.reader.info.maxTime);
  const kept = newest.flatMap((match) => {
    const { shardId } = match.reader.info;
    const shard = ofShard.get(shardId) ?? 0;
    const left = Math.min(limits.shardLogsMax - shard, limits.logsMax - all);
    const count = Math.min(match.ranks.count, left);
    ofShard.set(shardId, shard + count);
    all += count;
    isCut ||= count < match.ranks.count;
    if (count === match.ranks.count) return [match];
    return count <= 0 ? [] : [lastRows(match, count)];
  });
  return isCut ? kept : matches;
}

/** Rows of a segment are sorted by time. */
function lastRows(match: SegmentMatch, count: number): SegmentMatch {
  const first = match.ranks.count - count;
  const rows = Array.from({ length: count }, (_, i) => match.ranks.select(first + i));
  return onlyRows(match, rows);
}

/** The match with these of its rows. */
export function onlyRows(match: SegmentMatch, rows: readonly number[]): SegmentMatch {
  const bits = new Bitset(match.reader.info.rowCount);
  for (const row of rows) bits.add(row);
  return { ...match, ranks: new RowRanks(bits), isFull: false };
}
