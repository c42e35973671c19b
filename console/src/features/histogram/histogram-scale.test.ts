import { describe, expect, test } from 'vitest';
import { CLICK_PX_MAX, dragWindow, placeOf, timeAt } from './histogram-scale.ts';

const WINDOW = { from: 1000, to: 2000 };

describe('histogram scale', () => {
  test('times and places are each other’s inverse', () => {
    expect(placeOf(timeAt(250, 500, WINDOW), 500, WINDOW)).toBe(250);
    expect(timeAt(-5, 500, WINDOW)).toBe(1000);
    expect(timeAt(900, 500, WINDOW)).toBe(2000);
  });

  test('a drag in either direction takes the same whole seconds', () => {
    const window = { from: 1200, to: 1601 };
    expect(dragWindow({ start: 100, end: 300.1 }, 500, WINDOW)).toEqual(window);
    expect(dragWindow({ start: 300.1, end: 100 }, 500, WINDOW)).toEqual(window);
  });

  test('a drag past the edge ends at the edge', () => {
    expect(dragWindow({ start: 400, end: 900 }, 500, WINDOW)).toEqual({ from: 1800, to: 2000 });
  });

  test('a drag inside one second takes that second', () => {
    const short = { from: 1000, to: 1002 };
    expect(dragWindow({ start: 490, end: 500 }, 500, short)).toEqual({ from: 1001, to: 1002 });
  });

  test('a press that hardly moved is no drag', () => {
    expect(dragWindow({ start: 100, end: 100 + CLICK_PX_MAX }, 500, WINDOW)).toBeUndefined();
  });
});
