/**
 * The answer to a translated statement over its relations, by the cheapest way there is: from the times of the logs, which
 * the index has; from parts that were kept of earlier answers and the logs that no part has; from all logs.
 */
import { errorCode } from '#base/app-error.ts';
import { must } from '#base/assert.ts';
import type { AnswerPart, SqlAnswer } from '../duck/duck-messages.ts';
import type { DuckProcess } from '../duck/duck-process.ts';
import type { Asked } from '../explain/explain-sql.ts';
import { step, type QueryTrace } from '../explain/query-trace.ts';
import { KEPT_ROWS_MIN, KEPT_SEGMENTS_MAX } from '../limits.ts';
import type { QueryBudget } from '../query-budget.ts';
import type { SegmentMatch } from '../search/match-segment.ts';
import type { AnswerPlan, PartPlan } from './answer-plan.ts';
import { countLogs, countTimes } from './count-times.ts';
import { partKey, rowsKey } from './partial-keys.ts';
import { rowsName } from './partial-plan.ts';
import type { Relation } from './relation.ts';
import { logView } from './view.ts';

export interface AnswerSqlRequest {
  /** One SELECT over the views of the relations. */
  readonly sql: string;
  readonly relations: readonly Relation[];
  /** Undefined: there is no other way than to read all rows. */
  readonly plan?: AnswerPlan | undefined;
}

export interface AnswerSqlCollaborators {
  readonly duck: DuckProcess;
  readonly budget: QueryBudget;
  readonly trace?: QueryTrace | undefined;
}

export interface AnsweredRequest {
  readonly answer: SqlAnswer;
  /** What the process was asked for it. */
  readonly asked: Asked;
}

/** The code of the error of an answer whose parts cannot be had; the statement has another way. */
export const PARTS_LOST = 'PartsLost';

/** Errors: those of DuckDB, without a code; QueryTimeout; the signal's reason. */
export async function answerSql(
  request: AnswerSqlRequest,
  collaborators: AnswerSqlCollaborators,
): Promise<AnsweredRequest> {
  const { sql, plan, relations } = request;
  const parts =
    plan &&
    (await step(collaborators.trace, 'plan', () => findParts(plan, relations, collaborators)));
  if (plan !== undefined && parts !== undefined)
    try {
      const views = relations.filter(({ spec }) => plan.viewNames.includes(spec.viewName));
      return await askSql({ sql: plan.sql, views: views.map(logView), parts }, collaborators);
    } catch (error) {
      if (errorCode(error) !== PARTS_LOST) throw error;
    }
  return await askSql({ sql, views: relations.map(logView), parts: [] }, collaborators);
}

/** Has DuckDB answer. Errors: as `answerSql`, and PartsLost. */
export async function askSql(
  asked: Asked,
  { duck, budget, trace }: AnswerSqlCollaborators,
): Promise<AnsweredRequest> {
  if (trace === undefined) return { answer: await duck.run(budget, 'answer', asked), asked };
  const answer = await trace.answer(() =>
    duck.run(budget, 'answer', { ...asked, isExplained: true }),
  );
  return { answer, asked };
}

/** Undefined: not all parts can be had at less cost. */
async function findParts(
  plan: AnswerPlan,
  relations: readonly Relation[],
  collaborators: AnswerSqlCollaborators,
): Promise<readonly AnswerPart[] | undefined> {
  const parts = plan.parts.map((part, i) => {
    const relation = relations.find(({ spec }) => spec.viewName === part.viewName);
    return { part, number: i, relation: must(relation, 'a part has a relation') };
  });
  const found: AnswerPart[] = [];
  const others: KeptRequest[] = [];
  for (const { part, number, relation } of parts) {
    const ofTimes = timesPart(part, number, relation);
    if (ofTimes !== undefined) found.push(ofTimes);
    else others.push(keptRequest(part, number, relation));
  }
  if (others.length === 0) return found;
  if (others.some(({ segments }) => segments.length === 0 || segments.length > KEPT_SEGMENTS_MAX))
    return undefined;
  const { duck, budget } = collaborators;
  const missing = await duck.run(budget, 'missing', {
    parts: others.map(({ key, segments }) => ({ key, segments: segments.map((one) => one.key) })),
  });
  for (const [i, request] of others.entries()) {
    const keys = missing[i];
    if (keys === undefined) return undefined;
    found.push(keptPart(request, new Set(keys)));
  }
  return found;
}

function timesPart(part: PartPlan, number: number, relation: Relation): AnswerPart | undefined {
  const { matches, spec } = relation;
  if (part.ofTimes === undefined) return undefined;
  const counted = part.isCountOnly ? countLogs(matches) : countTimes(matches, spec.shiftSeconds);
  return counted && { kind: 'times', number, sql: part.ofTimes, ...counted };
}

interface KeptRequest {
  readonly part: PartPlan;
  readonly number: number;
  readonly relation: Relation;
  readonly key: string;
  /** Those whose part is worth keeping. */
  readonly segments: readonly { readonly key: string; readonly match: SegmentMatch }[];
  readonly rest: readonly SegmentMatch[];
}

function keptRequest(part: PartPlan, number: number, relation: Relation): KeptRequest {
  const { whole = [], rest = [] } = Object.groupBy(relation.matches, (match) =>
    isWorthKeeping(match) ? 'whole' : 'rest',
  );
  const segments = whole.map((match) => ({ key: rowsKey(match), match }));
  return { part, number, relation, key: partKey(part, relation), segments, rest };
}

/**
 * The first and the last segment of a range that moves on have other rows each time. Of a large segment also few rows are: pages
 * are read as a whole, and they are all over it.
 */
function isWorthKeeping({ firstRow, endRow, reader }: SegmentMatch): boolean {
  const { rowCount } = reader.info;
  return rowCount >= KEPT_ROWS_MIN && firstRow === 0 && endRow === rowCount;
}

function keptPart(request: KeptRequest, missing: ReadonlySet<string>): AnswerPart {
  const { part, number, relation, key, segments, rest } = request;
  const spec = { ...relation.spec, viewName: rowsName(number) };
  return {
    kind: 'kept',
    number,
    sql: part.ofRows,
    key,
    segments: segments.map((one) => ({
      key: one.key,
      rowCount: one.match.reader.info.rowCount,
      view: missing.has(one.key) ? logView({ ...relation, spec, matches: [one.match] }) : undefined,
    })),
    rest: logView({ ...relation, spec, matches: rest }),
  };
}
