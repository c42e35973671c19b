/**
 * For tests: logs as a plain table of DuckDB, filled by typing rules of its own (sls-query §1.4, §3.2), and the texts of what
 * a statement over it gives. Shares nothing with the service but DuckDB.
 */
import {
  DuckDBInstance,
  DuckDBTimestampValue,
  type DuckDBConnection,
  type DuckDBValue,
} from '@duckdb/node-api';
import type { FixtureLog } from '../search/segment-fixture.ts';
import type { Kind } from './expression-forms.ts';
import type { PlainColumn } from './sql-arbitraries.ts';

const SQL_TYPES = { long: 'BIGINT', double: 'DOUBLE', text: 'VARCHAR' } as const;

export class PlainLogs implements Disposable {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance;
    this.#connection = connection;
  }

  static async open(): Promise<PlainLogs> {
    const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
    const connection = await instance.connect();
    return new PlainLogs(instance, connection);
  }

  /** All logs; `select` says which of them statements see. */
  async load(
    logs: readonly FixtureLog[],
    columns: readonly PlainColumn[],
    textBytesMax: number,
  ): Promise<void> {
    const list = columns.map(({ type }, i) => `c${i} ${SQL_TYPES[type]}`).join(', ');
    await this.#connection.run(`CREATE OR REPLACE TABLE all_logs (n BIGINT, ${list})`);
    const appender = await this.#connection.createAppender('all_logs');
    for (const [n, log] of logs.entries()) {
      appender.appendBigInt(BigInt(n));
      for (const column of columns) {
        const value = plainValue(log, column, textBytesMax);
        if (value === undefined) appender.appendNull();
        else if (typeof value === 'bigint') appender.appendBigInt(value);
        else if (typeof value === 'number') appender.appendDouble(value);
        else appender.appendVarchar(value);
      }
      appender.endRow();
    }
    appender.closeSync();
  }

  /** Makes these logs, by their places in what was loaded, the table `logs`. */
  async select(places: readonly number[]): Promise<void> {
    await this.#connection.run('CREATE OR REPLACE TABLE found (n BIGINT)');
    const appender = await this.#connection.createAppender('found');
    for (const place of places) {
      appender.appendBigInt(BigInt(place));
      appender.endRow();
    }
    appender.closeSync();
    await this.#connection.run(
      'CREATE OR REPLACE TABLE logs AS SELECT * EXCLUDE (n) FROM all_logs SEMI JOIN found USING (n)',
    );
  }

  async run(sql: string, kinds: readonly Kind[]): Promise<string[][]> {
    const result = await this.#connection.runAndReadAll(sql);
    return result
      .getRows()
      .map((row) => row.map((value, i) => plainText(value, kinds[i] ?? 'text')));
  }

  [Symbol.dispose](): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }
}

function plainValue(
  log: FixtureLog,
  { field, path, type }: PlainColumn,
  textBytesMax: number,
): string | bigint | number | undefined {
  const isReserved = field === '__source__' || field === '__topic__';
  const raw = log[field] ?? (isReserved ? '' : undefined);
  if (raw === undefined) return undefined;
  const text = path.length === 0 ? String(raw) : leafText(String(raw), path);
  if (text === undefined) return undefined;
  if (type === 'long') return longOf(text);
  if (type === 'double')
    return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/iu.test(text) ? Number(text) : undefined;
  return cutText(text, textBytesMax);
}

function longOf(text: string): bigint | undefined {
  if (!/^[+-]?\d+$/u.test(text)) return undefined;
  const value = BigInt(text.replace('+', ''));
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

/** Undefined: there is none, or the text is no JSON. */
function leafText(text: string, path: readonly string[]): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  for (const name of path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** At a character. */
function cutText(text: string, bytesMax: number): string {
  let bytes = 0;
  let end = 0;
  for (const char of text) {
    bytes += Buffer.byteLength(char);
    if (bytes > bytesMax) break;
    end += char.length;
  }
  return text.slice(0, end);
}

function plainText(value: DuckDBValue, kind: Kind): string {
  if (value === null) return 'null';
  if (kind === 'double') return javaDouble(Number(value));
  if (value instanceof DuckDBTimestampValue)
    return new Date(Number(value.micros / 1000n)).toISOString().slice(0, 23).replace('T', ' ');
  return String(value);
}

/** Plain from 10^-3 to 10^7, else with an exponent; always with a digit behind the point. */
function javaDouble(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  const sign = value < 0 ? '-' : '';
  const size = Math.abs(value);
  if (size === Infinity) return `${sign}Infinity`;
  if (size === 0) return '0.0';
  const isPlain = size >= 0.001 && size < 10_000_000;
  const exponent = isPlain ? 0 : Number(size.toExponential().split('e')[1]);
  const digits = isPlain ? String(size) : (size.toExponential().split('e')[0] ?? '');
  return `${sign}${digits.includes('.') ? digits : `${digits}.0`}${isPlain ? '' : `E${exponent}`}`;
}
