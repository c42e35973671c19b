import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_TOKENS, type IndexConfig } from '#protocol/index-config.ts';
import { buildAndOpen, idxSource, recordOf } from './segment-fixture.ts';
import type { SegmentInfo } from './segment.ts';
import { fileCrc, verifySegment, type SegmentDamage } from './verify-segment.ts';

const ROWS = 3000;
const CONFIG: IndexConfig = {
  line: { token: DEFAULT_TOKENS, caseSensitive: false, chn: false },
  keys: {
    status: { type: 'long', alias: '', doc_value: true, caseSensitive: false, chn: false },
    host: {
      type: 'text',
      alias: '',
      doc_value: true,
      token: [' '],
      caseSensitive: true,
      chn: false,
    },
  },
  max_text_len: 2048,
};

let directory = '';
let info: SegmentInfo;
let idx: Uint8Array;
let parquet: Uint8Array;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-verify-'));
  const record = recordOf(
    {
      topic: 'a topic',
      source: '10.0.0.1',
      tags: [],
      logs: Array.from({ length: ROWS }, (_, i) => ({
        time: 1_700_000_000 + i,
        contents: [
          { key: 'message', value: `request ${(i * 7919) % 9973} of user ${i % 100} took long` },
          { key: 'status', value: `${200 + (i % 5)}` },
          { key: 'host', value: `host-${i % 3}` },
          { key: 'trace', value: `4bf92f35${(i * 7919).toString(16).padStart(24, '0')}` },
        ],
      })),
    },
    1,
  );
  const reader = await buildAndOpen([record], { directory, id: 'one', indexConfig: CONFIG });
  idx = await readFile(join(directory, 'one.idx'));
  parquet = await readFile(join(directory, 'one.parquet'));
  info = { ...reader.info, parquetCrc: await fileCrc(idxSource(parquet)) };
});

afterAll(() => rm(directory, { recursive: true, force: true }));

function verify(files: {
  readonly idx?: Uint8Array;
  readonly parquet?: Uint8Array;
}): Promise<readonly SegmentDamage[]> {
  return verifySegment({
    info,
    idx: idxSource(files.idx ?? idx),
    parquet: idxSource(files.parquet ?? parquet),
  });
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 0x10;
  return copy;
}

/** Positions that are spread over [0, end), the last ones all of them. */
function positions(end: number, count: number): readonly number[] {
  const step = Math.max(1, Math.floor(end / count));
  const spread = Array.from({ length: Math.ceil(end / step) }, (_, i) => i * step);
  return [...new Set([...spread, ...Array.from({ length: 40 }, (_, i) => end - 1 - i)])];
}

describe('verifying a segment', () => {
  test('finds nothing in sound files', async () => {
    expect(await verify({})).toEqual([]);
  });

  test('finds a flipped bit anywhere in the index', async () => {
    for (const at of positions(idx.length, 300)) {
      const damage = await verify({ idx: flipped(idx, at) });
      expect(
        damage.map(({ kind }) => kind),
        `byte ${at} of ${idx.length}`,
      ).toEqual(['index']);
    }
  });

  test('finds a flipped bit anywhere in the rows', async () => {
    for (const at of positions(parquet.length, 300)) {
      const damage = await verify({ parquet: flipped(parquet, at) });
      expect(
        damage.map(({ kind }) => kind),
        `byte ${at} of ${parquet.length}`,
      ).toEqual(['rows']);
    }
  });

  test.each([
    ['cut', (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 1)],
    ['empty', () => new Uint8Array(0)],
    ['of zeros', (bytes: Uint8Array) => new Uint8Array(bytes.length)],
  ])('finds files that are %s', async (_, change) => {
    const damage = await verify({ idx: change(idx), parquet: change(parquet) });
    expect(damage.map(({ kind }) => kind)).toEqual(['index', 'rows']);
  });

  test('finds the files of another segment', async () => {
    const other = { ...info, id: 'two' };
    const damage = await verifySegment({
      info: other,
      idx: idxSource(idx),
      parquet: idxSource(parquet),
    });
    expect(damage).toMatchObject([{ kind: 'index' }]);
  });

  test('can be given up', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    const given = verifySegment({ info, idx: idxSource(idx), parquet: idxSource(parquet), signal });
    await expect(given).rejects.toThrow('enough');
  });
});
