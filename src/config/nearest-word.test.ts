import { describe, expect, it } from 'vitest';
import { nearestWord } from './nearest-word.ts';

describe('nearest word', () => {
  const words = ['server', 'start', 'scrub', 'logtail'];

  it('is the one with the fewest changes', () => {
    expect(nearestWord('scrb', words)).toBe('scrub');
    expect(nearestWord('strat', words)).toBe('start');
    expect(nearestWord('log-tail', words)).toBe('logtail');
  });

  it('is none when all are far', () => {
    expect(nearestWord('backup', words)).toBeUndefined();
    expect(nearestWord('x', words)).toBeUndefined();
    expect(nearestWord('scrub', [])).toBeUndefined();
  });
});
