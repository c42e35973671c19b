/** Merging segments: the rows of all inputs become one segment, or one for each day. */
import { must } from '#base/assert.ts';
import type { ByteSource } from '#parquet/byte-source.ts';
import type { Files } from '#platform/files.ts';
import { encodeLogGroup, type Log } from '#protocol/log-group.ts';
import { BlockCache } from './block-cache.ts';
import { buildSegment } from './build-segment.ts';
import { openSegment } from './open-segment.ts';
import { TIME_COLUMN, TIME_NS_COLUMN } from './columns.ts';
import type { LogRow } from './log-row.ts';
import type { SegmentMergeRequest } from './segment-builder.ts';
import type { SegmentInfo } from './segment.ts';

const DAY_SECONDS = 86_400;

/** As `SegmentBuilder.merge`. */
export async function mergeSegments(
  request: SegmentMergeRequest,
  options: { readonly files: Files },
): Promise<readonly SegmentInfo[]> {
  const logs: Log[] = [];
  const cache = new BlockCache(0);
  for (const one of request.inputs) {
    const idx = sourceOf(await readFile(options.files, one.indexPath));
    const parquet = sourceOf(await readFile(options.files, one.parquetPath));
    const reader = await openSegment({ ...one, idx, parquet, cache });
    const rows = Array.from({ length: one.info.rowCount }, (_, row) => row);
    for (const row of await reader.logs(rows)) logs.push(logOf(row));
  }
  const first = must(request.inputs[0], 'an input');
  const idx = sourceOf(await readFile(options.files, first.indexPath));
  const { indexConfig } = await openSegment({ ...first, idx, parquet: idx, cache });
  const results: SegmentInfo[] = [];
  for (const [n, group] of splitByDay(logs, request.daysMax).entries()) {
    const payload = encodeLogGroup({ topic: '', source: '', tags: [], logs: group });
    const built = await buildSegment(
      {
        id: `${request.idPrefix}-${n}`,
        shardId: request.shardId,
        records: [
          {
            sequence: 1,
            compression: 'none',
            payload,
            rawBytes: payload.length,
            logCount: group.length,
            receiveTimeMs: 0,
            clientAddress: '',
          },
        ],
        indexConfig,
        appendMeta: false,
        directory: request.directory,
        storage: request.storage,
      },
      options,
    );
    if (built !== undefined)
      results.push({ ...built, ...rangeOf(request, group.length / logs.length) });
  }
  return results;
}

function rangeOf(
  { inputs }: SegmentMergeRequest,
  share: number,
): Pick<SegmentInfo, 'firstSequence' | 'nextSequence' | 'rawBytes' | 'maxReceiveTimeMs'> {
  const infos = inputs.map(({ info }) => info);
  return {
    firstSequence: Math.min(...infos.map(({ firstSequence }) => firstSequence)),
    nextSequence: Math.max(...infos.map(({ nextSequence }) => nextSequence)),
    rawBytes: Math.round(infos.reduce((sum, { rawBytes }) => sum + rawBytes, 0) * share),
    maxReceiveTimeMs: Math.max(...infos.map(({ maxReceiveTimeMs }) => maxReceiveTimeMs)),
  };
}

function sourceOf(bytes: Uint8Array): ByteSource {
  return {
    sizeBytes: bytes.length,
    read: async (at, length) => bytes.slice(at, at + length),
  };
}

function logOf(row: LogRow): Log {
  const fixed = [TIME_COLUMN, TIME_NS_COLUMN];
  const contents = Object.entries(row)
    .filter(([key]) => !fixed.includes(key))
    .map(([key, value]) => ({ key, value }));
  return {
    time: Number(row[TIME_COLUMN]),
    timeNs: Number(row[TIME_NS_COLUMN] ?? 0),
    contents,
  };
}

function splitByDay(logs: readonly Log[], daysMax: number): readonly (readonly Log[])[] {
  const days = Map.groupBy(logs, ({ time }) => Math.floor(time / DAY_SECONDS));
  const byCount = [...days.values()].sort((a, b) => b.length - a.length);
  if (byCount.length <= daysMax) return byCount;
  return [...byCount.slice(0, daysMax - 1), byCount.slice(daysMax - 1).flat()];
}

async function readFile(files: Files, path: string): Promise<Uint8Array> {
  const handle = await files.open(path, 'read');
  try {
    const bytes = new Uint8Array(await handle.size());
    await handle.read(bytes, 0);
    return bytes;
  } finally {
    await handle.close();
  }
}
