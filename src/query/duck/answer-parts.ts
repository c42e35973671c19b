/** The relations `sls_part_<i>` of a statement that reads parts of its logs (`partial-plan.ts`). */
import { DuckDBDataChunk, UINTEGER, type DuckDBConnection } from '@duckdb/node-api';
import { TIMES_INLINE_MAX } from '../limits.ts';
import { partName, rowsName } from '../sql/partial-plan.ts';
import type { AnswerPart } from './duck-messages.ts';
import { createBits, withRelations, type NamedSelect } from './duck-views.ts';
import type { KeptParts } from './kept-parts.ts';

/** Rows of a chunk of DuckDB. */
const CHUNK_ROWS = 2048;

/** Runs work that reads the relations it is given. Errors: PartsLost, those of DuckDB and the work. */
export async function withParts<T>(
  connection: DuckDBConnection,
  { parts, kept }: { readonly parts: readonly AnswerPart[]; readonly kept: KeptParts },
  work: (relations: readonly NamedSelect[]) => Promise<T>,
): Promise<T> {
  const [part, ...others] = parts;
  if (part === undefined) return work([]);
  const next = (rows: NamedSelect, select: string): Promise<T> =>
    withParts(connection, { parts: others, kept }, (relations) =>
      work([rows, { name: partName(part.number), select }, ...relations]),
    );
  if (part.kind === 'times') {
    const select = await timesSelect(connection, part);
    return next({ name: rowsName(part.number), select }, part.sql);
  }
  const segments = part.segments.map(({ key, rowCount, view }) => ({
    key,
    rowCount,
    prepare:
      view &&
      (async (): Promise<string> => {
        await createBits(connection, view);
        return withRelations([view], part.sql);
      }),
  }));
  return kept.use(connection, { key: part.key, segments }, async (sql) => {
    await createBits(connection, part.rest);
    // By name: both have the same columns, the one in the order of the other.
    return next(part.rest, `${sql} UNION ALL (${part.sql})`);
  });
}

/** Asks for times and counts, which stand in it or in a table. */
async function timesSelect(
  connection: DuckDBConnection,
  { number, times, counts }: Extract<AnswerPart, { kind: 'times' }>,
): Promise<string> {
  const outputs = 'time::BIGINT AS __time__, n::BIGINT AS sls_n';
  if (times.length > 0 && times.length <= TIMES_INLINE_MAX) {
    const rows = Array.from(times, (time, i) => `(${time}, ${counts[i] ?? 0})`);
    return `SELECT ${outputs} FROM (VALUES ${rows.join()}) AS counted(time, n)`;
  }
  const table = `sls_times_${number}`;
  await connection.run(`CREATE TEMP TABLE ${table} (time UINTEGER, n UINTEGER)`);
  const appender = await connection.createAppender(table, 'main', 'temp');
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
  return `SELECT ${outputs} FROM ${table}`;
}
