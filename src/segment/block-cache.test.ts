import { expect, test } from 'vitest';
import { BlockCache } from './block-cache.ts';

const of =
  (value: string, sizeBytes = 10) =>
  (): Promise<{ value: string; sizeBytes: number }> =>
    Promise.resolve({ value, sizeBytes });

const never = (): Promise<never> => Promise.reject(new Error('must not be loaded'));

test('loads once and keeps what was used last within the budget', async () => {
  const cache = new BlockCache(30);
  for (const key of ['a', 'b', 'c']) await cache.get(key, of(key));
  expect(await cache.get('a', never)).toBe('a');
  await cache.get('d', of('d'));
  expect(cache.usedBytes).toBe(30);
  expect(await cache.get('a', never)).toBe('a');
  expect(await cache.get('b', of('again'))).toBe('again');
});

test('does not keep what is larger than the budget, nor failures', async () => {
  const cache = new BlockCache(30);
  await cache.get('a', of('a'));
  expect(await cache.get('big', of('big', 31))).toBe('big');
  await expect(cache.get('bad', never)).rejects.toThrow('must not be loaded');
  expect(await cache.get('bad', of('good'))).toBe('good');
  expect(await cache.get('a', never)).toBe('a');
});

test('shares one load between readers that come at the same time', async () => {
  const cache = new BlockCache(30);
  let loads = 0;
  const load = (): Promise<{ value: number; sizeBytes: number }> =>
    Promise.resolve({ value: ++loads, sizeBytes: 1 });
  expect(await Promise.all([cache.get('a', load), cache.get('a', load)])).toEqual([1, 1]);
});

test('forgets a segment', async () => {
  const cache = new BlockCache(100);
  await cache.get('one:1', of('x'));
  await cache.get('one-more:1', of('y'));
  cache.dropSegment('one');
  expect(cache.usedBytes).toBe(10);
  expect(await cache.get('one-more:1', never)).toBe('y');
});
