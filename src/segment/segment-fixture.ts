/** What the tests of segments share: records from plain logs, and opening what was built. */
import { readFile } from 'node:fs/promises';
import { must } from '#base/assert.ts';
import type { Bitset } from '#kernel/bitset.ts';
import type { LogRecord } from '#loghub/shard-log.ts';
import { RealFiles } from '#platform/real-files.ts';
import { compress } from '#protocol/compression.ts';
import type { CompressionType } from '#protocol/compression-type.ts';
import type { IndexConfig } from '#protocol/index-config.ts';
import { encodeLogGroup, type LogGroup } from '#protocol/log-group.ts';
import { BlockCache } from './block-cache.ts';
import { buildSegment } from './build-segment.ts';
import type { IdxSource } from './idx-blocks.ts';
import { openSegment } from './open-segment.ts';
import type { SegmentReader } from './segment.ts';

export function recordOf(
  group: LogGroup<string | Uint8Array>,
  sequence: number,
  compression: CompressionType = 'lz4',
): LogRecord {
  const raw = encodeLogGroup(group);
  return {
    sequence,
    compression,
    payload: compress(compression, raw),
    rawBytes: raw.length,
    logCount: group.logs.length,
    receiveTimeMs: 1_700_000_100_000 + sequence,
    clientAddress: '192.0.2.1',
  };
}

export function idxSource(bytes: Uint8Array): IdxSource {
  return {
    sizeBytes: bytes.length,
    read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
  };
}

export interface FixtureRequest {
  readonly directory: string;
  readonly id: string;
  readonly indexConfig: IndexConfig;
  readonly appendMeta?: boolean | undefined;
}

/** Builds a segment in this thread and opens it. */
export async function buildAndOpen(
  records: readonly LogRecord[],
  request: FixtureRequest,
): Promise<SegmentReader> {
  const { directory, id } = request;
  const built = await buildSegment(
    {
      shardId: 3,
      records,
      storage: 'stored',
      ...request,
      appendMeta: request.appendMeta ?? false,
    },
    { files: new RealFiles() },
  );
  return openSegment({
    info: must(built, 'the records hold logs'),
    idx: idxSource(await readFile(`${directory}/${id}.idx`)),
    parquetPath: `${directory}/${id}.parquet`,
    parquet: idxSource(await readFile(`${directory}/${id}.parquet`)),
    cache: new BlockCache(1 << 20),
  });
}

export function rowsOf(set: Bitset | undefined): number[] {
  const rows: number[] = [];
  set?.forEach((row) => rows.push(row));
  return rows;
}

/** Every term of a field's dictionary, in its order. Ids have no text in the index: a `z` keeps them out. */
export async function termsOf(reader: SegmentReader, field: string): Promise<string[]> {
  const terms: string[] = [];
  const collect = (term: string): boolean => {
    terms.push(term);
    return false;
  };
  await reader.termsMatching(field, { prefix: '', matches: collect, rest: '*z*' }, 1);
  return terms;
}
