/** The comparison with the plain twins is in `#segment/log-build.fuzz.test.ts`, which has logs and index configurations. */
import { describe, expect, test } from 'vitest';
import { errorCode } from '#base/app-error.ts';
import { encodeLogGroup } from '#protocol/log-group.ts';
import { BuildKernel } from './build-kernel.ts';
import type { TermIndex } from './term-index.ts';
import { compileTokenizer } from './tokenizer.ts';

function groupOf(time: number, status: string): Uint8Array {
  const contents = [
    { key: 'a', value: 'Hello W' },
    { key: 's', value: status },
  ];
  return encodeLogGroup({ logs: [{ time, contents }], topic: 't', source: '', tags: [] });
}

const GROUP = groupOf(5, '200');
const EARLIER = groupOf(4, '404');

const host = {
  leaf: (): undefined => undefined,
  number: (_type: string, bytes: Uint8Array): number => bytes.length,
};
const words = compileTokenizer({ token: [' '], caseSensitive: false, chn: false });

function flat(terms: TermIndex): Record<string, number[]> {
  const found: Record<string, number[]> = {};
  for (const term of terms.order) {
    const text = terms.arena.subarray(terms.offsets[term], terms.offsets[term + 1]);
    const rows = [...terms.rows.subarray(terms.rowStarts[term], terms.rowStarts[term + 1])];
    for (const set of terms.sets.subarray(terms.setStarts[term], terms.setStarts[term + 1]))
      rows.push(...terms.setRows.subarray(terms.setRowStarts[set], terms.setRowStarts[set + 1]));
    found[Buffer.from(text).toString()] = [...new Set(rows)].sort((a, b) => a - b);
  }
  return found;
}

describe('the build kernel', () => {
  test('turns groups into terms, numbers and columns in order of time', () => {
    const kernel = new BuildKernel();
    kernel.begin(GROUP.length * 2, 2, host);
    expect(kernel.addGroup(GROUP, [['ip', '::1']])).toBe(true);
    expect(kernel.addGroup(EARLIER, [])).toBe(true);
    const names = kernel.fieldNames();
    expect(names).toEqual(['__topic__', '__source__', '__tag__:ip', 'a', 's']);
    kernel.setLine(kernel.textTarget(0, words));
    for (const [field, name] of names.entries())
      kernel.setTargets(field, {
        line: name !== 's' && kernel.isUsed(field),
        lineValue: name === 'a',
        own: name === '__topic__' ? kernel.textTarget(1, words) : undefined,
        numeric: name === 's' ? { column: 0, type: 'long' } : undefined,
        json: undefined,
      });
    const order = kernel.sort();
    expect([...order!]).toEqual([1, 0]);
    kernel.invert(true);
    expect(flat(kernel.finish(2))).toEqual({
      __source__: [0, 1],
      '__tag__:ip': [1],
      __topic__: [0, 1],
      a: [0, 1],
      hello: [0, 1],
      t: [0, 1],
      w: [0, 1],
    });
    expect(kernel.numbers(1).map(({ rows, values }) => [[...rows], [...values]])).toEqual([
      [
        [0, 1],
        [404, 200],
      ],
    ]);
    const column = kernel.column(3, 0, 2)!;
    expect([[...column.ids!], column.strings.starts.length]).toEqual([[0, 0], 1]);
    expect([...kernel.column(2, 0, 2)!.present!]).toEqual([2]);
  });

  test('refuses a damaged group and what memory cannot hold, and goes on after both', () => {
    const kernel = new BuildKernel();
    kernel.begin(GROUP.length, 1, host);
    expect(kernel.addGroup(GROUP.subarray(0, GROUP.length - 1), [])).toBe(false);
    const huge = (): void => kernel.begin(2 ** 28, 1, host);
    expect(huge).toThrow('too many bytes');
    try {
      huge();
    } catch (error) {
      expect(errorCode(error)).toBe('BuildTooLarge');
    }
    kernel.begin(GROUP.length, 1, host);
    expect(kernel.addGroup(GROUP, [])).toBe(true);
    expect(kernel.rowCount).toBe(1);
  });
});
