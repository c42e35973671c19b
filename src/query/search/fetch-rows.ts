/** Reading what `page-rows.ts` picked: the logs themselves, and the nanoseconds it needs to put them in order. */
import type { LogRow } from '#segment/log-row.ts';
import type { SegmentMatch } from './match-segment.ts';
import type { PageRow } from './page-rows.ts';

/** Nanoseconds inside their second of rows of a segment, 0 where a log has none. Errors: as `SegmentReader.timeNs`. */
export async function timeNsOf(
  { reader }: SegmentMatch,
  rows: readonly number[],
): Promise<readonly number[]> {
  const timeNs = await reader.timeNs();
  return rows.map((row) => timeNs?.[row] ?? 0);
}

/** The logs of the rows, in their order. Errors: as `SegmentReader.logs`. */
export async function fetchPage(page: readonly PageRow[]): Promise<readonly LogRow[]> {
  const places = new Map<PageRow, LogRow>();
  for (const [match, members] of Map.groupBy(page, (pageRow) => pageRow.match)) {
    const numbers = members.map(({ row }) => row);
    const rows = await match.reader.logs(numbers);
    for (const [i, member] of members.entries()) places.set(member, rows[i] as LogRow);
  }
  return page.map((pageRow) => places.get(pageRow) as LogRow);
}
