import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { MIB } from '#base/units.ts';
import { DuckEngine } from './duck-engine.ts';
import { KeptParts } from './kept-parts.ts';

let engine: DuckEngine;
let kept: KeptParts;
/** How often rows were made. */
let madeCount = 0;

beforeAll(async () => {
  engine = await DuckEngine.open({
    memoryLimitBytes: 256 * MIB,
    threads: 2,
    timeZone: 'Asia/Shanghai',
    spillDirectory: join(tmpdir(), 'sluice-kept'),
    segmentDirectories: [],
  });
});

beforeEach(() => {
  kept = new KeptParts({ bytesMax: MIB });
  madeCount = 0;
});

const PART_SQL = 'SELECT n % 100 AS sls_k0, count(*) AS sls_p1 FROM sls_rows_0 GROUP BY 1';

const SMALL_PART_SQL = 'SELECT 1 AS sls_k0, 2 AS sls_p1';
/** Some seconds. */
const LONG_PART_SQL =
  'SELECT x % 2 AS sls_k0, count(*) AS sls_p1 FROM range(5000) a(x), range(100000) b(y) WHERE x * y % 7 = 3 GROUP BY 1';

/** Asks `sum(sls_p1)` of segments with so many rows each. */
function ask(
  key: string,
  rowCounts: readonly number[],
  partSql: string = PART_SQL,
): Promise<number> {
  return engine.use((connection) =>
    kept.use(
      connection,
      {
        key,
        segments: rowCounts.map((rowCount) => ({
          key: `s${rowCount}`,
          rowCount,
          prepare: async (): Promise<string> => {
            madeCount++;
            await connection.run(
              `CREATE OR REPLACE TEMP VIEW sls_rows_0 AS SELECT range AS n FROM range(${rowCount})`,
            );
            return partSql;
          },
        })),
      },
      async (sql) => {
        const result = await connection.runAndReadAll(`SELECT sum(sls_p1)::DOUBLE FROM (${sql})`);
        return Number(result.getRows()[0]?.[0]);
      },
    ),
  );
}

describe('parts', () => {
  test('are kept from the second time on that a statement is asked', async () => {
    expect(kept.missing('a', ['s1000'])).toBeUndefined();
    expect(kept.missing('a', ['s1000'])).toEqual(['s1000']);
    expect(await ask('a', [1000])).toBe(1000);
    expect(kept.missing('a', ['s1000', 's2000'])).toEqual(['s2000']);
    expect(await ask('a', [1000, 2000])).toBe(3000);
    expect(madeCount).toBe(2);
    expect(kept.bytes).toBeGreaterThan(0);
  });

  test('are those of the segments that are asked for, whatever else is kept', async () => {
    kept.missing('a', []);
    expect(await ask('a', [1000, 2000, 4000])).toBe(7000);
    expect(await ask('a', [4000, 1000])).toBe(5000);
    expect(madeCount).toBe(3);
  });

  test('that were made before an interrupt are there the next time', async () => {
    let interrupts: NodeJS.Timeout | undefined;
    kept.missing('a', []);
    const stopped = engine.use((connection) =>
      kept.use(
        connection,
        {
          key: 'a',
          segments: [
            { key: 's1000', rowCount: 1000, prepare: () => Promise.resolve(SMALL_PART_SQL) },
            {
              key: 's2000',
              rowCount: 2000,
              prepare: (): Promise<string> => {
                // Again and again, as the process does: one may come before the statement.
                interrupts = setInterval(() => connection.interrupt(), 50);
                return Promise.resolve(LONG_PART_SQL);
              },
            },
          ],
        },
        () => Promise.resolve(0),
      ),
    );
    await expect(stopped).rejects.toThrow(/interrupt/iu);
    clearInterval(interrupts);
    expect(kept.missing('a', ['s1000', 's2000'])).toEqual(['s2000']);
  });

  test('are made once when two answers want them', async () => {
    kept.missing('a', []);
    expect(await Promise.all([ask('a', [1000, 2000]), ask('a', [2000, 1000])])).toEqual([
      3000, 3000,
    ]);
    expect(madeCount).toBe(2);
  });

  test('are not kept when they are nearly as many as the rows', async () => {
    const partSql = PART_SQL.replace('n % 100', 'n');
    kept.missing('a', []);
    await expect(ask('a', [1000], partSql)).rejects.toMatchObject({ code: 'PartsLost' });
    expect(kept.missing('a', ['s1000'])).toBeUndefined();
    expect(kept.bytes).toBe(0);
  });

  test('that cannot be made leave the error to the statement', async () => {
    kept.missing('a', []);
    const asked = ask('a', [1000], 'SELECT no_such_column AS sls_k0 FROM sls_rows_0');
    await expect(asked).rejects.toMatchObject({ code: 'PartsLost' });
  });

  test('give way to others that were asked later', async () => {
    kept = new KeptParts({ bytesMax: 30_000 });
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']) {
      kept.missing(key, []);
      expect(await ask(key, [1000])).toBe(1000);
      expect(kept.bytes).toBeLessThanOrEqual(30_000);
    }
    expect(kept.missing('a', ['s1000'])).toBeUndefined();
    expect(kept.missing('j', ['s1000'])).toEqual([]);
    const tables = await engine.use(async (connection) => {
      const result = await connection.runAndReadAll(
        "SELECT count(*)::DOUBLE FROM duckdb_tables() WHERE table_name LIKE 'sls_kept_%'",
      );
      return Number(result.getRows()[0]?.[0]);
    });
    expect(tables).toBeLessThan(10);
  });

  test('of segments that are no more give way to new ones of the statement', async () => {
    kept = new KeptParts({ bytesMax: 30_000 });
    kept.missing('a', []);
    let lostCount = 0;
    for (let rowCount = 1000; rowCount < 1020; rowCount++)
      try {
        expect(await ask('a', [rowCount])).toBe(rowCount);
      } catch (error) {
        expect(error).toMatchObject({ code: 'PartsLost' });
        lostCount++;
      }
    expect(lostCount).toBeGreaterThan(0);
    expect(lostCount).toBeLessThan(10);
    expect(kept.bytes).toBeLessThanOrEqual(30_000);
  });
});
