/** The views that a statement reads, on the connection that answers it. */
import { DuckDBBlobValue, type DuckDBConnection } from '@duckdb/node-api';
import type { LogView } from './duck-messages.ts';

/** Each statement takes a millisecond or two, whatever it inserts. */
const BITS_AT_ONCE = 100;

/** Before the first view. */
export async function createBits(connection: DuckDBConnection): Promise<void> {
  await connection.run('CREATE TEMP TABLE sls_bits (name VARCHAR, segment INTEGER, bits BIT)');
}

/** Takes the place of an earlier view of that name. */
export async function createView(
  connection: DuckDBConnection,
  { name, select, bits }: LogView,
): Promise<void> {
  if (bits.length > 0) await connection.run(`DELETE FROM sls_bits WHERE name = '${name}'`);
  for (let first = 0; first < bits.length; first += BITS_AT_ONCE) {
    const some = bits.slice(first, first + BITS_AT_ONCE);
    const values = some.map(({ segment }, i) => `('${name}', ${segment}, $${i + 1}::BLOB::BIT)`);
    await connection.run(
      `INSERT INTO sls_bits VALUES ${values.join(', ')}`,
      some.map(({ bytes }) => new DuckDBBlobValue(bytes)),
    );
  }
  await connection.run(`CREATE OR REPLACE TEMP VIEW ${name} AS ${select}`);
}
