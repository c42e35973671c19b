/** Building one segment from log groups: the work itself, in the calling thread. */
import { timeOrder } from '#kernel/sort-rows.ts';
import type { Files } from '#platform/files.ts';
import { arrowBatches } from './arrow-batches.ts';
import { chooseColumns } from './columns.ts';
import type { IdxInfo } from './idx-codec.ts';
import { encodeIdx } from './idx-writer.ts';
import { buildIndex } from './index-builder.ts';
import { REST_FIELDS_LISTED_MAX, ROW_GROUP_ROWS } from './limits.ts';
import { LogCells } from './log-cells.ts';
import { parquetPieces } from './parquet-writer.ts';
import { plainTermIndex } from './plain-term-index.ts';
import type { SegmentBuildRequest, SegmentBuildResult } from './segment-builder.ts';
import { writeFile } from './write-file.ts';

/** What a build does one after the other; `parquet` and `arrow` alternate. */
export type BuildStage = 'walk' | 'index' | 'encode' | 'arrow' | 'parquet' | 'write';

export interface BuildOptions {
  readonly files: Files;
  /** Told of each stage as it begins. */
  readonly onStage?: ((stage: BuildStage) => void) | undefined;
}

/**
 * Writes `<id>.parquet` and `<id>.idx` into the folder, both synced with their names when it resolves.
 * Memory: about six times the raw bytes at most. Errors: what is wrong with a record (PostBodyInvalid,
 * PostBodyUncompressError, InvalidTimestamp), BuildTooLarge, and those of the files.
 */
export async function buildSegment(
  request: SegmentBuildRequest,
  options: BuildOptions,
): Promise<SegmentBuildResult> {
  const stage = options.onStage ?? ((): void => undefined);
  stage('walk');
  const rawBytes = request.records.reduce((sum, record) => sum + record.rawBytes, 0);
  const cells = new LogCells(rawBytes);
  for (const record of request.records) cells.addRecord(record, request.appendMeta);
  if (cells.rowCount === 0) return undefined;
  const arrivals = cells.times.view();
  const order = timeOrder(arrivals, cells.timeNs.view());
  const times = order === undefined ? arrivals : order.map((row) => arrivals[row]!);
  const columns = chooseColumns(cells.fields.names, request.indexConfig);
  const names = cells.fields.names;
  const info: IdxInfo = {
    segment: segmentOf(request, times, rawBytes),
    indexConfig: request.indexConfig,
    columns: columns.columnFields.map((field) => ({ field: names[field]!, column: names[field]! })),
    restFields:
      columns.restFields.length > REST_FIELDS_LISTED_MAX
        ? null
        : columns.restFields.map((field) => names[field]!),
  };
  stage('index');
  const index = buildIndex(cells, order, request.indexConfig);
  stage('encode');
  const arrivalNs = cells.timeNs.view();
  const idx = encodeIdx({
    terms: plainTermIndex(index.postings, times.length),
    textFields: index.textFields,
    numericFields: index.numericFields,
    times,
    timeNs: order === undefined ? arrivalNs : order.map((row) => arrivalNs[row]!),
    info,
  });
  const path = `${request.directory}/${request.id}`;
  const batches = staged(arrowBatches({ cells, order, columns, rowsMax: ROW_GROUP_ROWS }), stage);
  stage('parquet');
  const parquetBytes = await writeFile(options.files, `${path}.parquet`, parquetPieces(batches));
  stage('write');
  const indexBytes = await writeFile(options.files, `${path}.idx`, idx);
  await options.files.syncDirectory(request.directory);
  return { ...info.segment, parquetBytes, indexBytes };
}

function segmentOf(
  request: SegmentBuildRequest,
  times: Uint32Array,
  rawBytes: number,
): IdxInfo['segment'] {
  const sequences = request.records.map((record) => record.sequence);
  return {
    id: request.id,
    shardId: request.shardId,
    firstSequence: sequences[0]!,
    nextSequence: sequences.at(-1)! + 1,
    rowCount: times.length,
    rawBytes,
    minTime: times[0]!,
    maxTime: times.at(-1)!,
    maxReceiveTimeMs: request.records.reduce((max, one) => Math.max(max, one.receiveTimeMs), 0),
  };
}

function* staged(
  batches: Iterable<Uint8Array>,
  stage: (name: BuildStage) => void,
): Generator<Uint8Array> {
  stage('arrow');
  for (const batch of batches) {
    stage('parquet');
    yield batch;
    stage('arrow');
  }
  stage('parquet');
}
