/**
 * The relations that a statement reads. They stand before it as common table expressions, which DuckDB puts in the place of their
 * names: views would be bound when they are made, with a look at every file, and again by the statement.
 */
import { DuckDBDataChunk, INTEGER, UBIGINT, type DuckDBConnection } from '@duckdb/node-api';
import type { LogView } from './duck-messages.ts';

/** A name of the statement and the SELECT that it stands for. */
export interface NamedSelect {
  /** Unique in the statement; no user's text is in it. */
  readonly name: string;
  readonly select: string;
}

/** Rows of a chunk of DuckDB. */
const CHUNK_ROWS = 2048;

/** The statement with the relations in reach, each of which may read those before it. `sql`: one SELECT as DuckDB prints it. */
export function withRelations(relations: readonly NamedSelect[], sql: string): string {
  if (relations.length === 0) return sql;
  const list = relations
    .map(({ name, select }) => `${name} AS NOT MATERIALIZED (${select})`)
    .join(', ');
  // DuckDB has no WITH inside of a WITH that it is the statement of.
  const [, recursive = '', rest] = /^WITH (RECURSIVE )?([^]*)$/u.exec(sql) ?? [];
  return rest === undefined ? `WITH ${list} ${sql}` : `WITH ${recursive}${list}, ${rest}`;
}

/**
 * Makes the tables `sls_bits_<name>`, in the place of earlier ones. Words of 64 rows, without those of no row: joining them with
 * rows drops most rows that do not match before their bits are looked at. One long bit string for a segment would be copied
 * for each row that is joined with it.
 */
export async function createBits(
  connection: DuckDBConnection,
  { name, bits }: LogView,
): Promise<void> {
  if (bits.length === 0) return;
  const table = `sls_bits_${name}`;
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE ${table} (segment INTEGER, block INTEGER, word UBIGINT)`,
  );
  const appender = await connection.createAppender(table, 'main', 'temp');
  try {
    for (const { segment, words } of bits) {
      const blocks: number[] = [];
      const values: bigint[] = [];
      for (let i = 0; i < words.length; i += 2) {
        const low = words[i] ?? 0;
        const high = words[i + 1] ?? 0;
        if (low === 0 && high === 0) continue;
        blocks.push(i >>> 1);
        values.push((BigInt(high) << 32n) | BigInt(low));
      }
      for (let from = 0; from < blocks.length; from += CHUNK_ROWS) {
        const some = blocks.slice(from, from + CHUNK_ROWS);
        const chunk = DuckDBDataChunk.create([INTEGER, INTEGER, UBIGINT], some.length);
        chunk.setColumnValues(
          0,
          Array.from(some, () => segment),
        );
        chunk.setColumnValues(1, some);
        chunk.setColumnValues(2, values.slice(from, from + CHUNK_ROWS));
        appender.appendDataChunk(chunk);
      }
    }
  } finally {
    appender.closeSync();
  }
}
