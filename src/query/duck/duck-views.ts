/** The views that a statement reads, on the connection that answers it. */
import { DuckDBDataChunk, INTEGER, UBIGINT, type DuckDBConnection } from '@duckdb/node-api';
import type { LogView } from './duck-messages.ts';

/** Rows of a chunk of DuckDB. */
const CHUNK_ROWS = 2048;

/** Takes the place of an earlier view of that name. */
export async function createView(
  connection: DuckDBConnection,
  { name, select, bits }: LogView,
): Promise<void> {
  if (bits.length > 0) await createBits(connection, `sls_bits_${name}`, bits);
  await connection.run(`CREATE OR REPLACE TEMP VIEW ${name} AS ${select}`);
}

/**
 * Words of 64 rows, without those of no row: joining them with rows drops most rows that do not match before their bits are
 * looked at. One long bit string for a segment would be copied for each row that is joined with it.
 */
async function createBits(
  connection: DuckDBConnection,
  table: string,
  bits: LogView['bits'],
): Promise<void> {
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
        chunk.setColumnValues(0, Array.from(some, () => segment));
        chunk.setColumnValues(1, some);
        chunk.setColumnValues(2, values.slice(from, from + CHUNK_ROWS));
        appender.appendDataChunk(chunk);
      }
    }
  } finally {
    appender.closeSync();
  }
}
