/** What a failed statement is to the user (sls-query §3.10). The engine's own words do not reach him as they are. */
import { AppError, errorCode, errorMessage } from '#base/app-error.ts';
import { GIB, MIB } from '#base/units.ts';
import { userName } from './cte-name.ts';
import type { SplicedSql } from './splice.ts';
import { findName } from './tokens.ts';
import type { SqlNode } from './tree.ts';

/** The message of the service for a name that is no column. */
export function unknownColumn(spliced: SplicedSql, node: SqlNode, name: string): AppError {
  const location = node['query_location'];
  return noColumn(name, spliced.placeOf(location), spliced.isQuotedAt(location));
}

function noColumn(name: string, place: string, isQuoted: boolean): AppError {
  if (isQuoted)
    return refuse(
      `ErrorType:ColumnNotExists.ErrorPosition,line:0,column:1.ErrorMessage:line ${place}: Column '${name}' cannot be resolved; it seems ${name} is wrapper by ";if ${name} is a string ,not a key field, please use '${name}'`,
    );
  return refuse(
    `line ${place}: Column '${name}' cannot be resolved;please add the column in the index attribute`,
  );
}

/** An operating error for anything the engine threw while it bound or ran the user's SQL. */
export function sqlError(error: unknown, text: string, memoryLimitBytes: number): unknown {
  if (errorCode(error) !== undefined || !(error instanceof Error)) return error;
  const message = errorMessage(error);
  if (message.startsWith('Out of Memory Error')) return memoryExceeded(memoryLimitBytes);
  for (const [pattern, describe] of KNOWN) {
    const match = pattern.exec(message);
    if (match !== null) return describe(match, text);
  }
  if (/\.parquet|^IO Error|^INTERNAL|^FATAL/.test(message))
    return new AppError('InternalServerError', 'cannot read the logs', { cause: error });
  return new AppError('ParameterInvalid', 'line 1:1: the statement cannot be run as it is', {
    cause: error,
  });
}

/** The query, or those that ran beside it, took more memory than all may. */
export function memoryExceeded(memoryLimitBytes: number): AppError {
  return refuse(`Query exceeded max memory size of ${sizeText(memoryLimitBytes)}`);
}

/** The message for a name that is no relation. */
export function unknownTable(text: string, name: string): AppError {
  const place = findName(text, name)?.place ?? '1:1';
  return refuse(`line ${place}: Table ${name} does not exist`);
}

type Describe = (match: RegExpExecArray, text: string) => AppError;

function named(message: (name: string) => string): Describe {
  return (match, text) => {
    const name = match[1] ?? '';
    return refuse(`line ${findName(text, name)?.place ?? '1:1'}: ${message(name)}`);
  };
}

function plainly(message: string): Describe {
  return () => refuse(`line 1:1: ${message}`);
}

/** The first pattern that fits says it. */
const KNOWN: readonly (readonly [RegExp, Describe])[] = [
  [
    /column "?([^"\s]*)"? must appear in the GROUP BY clause/,
    (match) =>
      refuse(
        `Column '${match[1] ?? ''}' not in GROUP BY clause;please add the column in the index attribute`,
      ),
  ],
  [
    /(?:Referenced column "([^"]*)" |does not have a column named "([^"]*)"|Referenced table "([^"]*)" not found)/,
    (match, text) => {
      const name = match[1] ?? match[2] ?? match[3] ?? '';
      const found = findName(text, name);
      return noColumn(name, found?.place ?? '1:1', found?.isQuoted ?? false);
    },
  ],
  [
    /Table with name (\S+) does not exist/,
    (match, text) => unknownTable(text, userName(match[1] ?? '')),
  ],
  [
    /Ambiguous reference to column name "([^"]*)"/,
    named((name) => `Column '${name}' is ambiguous`),
  ],
  [
    /Duplicate alias "([^"]*)"/,
    named((name) => `relation '${name}' is in the query more than once`),
  ],
  [
    /Cannot compare values of type (.+?) and type (.+?)(?: -|\.|$)/m,
    (match) =>
      refuse(
        `line 1:1: '=' cannot be applied to ${typeText(match[1] ?? '')}, ${typeText(match[2] ?? '')}`,
      ),
  ],
  [
    /Cannot concatenate types (.+?) and (.+?) -/,
    (match) =>
      refuse(
        `line 1:1: '||' cannot be applied to ${typeText(match[1] ?? '')}, ${typeText(match[2] ?? '')}`,
      ),
  ],
  [/Cannot deduce template type/, plainly('all elements must have the same type')],
  [/key list does not align/, plainly('Key and value arrays must be the same length')],
  [
    /specifier "(.*?)" not recognized/,
    (match) => refuse(`line 1:1: '${match[1] ?? ''}' is not a valid time unit`),
  ],
  [
    /Scalar Function with name (\w+) does not exist/,
    named((name) => `Window function ${name} requires an OVER clause`),
  ],
  [
    /Cardinality can only operate on MAPs/,
    (_, text) => wrongArguments('cardinality', undefined, text),
  ],
  [/GROUPING statement cannot be used/, plainly('grouping is only available with group by')],
  [/Cannot mix values of type/, plainly('all results and list elements must have the same type')],
  [
    /No function matches the given name and argument types '([^'(]+)\((.*?)\)'/,
    (match, text) => wrongArguments(match[1] ?? '', match[2] ?? '', text),
  ],
  [
    /Macro (\w+)\(\) does not support the supplied arguments/,
    (match, text) => wrongArguments(match[1] ?? '', undefined, text),
  ],
  [
    /(?:WHERE|ON) clause cannot contain (?:aggregates|window functions)/,
    plainly('WHERE clause cannot contain aggregations, window functions or grouping operations'),
  ],
  [
    /HAVING clause cannot contain window functions/,
    plainly('HAVING clause cannot contain window functions'),
  ],
  [/GROUP BY clause cannot contain/, plainly('GROUP BY clause cannot contain aggregations')],
  [
    /(?:aggregate function calls cannot be nested|aggregate function calls cannot contain)/,
    plainly('cannot nest aggregations inside aggregation or window functions'),
  ],
  [
    /Window function macros must be functions/,
    plainly('a function that is used with over cannot be a window function'),
  ],
  [/window function calls cannot be nested/, plainly('cannot nest window functions')],
  [
    /(?:Set operations can only apply|same number of result columns)/,
    plainly('union query has different number of fields'),
  ],
  [
    /(?:Subquery returns|expects) (\d+) columns? - expected (\d+)/,
    plainly('a subquery in an expression must have one column'),
  ],
  [
    /More than one row returned by a subquery/,
    plainly('scalar sub-query has returned multiple rows'),
  ],
  [
    /(?:Could not convert string|Failed to cast value: Could not convert string) '([\s\S]*)' to (\w+)/,
    (match) =>
      refuse(`Cannot cast '${match[1] ?? ''}' to ${typeText(match[2] ?? '').toUpperCase()}`),
  ],
  [
    /(?:invalid (\w+) field format|(\w+) field value out of range): "([\s\S]*?)"/,
    (match) =>
      refuse(
        `Cannot cast '${match[3] ?? ''}' to ${typeText(match[1] ?? match[2] ?? '').toUpperCase()}`,
      ),
  ],
  [
    /Could not parse string "([\s\S]*?)" according to format/,
    (match) => refuse(`Invalid format: "${match[1] ?? ''}"`),
  ],
  [
    /Type (\w+) with value ([\s\S]*?) can't be cast.*destination type (\w+)/,
    (match) => refuse(`Out of range for ${typeText(match[3] ?? '')}: ${match[2] ?? ''}`),
  ],
  [
    /Unimplemented type for cast \((.+?) -> (.+?)\)/,
    (match) =>
      refuse(`line 1:1: Cannot cast ${typeText(match[1] ?? '')} to ${typeText(match[2] ?? '')}`),
  ],
  [/Overflow in (\w+) of/i, (match) => refuse(`bigint ${match[1] ?? ''} overflow`)],
  [/Out of Range Error/, plainly('a number is out of range')],
  [
    /invalid perl operator|invalid escape sequence: \\[1-9]/,
    plainly('regular expressions have no look-around and no back-references here'),
  ],
  [
    /(?:RE2|regular expression|missing [\])]|no argument for repetition)/i,
    plainly('invalid regular expression'),
  ],
  [/Malformed JSON|JSON path error|Invalid JSON/i, plainly('Cannot convert value to JSON')],
  [/Expected \w+, but got/, plainly('Cannot cast a JSON value to a type of another shape')],
  [/Map keys must be unique/, plainly('Duplicate map keys are not allowed')],
  [/(?:Map keys can not be NULL|map key cannot be null)/i, plainly('map key cannot be null')],
  // Texts of our own macros.
  [/^Invalid Input Error: ([a-z][^\n]*)$/, (match) => refuse(match[1] ?? '')],
];

/** Functions that rewrites and macros call, by the one that the user wrote. */
const USER_FUNCTIONS: Readonly<Record<string, string>> = {
  strftime: 'date_format',
  strptime: 'date_parse',
  len: 'cardinality',
  list: 'array_agg',
  list_filter: 'filter',
  list_transform: 'transform',
  list_reverse: 'reverse',
  list_contains: 'contains',
  list_zip: 'zip',
  quantile_disc: 'approx_percentile',
  any_value: 'arbitrary',
  bool_and: 'every',
  bit_and: 'bitwise_and_agg',
  bit_or: 'bitwise_or_agg',
  geomean: 'geometric_mean',
  regexp_matches: 'regexp_like',
  string_split: 'split',
  count: 'approx_distinct',
};

/** Operators whose name in the engine nobody writes. */
const OPERATORS: Readonly<Record<string, string>> = { '~~': 'like', '!~~': 'not like' };

/** The engine knows the function that runs; the user gets the one that he wrote, if it can be told. */
function wrongArguments(name: string, types: string | undefined, text: string): AppError {
  const lower = name.toLowerCase();
  const user = Object.hasOwn(USER_FUNCTIONS, lower) ? USER_FUNCTIONS[lower] : undefined;
  const written = [lower, user, lower.replace(/^sls_/, '')].find(
    (one) => one !== undefined && findName(text, one) !== undefined,
  );
  const listed =
    types === undefined || /STRUCT|sls_/.test(types)
      ? ''
      : ` (${types.split(', ').map(typeText).join(', ')})`;
  if (/^\W+$/.test(name))
    return refuse(
      `line 1:1: '${OPERATORS[name] ?? name}' cannot be applied to${listed.replaceAll(/[()]/g, '')}`,
    );
  const place = written === undefined ? '1:1' : (findName(text, written)?.place ?? '1:1');
  const what = written === undefined ? 'a function' : `function ${written}`;
  return refuse(`line ${place}: Unexpected parameters${listed} for ${what}`);
}

function refuse(message: string): AppError {
  return new AppError('ParameterInvalid', message);
}

function sizeText(bytes: number): string {
  return bytes >= GIB ? `${Math.round(bytes / GIB)}GB` : `${Math.round(bytes / MIB)}MB`;
}

/** A type of the engine in the words of the service. */
function typeText(type: string): string {
  const name = type.toUpperCase();
  if (name.endsWith('[]')) return `array(${typeText(name.slice(0, -2))})`;
  if (/^U?(?:BIG|SMALL|TINY|HUGE)?INT(?:EGER|\d+)?(?:_LITERAL)?$/.test(name)) return 'bigint';
  if (/^(?:VARCHAR|STRING)/.test(name)) return 'varchar';
  if (/^(?:DOUBLE|FLOAT|DECIMAL)/.test(name)) return 'double';
  if (name === 'BOOL') return 'boolean';
  if (name === 'BLOB') return 'varbinary';
  if (name.startsWith('STRUCT')) return 'row';
  if (name.startsWith('MAP')) return 'map';
  return name.replace('"NULL"', 'unknown').toLowerCase();
}
