/**
 * Parts of answers that are kept: for statements that were asked more than once, what each segment has to say. A repeated
 * dashboard then reads only segments that are new. Segments never change, so nothing here becomes wrong; what has not been
 * asked for longest is dropped when it gets too much.
 *
 * The parts of one statement are one table of the database in memory, with the number of the segment in front; users' SQL
 * cannot name it (`check.ts` knows the relations of a statement, and nothing else is a table).
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { AppError, errorMessage } from '#base/app-error.ts';
import { must } from '#base/assert.ts';
import {
  KEPT_GROUP_ROWS_MIN,
  KEPT_GROUPS_MAX,
  KEPT_STATEMENTS_MAX,
  KEPT_VALUE_BYTES,
} from '../limits.ts';
import { quoteName } from '../sql/text.ts';

interface Kept {
  readonly table: string;
  /** Numbers of the segments in the table. */
  readonly segments: Map<string, number>;
  /** Whether its parts are too large, or cannot be made. */
  isRefused: boolean;
  bytes: number;
  /** Answers that read it now. */
  userCount: number;
  nextNumber: number;
  /** One answer adds to it at a time. */
  turn: Promise<void>;
}

export interface PartSegment {
  readonly key: string;
  /** Rows of the segment, whichever the part is about. */
  readonly rowCount: number;
  /** Gives the SQL that asks for the part. Undefined: it was kept a moment ago. */
  readonly prepare: (() => Promise<string>) | undefined;
}

export class KeptParts {
  readonly #bytesMax: number;
  /** The one that was asked last is the last one. */
  readonly #kept = new Map<string, Kept>();
  #tableCount = 0;

  /** `bytesMax`: for all parts together, about. */
  constructor(options: { readonly bytesMax: number }) {
    this.#bytesMax = options.bytesMax;
  }

  /** Bytes of all parts, about. */
  get bytes(): number {
    return [...this.#kept.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** The segments without a part; undefined: the statement has none, for it was not asked before or has too many groups. */
  missing(key: string, segments: readonly string[]): readonly string[] | undefined {
    const kept = this.#kept.get(key);
    if (kept === undefined) {
      const table = `sls_kept_${this.#tableCount++}`;
      const fresh = { isRefused: false, bytes: 0, userCount: 0, nextNumber: 0 };
      const turn = Promise.resolve();
      this.#kept.set(key, { table, segments: new Map(), ...fresh, turn });
      this.#forget();
      return undefined;
    }
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    return kept.isRefused ? undefined : segments.filter((one) => !kept.segments.has(one));
  }

  /**
   * Adds the parts that are missing, and runs work with the SQL that reads those of the segments, columns as the parts
   * have them. Errors: PartsLost, when there is another way to take; those of the work.
   */
  async use<T>(
    connection: DuckDBConnection,
    request: {
      readonly key: string;
      readonly segments: readonly PartSegment[];
    },
    work: (sql: string) => Promise<T>,
  ): Promise<T> {
    const kept = this.#kept.get(request.key);
    if (kept === undefined || kept.isRefused) throw partsLost();
    kept.userCount++;
    try {
      const before = kept.turn;
      const { promise, resolve } = Promise.withResolvers<void>();
      kept.turn = promise;
      try {
        await before;
        for (const segment of request.segments)
          if (!kept.segments.has(segment.key)) await this.#add(connection, kept, segment);
      } finally {
        resolve();
      }
      const numbers = request.segments.map(({ key }) => must(kept.segments.get(key), 'a part'));
      return await work(
        `SELECT * EXCLUDE (sls_segment) FROM memory.main.${kept.table} WHERE sls_segment IN (${numbers.join()})`,
      );
    } finally {
      kept.userCount--;
      await this.#shrink(connection);
    }
  }

  async #add(connection: DuckDBConnection, kept: Kept, segment: PartSegment): Promise<void> {
    // It was there when the answer was planned.
    if (segment.prepare === undefined || kept.isRefused) throw partsLost();
    const partSql = await segment.prepare();
    const groupsMax = Math.min(KEPT_GROUPS_MAX, Math.ceil(segment.rowCount / KEPT_GROUP_ROWS_MIN));
    try {
      await connection.run(
        `CREATE OR REPLACE TEMP TABLE sls_part AS SELECT * FROM (${partSql}) LIMIT ${groupsMax + 1}`,
      );
      const { groups, bytes } = await measure(connection);
      if (groups > groupsMax || kept.bytes + bytes > this.#bytesMax / 2) {
        kept.isRefused = groups > groupsMax || kept.bytes === 0;
        // Parts of segments that are no more may be what fills it.
        if (!kept.isRefused && kept.userCount === 1) await this.#clear(connection, kept);
        throw partsLost();
      }
      const number = kept.nextNumber++;
      await connection.run(
        kept.segments.size === 0
          ? `CREATE OR REPLACE TABLE memory.main.${kept.table} AS SELECT ${number}::INTEGER AS sls_segment, * FROM sls_part`
          : `INSERT INTO memory.main.${kept.table} SELECT ${number}::INTEGER, * FROM sls_part`,
      );
      kept.segments.set(segment.key, number);
      kept.bytes += bytes;
    } catch (error) {
      if (error instanceof AppError) throw error;
      // The other way gives the error of the statement itself, if it has one.
      if (/interrupt/iu.test(errorMessage(error))) throw error;
      kept.isRefused = true;
      throw partsLost(error);
    }
  }

  /** Its next answer begins again. */
  async #clear(connection: DuckDBConnection, kept: Kept): Promise<void> {
    kept.segments.clear();
    kept.bytes = 0;
    await connection.run(`DROP TABLE IF EXISTS memory.main.${kept.table}`);
  }

  /** Drops what was not asked for longest, until the rest is small enough. */
  async #shrink(connection: DuckDBConnection): Promise<void> {
    for (const [key, kept] of this.#kept) {
      if (this.bytes <= this.#bytesMax) return;
      if (kept.userCount > 0 || kept.bytes === 0) continue;
      this.#kept.delete(key);
      await this.#clear(connection, kept);
    }
  }

  /** Statements without parts are not worth much memory either. */
  #forget(): void {
    for (const [key, kept] of this.#kept) {
      if (this.#kept.size <= KEPT_STATEMENTS_MAX) return;
      if (kept.userCount === 0 && kept.bytes === 0) this.#kept.delete(key);
    }
  }
}

/** The statement can be answered from all rows. */
function partsLost(cause?: unknown): AppError {
  return new AppError('PartsLost', 'parts of the answer are not kept', { cause });
}

/** Groups in `sls_part`, and the bytes that they take, about. */
async function measure(
  connection: DuckDBConnection,
): Promise<{ readonly groups: number; readonly bytes: number }> {
  const described = await connection.runAndReadAll('SELECT * FROM sls_part LIMIT 0');
  const names = described.columnNames();
  const texts = names.map((name) => `coalesce(sum(strlen(${quoteName(name)}::VARCHAR)), 0)`);
  const result = await connection.runAndReadAll(
    `SELECT count(*)::DOUBLE, (${['0', ...texts].join(' + ')})::DOUBLE FROM sls_part`,
  );
  const [groups, textBytes] = result.getRows()[0] ?? [];
  const count = Number(groups);
  return {
    groups: count,
    bytes: count * (names.length + 1) * KEPT_VALUE_BYTES + Number(textBytes),
  };
}
