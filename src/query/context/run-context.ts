/** Context logs: what its origin sent before and after a log, in the order of sending (sls-query §4.4). */
import { AppError } from '#base/app-error.ts';
import { must } from '#base/assert.ts';
import { DAY_MS, SECOND_MS } from '#base/units.ts';
import type { LogRow } from '#segment/log-row.ts';
import type { SegmentReader } from '#segment/segment.ts';
import type { Progress } from '../found.ts';
import { CONTEXT_LINES_MAX } from '../limits.ts';
import type { QueryBudget } from '../query-budget.ts';
import { fetchPage } from '../search/fetch-rows.ts';
import type { PageRow } from '../search/page-rows.ts';
import { parsePackId, type PackId } from './pack-id.ts';
import { findLog, parsePackMeta, withPackMeta, type PackMeta } from './pack-meta.ts';
import {
  packRows,
  ranksOf,
  rowCount,
  sliceOf,
  type PackRows,
  type TimeRange,
} from './pack-rows.ts';
import { PackWalk } from './walk-packs.ts';

/** The field of an answer that says where a log stands: negative before the start log, "0" the start log itself. */
const INDEX_FIELD = '__index_number__';

/** How far away the logs of a context may be in time (sls-query §4.4). */
const REACH_SECONDS: number = DAY_MS / SECOND_MS;

export interface ContextAsk {
  readonly packId: string;
  readonly packMeta: string;
  /** 0–100 each, not both 0. */
  readonly backLines: number;
  readonly forwardLines: number;
}

/** A checked request. */
export interface ContextPlan {
  readonly id: PackId;
  readonly meta: PackMeta;
  readonly backLines: number;
  readonly forwardLines: number;
  /** Where its logs can be. */
  readonly range: TimeRange;
}

export interface FoundContext {
  readonly progress: Progress;
  /** Oldest first, the start log among them. */
  readonly logs: readonly LogRow[];
  readonly backLines: number;
  readonly forwardLines: number;
}

/** Errors: InvalidParameter. */
export function planContext(ask: ContextAsk): ContextPlan {
  const { backLines, forwardLines } = ask;
  for (const [name, lines] of Object.entries({
    back_lines: backLines,
    forward_lines: forwardLines,
  }))
    if (!Number.isInteger(lines) || lines < 0 || lines > CONTEXT_LINES_MAX)
      throw new AppError('InvalidParameter', `${name} must be between 0 and ${CONTEXT_LINES_MAX}`);
  if (backLines + forwardLines === 0)
    throw new AppError('InvalidParameter', 'back_lines or forward_lines must be postive.');
  const id = parsePackId(ask.packId);
  const meta = parsePackMeta(ask.packMeta);
  if (id === undefined || meta === undefined) throw invalidIds();
  const range = {
    fromTime: Math.max(0, meta.time - REACH_SECONDS),
    toTime: meta.time + REACH_SECONDS + 1,
  };
  return { id, meta, backLines, forwardLines, range };
}

/** Errors: InvalidParameter when there is no such log; those of the methods of `SegmentReader`. */
export async function runContext(
  plan: ContextPlan,
  collaborators: { readonly segments: readonly SegmentReader[]; readonly budget: QueryBudget },
): Promise<FoundContext> {
  const { id, range, backLines, forwardLines } = plan;
  const { segments } = collaborators;
  const start = await findLog(id, plan.meta, segments);
  if (start === undefined) throw invalidIds();
  const pack = await packRows(id, segments, range);
  const rank = must((await ranksOf(pack, [start]))[0], 'the rank of the start log');
  const before = [
    ...(await sliceOf(pack, Math.max(0, rank - backLines), Math.min(rank, backLines))),
  ];
  const after = [...(await sliceOf(pack, rank + 1, forwardLines))];
  const back = new PackWalk({ from: id, step: -1, range }, collaborators);
  await gather(back, backLines - before.length, async (other, wanted) => {
    before.unshift(...(await sliceOf(other, Math.max(0, rowCount(other) - wanted), wanted)));
  });
  const forward = new PackWalk({ from: id, step: 1, range }, collaborators);
  await gather(forward, forwardLines - after.length, async (other, wanted) => {
    after.push(...(await sliceOf(other, 0, wanted)));
  });
  return {
    progress: back.isComplete && forward.isComplete ? 'Complete' : 'Incomplete',
    logs: await numbered([...before, start, ...after], before.length, segments),
    backLines: before.length,
    forwardLines: after.length,
  };
}

/** Takes from one pack after the other until there are `lines` rows. */
async function gather(
  walk: PackWalk,
  lines: number,
  take: (pack: PackRows, wanted: number) => Promise<void>,
): Promise<void> {
  let wanted = lines;
  if (wanted === 0) return;
  for await (const pack of walk.packs()) {
    await take(pack, wanted);
    wanted -= Math.min(wanted, rowCount(pack));
    if (wanted === 0) return;
  }
}

/** The logs with the fields that only such an answer has. */
async function numbered(
  page: readonly PageRow[],
  startIndex: number,
  segments: readonly SegmentReader[],
): Promise<readonly LogRow[]> {
  const logs = await withPackMeta(page, await fetchPage(page), segments);
  return logs.map((log, i) => ({ ...log, [INDEX_FIELD]: String(i - startIndex) }));
}

function invalidIds(): AppError {
  return new AppError('InvalidParameter', 'Invalid pack meta/id.');
}
