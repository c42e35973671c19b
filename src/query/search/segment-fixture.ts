/** For tests: real segments in a temporary folder, built from logs as texts. */
import { mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must } from '#base/assert.ts';
import { RealFiles } from '#platform/real-files.ts';
import { encodeLogGroup, type LogGroup } from '#protocol/log-group.ts';
import type { IndexConfig } from '#protocol/index-config.ts';
import { BlockCache } from '#segment/block-cache.ts';
import { buildSegment } from '#segment/build-segment.ts';
import { mergeSegments } from '#segment/merge-segments.ts';
import { openSegment } from '#segment/open-segment.ts';
import type { SegmentInfo, SegmentReader } from '#segment/segment.ts';

/** A log as field texts; `__time__` (Unix seconds), `__source__`, `__topic__` and tags are taken out. */
export type FixtureLog = Readonly<Record<string, string | number>>;

const CACHE_BYTES = 16 * 1024 * 1024;

export class SegmentFixture implements AsyncDisposable {
  readonly directory: string;
  readonly #cache: BlockCache = new BlockCache(CACHE_BYTES);
  #count = 0;
  #nextSequence = 1;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async create(): Promise<SegmentFixture> {
    return new SegmentFixture(await mkdtemp(join(tmpdir(), 'sluice-query-')));
  }

  /** One segment of these logs, each a log group of its own. */
  async build(logs: readonly FixtureLog[], index: IndexConfig): Promise<SegmentReader> {
    const id = `s${++this.#count}`;
    const records = logs.map((log) => {
      const payload = encodeLogGroup(groupOfLog(log));
      return {
        sequence: this.#nextSequence++,
        compression: 'none' as const,
        payload,
        rawBytes: payload.length,
        logCount: 1,
        receiveTimeMs: 1,
        clientAddress: '',
      };
    });
    const built = await buildSegment(
      {
        id,
        shardId: 0,
        records,
        indexConfig: index,
        appendMeta: false,
        storage: 'stored',
        directory: this.directory,
      },
      { files: new RealFiles() },
    );
    return await this.#open(must(built, 'a fixture segment has logs'));
  }

  /** One segment of the rows of segments that were built with the same configuration one after the other. */
  async merge(readers: readonly SegmentReader[]): Promise<SegmentReader> {
    const infos = await mergeSegments(
      {
        idPrefix: `m${++this.#count}`,
        shardId: 0,
        inputs: readers.map(({ info, parquetPath }) => ({
          info,
          parquetPath,
          indexPath: join(this.directory, `${info.id}.idx`),
        })),
        directory: this.directory,
        storage: 'stored',
        daysMax: 1,
      },
      { files: new RealFiles() },
    );
    return await this.#open(must(infos[0], 'a merge has a result'));
  }

  async #open(info: SegmentInfo): Promise<SegmentReader> {
    const path = join(this.directory, info.id);
    const { size } = await stat(`${path}.idx`);
    return openSegment({
      info,
      idx: { sizeBytes: size, read: (offset, length) => readPart(`${path}.idx`, offset, length) },
      parquetPath: `${path}.parquet`,
      parquet: {
        sizeBytes: info.parquetBytes,
        read: (offset, length) => readPart(`${path}.parquet`, offset, length),
      },
      cache: this.#cache,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}

async function readPart(path: string, offset: number, length: number): Promise<Uint8Array> {
  await using file = await open(path);
  const buffer = new Uint8Array(length);
  const { bytesRead } = await file.read(buffer, 0, length, offset);
  return buffer.subarray(0, bytesRead);
}

/** A log group of this log alone. */
export function groupOfLog(log: FixtureLog): LogGroup {
  const { __time__, __time_ns_part__, __source__, __topic__, ...fields } = log;
  const pairs = Object.entries(fields).map(([key, value]) => ({ key, value: String(value) }));
  const tagPrefix = '__tag__:';
  return {
    topic: String(__topic__ ?? ''),
    source: String(__source__ ?? ''),
    tags: pairs
      .filter(({ key }) => key.startsWith(tagPrefix))
      .map(({ key, value }) => ({ key: key.slice(tagPrefix.length), value })),
    logs: [
      {
        time: Number(__time__ ?? 1_700_000_000),
        timeNs: __time_ns_part__ === undefined ? undefined : Number(__time_ns_part__),
        contents: pairs.filter(({ key }) => !key.startsWith(tagPrefix)),
      },
    ],
  };
}
