import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { joinChunks, putTexts, type RowRuns } from './join-chunks.ts';
import { cellsOf, chunkOf, type Cell } from './parquet-fixture.ts';

const cell: fc.Arbitrary<Cell> = fc.option(fc.constantFrom('', 'a', 'bb', '字', 'GET', 'é'), {
  nil: undefined,
});

/** Runs over chunks of these sizes, as the numbers pick them; rows may be left out. */
function runsOf(sizes: readonly number[], picks: readonly number[]): RowRuns {
  const next = sizes.map(() => 0);
  const runs: { chunk: number; source: number; count: number }[] = [];
  for (const pick of picks) {
    const chunk = pick % sizes.length;
    const source = next[chunk]! + (pick % 3);
    const count = Math.min(1 + (pick % 40), sizes[chunk]! - source);
    if (count <= 0) continue;
    runs.push({ chunk, source, count });
    next[chunk] = source + count;
  }
  return {
    chunks: Uint32Array.from(runs, ({ chunk }) => chunk),
    sources: Uint32Array.from(runs, ({ source }) => source),
    counts: Uint32Array.from(runs, ({ count }) => count),
  };
}

function naive(columns: readonly (readonly Cell[] | undefined)[], runs: RowRuns): Cell[] {
  return [...runs.counts].flatMap((count, run) =>
    Array.from({ length: count }, (_, i) => columns[runs.chunks[run]!]?.[runs.sources[run]! + i]),
  );
}

test('runs of any chunks are the cells that they name', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({ cells: fc.array(cell, { minLength: 1, maxLength: 150 }), kind: fc.nat(4) }),
        { minLength: 1, maxLength: 4 },
      ),
      fc.array(fc.nat(1000), { maxLength: 40 }),
      (columns, picks) => {
        const full = columns.map(({ cells, kind }) =>
          kind === 4 ? cells.map((one) => one ?? 'x') : cells,
        );
        const present = full.map((cells, i) => (columns[i]!.kind === 3 ? undefined : cells));
        const chunks = present.map((cells, i) => cells && chunkOf(cells, columns[i]!.kind > 0));
        const runs = runsOf(
          full.map(({ length }) => length),
          picks,
        );
        const wanted = naive(present, runs);
        const joined = joinChunks(wanted.length, chunks, runs);
        expect(joined === undefined ? wanted.map(() => undefined) : cellsOf(joined)).toEqual(
          wanted,
        );
        const texts = new Map(picks.map((pick) => [pick, Buffer.from(`text ${pick}`)]));
        const put = putTexts(wanted.length, joined, texts);
        expect(put === undefined ? wanted.map(() => undefined) : cellsOf(put)).toEqual(
          wanted.map((one, row) => texts.get(row)?.toString() ?? one),
        );
      },
    ),
    { numRuns: 300 },
  );
});

test('a large text that many rows share stays one', () => {
  const large = 'x'.repeat(1 << 20);
  const repeated = chunkOf(Array.from<Cell>({ length: 60_000 }).fill(large), true);
  const direct = chunkOf(['a', 'b'], false);
  const joined = joinChunks(60_002, [repeated, direct], {
    chunks: Uint32Array.of(0, 1),
    sources: Uint32Array.of(0, 0),
    counts: Uint32Array.of(60_000, 2),
  });
  expect(joined?.strings.starts.length).toBe(3);
  expect(joined?.ids?.slice(59_999)).toEqual(Uint32Array.of(0, 1, 2));
});
