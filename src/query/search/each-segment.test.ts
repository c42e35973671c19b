import { expect, test } from 'vitest';
import { eachSegment } from './each-segment.ts';
import { SEGMENTS_AT_ONCE } from '../limits.ts';

const segments: readonly number[] = Array.from({ length: 50 }, (_, i) => i);

/** Does work of some turns of the event loop, and says how much was under way at once. */
async function run(
  work: (segment: number) => boolean,
): Promise<{ readonly done: readonly number[]; readonly most: number; readonly error: unknown }> {
  const done: number[] = [];
  let underWay = 0;
  let most = 0;
  const error: unknown = await eachSegment(segments, async (segment) => {
    most = Math.max(most, ++underWay);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    underWay--;
    done.push(segment);
    return work(segment);
  }).catch((reason: unknown) => reason);
  expect(underWay).toBe(0);
  return { done, most, error };
}

test('every segment gets its turn, some at a time', async () => {
  const { done, most, error } = await run(() => true);
  expect([...done].sort((a, b) => a - b)).toEqual(segments);
  expect(most).toBe(SEGMENTS_AT_ONCE);
  expect(error).toBeUndefined();
});

test('no new work begins once one answers false', async () => {
  const { done, error } = await run((segment) => segment !== 9);
  expect(done.length).toBeLessThan(10 + SEGMENTS_AT_ONCE);
  expect(error).toBeUndefined();
});

test('the first failure is thrown when all work has ended', async () => {
  const { done, error } = await run((segment) => {
    if (segment >= 9) throw new Error(`segment ${segment}`);
    return true;
  });
  expect(done.length).toBeLessThan(10 + SEGMENTS_AT_ONCE);
  expect(error).toEqual(new Error('segment 9'));
});
