import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { MIB } from '#base/units.ts';
import { DuckEngine } from '../duck/duck-engine.ts';

const UNITS = { second: 1, minute: 60, hour: 3600, day: 86_400 };

/** Three thousand years, and the edges. */
const TIMES = `SELECT (range * 829351 % 80000000 - 30000000) * 1000 + range % 1000 AS x FROM range(20000)
  UNION ALL SELECT unnest([0, -1, 1, -86400, 57600, -62135596800, 253402300799, 9200000000000, -9200000000000])`;

// East and west of Greenwich, with half an hour, and with summer time.
test.each(['Asia/Shanghai', 'America/Bogota', 'Asia/Kolkata', 'America/New_York'])(
  'truncation by division is that of the calendar in %s',
  async (timeZone) => {
    const engine = await DuckEngine.open({
      memoryLimitBytes: 256 * MIB,
      threads: 1,
      timeZone,
      spillDirectory: join(tmpdir(), 'sluice-truncated'),
      segmentDirectories: [],
    });
    await engine.use(async (connection) => {
      for (const [unit, seconds] of Object.entries(UNITS)) {
        const result = await connection.runAndReadAll(
          `SELECT count(*)::INTEGER, any_value(x) FROM (${TIMES})
           WHERE sls_trunc(x, ${seconds}) IS DISTINCT FROM date_trunc('${unit}', sls_seconds(x))`,
        );
        expect([unit, ...(result.getRows()[0] ?? [])]).toEqual([unit, 0, null]);
        const none = await connection.runAndReadAll(
          `SELECT sls_trunc(NULL::BIGINT, ${seconds}) IS NULL`,
        );
        expect(none.getRows()).toEqual([[true]]);
      }
    });
  },
);
