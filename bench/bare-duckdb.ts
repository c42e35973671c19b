/**
 * DuckDB alone over the logs of a data directory, in one Parquet file that it wrote itself, with the threads and the memory
 * that the server gives it.
 */
import { availableParallelism } from 'node:os';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { memoryLimit, planMemory } from '#main/memory-plan.ts';
import type { TimeRange } from './bench-server.ts';

/** Sums of doubles depend on the order of the rows. */
export const RELATIVE_ERROR_MAX = 1e-9;

export type AnswerRow = Readonly<Record<string, string>>;

export class BareDuck implements Disposable {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance;
    this.#connection = connection;
  }

  /** Writes `path` from the files of segments. Errors: they do not hold `rowCount` logs. */
  static async create(
    parquetPaths: readonly string[],
    path: string,
    rowCount: number,
  ): Promise<BareDuck> {
    const instance = await DuckDBInstance.create(':memory:', {
      threads: String(availableParallelism()),
      memory_limit: `${planMemory(memoryLimit()).queryBytes}B`,
      preserve_insertion_order: 'false',
    });
    const connection = await instance.connect();
    const files = parquetPaths.map(quote).join(', ');
    const source = `read_parquet([${files}], union_by_name = true)`;
    const columns = await connection.runAndReadAll(
      `select column_name, column_type from (describe select * from ${source})`,
    );
    const outputs = columns.getRows().map(([name, type]) => {
      const quoted = `"${String(name).replaceAll('"', '""')}"`;
      return String(type).startsWith('DECIMAL') ? `${quoted}::DOUBLE as ${quoted}` : quoted;
    });
    await connection.run(`copy (select ${outputs.join(', ')} from ${source}) to ${quote(path)}`);
    await connection.run(`create view rows as select * from read_parquet(${quote(path)})`);
    const counted = await connection.runAndReadAll('select count(*)::bigint from rows');
    if (Number(counted.getRows()[0]?.[0]) !== rowCount)
      throw new Error('the files of the segments do not hold the corpus');
    return new BareDuck(instance, connection);
  }

  /** Makes a table of texts. */
  async createTable(name: string, rows: readonly AnswerRow[]): Promise<void> {
    const keys = Object.keys(rows[0] ?? {});
    const values = rows.map((row) => `(${keys.map((key) => quote(row[key] ?? '')).join(', ')})`);
    await this.#connection.run(
      `create table ${name} as select * from (values ${values.join(', ')}) as t(${keys.join(', ')})`,
    );
  }

  /** What statements read: `log` has the logs of the range, `log_before` those of the range of that length before it. */
  async setRange({ from, to }: TimeRange): Promise<void> {
    const view = (name: string, start: number): Promise<unknown> =>
      this.#connection.run(
        `create or replace view ${name} as select * from rows where __time__ >= ${start} and __time__ < ${start + to - from}`,
      );
    await view('log', from);
    await view('log_before', from + from - to);
  }

  /** Errors: the rows are not what DuckDB answers. */
  async requireSame(name: string, sql: string, got: readonly AnswerRow[]): Promise<void> {
    const wanted = await this.#connection.runAndReadAll(sql);
    const keys = wanted.columnNames();
    const rows = wanted.getRows();
    const isSame =
      got.length === rows.length &&
      rows.every((row, i) =>
        row.every((value, column) => isSameValue(got[i]?.[keys[column] ?? ''], value)),
      );
    if (isSame) return;
    const texts = rows.slice(0, 3).map((row) => row.map(String).join());
    throw new Error(
      `${name}: ${JSON.stringify(got.slice(0, 3))} and ${got.length - 3} more, DuckDB: ${texts.join('; ')}`,
    );
  }

  /** Milliseconds of each of the tries after the first two. */
  async time(sql: string, tries: number): Promise<readonly number[]> {
    for (let i = 0; i < 2; i++) await this.#connection.runAndReadAll(sql);
    const latencies: number[] = [];
    for (let i = 0; i < tries; i++) {
      const started = performance.now();
      await this.#connection.runAndReadAll(sql);
      latencies.push(performance.now() - started);
    }
    return latencies;
  }

  [Symbol.dispose](): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function isSameValue(text: string | undefined, value: unknown): boolean {
  if (text === undefined) return false;
  if (value === null) return text === 'null';
  if (typeof value === 'string') return text === value;
  const wanted = Number(value);
  return Math.abs(Number(text) - wanted) <= Math.abs(wanted) * RELATIVE_ERROR_MAX;
}
