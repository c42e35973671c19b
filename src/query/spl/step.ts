/**
 * What a pipeline has come to after some of its stages: a SELECT over the stages before, and which fields its rows have.
 *
 * The fields that the pipeline names anywhere are columns. All others (those of the log, those that a parse command found)
 * are the *rests*: nobody looks at them on the way, so that they join the rows only in the answer. Fields of the logs
 * themselves are then read from their segment and take no part in the SQL at all.
 */
import { AppError } from '#base/app-error.ts';
import { VARCHAR, type Kind } from '../sql/kinds.ts';
import type { ScopeColumn } from '../sql/scope.ts';
import type { SplicedSql } from '../sql/splice.ts';
import { quoteName, quoteText } from '../sql/text.ts';
import { lineColumn } from '../sql/tokens.ts';
import { SPL_FIELDS_MAX } from '../limits.ts';
import type { NameFilter } from './name-filters.ts';
import type { FieldName } from './stages.ts';

/** The number of the row, a column of the relation of logs. */
export const ROW_COLUMN = '__sls_row';
/** The time of the log, whatever becomes of `__time__`, and its nanoseconds. */
export const TIME_COLUMN = '__sls_time';
export const TIME_NS_COLUMN = '__sls_time_ns';
export const TIME_NS_FIELD = '__time_ns_part__';

/** Fields that no stage names. */
export interface Rest {
  /** The column that has them as a JSON object of texts; of the log only where a stage packs them. */
  readonly column: string;
  readonly isLog: boolean;
  readonly filters: readonly NameFilter[];
}

export interface Step {
  /** One SELECT. */
  readonly sql: string;
  /** Fields by name; those of a log that it does not have are null. */
  readonly columns: readonly ScopeColumn[];
  /** Later ones take the place of earlier ones. */
  readonly rests: readonly Rest[];
  /** Columns that are no fields. */
  readonly hidden: readonly string[];
  /** Terms of ORDER BY over columns that are there; none: any order. */
  readonly order: readonly string[];
  /** Whether it must see all logs before it gives the first row. */
  readonly isBlocking: boolean;
  readonly isStats: boolean;
  /** Rows of the last `limit`. */
  readonly limit: number | undefined;
}

export interface StepContext {
  /** Of the pipeline. */
  readonly text: string;
  /** All fields that stages name, as the logs spell them. */
  readonly named: readonly string[];
  /** A number for each column that a parse command makes. */
  readonly nextNumber: () => number;
}

/** A column of the next step. */
export interface Output {
  readonly name: string;
  readonly kind: Kind;
  readonly sql: string;
}

export function kept({ name, kind }: ScopeColumn): Output {
  return { name, kind, sql: quoteName(name) };
}

/** The outputs with some put in the place of those of their names, or behind all. */
export function replaced(outputs: readonly Output[], news: readonly Output[]): Output[] {
  const byName = new Map(news.map((output) => [output.name.toLowerCase(), output]));
  const all = outputs.map((output) => {
    const lower = output.name.toLowerCase();
    const found = byName.get(lower);
    byName.delete(lower);
    return found === undefined ? output : { ...found, name: output.name };
  });
  return [...all, ...byName.values()];
}

/** The step with these fields. `extra`: columns that are no fields, with what makes them. */
export function select(
  step: Step,
  outputs: readonly Output[],
  change: Partial<Pick<Step, 'rests' | 'hidden' | 'order'>> & {
    readonly extra?: Readonly<Record<string, string>>;
  } = {},
): Step {
  const { rests = step.rests, hidden = step.hidden, order = step.order, extra = {} } = change;
  if (outputs.length > SPL_FIELDS_MAX)
    throw new AppError('ParameterInvalid', `a pipeline can name ${SPL_FIELDS_MAX} fields at most`);
  const others = [...new Set([...hidden, ...rests.map(({ column }) => column)])];
  const list = [
    ...outputs.map(({ name, sql }) => `${sql} AS ${quoteName(name)}`),
    ...others
      .filter((column) => extra[column] !== undefined || isThere(step, column))
      .map((column) => `${extra[column] ?? quoteName(column)} AS ${quoteName(column)}`),
  ];
  return {
    ...step,
    sql: `SELECT ${list.length === 0 ? 'NULL' : list.join(', ')} FROM (${step.sql}) AS sls_prev`,
    columns: outputs.map(({ name, kind }) => ({ name, kind })),
    rests,
    hidden,
    order,
  };
}

/** The rest of the log is a column only where it was asked for. */
function isThere({ hidden, rests }: Step, column: string): boolean {
  return hidden.includes(column) || rests.some((rest) => !rest.isLog && rest.column === column);
}

export function filtered(step: Step, condition: string): Step {
  return { ...step, sql: `SELECT * FROM (${step.sql}) AS sls_prev WHERE ${condition}` };
}

/** The column of a field. Errors: ParameterInvalid when the rows cannot have it. */
export function columnOf(step: Step, field: FieldName, text: string): ScopeColumn {
  const lower = field.name.toLowerCase();
  const column = step.columns.find(({ name }) => name.toLowerCase() === lower);
  if (column !== undefined) return column;
  throw errorAt({ text }, field, `Column '${field.name}' cannot be resolved`);
}

/** The spelling of the logs. */
export function spelled(name: string, { named }: Pick<StepContext, 'named'>): string {
  const lower = name.toLowerCase();
  return named.find((one) => one.toLowerCase() === lower) ?? name;
}

/** Errors: ParameterInvalid for a field that is given twice. */
export function checkDistinct(fields: readonly FieldName[], text: string): void {
  const seen = new Set<string>();
  for (const field of fields) {
    const lower = field.name.toLowerCase();
    if (seen.has(lower)) throw errorAt({ text }, field, `field '${field.name}' is given twice`);
    seen.add(lower);
  }
}

/** A column as text. */
export function textSql({ name, kind }: ScopeColumn): string {
  return kind === VARCHAR ? quoteName(name) : `CAST(${quoteName(name)} AS VARCHAR)`;
}

/** The member of a JSON object; null when it has none. */
export function memberSql(json: string, name: string): string {
  const pointer = `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  return `json_extract_string(${json}, ${quoteText(pointer)})`;
}

/** For messages of the rewrites outside any expression. */
export const NOWHERE: SplicedSql = {
  sql: '',
  hasSkip: false,
  placeOf: () => '1:1',
  isQuotedAt: () => false,
};

/** An error at a field. */
export function errorAt(
  { text }: Pick<StepContext, 'text'>,
  { start }: FieldName,
  message: string,
): AppError {
  return new AppError('ParameterInvalid', `line ${lineColumn(text, start)}: ${message}`);
}
