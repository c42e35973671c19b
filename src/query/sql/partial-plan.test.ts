import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { MIB } from '#base/units.ts';
import { DuckEngine } from '../duck/duck-engine.ts';
import { planAnswer, type AnswerPlan } from './answer-plan.ts';
import type { SqlColumn } from './columns.ts';
import { readFunctionFacts, type FunctionFacts } from './function-facts.ts';

let engine: DuckEngine;
let functions: FunctionFacts;

beforeAll(async () => {
  engine = await DuckEngine.open({
    memoryLimitBytes: 256 * MIB,
    threads: 2,
    timeZone: 'Asia/Shanghai',
    spillDirectory: join(tmpdir(), 'sluice-plan'),
    segmentDirectories: [],
  });
  functions = await engine.use(readFunctionFacts);
});

const column = (name: string): SqlColumn => ({
  name,
  field: name,
  path: undefined,
  type: 'VARCHAR',
  isAlias: false,
});

function plan(sql: string): Promise<AnswerPlan | undefined> {
  const columns = new Map([
    ['log', ['host', 'status', 'x'].map(column)],
    ['store_1', ['host'].map(column)],
  ]);
  return engine.use((connection) => planAnswer(connection, sql, { columns, functions }));
}

describe('a SELECT over parts', () => {
  test('combines what each part says of its groups', async () => {
    const found = await plan(
      "SELECT upper(host) AS h, avg(x) AS a, count(*) AS n FROM log WHERE status = '1' GROUP BY 1 HAVING count(*) > 2 ORDER BY n DESC, h LIMIT 5",
    );
    expect(found?.parts.map((part) => part.ofRows)).toEqual([
      'SELECT upper(host) AS sls_k0, sum(x) AS sls_p1, count(x) AS sls_p2, count_star() AS sls_p3 ' +
        "FROM sls_rows_0 AS log WHERE (status = '1') GROUP BY 1",
    ]);
    expect(found?.parts[0]?.ofTimes).toBeUndefined();
    expect(found?.sql).toBe(
      'SELECT sls_k0 AS h, (CAST(sum(sls_p1) AS DOUBLE) / "nullif"(CAST(sum(sls_p2) AS DOUBLE), 0)) AS a, ' +
        'CAST(COALESCE(sum(sls_p3), 0) AS BIGINT) AS n FROM sls_part_0 AS log GROUP BY sls_k0 ' +
        'HAVING (CAST(COALESCE(sum(sls_p3), 0) AS BIGINT) > 2) ORDER BY n DESC, h LIMIT 5',
    );
    expect(found?.viewNames).toEqual([]);
  });

  test('has the values of a distinct count among its groups', async () => {
    const found = await plan('SELECT count(DISTINCT host) AS n, sum(x) AS s FROM log');
    expect(found?.parts[0]?.ofRows).toBe(
      'SELECT host AS sls_k0, sum(x) AS sls_p1 FROM sls_rows_0 AS log GROUP BY 1',
    );
    expect(found?.sql).toBe(
      'SELECT count(DISTINCT sls_k0) AS n, sum(sls_p1) AS s FROM sls_part_0 AS log',
    );
  });

  test('can stand anywhere, beside others that read all rows', async () => {
    const found = await plan(
      'WITH c AS (SELECT host, max(x) AS m FROM log GROUP BY host) SELECT a.host AS h, c.m AS m, b.host AS o FROM store_1 AS b, c, (SELECT l.host, count(*) AS n FROM log AS l GROUP BY l.host) AS a',
    );
    expect(found?.parts.map((part) => part.ofRows)).toEqual([
      'SELECT host AS sls_k0, max(x) AS sls_p1 FROM sls_rows_0 AS log GROUP BY 1',
      'SELECT l.host AS sls_k0, count_star() AS sls_p1 FROM sls_rows_1 AS l GROUP BY 1',
    ]);
    expect(found?.viewNames).toEqual(['store_1']);
  });

  test('takes no constant for what is counted', async () => {
    const found = await plan(
      'SELECT count(DISTINCT 1) AS n, 1 + max(x) AS m FROM log HAVING max(x) > 1 ORDER BY 1',
    );
    expect(found?.sql).toBe(
      'SELECT count(DISTINCT sls_k0) AS n, (1 + max(sls_p1)) AS m FROM sls_part_0 AS log HAVING (max(sls_p1) > 1) ORDER BY 1',
    );
  });

  test('may have windows over its groups', async () => {
    const found = await plan(
      'SELECT host, sum(count(*)) OVER (ORDER BY host) AS n FROM log GROUP BY host',
    );
    expect(found?.sql).toContain('OVER (ORDER BY sls_k0)');
  });
});

describe('times and counts are enough', () => {
  test.each([
    ['SELECT count(*) AS n FROM log', true],
    ['SELECT count(1) AS n FROM log', true],
    ['SELECT count(*) AS n FROM log WHERE __time__ > 7', false],
    ['SELECT (__time__ - (__time__ % 60)) AS t, count(*) AS n FROM log GROUP BY 1', false],
    ['SELECT min(__time__) AS a, max(__time__) AS b FROM log', false],
    ['SELECT count(CASE WHEN __time__ > 9 THEN 1 END) AS c FROM log', false],
    ['SELECT count(DISTINCT __time__) AS n FROM log', false],
    ['SELECT count(*) FILTER (WHERE __time__ > 5) AS n FROM log', false],
  ])('%s', async (sql, isCountOnly) => {
    const part = (await plan(sql))?.parts[0];
    expect(part?.ofTimes).toBeDefined();
    expect(part?.isCountOnly).toBe(isCountOnly);
  });

  test.each([
    'SELECT sum(__time__) AS n FROM log',
    'SELECT count(host) AS n FROM log',
    "SELECT count(*) AS n FROM log WHERE host = 'a'",
    'SELECT host, count(*) AS n FROM log GROUP BY host',
  ])('they are not for %s', async (sql) => {
    const part = (await plan(sql))?.parts[0];
    expect(part?.ofRows).toBeDefined();
    expect(part?.ofTimes).toBeUndefined();
  });
});

describe('a SELECT that needs all rows at once is left alone', () => {
  test.each([
    'SELECT host FROM log',
    'SELECT DISTINCT host FROM log',
    'SELECT quantile_disc(x, 0.5) AS p FROM log',
    'SELECT sum(DISTINCT x) AS s FROM log',
    'SELECT array_agg(host) AS l FROM log',
    'SELECT host, array_agg(host) AS l FROM log GROUP BY host',
    'SELECT host, map_agg(host, 1) AS l FROM log GROUP BY host',
    'SELECT max(x, 2) AS m FROM log',
    'SELECT host, random() AS r, count(*) AS n FROM log GROUP BY host, 2',
    'SELECT count(*) AS n FROM log WHERE x < random()',
    'SELECT count(*) AS n FROM log WHERE __time__ > to_unixtime(now())',
    'SELECT count(*) AS n FROM log WHERE host IN (SELECT host FROM store_1)',
    'SELECT count(*) AS n FROM log, store_1',
    'SELECT host, count(*) AS n FROM log GROUP BY ROLLUP (host)',
    'SELECT host, count(*) AS n FROM log GROUP BY GROUPING SETS ((host), ())',
    'SELECT count(*) AS n FROM log QUALIFY row_number() OVER () > 1',
    'SELECT count(*) AS n FROM log AS l(a, b)',
    'SELECT string_agg(host ORDER BY x) AS l FROM log',
    'SELECT sum(unknown_name) AS n FROM log',
    'SELECT status AS host, count(*) AS n FROM log GROUP BY status, host HAVING host > 1',
    'SELECT count(*) AS sls_p0 FROM log',
    'SELECT 1 AS one FROM log',
  ])('%s', async (sql) => {
    expect(await plan(sql)).toBeUndefined();
  });
});
