/** Building one segment from log groups: the work itself, in the calling thread. */
import { timeOrder } from '#kernel/sort-rows.ts';
import type { Files } from '#platform/files.ts';
import { cellChunks } from './cell-chunks.ts';
import { chooseColumns, REST_COLUMN } from './columns.ts';
import type { IdxInfo } from './idx-codec.ts';
import { encodeIdx } from './idx-writer.ts';
import { buildIndex } from './index-builder.ts';
import { REST_FIELDS_LISTED_MAX } from './limits.ts';
import { LogCells } from './log-cells.ts';
import { plainTermIndex } from './plain-term-index.ts';
import type { SegmentBuildRequest, SegmentBuildResult } from './segment-builder.ts';
import { writeFile } from './write-file.ts';
import { columnTypes, writeRows } from './write-rows.ts';

/** What a build does one after the other. */
export type BuildStage = 'walk' | 'columns' | 'index' | 'encode' | 'parquet' | 'write';

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
  stage('columns');
  const groups = [...cellChunks({ cells, order, columns })];
  const columnNames = columns.columnFields.map((field) => names[field]!);
  if (columns.restFields.length > 0) columnNames.push(REST_COLUMN);
  const types = columnTypes(groups, columnNames.length);
  const info: IdxInfo = {
    segment: segmentOf(request, times, rawBytes),
    indexConfig: request.indexConfig,
    columns: columns.columnFields.map((field, i) => ({
      field: names[field]!,
      column: names[field]!,
      type: types[i]!,
    })),
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
  stage('parquet');
  const rows = writeRows({ names: columnNames, types, groups, storage: request.storage });
  const parquetBytes = await writeFile(options.files, `${path}.parquet`, rows);
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
