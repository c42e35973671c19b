/**
 * A scrub as lines of JSON: what the server's route streams, and what `sluice scrub` reads from it or, beside a
 * stopped server, makes itself. The last line is a `summary` or an `error`; without one the stream was cut.
 *
 *   {"kind":"progress","checkedBytes":…,"totalBytes":…,"segmentCount":…,"recordCount":…}
 *   {"kind":"finding","finding":{…},"projectName":…,"logstoreName":…}
 *   {"kind":"summary","checkedBytes":…,"segmentCount":…,"recordCount":…,"durationMs":…,
 *    "findingCount":…,"repairedCount":…,"damageCount":…}
 *   {"kind":"error","errorCode":…,"errorMessage":…}
 *
 * Lines of kinds that a reader does not know are for newer readers and passed over.
 */
import { z } from 'zod';
import { AppError } from '#base/app-error.ts';
import { SECOND_MS } from '#base/units.ts';
import type { Catalog } from '#meta/catalog.ts';
import type { Clock } from '#platform/clock.ts';
import type { Scrubber, ScrubFinding, ScrubProgress, ScrubReport } from './scrub-report.ts';

/** A line comes at least so often, so that nobody between takes the connection for dead. */
export const SCRUB_LINE_INTERVAL_MS: number = SECOND_MS;

/** Findings that wait for a slow reader; those past it are counted in the summary only. */
const FINDINGS_WAITING_MAX = 10_000;

export interface ScrubFindingLine {
  readonly kind: 'finding';
  readonly finding: ScrubFinding;
  /** Undefined when the logstore is deleted. */
  readonly projectName?: string | undefined;
  readonly logstoreName?: string | undefined;
}

export interface ScrubSummary extends Omit<ScrubReport, 'findings'> {
  readonly kind: 'summary';
  /** All findings, listed or not. */
  readonly findingCount: number;
  readonly repairedCount: number;
  /** Findings that are left and cost something: orphans only take space. */
  readonly damageCount: number;
}

export type ScrubLine =
  | (ScrubProgress & { readonly kind: 'progress' })
  | ScrubFindingLine
  | ScrubSummary
  | { readonly kind: 'error'; readonly errorCode: string; readonly errorMessage: string };

const lineSchema: z.ZodType<ScrubLine> = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('progress'),
    checkedBytes: z.number(),
    totalBytes: z.number(),
    segmentCount: z.number(),
    recordCount: z.number(),
  }),
  z.object({
    kind: z.literal('finding'),
    finding: z.object({
      kind: z.enum(['wal', 'index', 'rows', 'manifest', 'orphan']),
      logstoreId: z.string(),
      shardId: z.number(),
      file: z.string(),
      what: z.string(),
      repaired: z.boolean(),
    }),
    projectName: z.string().optional(),
    logstoreName: z.string().optional(),
  }),
  z.object({
    kind: z.literal('summary'),
    checkedBytes: z.number(),
    segmentCount: z.number(),
    recordCount: z.number(),
    durationMs: z.number(),
    findingCount: z.number(),
    repairedCount: z.number(),
    damageCount: z.number(),
  }),
  z.object({ kind: z.literal('error'), errorCode: z.string(), errorMessage: z.string() }),
]);

export interface ScrubLinesOptions {
  readonly repair: boolean;
  /** Ends the scrub; the lines then end with the signal's reason as error. */
  readonly signal?: AbortSignal | undefined;
}

export interface ScrubLinesCollaborators {
  readonly scrubber: Scrubber;
  /** For the names of logstores. */
  readonly catalog: Pick<Catalog, 'allLogstores'>;
  readonly clock: Clock;
}

/**
 * Runs a scrub and tells how it goes, without `error` lines: what the scrub throws is thrown. Whoever stops reading
 * stops the scrub; the iterator's `return` resolves once it has ended.
 */
export async function* scrubLines(
  options: ScrubLinesOptions,
  collaborators: ScrubLinesCollaborators,
): AsyncGenerator<ScrubLine, void, void> {
  const { scrubber, clock } = collaborators;
  const nameOf = await logstoreNames(collaborators.catalog);
  const stop = new AbortController();
  const signals = options.signal === undefined ? [] : [options.signal];
  const signal = AbortSignal.any([...signals, stop.signal]);
  const found: ScrubFinding[] = [];
  const run = { progress: NOTHING_CHECKED, isOver: false };
  const counts = { findingCount: 0, repairedCount: 0, damageCount: 0 };
  let bell = Promise.withResolvers<void>();
  signal.throwIfAborted();
  const work = scrubber.scrub({
    repair: options.repair,
    signal,
    onProgress: (progress) => (run.progress = progress),
    onFinding: (finding) => {
      counts.findingCount++;
      if (finding.repaired) counts.repairedCount++;
      else if (finding.kind !== 'orphan') counts.damageCount++;
      if (found.length < FINDINGS_WAITING_MAX) found.push(finding);
      bell.resolve();
    },
  });
  const over = (): void => {
    run.isOver = true;
    bell.resolve();
  };
  work.then(over, over);
  try {
    while (!run.isOver) {
      const isQuiet = !(await beforeInterval(bell.promise, clock));
      bell = Promise.withResolvers();
      for (const finding of found.splice(0)) yield { kind: 'finding', finding, ...nameOf(finding) };
      if (isQuiet) yield { kind: 'progress', ...run.progress };
    }
    for (const finding of found) yield { kind: 'finding', finding, ...nameOf(finding) };
    yield summaryOf(await work, counts);
  } finally {
    stop.abort(new AppError('ScrubCancelled', 'the scrub was cancelled'));
    await work.catch(() => {});
  }
}

/** The line with its end. */
export function encodeScrubLine(line: ScrubLine): string {
  return `${JSON.stringify(line)}\n`;
}

/** Undefined for an empty line and for one of a kind that is not known. Errors: ScrubLineInvalid. */
export function decodeScrubLine(text: string): ScrubLine | undefined {
  if (text.trim() === '') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new AppError('ScrubLineInvalid', 'a line of the scrub is not json', { cause: error });
  }
  const line = lineSchema.safeParse(value);
  if (line.success) return line.data;
  const kind = z.object({ kind: z.string() }).safeParse(value).data?.kind;
  if (kind !== undefined && !KNOWN_KINDS.has(kind)) return undefined;
  throw new AppError('ScrubLineInvalid', 'cannot read a line of the scrub', { cause: line.error });
}

const KNOWN_KINDS: ReadonlySet<string> = new Set(['progress', 'finding', 'summary', 'error']);

const NOTHING_CHECKED: ScrubProgress = {
  checkedBytes: 0,
  totalBytes: 0,
  segmentCount: 0,
  recordCount: 0,
};

type LogstoreNames = Pick<ScrubFindingLine, 'projectName' | 'logstoreName'>;

async function logstoreNames(
  catalog: Pick<Catalog, 'allLogstores'>,
): Promise<(finding: ScrubFinding) => LogstoreNames> {
  const logstores = await catalog.allLogstores();
  const byId = new Map(logstores.map((logstore) => [logstore.id, logstore]));
  return ({ logstoreId }) => {
    const logstore = byId.get(logstoreId);
    if (logstore === undefined) return {};
    return { projectName: logstore.projectName, logstoreName: logstore.logstoreName };
  };
}

/** False when the interval passes first. */
async function beforeInterval(bell: Promise<void>, clock: Clock): Promise<boolean> {
  const timer = new AbortController();
  const late = clock.sleep(SCRUB_LINE_INTERVAL_MS, timer.signal).then(
    () => false,
    () => true,
  );
  try {
    return await Promise.race([bell.then(() => true), late]);
  } finally {
    timer.abort();
  }
}

/** The report itself may list fewer findings than there were. */
function summaryOf(
  report: ScrubReport,
  counts: Pick<ScrubSummary, 'findingCount' | 'repairedCount' | 'damageCount'>,
): ScrubSummary {
  const { checkedBytes, segmentCount, recordCount } = report;
  const durationMs = Math.round(report.durationMs);
  return { kind: 'summary', checkedBytes, segmentCount, recordCount, durationMs, ...counts };
}
