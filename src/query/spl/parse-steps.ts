/** The stages that take the text of a field apart. */
import { VARCHAR } from '../sql/kinds.ts';
import type { ScopeColumn } from '../sql/scope.ts';
import { quoteName, quoteText } from '../sql/text.ts';
import type {
  FieldName,
  ParseCsvStage,
  ParseJsonStage,
  ParseKvStage,
  ParseRegexpStage,
} from './stages.ts';
import {
  checkDistinct,
  columnOf,
  errorAt,
  kept,
  memberSql,
  replaced,
  select,
  spelled,
  textSql,
  type Output,
  type Step,
  type StepContext,
} from './step.ts';

/** The groups of a match; a field that does not match leaves everything as it is. */
export function parseRegexp(step: Step, stage: ParseRegexpStage, context: StepContext): Step {
  const groups = groupCount(stage.pattern);
  if (groups < stage.as.length)
    throw errorAt(
      context,
      stage.field,
      `the pattern has ${groups} groups for ${stage.as.length} fields`,
    );
  const field = textSql(columnOf(step, stage.field, context.text));
  const pattern = quoteText(stage.pattern);
  return assign(step, stage.as, context, (i) => ({
    condition: `regexp_matches(${field}, ${pattern})`,
    value: `system.main.regexp_extract(${field}, ${pattern}, ${i + 1})`,
  }));
}

/** Parts that the text does not have leave their fields as they are. */
export function parseCsv(step: Step, stage: ParseCsvStage, context: StepContext): Step {
  const field = textSql(columnOf(step, stage.field, context.text));
  const parts = `sls_csv_parts(${field}, ${quoteText(stage.delimiter)})`;
  return assign(step, stage.as, context, (i) => ({
    condition: `len(${parts}) > ${i}`,
    value: `(${parts})[${i + 1}]`,
  }));
}

export function parseJson(step: Step, stage: ParseJsonStage, context: StepContext): Step {
  const field = textSql(columnOf(step, stage.field, context.text));
  const { path } = stage;
  const json =
    path === undefined
      ? field
      : `CASE WHEN json_valid(${field}) THEN CAST(system.main.json_extract(${field}, ${quoteText(path)}) AS VARCHAR) END`;
  return merge(step, `sls_json_fields(${json}, ${quoteText(stage.prefix)})`, context);
}

export function parseKv(step: Step, stage: ParseKvStage, context: StepContext): Step {
  const field = textSql(columnOf(step, stage.field, context.text));
  const prefix = quoteText(stage.prefix);
  const { how } = stage;
  if (how.kind === 'separators') {
    const [between, inside] = [quoteText(how.between), quoteText(how.inside)];
    const name = how.isAnyCharacter ? 'sls_kv_any_fields' : 'sls_kv_fields';
    return merge(step, `${name}(${field}, ${between}, ${inside}, ${prefix})`, context);
  }
  if (groupCount(how.pattern) < 2)
    throw errorAt(context, stage.field, 'the pattern needs a group for keys and one for values');
  const group = (number: number): string =>
    `system.main.regexp_extract_all(${field}, ${quoteText(how.pattern)}, ${number})`;
  return merge(step, `sls_pair_fields(${group(1)}, ${group(2)}, ${prefix})`, context);
}

/** Fields as texts, each under its condition, else as they were. */
function assign(
  step: Step,
  fields: readonly FieldName[],
  context: StepContext,
  made: (i: number) => { readonly condition: string; readonly value: string },
): Step {
  checkDistinct(fields, context.text);
  const news = fields.map((field, i): Output => {
    const { condition, value } = made(i);
    const before = find(step, field.name);
    const otherwise = before === undefined ? 'NULL' : textSql(before);
    const sql = `CASE WHEN ${condition} THEN ${value} ELSE ${otherwise} END`;
    return { name: spelled(field.name, context), kind: VARCHAR, sql };
  });
  return select(step, replaced(step.columns.map(kept), news));
}

/** Fields of a JSON object that the rows turn out to have: the named ones as columns, the others as a rest. */
function merge(step: Step, json: string, context: StepContext): Step {
  const column = `__sls_rest_${context.nextNumber()}`;
  const rest = { column, isLog: false, filters: [] };
  const parsed = select(step, step.columns.map(kept), {
    rests: [...step.rests, rest],
    extra: { [column]: json },
  });
  const news = context.named
    // A log keeps its time.
    .filter((name) => name !== '__time__')
    .map((name): Output => {
      const before = find(step, name);
      const member = memberSql(quoteName(column), name);
      const sql = before === undefined ? member : `coalesce(${member}, ${textSql(before)})`;
      return { name, kind: VARCHAR, sql };
    });
  return select(parsed, replaced(parsed.columns.map(kept), news));
}

function find(step: Step, name: string): ScopeColumn | undefined {
  const lower = name.toLowerCase();
  return step.columns.find((column) => column.name.toLowerCase() === lower);
}

/** Groups that capture: an opening bracket that is neither escaped, in a class, nor followed by a question mark that is no name. */
function groupCount(pattern: string): number {
  let count = 0;
  let isClass = false;
  for (let i = 0; i < pattern.length; i++) {
    const sign = pattern[i];
    if (sign === '\\') i++;
    else if (isClass) isClass = sign !== ']';
    else if (sign === '[') {
      isClass = true;
      if (/^\[\^?\]/.test(pattern.slice(i, i + 3))) i += pattern[i + 1] === '^' ? 2 : 1;
    } else if (sign === '(') {
      const next = pattern.slice(i + 1, i + 4);
      if (!next.startsWith('?') || /^\?(?:P<|<[^=!])/.test(next)) count++;
    }
  }
  return count;
}
