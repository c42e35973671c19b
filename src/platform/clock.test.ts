import { expect, test } from 'vitest';
import { MemoryClock } from './memory-clock.ts';
import { RealClock } from './real-clock.ts';

test('the memory clock wakes sleepers in order, each at its time', async () => {
  const clock = new MemoryClock({ nowMs: 1000 });
  const woken: string[] = [];
  const loop = async (): Promise<void> => {
    for (let i = 0; i < 3; i++) {
      await clock.sleep(10);
      woken.push(`loop at ${clock.nowMs()}`);
    }
  };
  const once = clock.sleep(15).then(() => woken.push(`once at ${clock.nowMs()}`));
  const looping = loop();
  await clock.advance(25);
  expect(woken).toEqual(['loop at 1010', 'once at 1015', 'loop at 1020']);
  expect(clock.nowMs()).toBe(1025);
  await clock.advance(5);
  await Promise.all([looping, once]);
  expect(clock.sleeperCount).toBe(0);
});

test('the wall clock of the memory clock jumps without the monotonic one', async () => {
  const clock = new MemoryClock({ nowMs: 1000 });
  clock.jumpTo(500);
  expect(clock.nowMs()).toBe(500);
  expect(clock.monotonicMs()).toBe(0);
  await clock.advance(7);
  expect([clock.nowMs(), clock.monotonicMs()]).toEqual([507, 7]);
});

test.each([
  ['memory', (): RealClock | MemoryClock => new MemoryClock()],
  ['real', (): RealClock | MemoryClock => new RealClock()],
])('a sleep of the %s clock rejects with the reason of its signal', async (_, make) => {
  const clock = make();
  const reason = new Error('enough');
  await expect(clock.sleep(60_000, AbortSignal.abort(reason))).rejects.toBe(reason);
  const controller = new AbortController();
  const sleep = clock.sleep(60_000, controller.signal);
  controller.abort(reason);
  await expect(sleep).rejects.toBe(reason);
});

test('the real clock sleeps about as long as asked and its monotonic time grows', async () => {
  const clock = new RealClock();
  const before = clock.monotonicMs();
  await clock.sleep(20);
  expect(clock.monotonicMs() - before).toBeGreaterThanOrEqual(19);
  expect(Math.abs(clock.nowMs() - Date.now())).toBeLessThan(1000);
});
