/** What a failed statement is to the user (sls-query §3.10). The engine's own words do not reach him as they are. */
import { AppError, errorCode, errorMessage } from '#base/app-error.ts';
import { GIB, MIB } from '#base/units.ts';
import { unknownColumn } from './check.ts';
import { userName } from './cte-name.ts';
import { findName } from './splice.ts';

const UNKNOWN_COLUMN = [
  /Referenced column "([^"]*)" (?:was )?not found/,
  /does not have a column named "([^"]*)"/,
  /Referenced table "([^"]*)" not found/,
];
const UNGROUPED = /column "([^"]*)" must appear in the GROUP BY clause/;

/** An operating error for anything the engine threw while it bound or ran the user's SQL. */
export function sqlError(error: unknown, text: string, memoryLimitBytes: number): unknown {
  if (errorCode(error) !== undefined || !(error instanceof Error)) return error;
  const message = errorMessage(error);
  for (const pattern of UNKNOWN_COLUMN) {
    const name = pattern.exec(message)?.[1];
    if (name !== undefined) return unknownColumn(text, name);
  }
  const ungrouped = UNGROUPED.exec(message)?.[1];
  if (ungrouped !== undefined)
    return refuse(
      `Column '${ungrouped}' not in GROUP BY clause;please add the column in the index attribute`,
    );
  const table = /Table with name (\S+) does not exist/.exec(message)?.[1];
  if (table !== undefined) return unknownTable(text, userName(table));
  if (message.startsWith('Out of Memory Error')) return memoryExceeded(memoryLimitBytes);
  if (/\.parquet|^IO Error|^INTERNAL|^FATAL/.test(message))
    return new AppError('InternalServerError', 'cannot read the logs', { cause: error });
  return refuse(`line ${placeOf(message, text)}: ${plainText(message)}`);
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

function refuse(message: string): AppError {
  return new AppError('ParameterInvalid', message);
}

function sizeText(bytes: number): string {
  return bytes >= GIB ? `${Math.round(bytes / GIB)}GB` : `${Math.round(bytes / MIB)}MB`;
}

/** The first sentence, without the engine's class of error and without its type names. */
function plainText(message: string): string {
  const operands = /Cannot compare values of type (\w+) and type (\w+)/.exec(message);
  if (operands !== null)
    return `'=' cannot be applied to ${typeText(operands[1])}, ${typeText(operands[2])}`;
  const first = message.split('\n')[0] ?? '';
  return first
    .replace(/^[A-Z][A-Za-z ]* Error: /, '')
    .replaceAll(
      /\b(VARCHAR|BIGINT|DOUBLE|INTEGER(?:_LITERAL)?|INT64|INT32|STRING_LITERAL)\b/g,
      typeText,
    );
}

function typeText(type = ''): string {
  if (/^(?:INT|BIGINT)/.test(type)) return 'bigint';
  if (/^(?:VARCHAR|STRING)/.test(type)) return 'varchar';
  return type.toLowerCase();
}

/** The engine's place is in the rewritten text; a function's name leads back to the user's. */
function placeOf(message: string, text: string): string {
  const name = /'(\w+)\(/.exec(message)?.[1];
  return (name === undefined ? undefined : findName(text, name)?.place) ?? '1:1';
}
