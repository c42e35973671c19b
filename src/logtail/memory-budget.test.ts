import { expect, test } from 'vitest';
import { MemoryBudget } from './memory-budget.ts';

const never = new AbortController().signal;

test('waits when it is used up and goes on in order', async () => {
  const budget = new MemoryBudget({ totalBytes: 100, targetCount: 1 });
  const order: string[] = [];
  await budget.acquire('a', 60, never);
  await budget.acquire('a', 40, never);
  const waiting = ['x', 'y'].map((name) =>
    budget.acquire('a', 50, never).then(() => order.push(name)),
  );
  await Promise.resolve();
  expect(order).toEqual([]);
  budget.release('a', 60);
  await waiting[0];
  expect(order).toEqual(['x']);
  budget.release('a', 40);
  await Promise.all(waiting);
  expect(order).toEqual(['x', 'y']);
  expect(budget.usedBytes).toBe(100);
});

test('a target that stands still leaves half to the others', async () => {
  const budget = new MemoryBudget({ totalBytes: 100, targetCount: 2 });
  await budget.acquire('stuck', 50, never);
  const stop = new AbortController();
  const more = budget.acquire('stuck', 10, stop.signal);
  await budget.acquire('other', 50, never);
  stop.abort(new Error('stop'));
  await expect(more).rejects.toThrow('stop');
});

test('one batch larger than the budget passes when nothing else of its target is on its way', async () => {
  const budget = new MemoryBudget({ totalBytes: 100, targetCount: 1 });
  await budget.acquire('a', 500, never);
  budget.release('a', 500);
  expect(budget.usedBytes).toBe(0);
});
