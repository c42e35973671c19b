import { expect, test } from 'vitest';
import { QuerySlots } from './query-slots.ts';

/** Work that ends when it is told to, and the order in which it began. */
class Bench {
  readonly slots: QuerySlots;
  readonly began: string[] = [];
  readonly #ends: (() => void)[] = [];

  constructor(options: ConstructorParameters<typeof QuerySlots>[0]) {
    this.slots = new QuerySlots(options);
  }

  start(project: string, name: string, signal?: AbortSignal): Promise<void> {
    return this.slots.run(project, signal, () => {
      this.began.push(name);
      return new Promise((resolve) => this.#ends.push(resolve));
    });
  }

  /** Ends the work that began first. */
  async endOne(): Promise<void> {
    this.#ends.shift()?.();
    await settle();
  }

  async endAll(): Promise<void> {
    while (this.#ends.length > 0) await this.endOne();
  }
}

function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

const ROOM = { runningMax: 3, projectRunningMax: 2, queuedMax: 100, projectQueuedMax: 100 };

test('a project with many queries leaves slots to others', async () => {
  const bench = new Bench(ROOM);
  const all = ['a1', 'a2', 'a3', 'a4'].map((name) => bench.start('a', name));
  all.push(bench.start('b', 'b1'));
  await settle();
  expect(bench.began).toEqual(['a1', 'a2', 'b1']);
  await bench.endAll();
  await Promise.all(all);
  expect(bench.began).toEqual(['a1', 'a2', 'b1', 'a3', 'a4']);
});

test('projects that wait come in turn, the queries of each in order', async () => {
  const bench = new Bench({ ...ROOM, runningMax: 1 });
  const all = ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1'].map((name) =>
    bench.start(name.slice(0, 1), name),
  );
  await bench.endAll();
  await Promise.all(all);
  expect(bench.began).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4']);
});

test('more than may wait are refused, of one project and of all', async () => {
  const bench = new Bench({
    runningMax: 1,
    projectRunningMax: 1,
    queuedMax: 3,
    projectQueuedMax: 2,
  });
  const refusal = { code: 'ParameterInvalid', message: 'Too many queued queries' };
  const all = ['a1', 'a2', 'a3'].map((name) => bench.start('a', name));
  await expect(bench.start('a', 'a4')).rejects.toMatchObject(refusal);
  all.push(bench.start('b', 'b1'));
  await expect(bench.start('b', 'b2')).rejects.toMatchObject(refusal);
  await bench.endAll();
  await Promise.all(all);
  expect(bench.began).toEqual(['a1', 'a2', 'b1', 'a3']);
});

test('those who leave while they wait, and work that fails, free their place', async () => {
  const bench = new Bench({
    runningMax: 1,
    projectRunningMax: 1,
    queuedMax: 1,
    projectQueuedMax: 1,
  });
  const gone = new Error('client went away');
  for (let i = 0; i < 3; i++) {
    const first = bench.start('a', `first${i}`);
    const leaver = new AbortController();
    const left = bench.start('b', 'never', leaver.signal);
    leaver.abort(gone);
    await expect(left).rejects.toBe(gone);
    await expect(bench.start('b', 'never', leaver.signal)).rejects.toBe(gone);
    await bench.endAll();
    await first;
    const failing = bench.slots.run('a', undefined, () => Promise.reject(gone));
    await expect(failing).rejects.toBe(gone);
  }
  expect(bench.began).toEqual(['first0', 'first1', 'first2']);
});
