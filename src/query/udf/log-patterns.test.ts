import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LEAF_PATTERNS_MAX, LOG_SHAPE_CHARS_MAX, ORIGINS_MAX } from '../limits.ts';
import { logPatterns, type ShapeCount } from './log-patterns.ts';
import { logShape } from './log-shape.ts';

describe('the shape of a log', () => {
  test.each([
    ['took 12 ms', 'took * ms'],
    ['took 1.5ms, -3, +4', 'took *ms, *, *'],
    ['id=aaaaaaaaaaaab3f0', 'id=*'],
    ['retry-3 of node7', 'retry-* of node*'],
    ['from 10.0.0.1:8080 to 192.168.0.0/16', 'from * to *'],
    ['peer fe80::1:2:3 is 2001:db8:0:0:1:2:3:4', 'peer * is *'],
    ['id 6f1b2c3d-0000-4abc-8def-0123456789ab ok', 'id * ok'],
    ['at 0xDEADbeef in 8f14e45fceea167a', 'at * in *'],
    ['2026-11-23T02:00:00.123Z up', '* up'],
    ['2026-11-23 02:00:00,123 up', '* *,* up'],
    ['[23/Nov/2026:02:00:00 +0800] "GET / HTTP/1.1" 200', '[* *] * *'],
    ['{"level":"INFO","ms":5}', '{"level":*,"ms":*}'],
    ["user 'bob' said: don't", "user * said: don't"],
    ["can't won't", "can't won't"],
    ['  a \t b\nc ', 'a b c'],
    ['日志 服务 3 次', '日志 服务 * 次'],
    ['an "open quote', 'an "open quote'],
    ['', ''],
  ])('%j is %j', (text, shape) => {
    expect(logShape(text)).toBe(shape);
  });

  test('is of the beginning of a long log', () => {
    expect(logShape(`${'a '.repeat(LOG_SHAPE_CHARS_MAX)}b`).length).toBeLessThanOrEqual(
      LOG_SHAPE_CHARS_MAX,
    );
  });

  test('has no digits', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(logShape(text.replaceAll('"', ''))).not.toMatch(/\d/);
      }),
    );
  });

  test.each(['"', "' ", '1a', ':', 'a1', '0x', '1,', '_', '-', '\t', "'x' ", '1234-56-78 '])(
    '%j over and over is read once',
    (part) => {
      // A pattern with steps back without end would be at it for hours.
      const shape = logShape(part.repeat(LOG_SHAPE_CHARS_MAX));
      expect(shape.length).toBeLessThanOrEqual(LOG_SHAPE_CHARS_MAX);
    },
  );
});

function once(shapes: readonly string[]): ShapeCount[] {
  return shapes.map((shape) => ({ shape, count: 1, countBefore: 0 }));
}

function texts(precision: number, shapes: readonly string[]): string[] {
  return logPatterns(precision, once(shapes)).map(({ pattern, count }) => `${count} ${pattern}`);
}

describe('patterns', () => {
  test('shapes that differ in a word are one', () => {
    expect(texts(3, ['job alpha done in *', 'job beta done in *', 'queue is full'])).toEqual([
      '2 job * done in *',
      '1 queue is full',
    ]);
  });

  test('shapes with another number of words are not', () => {
    expect(texts(16, ['job done', 'job done in *'])).toEqual(['1 job done', '1 job done in *']);
  });

  test('keep what stands between the words', () => {
    expect(texts(5, ['GET /a?x=y HTTP, [b]', 'GET /a?x=z HTTP, [b]'])).toEqual([
      '2 GET /a?x=* HTTP, [b]',
    ]);
  });

  test('do not depend on the order of the shapes', () => {
    const words = fc.array(fc.constantFrom('a', 'b', 'c', '*', 'd e', 'f=g'), { maxLength: 5 });
    const shapes = fc.array(
      words.map((parts) => parts.join(' ')),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(shapes, fc.integer({ min: 1, max: 16 }), (list, precision) => {
        const patterns = logPatterns(precision, once(list));
        expect(logPatterns(precision, once(list.toReversed()))).toEqual(patterns);
        expect(patterns.reduce((sum, { count }) => sum + count, 0)).toBe(list.length);
        expect(new Set(patterns.map(({ pattern }) => pattern)).size).toBe(patterns.length);
        expect(new Set(patterns.map(({ signature }) => signature)).size).toBe(patterns.length);
      }),
    );
  });

  test('count the earlier time apart', () => {
    const shapes = [
      { shape: 'x a', count: 5, countBefore: 0 },
      { shape: 'x a', count: 0, countBefore: 7 },
      { shape: 'gone', count: 0, countBefore: 1 },
    ];
    const patterns = logPatterns(3, shapes);
    expect(patterns.map((one) => [one.pattern, one.count, one.countBefore])).toEqual([
      ['x a', 5, 7],
      ['gone', 0, 1],
    ]);
  });

  test('have the signature of their text', () => {
    const [a] = logPatterns(3, once(['job alpha done in *', 'job beta done in *']));
    const [b] = logPatterns(3, once(['job alpha done in *', 'job gamma done in *']));
    expect(a?.signature).toBe(b?.signature);
    expect(a?.signature).toBeLessThan(2n ** 63n);
    expect(a?.originSignatures).toHaveLength(2);
    expect(a?.originSignatures).not.toEqual(b?.originSignatures);
  });

  test('of one leaf have a bound, and so have their origins', () => {
    const shapes = Array.from({ length: 500 }, (_, i) => {
      const letters = String(i).replaceAll(/\d/g, (digit) => 'abcdefghij'.charAt(Number(digit)));
      return `x ${letters} y${letters} z${letters}`;
    });
    const patterns = logPatterns(1, once(shapes));
    expect(patterns.length).toBeLessThanOrEqual(500);
    const coarse = logPatterns(3, once(shapes.map((shape) => `start ${shape}`)));
    expect(coarse.length).toBeLessThanOrEqual(LEAF_PATTERNS_MAX);
    expect(coarse.reduce((sum, { count }) => sum + count, 0)).toBe(500);
    for (const { originSignatures } of coarse)
      expect(originSignatures.length).toBeLessThanOrEqual(ORIGINS_MAX);
  });

  test('are of the beginning of long shapes', () => {
    const long = 'w '.repeat(5000);
    expect(texts(1, [`${long}a`, `${long}b`])).toHaveLength(1);
  });
});
