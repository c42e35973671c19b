/** The relations `sls_part_<i>` of a statement that reads parts of its logs (`partial-plan.ts`). */
import { DuckDBDataChunk, UINTEGER, type DuckDBConnection } from '@duckdb/node-api';
import { partName, rowsName } from '../sql/partial-plan.ts';
import type { AnswerPart } from './duck-messages.ts';
import { createView } from './duck-views.ts';
import type { KeptParts } from './kept-parts.ts';

/** Rows of a chunk of DuckDB. */
const CHUNK_ROWS = 2048;

/** Makes the relations, then runs work that reads them. Errors: PartsLost, those of DuckDB and the work. */
export async function withParts<T>(
  connection: DuckDBConnection,
  { parts, kept }: { readonly parts: readonly AnswerPart[]; readonly kept: KeptParts },
  work: () => Promise<T>,
): Promise<T> {
  const [part, ...others] = parts;
  if (part === undefined) return work();
  const next = (): Promise<T> => withParts(connection, { parts: others, kept }, work);
  const create = (sql: string): Promise<unknown> =>
    connection.run(`CREATE TEMP VIEW ${partName(part.number)} AS ${sql}`);
  if (part.kind === 'times') {
    await loadTimes(connection, part);
    await create(part.sql);
    return next();
  }
  const segments = part.segments.map(({ key, rowCount, view }) => ({
    key,
    rowCount,
    makeRows: view && ((): Promise<void> => createView(connection, view)),
  }));
  const request = { key: part.key, partSql: part.sql, segments };
  return kept.use(connection, request, async (sql) => {
    await createView(connection, part.rest);
    // By name: both have the same columns, the one in the order of the other.
    await create(`${sql} UNION ALL (${part.sql})`);
    return next();
  });
}

/** A relation of times and counts. */
async function loadTimes(
  connection: DuckDBConnection,
  { number, times, counts }: Extract<AnswerPart, { kind: 'times' }>,
): Promise<void> {
  const name = rowsName(number);
  await connection.run(`CREATE TEMP TABLE ${name}_raw (time UINTEGER, n UINTEGER)`);
  const appender = await connection.createAppender(`${name}_raw`, 'main', 'temp');
  try {
    for (let from = 0; from < times.length; from += CHUNK_ROWS) {
      const part = times.subarray(from, from + CHUNK_ROWS);
      const chunk = DuckDBDataChunk.create([UINTEGER, UINTEGER], part.length);
      chunk.setColumnValues(0, [...part]);
      chunk.setColumnValues(1, [...counts.subarray(from, from + CHUNK_ROWS)]);
      appender.appendDataChunk(chunk);
    }
  } finally {
    appender.closeSync();
  }
  await connection.run(
    `CREATE TEMP VIEW ${name} AS SELECT time::BIGINT AS __time__, n::BIGINT AS sls_n FROM ${name}_raw`,
  );
}
