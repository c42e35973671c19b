/** The stage that makes one JSON text of fields. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { AppError } from '#base/app-error.ts';
import { VARCHAR } from '../sql/kinds.ts';
import { quoteName, quoteText } from '../sql/text.ts';
import { lineColumn } from '../sql/tokens.ts';
import { passesSql } from './name-filters.ts';
import type { PackStage } from './stages.ts';
import {
  kept,
  replaced,
  select,
  spelled,
  textSql,
  type Rest,
  type Step,
  type StepContext,
} from './step.ts';

/** Errors: ParameterInvalid for a pattern that is none. */
export async function packFields(
  connection: DuckDBConnection,
  step: Step,
  stage: PackStage,
  context: StepContext,
): Promise<Step> {
  const names = step.columns.map(({ name }) => name).filter((name) => name !== '__time__');
  const packed = new Set(await chosenNames(connection, names, stage, context));
  const members = step.columns.filter(({ name }) => packed.has(name));
  const own = members.map((column) => [packedText(column.name, stage), textSql(column)] as const);
  const rest = restsSql(step, context);
  const ofRests = restSql(rest, stage, true);
  const json = `CAST(json_merge_patch(${ofRests}, ${objectSql(own)}) AS VARCHAR)`;
  const text = { name: spelled(stage.as.name, context), kind: VARCHAR, sql: json };
  if (stage.keeps) return select(step, replaced(step.columns.map(kept), [text]));
  const column = `__sls_rest_${context.nextNumber()}`;
  const left: Rest = { column, isLog: false, filters: [] };
  const staying = step.columns.filter(({ name }) => !packed.has(name)).map(kept);
  return select(step, replaced(staying, [text]), {
    rests: rest === undefined ? [] : [left],
    extra: rest === undefined ? {} : { [column]: restSql(rest, stage, false) },
  });
}

/** Names that the patterns choose, as DuckDB's regular expressions do. */
async function chosenNames(
  connection: DuckDBConnection,
  names: readonly string[],
  stage: PackStage,
  { text }: StepContext,
): Promise<readonly string[]> {
  const list = names.map(quoteText).join(', ');
  const sql = `SELECT n FROM (SELECT unnest([${list}]::VARCHAR[]) AS n) WHERE ${chosenSql('n', stage)}`;
  try {
    const result = await connection.runAndReadAll(sql);
    return result.getRowsJS().flatMap(([name]) => (typeof name === 'string' ? [name] : []));
  } catch (error) {
    throw new AppError(
      'ParameterInvalid',
      `line ${lineColumn(text, stage.start)}: invalid regular expression in pack-fields`,
      { cause: error },
    );
  }
}

function chosenSql(name: string, { include, exclude }: PackStage): string {
  const isLike = (pattern: string): string =>
    `system.main.regexp_full_match(${name}, ${quoteText(pattern)})`;
  const conditions = [
    ...(include === undefined ? [] : [isLike(include)]),
    ...(exclude === undefined ? [] : [`NOT ${isLike(exclude)}`]),
  ];
  return conditions.length === 0 ? 'true' : conditions.join(' AND ');
}

function packedText(name: string, { prefix }: PackStage): string {
  return quoteText(name.startsWith(prefix) ? name.slice(prefix.length) : name);
}

/** All rests as one JSON object, without what stages name; undefined: there is none. */
function restsSql(step: Step, { named }: StepContext): string | undefined {
  const list = [...named, '__time__'].map(quoteText).join(', ');
  const objects = step.rests.map(({ column, filters }) =>
    entriesSql(
      quoteName(column),
      `NOT list_contains([${list}], e__.key) AND ${passesSql(filters, 'e__.key')}`,
      'e__.key',
    ),
  );
  return objects.length === 0
    ? undefined
    : objects.reduce((a, b) => `json_merge_patch(${a}, ${b})`);
}

/** What of the rests is packed, or what is not. */
function restSql(rest: string | undefined, stage: PackStage, isPacked: boolean): string {
  if (rest === undefined) return "'{}'";
  const condition = chosenSql('e__.key', stage);
  if (!isPacked) return entriesSql(rest, `NOT (${condition})`, 'e__.key');
  if (stage.prefix === '') return entriesSql(rest, condition, 'e__.key');
  // Apart, since a name without the prefix may be there as well.
  const begins = `starts_with(e__.key, ${quoteText(stage.prefix)})`;
  const short = `system.main.substr(e__.key, ${Array.from(stage.prefix).length + 1})`;
  const others = entriesSql(rest, `(${condition}) AND NOT ${begins}`, 'e__.key');
  return `json_merge_patch(${others}, ${entriesSql(rest, `(${condition}) AND ${begins}`, short)})`;
}

/** Members of a JSON object of texts for which the condition on `e__` holds, under other names; an empty one for null. */
function entriesSql(json: string, condition: string, name: string): string {
  const entries = `map_entries(CAST(CAST(coalesce(${json}, '{}') AS JSON) AS MAP(VARCHAR, VARCHAR)))`;
  const some = `list_filter(${entries}, e__ -> ${condition})`;
  return `CAST(to_json(map_from_entries(list_transform(${some}, e__ -> struct_pack(k := ${name}, v := e__.value)))) AS VARCHAR)`;
}

/** A JSON object of texts; nulls are no members. */
function objectSql(members: readonly (readonly [string, string])[]): string {
  if (members.length === 0) return "'{}'";
  return `json_object(${members.map((member) => member.join(', ')).join(', ')})`;
}
