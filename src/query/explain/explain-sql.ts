/** What is told of a statement: how it was answered, and what DuckDB was sent. No path of this machine is in it. */
import type {
  ExplainPart,
  ExplainProfile,
  ExplainRelation,
  ExplainSql,
} from '#protocol/query-explain.ts';
import type { AnswerPart, LogView } from '../duck/duck-messages.ts';
import { EXPLAIN_ROW_NUMBERS_MAX, EXPLAIN_SQL_CHARS_MAX, EXPLAIN_VIEWS_MAX } from '../limits.ts';
import type { AnswerPlan } from '../sql/answer-plan.ts';
import type { Relation } from '../sql/relation.ts';
import { quoteText } from '../sql/text.ts';
import type { TimeRange } from '../time-range.ts';
import type { QueryTrace } from './query-trace.ts';

/** What the process was asked for the answer that it gave. */
export interface Asked {
  readonly sql: string;
  readonly views: readonly LogView[];
  readonly parts: readonly AnswerPart[];
}

export interface AnsweredSql {
  readonly asked: Asked;
  readonly relations: readonly Relation[];
  /** With which `asked` has parts. */
  readonly plan: AnswerPlan | undefined;
  readonly profile: ExplainProfile | undefined;
}

/** What the request says of its statement. */
export interface StatementFacts {
  readonly statement: string;
  /** Of the request; empty for SQL over a project, where every relation has a name. */
  readonly logstoreName: string;
  readonly range: TimeRange;
}

/** Leaves it with the trace, if there is one. */
export function noteSql(
  trace: QueryTrace | undefined,
  answered: AnsweredSql,
  facts: StatementFacts,
): void {
  if (trace !== undefined) trace.sql = explainSql(answered, facts);
}

function explainSql(answered: AnsweredSql, facts: StatementFacts): ExplainSql {
  const { asked, relations, plan, profile } = answered;
  const names = fileNames(relations);
  const text = (sql: string): string => cut(shortLists(withoutPaths(sql, names)));
  const kept = asked.parts.filter((part) => part.kind === 'kept');
  const views = [
    ...asked.views,
    ...kept.flatMap(({ segments, rest }) => [...segments.map(({ view }) => view), rest]),
  ];
  return {
    statement: cut(facts.statement),
    sent: text(asked.sql),
    way: kept.length > 0 ? 'kept' : asked.parts.length > 0 && views.length === 0 ? 'index' : 'rows',
    relations: relations.map((relation) => relationOf(relation, facts)),
    parts: asked.parts.map((part) => partOf(part, plan, relations)),
    views: views
      .filter((view) => view !== undefined)
      .slice(0, EXPLAIN_VIEWS_MAX)
      .map(({ name, select }) => ({ name, select: text(select) })),
    profile,
  };
}

function relationOf({ spec, columns, matches }: Relation, facts: StatementFacts): ExplainRelation {
  const { viewName, logstoreName = facts.logstoreName, shiftSeconds, timeRange, usedNames } = spec;
  const { fromTime, toTime } = timeRange ?? facts.range;
  const used = usedNames && new Set(usedNames);
  return {
    view: viewName,
    logstoreName,
    fromTime: fromTime - shiftSeconds,
    toTime: toTime - shiftSeconds,
    shiftSeconds,
    segments: matches.length,
    rows: matches.reduce((sum, { ranks }) => sum + ranks.count, 0),
    columns: columns
      .map(({ name }) => name)
      .filter((name) => used === undefined || used.has(name.toLowerCase())),
  };
}

function partOf(
  part: AnswerPart,
  plan: AnswerPlan | undefined,
  relations: readonly Relation[],
): ExplainPart {
  const planned = plan?.parts[part.number];
  const view = planned?.viewName ?? '';
  if (part.kind === 'times') {
    const way = planned?.isCountOnly === true ? 'count' : 'times';
    return { view, way, hits: 0, misses: 0, rest: 0 };
  }
  const misses = part.segments.filter((segment) => segment.view !== undefined).length;
  const all = relations.find(({ spec }) => spec.viewName === view)?.matches.length ?? 0;
  const count = part.segments.length;
  return { view, way: 'kept', hits: count - misses, misses, rest: all - count };
}

/** By the SQL text of a path that of the file's name. */
function fileNames(relations: readonly Relation[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { matches } of relations)
    for (const { reader } of matches)
      names.set(quoteText(reader.parquetPath), quoteText(`${reader.info.id}.parquet`));
  return names;
}

/** Names in quotes are passed over, for they may have the quotes of texts in them. */
function withoutPaths(sql: string, names: ReadonlyMap<string, string>): string {
  return sql.replaceAll(/"(?:[^"]|"")*"|'(?:[^']|'')*'/gu, (quoted) => names.get(quoted) ?? quoted);
}

/** Row numbers that are written into a view, by their count. */
function shortLists(sql: string): string {
  return sql.replaceAll(/file_row_number IN \(([\d,]+)\)/gu, (list, numbers: string) => {
    const all = numbers.split(',');
    if (all.length <= EXPLAIN_ROW_NUMBERS_MAX) return list;
    const first = all.slice(0, EXPLAIN_ROW_NUMBERS_MAX).join();
    return `file_row_number IN (${first}, … ${all.length} in all)`;
  });
}

function cut(text: string): string {
  return text.length <= EXPLAIN_SQL_CHARS_MAX ? text : `${text.slice(0, EXPLAIN_SQL_CHARS_MAX)}…`;
}
