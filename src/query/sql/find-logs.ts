/** Finds the logs behind the relations of a statement: leases their segments and matches the rows. */
import { AppError, errorCode } from '#base/app-error.ts';
import { must } from '#base/assert.ts';
import type { SegmentReader } from '#segment/segment.ts';
import { step, type QueryTrace } from '../explain/query-trace.ts';
import { MATCH_TIME_SHARE, SQL_SEGMENTS_MAX } from '../limits.ts';
import type { QueryBudget } from '../query-budget.ts';
import type { QueryLeases } from '../query-leases.ts';
import type { SearchPlan } from '../search/compile-search.ts';
import { eachSegment } from '../search/each-segment.ts';
import type { MatchCache } from '../search/match-cache.ts';
import { matchSegment, type MatchRequest, type SegmentMatch } from '../search/match-segment.ts';
import { exactBounds, type TimeRange } from '../time-range.ts';
import { scanColumns, sqlColumns } from './columns.ts';
import type { Relation, RelationSpec } from './relation.ts';
import type { IndexedLogstore } from './sql-logstores.ts';

/** What the request itself chooses of its logstore. */
export interface OwnLogs {
  readonly logstore: IndexedLogstore;
  readonly plan: SearchPlan;
  /** Empty: any topic. */
  readonly topic: string;
}

export interface FindLogsRequest {
  readonly specs: readonly RelationSpec[];
  /** Undefined: SQL over a project. */
  readonly own: OwnLogs | undefined;
  /** Those that the specs name. */
  readonly others: ReadonlyMap<string, IndexedLogstore>;
  readonly range: TimeRange;
  /** Of a scan, which needs no index of fields: the names that it may read. */
  readonly scanNames?: readonly string[] | undefined;
}

export interface FoundLogs {
  readonly relations: readonly Relation[];
  /** False: the time was over before all segments were matched; those with the newest logs are there. */
  readonly isComplete: boolean;
  /** False when a wildcard had too many terms. */
  readonly isAccurate: boolean;
  readonly processedRows: number;
  readonly processedBytes: number;
}

export interface FindLogsCollaborators {
  readonly leases: QueryLeases;
  readonly budget: QueryBudget;
  readonly cache: MatchCache;
  readonly trace?: QueryTrace | undefined;
}

/** Logs that one or more relations stand for. */
interface Source {
  readonly logstoreId: string;
  readonly request: MatchRequest;
  segments: readonly SegmentReader[];
  readonly matches: Map<SegmentReader, SegmentMatch>;
}

/**
 * Errors: ParameterInvalid (too many segments), QueryTimeout (internal: no time for any segment), those of leases and
 * readers, the signal's reason.
 */
export async function findLogs(
  request: FindLogsRequest,
  collaborators: FindLogsCollaborators,
): Promise<FoundLogs> {
  const { leases, trace } = collaborators;
  const sources = new Map<string, Source>();
  const ofSpec = request.specs.map((spec) => {
    const made = sourceOf(spec, request);
    const { fromTime, toTime } = made.request;
    const isOwn = spec.logstoreName === undefined;
    const key = `${made.logstoreId} ${fromTime} ${toTime} ${isOwn}`;
    const source = sources.get(key) ?? made;
    sources.set(key, source);
    return source;
  });
  const all = [...sources.values()];
  await step(trace, 'segments', () => Promise.all(all.map((source) => lease(source, leases))));
  const isComplete = await step(trace, 'match', () => matchSources(all, collaborators));
  const relations = request.specs.map((spec, i) => relationOf(spec, request, ofSpec[i] as Source));
  return { relations, isComplete, ...factsOf(all) };
}

async function lease(source: Source, leases: QueryLeases): Promise<void> {
  const { fromTime, toTime } = source.request;
  const { logstoreId } = source;
  const { segments } = await leases.acquire({ logstoreId, fromTime, toTime });
  source.segments = segments;
}

function logstoreOf(spec: RelationSpec, { own, others }: FindLogsRequest): IndexedLogstore {
  const logstore = spec.logstoreName === undefined ? own?.logstore : others.get(spec.logstoreName);
  return must(logstore, 'a relation has a logstore');
}

function sourceOf(spec: RelationSpec, request: FindLogsRequest): Source {
  const range = shifted(spec.timeRange ?? request.range, spec.shiftSeconds);
  const isOwn = spec.logstoreName === undefined;
  const { plan, topic } = (isOwn ? request.own : undefined) ?? ALL_LOGS;
  return {
    logstoreId: logstoreOf(spec, request).id,
    request: { plan, topic, ...exactBounds({ ...range, topic }) },
    segments: [],
    matches: new Map(),
  };
}

const ALL_LOGS = { plan: { kind: 'all' }, topic: '' } as const;

function shifted(range: TimeRange, seconds: number): TimeRange {
  return {
    ...range,
    fromTime: range.fromTime - seconds,
    toTime: range.toTime - seconds,
  };
}

/** The newest logs first, whichever relation they are of. False when the time was over before the end. */
async function matchSources(
  sources: readonly Source[],
  collaborators: FindLogsCollaborators,
): Promise<boolean> {
  const budget = collaborators.budget.part(MATCH_TIME_SHARE);
  const tasks = sources.flatMap((source) => source.segments.map((reader) => ({ source, reader })));
  if (tasks.length > SQL_SEGMENTS_MAX)
    throw new AppError('ParameterInvalid', 'time range has too many segments for sql');
  tasks.sort((a, b) => b.reader.info.maxTime - a.reader.info.maxTime);
  let isComplete = true;
  await eachSegment(tasks, async ({ source, reader }) => {
    try {
      isComplete &&= !budget.isOver();
      if (!isComplete) return false;
      source.matches.set(reader, await matchSegment(reader, source.request, collaborators));
    } catch (error) {
      if (errorCode(error) !== 'QueryTimeout') throw error;
      isComplete = false;
    }
    return isComplete;
  });
  // An answer over nothing at all would only mislead.
  if (!isComplete && sources.every(({ matches }) => matches.size === 0))
    throw new AppError('QueryTimeout', 'query ran out of time');
  return isComplete;
}

function relationOf(spec: RelationSpec, request: FindLogsRequest, source: Source): Relation {
  const { index } = logstoreOf(spec, request);
  const { scanNames } = request;
  const matches = source.segments.flatMap((reader) => source.matches.get(reader) ?? []);
  return {
    spec,
    columns: scanNames === undefined ? sqlColumns(index) : scanColumns(scanNames, index),
    textBytesMax: scanNames === undefined ? index.max_text_len : Infinity,
    matches: matches.filter(({ ranks }) => ranks.count > 0),
  };
}

function factsOf(
  sources: readonly Source[],
): Pick<FoundLogs, 'isAccurate' | 'processedRows' | 'processedBytes'> {
  const matches = sources.flatMap((source) => [...source.matches.values()]);
  const withRows = matches.filter(({ ranks }) => ranks.count > 0);
  return {
    isAccurate: !matches.some(({ isPartial }) => isPartial),
    processedRows: withRows.reduce((sum, { ranks }) => sum + ranks.count, 0),
    processedBytes: withRows.reduce((sum, { reader }) => sum + reader.info.parquetBytes, 0),
  };
}
