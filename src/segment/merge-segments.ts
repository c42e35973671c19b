/** Merging segments: the rows of all inputs become one segment, or one for each day. */
import { isDeepStrictEqual } from 'node:util';
import { AppError, errorCode } from '#base/app-error.ts';
import { assert, must } from '#base/assert.ts';
import type { ByteSource } from '#parquet/byte-source.ts';
import { ParquetFile } from '#parquet/parquet-file.ts';
import type { FileHandle, Files } from '#platform/files.ts';
import { BlockCache } from './block-cache.ts';
import { guarded, type IdxInfo } from './idx-codec.ts';
import {
  MERGE_BLOCK_BYTES_MAX,
  MERGE_CACHE_BYTES,
  MERGE_DAYS_MAX,
  MERGE_INPUTS_MAX,
} from './limits.ts';
import { collectIndexes, mergeIndexes, type IndexPiece } from './merge-index.ts';
import { MergeInput } from './merge-input.ts';
import { mergeOrder, type MergeOrder, type OutputOrder } from './merge-order.ts';
import { mergeRows, type MergedRows } from './merge-rows.ts';
import type { SegmentMergeInput, SegmentMergeRequest } from './segment-builder.ts';
import type { SegmentInfo } from './segment.ts';
import { verifySegment } from './verify-segment.ts';
import { writeFile } from './write-file.ts';

/**
 * As `SegmentBuilder.merge`. Memory: the indexes of the inputs, those of the results when there are several, a row group of the
 * rows, about 35 bytes a row, and some 100 MB besides: of 1 GB of logs (80 MB of indexes, 3 million rows) 360 MB were measured
 * without the rows. Errors: also SegmentsDiffer (they were built with different index configurations), SegmentVersionUnknown.
 */
export async function mergeSegments(
  request: SegmentMergeRequest,
  options: { readonly files: Files },
): Promise<readonly SegmentInfo[]> {
  const { inputs, daysMax } = request;
  assert(inputs.length > 0 && inputs.length <= MERGE_INPUTS_MAX, 'a merge has 1 to 255 inputs');
  assert(daysMax >= 1 && daysMax <= MERGE_DAYS_MAX, 'a merge has 1 to 255 results');
  await using opened = new OpenInputs(options.files);
  try {
    for (const input of inputs) await opened.add(input);
    const order = await guarded('time column', async () =>
      mergeOrder(
        opened.indexes.map((index) => index.times()),
        daysMax,
      ),
    );
    const rows = order.outputs.map((output) => opened.rowsOf(output, request));
    const infos = rows.map(({ columns, restFields }, number): IdxInfo => ({
      segment: segmentOf(request, order, number),
      indexConfig: opened.indexConfig,
      columns,
      restFields,
    }));
    const results = { infos, storage: request.storage };
    const pieces = mergeIndexes(opened.indexes, order, results);
    const indexBytes = await guarded('index', () =>
      writeIndexes(pieces, request, options.files, infos),
    );
    return await writeResults(request, options.files, { infos, indexBytes, rows });
  } catch (error) {
    throw await withSegmentId(error, opened, inputs);
  }
}

interface Results {
  readonly infos: readonly IdxInfo[];
  /** Sizes of the index files, which are written. */
  readonly indexBytes: readonly number[];
  readonly rows: readonly MergedRows[];
}

/**
 * Writes the index files; their sizes. A single one goes to its file as it is made: it may be that of a large compaction.
 * Several are made at the same time, and collected.
 */
async function writeIndexes(
  pieces: Iterable<IndexPiece>,
  { directory }: SegmentMergeRequest,
  files: Files,
  infos: readonly IdxInfo[],
): Promise<readonly number[]> {
  const sizes: number[] = [];
  const contents = infos.length === 1 ? [bytesOf(pieces)] : collectIndexes(pieces, infos.length);
  for (const [number, content] of contents.entries())
    sizes.push(await writeFile(files, `${directory}/${infos[number]!.segment.id}.idx`, content));
  return sizes;
}

function* bytesOf(pieces: Iterable<IndexPiece>): Generator<Uint8Array> {
  for (const { bytes } of pieces) yield bytes;
}

async function writeResults(
  { directory }: SegmentMergeRequest,
  files: Files,
  { infos, indexBytes, rows }: Results,
): Promise<readonly SegmentInfo[]> {
  const results: SegmentInfo[] = [];
  for (const [number, { segment }] of infos.entries()) {
    const path = `${directory}/${segment.id}`;
    const parquetBytes = await writeFile(files, `${path}.parquet`, rows[number]!.pieces);
    results.push({ ...segment, parquetBytes, indexBytes: indexBytes[number]! });
  }
  await files.syncDirectory(directory);
  return results;
}

/** The inputs of a merge with their open files. */
class OpenInputs implements AsyncDisposable {
  readonly indexes: MergeInput[] = [];
  readonly sources: { readonly idx: ByteSource; readonly parquet: ByteSource }[] = [];
  readonly #files: Files;
  readonly #rows: ParquetFile[] = [];
  readonly #handles: FileHandle[] = [];
  readonly #cache: BlockCache = new BlockCache(MERGE_CACHE_BYTES);

  constructor(files: Files) {
    this.#files = files;
  }

  get indexConfig(): IdxInfo['indexConfig'] {
    return must(this.indexes[0], 'an input').info.indexConfig;
  }

  async add({ info, indexPath, parquetPath }: SegmentMergeInput): Promise<void> {
    const idx = await this.#open(indexPath);
    const parquet = await this.#open(parquetPath);
    this.sources.push({ idx, parquet });
    const bytes = await idx.read(0, idx.sizeBytes);
    const index = await guarded('index', () => MergeInput.open(bytes, MERGE_BLOCK_BYTES_MAX));
    const { segment, indexConfig } = index.info;
    if (segment.id !== info.id || segment.rowCount !== info.rowCount)
      throw new AppError('SegmentDamaged', 'index belongs to another segment');
    if (this.indexes.length > 0 && !isDeepStrictEqual(indexConfig, this.indexConfig))
      throw new AppError('SegmentsDiffer', 'segments have different index configurations');
    this.indexes.push(index);
    const cacheKey = info.id;
    this.#rows.push(await ParquetFile.open({ source: parquet, cache: this.#cache, cacheKey }));
  }

  rowsOf({ inputOf, rowOf }: OutputOrder, { storage }: SegmentMergeRequest): MergedRows {
    const inputs = this.indexes.map(({ info: { columns, restFields } }, number) => ({
      file: this.#rows[number]!,
      columns,
      restFields,
    }));
    return mergeRows({ inputs, inputOf, rowOf, indexConfig: this.indexConfig, storage });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#handles.map((handle) => handle.close()));
  }

  async #open(path: string): Promise<ByteSource> {
    const handle = await this.#files.open(path, 'read');
    this.#handles.push(handle);
    return {
      sizeBytes: await handle.size(),
      read: async (offset, length, bytes = new Uint8Array(length)) => {
        return bytes.subarray(0, await handle.read(bytes, offset));
      },
    };
  }
}

/** What is known of a result before it is written; sizes by its share of the rows. */
function segmentOf(
  request: SegmentMergeRequest,
  { outputs }: MergeOrder,
  number: number,
): IdxInfo['segment'] {
  const infos = request.inputs.map(({ info }) => info);
  const { times } = must(outputs[number], 'an output');
  const rowCount = infos.reduce((sum, info) => sum + info.rowCount, 0);
  const rawBytes = infos.reduce((sum, info) => sum + info.rawBytes, 0);
  return {
    id: `${request.idPrefix}-${number}`,
    shardId: request.shardId,
    firstSequence: Math.min(...infos.map(({ firstSequence }) => firstSequence)),
    nextSequence: Math.max(...infos.map(({ nextSequence }) => nextSequence)),
    rowCount: times.length,
    rawBytes: Math.round((rawBytes * times.length) / rowCount),
    minTime: must(times[0], 'a row'),
    maxTime: must(times.at(-1), 'a row'),
    maxReceiveTimeMs: Math.max(...infos.map(({ maxReceiveTimeMs }) => maxReceiveTimeMs)),
  };
}

/** Says which input is damaged, so that it can be built again: it is the first in which a second look finds damage. */
async function withSegmentId(
  error: unknown,
  opened: OpenInputs,
  inputs: readonly SegmentMergeInput[],
): Promise<unknown> {
  const code = errorCode(error);
  if (code !== 'SegmentDamaged' && code !== 'SegmentVersionUnknown') return error;
  for (const [number, source] of opened.sources.entries()) {
    const { info } = inputs[number]!;
    const damages = await verifySegment({ info, ...source });
    if (damages.length === 0) continue;
    const details = { segmentId: info.id };
    return new AppError(code, `cannot merge segment: ${damages[0]!.what}`, {
      cause: error,
      details,
    });
  }
  return error;
}
