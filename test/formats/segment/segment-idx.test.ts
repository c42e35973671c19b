/** Files of `.idx` versions that were ever written. They are never made again; a new version adds a file. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { errorCode } from '#base/app-error.ts';
import { BlockCache } from '#segment/block-cache.ts';
import { openSegment } from '#segment/open-segment.ts';

const ROWS = 2000;

function open(bytes: Uint8Array, id: string): ReturnType<typeof openSegment> {
  return openSegment({
    info: {
      id,
      shardId: 2,
      firstSequence: 11,
      nextSequence: 15,
      rowCount: ROWS,
      rawBytes: 0,
      minTime: 1_700_000_000,
      maxTime: 1_700_000_285,
      maxReceiveTimeMs: 0,
      parquetBytes: 0,
      indexBytes: bytes.length,
    },
    idx: {
      sizeBytes: bytes.length,
      read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
    },
    parquetPath: '',
    parquet: { sizeBytes: 0, read: () => Promise.resolve(new Uint8Array(0)) },
    cache: new BlockCache(1 << 20),
  });
}

test('version 1 is known to be another version, so that the segment is built again', async () => {
  const bytes = await readFile(join(import.meta.dirname, 'v1.idx'));
  expect(await open(bytes, 'golden-1').catch(errorCode)).toBe('SegmentVersionUnknown');
});
