/** Building one segment from log groups: the work itself, in the calling thread. */
import type { Files } from '#platform/files.ts';
import { buildChunks } from './build-chunks.ts';
import { chooseColumns, REST_COLUMN } from './columns.ts';
import type { IdxInfo } from './idx-codec.ts';
import { encodeIdx } from './idx-writer.ts';
import { REST_FIELDS_LISTED_MAX } from './limits.ts';
import { LogBuild } from './log-build.ts';
import type { SegmentBuildRequest, SegmentBuildResult } from './segment-builder.ts';
import { writeFile } from './write-file.ts';
import { columnTypes, writeRows } from './write-rows.ts';

/** What a build does one after the other. */
export type BuildStage = 'walk' | 'index' | 'columns' | 'encode' | 'parquet' | 'write';

export interface BuildOptions {
  readonly files: Files;
  /** Told of each stage as it begins. */
  readonly onStage?: ((stage: BuildStage) => void) | undefined;
}

/**
 * Writes `<id>.parquet` and `<id>.idx` into the folder; both are synced with their names when it resolves, unless
 * they are `local`. Memory: some six times the raw bytes, kept for the next build of the thread. Errors: what is
 * wrong with a record (PostBodyInvalid, PostBodyUncompressError, InvalidTimestamp), BuildTooLarge, and those of the
 * files.
 */
export async function buildSegment(
  request: SegmentBuildRequest,
  options: BuildOptions,
): Promise<SegmentBuildResult> {
  const stage = options.onStage ?? ((): void => undefined);
  stage('walk');
  using build = new LogBuild(request);
  if (build.rowCount === 0) return undefined;
  stage('index');
  const index = build.index(request.indexConfig);
  stage('columns');
  const { names, times, timeNs } = build;
  const columns = chooseColumns(names, request.indexConfig);
  const groups = [...buildChunks(build, columns)];
  const columnNames = columns.columnFields.map((field) => names[field]!);
  if (columns.restFields.length > 0) columnNames.push(REST_COLUMN);
  const types = columnTypes(groups, columnNames.length);
  const info: IdxInfo = {
    segment: segmentOf(request, times),
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
  stage('encode');
  const idx = encodeIdx({ ...index, times, timeNs, info, storage: request.storage });
  const path = `${request.directory}/${request.id}`;
  stage('parquet');
  const { storage } = request;
  const rows = writeRows({ names: columnNames, types, groups, storage });
  const parquetBytes = await writeFile(options.files, `${path}.parquet`, rows, storage);
  stage('write');
  const indexBytes = await writeFile(options.files, `${path}.idx`, idx, storage);
  if (storage === 'stored') await options.files.syncDirectory(request.directory);
  return { ...info.segment, parquetBytes, indexBytes };
}

function segmentOf(request: SegmentBuildRequest, times: Uint32Array): IdxInfo['segment'] {
  const sequences = request.records.map((record) => record.sequence);
  return {
    id: request.id,
    shardId: request.shardId,
    firstSequence: sequences[0]!,
    nextSequence: sequences.at(-1)! + 1,
    rowCount: times.length,
    rawBytes: request.records.reduce((sum, record) => sum + record.rawBytes, 0),
    minTime: times[0]!,
    maxTime: times.at(-1)!,
    maxReceiveTimeMs: request.records.reduce((max, one) => Math.max(max, one.receiveTimeMs), 0),
  };
}
