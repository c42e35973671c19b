/** Merging segments: the rows of all inputs become one segment, or one for each day. */
import { tableFromIPC, type Table } from 'apache-arrow';
import { readParquet } from 'parquet-wasm';
import { must } from '#base/assert.ts';
import type { Files } from '#platform/files.ts';
import { encodeLogGroup, type Log } from '#protocol/log-group.ts';
import { BlockCache } from './block-cache.ts';
import { buildSegment } from './build-segment.ts';
import { openSegment } from './open-segment.ts';
import { REST_COLUMN, TIME_COLUMN, TIME_NS_COLUMN } from './columns.ts';
import type { SegmentMergeRequest } from './segment-builder.ts';
import type { SegmentInfo } from './segment.ts';

const DAY_SECONDS = 86_400;

/** As `SegmentBuilder.merge`. */
export async function mergeSegments(
  request: SegmentMergeRequest,
  options: { readonly files: Files },
): Promise<readonly SegmentInfo[]> {
  const logs: Log[] = [];
  for (const { parquetPath } of request.inputs)
    for (const log of readLogs(await readFile(options.files, parquetPath))) logs.push(log);
  const first = must(request.inputs[0], 'an input');
  const index = await readFile(options.files, first.indexPath);
  const idx = {
    sizeBytes: index.length,
    read: async (at: number, length: number): Promise<Uint8Array> => index.slice(at, at + length),
  };
  const { indexConfig } = await openSegment({ ...first, idx, cache: new BlockCache(0) });
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

function readLogs(parquet: Uint8Array): readonly Log[] {
  const table: Table = tableFromIPC(readParquet(parquet).intoIPCStream());
  return table.toArray().map((row: Record<string, unknown>) => {
    const contents: { key: string; value: string }[] = [];
    for (const { name } of table.schema.fields) {
      const value = row[name];
      if (typeof value !== 'string') continue;
      if (name === REST_COLUMN)
        for (const [key, text] of Object.entries(JSON.parse(value) as Record<string, string>))
          contents.push({ key, value: text });
      else contents.push({ key: name, value });
    }
    const timeNs = row[TIME_NS_COLUMN];
    return { time: Number(row[TIME_COLUMN]), timeNs: Number(timeNs ?? 0), contents } as Log;
  });
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
