/** One user's query must not take the server down, nor disturb what others read. Real processes, real statements. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { must } from '#base/assert.ts';
import { MIB } from '#base/units.ts';
import { RealClock } from '#platform/real-clock.ts';
import { createLogger } from '#telemetry/logger.ts';
import { DuckProcess } from './duck-process.ts';
import { QueryBudget } from '../query-budget.ts';
import { QueryFixture } from '../query-fixture.ts';

const MEMORY_ERROR = {
  code: 'ParameterInvalid',
  message: 'Query exceeded max memory size of 128MB',
};
/** A text of 64 KB, doubled again and again. */
const DOUBLING = Array.from({ length: 34 }).reduce<string>(
  (inner) => `select x || x as x from (${inner})`,
  "select lpad('x', 65536, 'y') as x from log",
);
const EXPLODING = `select cardinality(transform(s, x -> transform(s, y -> transform(s, z -> x + y + z)))) as n
  from (select sequence(1, 2000) as s from log)`;
/** One call of one function that takes minutes. */
const DEAF = `select levenshtein_distance(x, concat(x, 'z')) as n from
  (select lpad('x', 65536, 'y') as x from log)`;

const clock = new RealClock();
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-duck-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function openWorld(timeBudgetMs?: number): Promise<QueryFixture> {
  const world = await QueryFixture.create({ memoryLimitBytes: 128 * MIB, timeBudgetMs });
  const key = {
    type: 'text',
    caseSensitive: false,
    chn: false,
    doc_value: true,
    alias: '',
  } as const;
  world.index = { keys: { a: key }, max_text_len: 2048 };
  await world.add([{ __time__: 1_700_000_000, a: 'x' }]);
  return world;
}

function openProcess(options: { idleMs?: number; interruptGraceMs?: number } = {}): DuckProcess {
  return new DuckProcess(
    {
      memoryLimitBytes: 128 * MIB,
      threads: 2,
      spillDirectory: join(directory, 'spill'),
      segmentDirectories: [directory],
      timeZone: 'UTC',
      concurrencyMax: 4,
      ...options,
    },
    { logger: createLogger({ level: 'silent' }) },
  );
}

function budget(limitMs: number, signal?: AbortSignal): QueryBudget {
  return new QueryBudget(clock, limitMs, signal);
}

const VIEWS = [{ name: 'log', select: 'SELECT 1 AS one', bits: [] }];
const DEAF_TASK = {
  // The service's own `repeat` makes an array.
  sql: "SELECT levenshtein(system.main.repeat('x', 300000), system.main.repeat('y', 300000))",
  views: VIEWS,
  parts: [],
};
/** Hears interrupts; some seconds. */
const LONG_SQL = 'SELECT count(*) FROM range(2500) a(x), range(100000) b(y) WHERE x * y % 7 = 3';

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function untilEnded(pid: number): Promise<void> {
  while (isAlive(pid)) await clock.sleep(20);
}

describe('a statement that takes all memory', () => {
  test.each([
    ['doubling a text', DOUBLING],
    ['nesting lists', EXPLODING],
  ])('%s is refused; searches beside it answer, and so does the next one', async (_name, sql) => {
    await using world = await openWorld();
    expect(await world.cells('* | select a')).toEqual([['x']]);
    const before = process.memoryUsage.rss();
    const state = { isOver: false };
    const hostile = world.query(`* | ${sql}`).finally(() => {
      state.isOver = true;
    });
    const refusal = expect(hostile).rejects.toMatchObject(MEMORY_ERROR);
    // A search of what is cached never leaves this turn of the event loop; the process is watched by a timer.
    for (; !state.isOver; await clock.sleep(1))
      expect((await world.query('x')).rows).toMatchObject([{ a: 'x' }]);
    await refusal;
    expect(process.memoryUsage.rss() - before).toBeLessThan(200 * MIB);
    expect(await world.cells('* | select a')).toEqual([['x']]);
    expect(world.leaseCount).toBe(0);
  });
});

describe('a statement that hears no interrupt', () => {
  test('is Incomplete when its time is over, and the next one answers', async () => {
    await using world = await openWorld(1000);
    expect(await world.query(`* | ${DEAF}`)).toMatchObject({ progress: 'Incomplete', rows: [] });
    expect(await world.cells('* | select a')).toEqual([['x']]);
  });

  test('ends when its client goes away', async () => {
    await using world = await openWorld();
    const controller = new AbortController();
    const gone = new Error('client went away');
    setTimeout(() => controller.abort(gone), 500);
    const { signal } = controller;
    await expect(world.query(`* | ${DEAF}`, { signal })).rejects.toBe(gone);
    expect(world.leaseCount).toBe(0);
  });

  test('costs the one beside it a second try', async () => {
    await using duck = openProcess({ interruptGraceMs: 200 });
    await duck.start();
    const first = duck.pid;
    const beside = duck.run(budget(120_000), 'answer', { sql: LONG_SQL, views: VIEWS, parts: [] });
    const deaf = duck.run(budget(100), 'answer', DEAF_TASK);
    await expect(deaf).rejects.toMatchObject({ code: 'QueryTimeout' });
    expect((await beside).rows).toHaveLength(1);
    expect(duck.pid).not.toBe(first);
  });
});

describe('a process that is killed', () => {
  test('fails its statements and is replaced', async () => {
    await using duck = openProcess();
    await duck.start();
    const first = must(duck.pid, 'pid');
    const statement = duck.run(budget(60_000), 'answer', DEAF_TASK);
    const failed = expect(statement).rejects.toMatchObject(MEMORY_ERROR);
    await clock.sleep(300);
    process.kill(first, 'SIGKILL');
    await failed;
    const { rows } = await duck.run(budget(60_000), 'answer', {
      sql: 'SELECT 7',
      views: VIEWS,
      parts: [],
    });
    expect(rows).toEqual([['7']]);
    expect(duck.pid).not.toBe(first);
  });

  test('takes its spill folder along', async () => {
    await using duck = openProcess();
    await duck.start();
    const spill = join(directory, 'spill');
    expect(await readdir(spill)).toEqual(['1']);
    process.kill(must(duck.pid, 'pid'), 'SIGKILL');
    while ((await readdir(spill)).length > 0) await clock.sleep(20);
  });
});

describe('a process without work', () => {
  test('ends after a while, and the next task gets another', async () => {
    await using duck = openProcess({ idleMs: 50 });
    await duck.start();
    const first = must(duck.pid, 'pid');
    await untilEnded(first);
    const { rows } = await duck.run(budget(60_000), 'answer', {
      sql: 'SELECT 7',
      views: VIEWS,
      parts: [],
    });
    expect(rows).toEqual([['7']]);
  });

  test('ends with its owner', async () => {
    const duck = openProcess();
    await duck.start();
    const pid = must(duck.pid, 'pid');
    await duck[Symbol.asyncDispose]();
    expect(isAlive(pid)).toBe(false);
    await expect(duck.start()).rejects.toMatchObject({ code: 'ServerBusy' });
  });
});

test('a process ends when the server is killed, even in the middle of a deaf statement', async () => {
  const script = `
    import { DuckProcess } from './src/query/duck/duck-process.ts';
    import { QueryBudget } from './src/query/query-budget.ts';
    import { RealClock } from './src/platform/real-clock.ts';
    const duck = new DuckProcess(${JSON.stringify({
      memoryLimitBytes: 128 * MIB,
      threads: 2,
      spillDirectory: join(directory, 'spill-of-killed'),
      segmentDirectories: [directory],
      timeZone: 'UTC',
      concurrencyMax: 4,
    })}, { logger: { warn() {}, error() {} } });
    await duck.start();
    duck.run(new QueryBudget(new RealClock(), 60000, undefined), 'answer', ${JSON.stringify(DEAF_TASK)});
    setTimeout(() => process.stdout.write(String(duck.pid) + '\\n'), 300);
  `;
  const server = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: join(import.meta.dirname, '..', '..', '..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(server.stdout, 'data')) as [Buffer];
  const pid = Number(line.toString());
  expect(isAlive(pid)).toBe(true);
  server.kill('SIGKILL');
  await untilEnded(pid);
});
