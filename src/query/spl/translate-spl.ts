/**
 * From a pipeline to one SELECT that DuckDB runs (sls-query §5). Expressions go through SQL's own checks and rewrites; the
 * stages around them are SQL of ours, in which every text of the user is a quoted name or a quoted text.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { AppError } from '#base/app-error.ts';
import { SEGMENT_NUMBER, WHOLE_LOG } from '../sql/columns.ts';
import { kindOf, type SqlContext } from '../sql/context.ts';
import { AGGREGATE_FUNCTIONS } from '../sql/functions.ts';
import { BIGINT, VARCHAR } from '../sql/kinds.ts';
import { RelationTable, relationSpec } from '../sql/relation-table.ts';
import { rewriteCondition, rewriteExpression } from '../sql/rewrite-expressions.ts';
import { rewriteQuery } from '../sql/rewrite.ts';
import { EMPTY_SCOPE, type Scope } from '../sql/scope.ts';
import { openTemplates } from '../sql/templates.ts';
import { quoteName } from '../sql/text.ts';
import { eachNode, isNode, textOf } from '../sql/tree.ts';
import {
  checkOneRow,
  contextOf,
  printExpression,
  readExpression,
  type SplExpression,
} from './expressions.ts';
import { SPL_FIELDS_MAX, SPL_ROWS_DEFAULT } from '../limits.ts';
import { cut, orderSql } from './order-steps.ts';
import { packFields } from './pack-step.ts';
import { parseCsv, parseJson, parseKv, parseRegexp } from './parse-steps.ts';
import { chooseLike, drop, project, rename } from './choose-steps.ts';
import { parseSpl } from './parse-spl.ts';
import type { SplRequest, TranslatedSpl } from './spl-request.ts';
import type { Assignment, FieldName, Span, SplStage, StatsStage } from './stages.ts';
import {
  checkDistinct,
  columnOf,
  filtered,
  kept,
  NOWHERE,
  replaced,
  ROW_COLUMN,
  select,
  spelled,
  TIME_COLUMN,
  TIME_NS_COLUMN,
  TIME_NS_FIELD,
  type Output,
  type Step,
  type StepContext,
} from './step.ts';

interface SplContext extends StepContext {
  readonly connection: DuckDBConnection;
  readonly sql: SqlContext;
  /** By the span of each. */
  readonly expressions: ReadonlyMap<Span, SplExpression>;
}

/** Errors: ParameterInvalid. */
export async function translateSpl(
  connection: DuckDBConnection,
  request: SplRequest,
): Promise<TranslatedSpl> {
  const { text } = request;
  const stages = parseSpl(text);
  const expressions = new Map<Span, SplExpression>();
  for (const span of stages.flatMap(expressionsOf))
    expressions.set(span, await readExpression(connection, text, span));
  const named = namedFields(stages, expressions, request.spellings);
  const sqlRequest = { ...request, logstore: undefined, otherLogstores: [] };
  const relations = new RelationTable(sqlRequest);
  let number = 0;
  const context: SplContext = {
    text,
    named,
    nextNumber: () => ++number,
    connection,
    expressions,
    sql: {
      request: sqlRequest,
      spliced: NOWHERE,
      templates: await openTemplates(connection),
      relations,
      kinds: new WeakMap(),
      query: (query, scope) => rewriteQuery(query, scope, context.sql),
    },
  };
  const needsLog = stages.some(({ kind }) => kind === 'pack');
  let step = firstStep(named, needsLog, request.reverse);
  for (const stage of stages) step = await addStage(step, stage, context);
  const hidden = [SEGMENT_NUMBER, ROW_COLUMN, TIME_NS_FIELD, ...(needsLog ? [WHOLE_LOG] : [])];
  const spec = relationSpec(
    {
      viewName: 'log',
      logstoreName: undefined,
      shiftSeconds: 0,
      usedNames: new Set([...named, ...hidden].map((name) => name.toLowerCase())),
      bounds: [],
    },
    undefined,
  );
  return { ...answerOf(step), spec, names: [...named, ...hidden], named };
}

/** Fields that are numbers of themselves. */
const NUMBERS: ReadonlySet<string> = new Set(['__time__', TIME_NS_FIELD]);

/** All logs with the fields that stages name. */
function firstStep(named: readonly string[], needsLog: boolean, reverse: boolean): Step {
  const columns = named.map((name) => ({ name, kind: NUMBERS.has(name) ? BIGINT : VARCHAR }));
  const hidden = [SEGMENT_NUMBER, ROW_COLUMN, ...(needsLog ? [WHOLE_LOG] : [])];
  const list = [...named, ...hidden].map(quoteName);
  const direction = reverse ? 'DESC' : 'ASC';
  return {
    sql: `SELECT ${list.join(', ')}, __time__ AS ${TIME_COLUMN}, coalesce(${TIME_NS_FIELD}, 0) AS ${TIME_NS_COLUMN} FROM log`,
    columns,
    rests: [{ column: WHOLE_LOG, isLog: true, filters: [] }],
    hidden: [...hidden, TIME_COLUMN, TIME_NS_COLUMN],
    order: [TIME_COLUMN, TIME_NS_COLUMN, SEGMENT_NUMBER, ROW_COLUMN].map(
      (column) => `${column} ${direction}`,
    ),
    isBlocking: false,
    isStats: false,
    limit: undefined,
  };
}

function expressionsOf(stage: SplStage): readonly Span[] {
  if (stage.kind === 'where') return [stage.condition];
  if (stage.kind === 'extend') return stage.assignments.map(({ expression }) => expression);
  return stage.kind === 'stats' ? stage.outputs.map(({ expression }) => expression) : [];
}

function fieldsOf(stage: SplStage): readonly FieldName[] {
  switch (stage.kind) {
    case 'extend':
      return stage.assignments.map(({ field }) => field);
    case 'project':
    case 'rename':
      return stage.fields.flatMap(({ to, from }) => [from, to]);
    case 'drop':
      return stage.fields;
    case 'parseRegexp':
    case 'parseCsv':
      return [stage.field, ...stage.as];
    case 'parseJson':
    case 'parseKv':
      return [stage.field];
    case 'pack':
      return [stage.as];
    case 'stats':
      return [...stage.by, ...stage.outputs.map(({ field }) => field)];
    case 'sort':
      return stage.terms.map(({ field }) => field);
    default:
      return [];
  }
}

/** `__time__` and each name once, whatever its case: as the index spells it, else as it stands first. */
function namedFields(
  stages: readonly SplStage[],
  expressions: ReadonlyMap<Span, SplExpression>,
  spellings: readonly string[],
): readonly string[] {
  const names = new Map([['__time__', '__time__']]);
  const inIndex = new Map(spellings.map((name) => [name.toLowerCase(), name]));
  const exact = new Set(spellings);
  const add = (name: string): void => {
    const lower = name.toLowerCase();
    if (!names.has(lower)) names.set(lower, exact.has(name) ? name : (inIndex.get(lower) ?? name));
  };
  for (const stage of stages) for (const { name } of fieldsOf(stage)) add(name);
  for (const expression of expressions.values()) for (const name of expression.names) add(name);
  if (names.size > SPL_FIELDS_MAX)
    throw new AppError('ParameterInvalid', `a pipeline can name ${SPL_FIELDS_MAX} fields at most`);
  return [...names.values()];
}

async function addStage(step: Step, stage: SplStage, context: SplContext): Promise<Step> {
  switch (stage.kind) {
    case 'where':
      return where(step, stage.condition, context);
    case 'extend':
      return extend(step, stage.assignments, context);
    case 'project':
      return project(step, stage.fields, context);
    case 'projectLike':
      return chooseLike(step, { keeps: true, patterns: stage.patterns });
    case 'dropLike':
      return chooseLike(step, { keeps: false, patterns: stage.patterns });
    case 'drop':
      return drop(step, stage.fields, context);
    case 'rename':
      return rename(step, stage.fields, context);
    case 'parseRegexp':
      return parseRegexp(step, stage, context);
    case 'parseCsv':
      return parseCsv(step, stage, context);
    case 'parseJson':
      return parseJson(step, stage, context);
    case 'parseKv':
      return parseKv(step, stage, context);
    case 'pack':
      return packFields(context.connection, step, stage, context);
    case 'stats':
      return stats(step, stage, context);
    default:
      return cut(step, stage, context);
  }
}

function scopeOf({ columns }: Step, isGrouped = false): Scope {
  const relation = { alias: '', columns, merged: new Set<string>(), isQualified: false };
  return { ...EMPTY_SCOPE, relations: [relation], isGrouped };
}

function expressionAt(span: Span, { expressions }: SplContext): SplExpression {
  const expression = expressions.get(span);
  if (expression === undefined) throw new Error('assertion failed: all expressions were read');
  return expression;
}

async function where(step: Step, span: Span, context: SplContext): Promise<Step> {
  const expression = expressionAt(span, context);
  checkOneRow(expression);
  const inside = contextOf(context.sql, expression);
  const condition = rewriteCondition(expression.node, 'WHERE', scopeOf(step), inside);
  if (!isNode(condition)) return step;
  return filtered(step, await printExpression(context.connection, condition));
}

async function output(
  step: Step,
  { field, expression: span }: Assignment,
  context: SplContext,
  isGrouped = false,
): Promise<Output> {
  const expression = expressionAt(span, context);
  const inside = contextOf(context.sql, expression);
  const copy = context.sql.templates.copy(expression.node);
  const node = rewriteExpression(copy, scopeOf(step, isGrouped), inside);
  const sql = await printExpression(context.connection, node);
  return { name: spelled(field.name, context), kind: kindOf(context.sql, node), sql };
}

/** From left to right: an expression sees the fields before it. */
async function extend(
  step: Step,
  assignments: readonly Assignment[],
  context: SplContext,
): Promise<Step> {
  let last = step;
  let news: Output[] = [];
  const made = new Set<string>();
  for (const assignment of assignments) {
    const expression = expressionAt(assignment.expression, context);
    checkOneRow(expression);
    const lower = assignment.field.name.toLowerCase();
    if (made.has(lower) || expression.names.some((name) => made.has(name.toLowerCase()))) {
      last = select(last, replaced(last.columns.map(kept), news));
      news = [];
      made.clear();
    }
    news.push(await output(last, assignment, context));
    made.add(lower);
  }
  return select(last, replaced(last.columns.map(kept), news));
}

/** One row for each combination of the fields that it groups by, or one. */
async function stats(step: Step, stage: StatsStage, context: SplContext): Promise<Step> {
  checkDistinct([...stage.by, ...stage.outputs.map(({ field }) => field)], context.text);
  const keys = stage.by.map((field) => kept(columnOf(step, field, context.text)));
  const outputs: Output[] = [];
  for (const assignment of stage.outputs) {
    checkAggregates(expressionAt(assignment.expression, context));
    outputs.push(await output(step, assignment, context, true));
  }
  const next = select({ ...step, rests: [], hidden: [], order: [] }, [...keys, ...outputs]);
  const groups = keys.map((_, i) => String(i + 1)).join(', ');
  const sql = keys.length === 0 ? next.sql : `${next.sql} GROUP BY ${groups}`;
  return { ...next, sql, isBlocking: true, isStats: true, limit: undefined };
}

function checkAggregates({ node, spliced }: SplExpression): void {
  let isAggregate = false;
  eachNode(node, (inner) => {
    isAggregate ||= AGGREGATE_FUNCTIONS.has(textOf(inner, 'function_name').toLowerCase());
    return !isAggregate;
  });
  if (isAggregate) return;
  const place = spliced.placeOf('SELECT '.length);
  throw new AppError('ParameterInvalid', `line ${place}: stats needs an aggregate function`);
}

/** The cells of the answer: fields, rests, which fields are null, and where a row comes from. */
function answerOf(step: Step): Omit<TranslatedSpl, 'spec' | 'names' | 'named'> {
  const { columns, rests, isBlocking, isStats } = step;
  const made = rests.filter(({ isLog }) => !isLog).map(({ column }) => column);
  const nulls = columns.map(({ name }) => `(${quoteName(name)} IS NULL)::INTEGER`);
  const cells = [
    ...columns.map(({ name }) => quoteName(name)),
    ...made.map(quoteName),
    `array_to_string([${nulls.join(', ')}]::INTEGER[], '')`,
    ...(isBlocking ? [] : [SEGMENT_NUMBER, ROW_COLUMN]),
  ];
  const limit = isBlocking ? (step.limit ?? SPL_ROWS_DEFAULT) : undefined;
  const end = limit === undefined ? '' : `${orderSql(step)}LIMIT ${limit}`;
  return {
    sql: `SELECT ${cells.join(', ')} FROM (${step.sql}) AS sls_prev ${end}`,
    shape: {
      fields: columns.map(({ name }) => name),
      rests: rests.map(({ column, isLog, filters }) => ({
        cell: isLog ? undefined : columns.length + made.indexOf(column),
        filters,
      })),
      nullsCell: columns.length + made.length,
    },
    isBlocking,
    isStats,
    limited: isBlocking && step.limit === undefined ? SPL_ROWS_DEFAULT : undefined,
  };
}
