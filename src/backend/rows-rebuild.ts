/**
 * Building a segment again from its own rows, with another index configuration or because its index is damaged: a
 * Parquet file whose checksums are right holds every log of it, only not how they were grouped. The rows become log
 * groups again (rows that stand together with the same topic, source and tags are one), the groups L0 pieces, and the
 * pieces one segment with the sequences, sizes and times of receipt of the old one.
 */
import { errorCode } from '#base/app-error.ts';
import { must } from '#base/assert.ts';
import { MIB } from '#base/units.ts';
import type { BlobStore } from '#blob/blob-store.ts';
import type { LogRecord, ShardKey } from '#loghub/shard-log.ts';
import type { ByteSource } from '#parquet/byte-source.ts';
import { ParquetFile } from '#parquet/parquet-file.ts';
import type { Files } from '#platform/files.ts';
import type { Random } from '#platform/random.ts';
import { encodeLogGroup, type Log, type LogGroup, type LogPair } from '#protocol/log-group.ts';
import { BlockCache } from '#segment/block-cache.ts';
import { REST_COLUMN } from '#segment/columns.ts';
import { parseRest } from '#segment/read-rows.ts';
import type { SegmentBuilder, SegmentMergeInput } from '#segment/segment-builder.ts';
import type { SegmentInfo } from '#segment/segment.ts';
import type { BuildSettings } from './build-range.ts';
import { indexHash } from './index-hash.ts';
import {
  FOLD_SEGMENTS,
  REBUILD_CACHE_BYTES,
  REBUILD_GROUP_BYTES,
  REBUILD_PIECES_MAX,
  REBUILD_ROWS_AT_ONCE,
} from './limits.ts';
import { localInput, mergeFiles, type MergeTarget } from './merge-files.ts';
import { openSource } from './open-source.ts';
import { damageOfRows } from './rows-check.ts';
import {
  blobKeyPrefix,
  localSegment,
  newSegmentId,
  removeByPrefix,
  type StoredSegment,
} from './segment-files.ts';
import { isDamage } from './watch-reader.ts';

export interface RowsRebuildRequest {
  readonly shard: ShardKey;
  readonly info: SegmentInfo;
  /** Local folder that gets the files. */
  readonly directory: string;
  /** Raw bytes of one piece. */
  readonly sealBytes: number;
  readonly settings: BuildSettings;
  readonly signal: AbortSignal;
  /** Told how many more rows have been read; the build goes on when it resolves. */
  readonly onRows?: ((rowCount: number) => Promise<void>) | undefined;
}

export interface RowsRebuildCollaborators {
  readonly blobStore: BlobStore;
  readonly segmentBuilder: SegmentBuilder;
  readonly files: Files;
  readonly random: Random;
}

/**
 * A segment with the same rows, its files in the folder; the old one stays. Undefined when the rows are damaged or
 * missing too. A failure leaves no file. Errors: those of the builder and the stores, the signal's reason.
 */
export async function rebuildFromRows(
  request: RowsRebuildRequest,
  collaborators: RowsRebuildCollaborators,
): Promise<SegmentInfo | undefined> {
  const { shard, info, directory, signal } = request;
  const { files, random } = collaborators;
  await using opened = new AsyncDisposableStack();
  const parquet = await openRows(shard, info, { ...collaborators, opened });
  if (parquet === undefined || (await damageOfRows(info, parquet, signal)) !== undefined)
    return undefined;
  const prefix = newSegmentId(shard, info.firstSequence, random);
  const pieces: StoredSegment[] = [];
  try {
    await buildPieces(pieces, request, { ...collaborators, parquet, prefix });
    const [merged] = await mergeFiles(
      inputsOf(info, pieces),
      { ...targetOf(request), storage: 'stored' },
      collaborators,
    );
    if (merged?.rowCount === info.rowCount) return merged;
    if (merged !== undefined) await removeByPrefix(files, directory, merged.id);
    return undefined;
  } finally {
    for (const begin of [`${prefix}-p`, ...pieces.map(({ info: { id } }) => `${id}.`)])
      await removeByPrefix(files, directory, begin).catch(() => {});
  }
}

/** Adds the rows as L0 segments in their order, `REBUILD_PIECES_MAX` at most. */
async function buildPieces(
  pieces: StoredSegment[],
  request: RowsRebuildRequest,
  collaborators: RowsRebuildCollaborators & {
    readonly parquet: ByteSource;
    readonly prefix: string;
  },
): Promise<void> {
  const { shard, directory, settings, signal } = request;
  const { segmentBuilder, parquet, prefix } = collaborators;
  let count = 0;
  for await (const records of recordsOf(request, parquet)) {
    const built = await segmentBuilder.build({
      id: `${prefix}-p${count++}`,
      shardId: shard.shardId,
      records,
      indexConfig: settings.indexConfig,
      // What it added when the logs came is in the rows.
      appendMeta: false,
      directory,
      storage: 'local',
    });
    if (built !== undefined) pieces.push(localSegment(shard, directory, built));
    signal.throwIfAborted();
    if (pieces.length >= REBUILD_PIECES_MAX) await foldPieces(pieces, request, collaborators);
  }
}

/**
 * Merges some neighbours into one, those with the fewest rows. Groups that repeat their tags for each row take far more
 * bytes than the log groups that they came in, and so more pieces than a merge should hold open.
 */
async function foldPieces(
  pieces: StoredSegment[],
  request: RowsRebuildRequest,
  collaborators: RowsRebuildCollaborators & { readonly prefix: string },
): Promise<void> {
  const { shard, info, directory } = request;
  const rowsFrom = (start: number): number =>
    pieces.slice(start, start + FOLD_SEGMENTS).reduce((sum, one) => sum + one.info.rowCount, 0);
  let start = 0;
  for (let at = 1; at + FOLD_SEGMENTS <= pieces.length; at++)
    if (rowsFrom(at) < rowsFrom(start)) start = at;
  const folded = pieces.slice(start, start + FOLD_SEGMENTS);
  const [merged] = await mergeFiles(
    inputsOf(info, folded),
    { ...targetOf(request), storage: 'local' },
    collaborators,
  );
  for (const piece of folded)
    await removeByPrefix(collaborators.files, directory, `${piece.info.id}.`);
  pieces.splice(
    start,
    FOLD_SEGMENTS,
    localSegment(shard, directory, must(merged, 'a merge has rows')),
  );
}

function targetOf({
  shard,
  directory,
  settings,
  signal,
}: RowsRebuildRequest): Omit<MergeTarget, 'storage'> {
  return { shard, directory, daysMax: 1, indexHash: indexHash(settings.indexConfig), signal };
}

function inputsOf(
  info: SegmentInfo,
  pieces: readonly StoredSegment[],
): readonly SegmentMergeInput[] {
  return pieces.map((piece, i) => {
    const input = localInput(piece);
    return { ...input, info: { ...input.info, ...shareOf(info, i) } };
  });
}

/** Whether the Parquet file of a segment can be opened, so that some of its rows may be read. */
export async function hasReadableRows(
  shard: ShardKey,
  info: SegmentInfo,
  collaborators: Pick<RowsRebuildCollaborators, 'blobStore' | 'files'>,
): Promise<boolean> {
  await using opened = new AsyncDisposableStack();
  const source = await openRows(shard, info, { ...collaborators, opened });
  if (source === undefined) return false;
  try {
    await ParquetFile.open({ source, cache: new BlockCache(MIB), cacheKey: info.id });
    return true;
  } catch (error) {
    if (isDamage(error)) return false;
    throw error;
  }
}

/** All bytes of the segment are told by its first piece; the others stand for none. */
function shareOf(info: SegmentInfo, piece: number): Partial<SegmentInfo> {
  const { firstSequence, nextSequence, maxReceiveTimeMs, rawBytes } = info;
  return {
    firstSequence,
    nextSequence,
    maxReceiveTimeMs,
    rawBytes: piece === 0 ? rawBytes : 0,
  };
}

async function openRows(
  shard: ShardKey,
  info: SegmentInfo,
  collaborators: Pick<RowsRebuildCollaborators, 'blobStore' | 'files'> & {
    readonly opened: AsyncDisposableStack;
  },
): Promise<ByteSource | undefined> {
  const { blobStore, files, opened } = collaborators;
  try {
    const blob = opened.use(await blobStore.openLocal(`${blobKeyPrefix(shard, info.id)}.parquet`));
    return await openSource(files, blob.path, opened);
  } catch (error) {
    if (errorCode(error) === 'BlobNotExist') return undefined;
    throw error;
  }
}

/** The rows in their order, as records of about `sealBytes` together. */
async function* recordsOf(
  { info, sealBytes, signal, onRows }: RowsRebuildRequest,
  source: ByteSource,
): AsyncGenerator<readonly LogRecord[]> {
  const cache = new BlockCache(REBUILD_CACHE_BYTES);
  const file = await ParquetFile.open({ source, cache, cacheKey: info.id });
  let records: LogRecord[] = [];
  let rawBytes = 0;
  for (let from = 0; from < file.rowCount; from += REBUILD_ROWS_AT_ONCE) {
    signal.throwIfAborted();
    const to = Math.min(file.rowCount, from + REBUILD_ROWS_AT_ONCE);
    for (const group of groupsOf(await readRows(file, { from, to }))) {
      const payload = encodeLogGroup(group);
      records.push(recordOf(info, payload, group.logs.length));
      rawBytes += payload.length;
      if (rawBytes < sealBytes) continue;
      yield records;
      records = [];
      rawBytes = 0;
    }
    await onRows?.(to - from);
  }
  if (records.length > 0) yield records;
}

function recordOf(info: SegmentInfo, payload: Uint8Array, logCount: number): LogRecord {
  return {
    sequence: info.firstSequence,
    compression: 'none',
    payload,
    rawBytes: payload.length,
    logCount,
    receiveTimeMs: info.maxReceiveTimeMs,
    clientAddress: '',
  };
}

type Pairs = LogPair<Uint8Array>[];

interface Row {
  readonly time: number;
  readonly timeNs: number;
  readonly contents: Pairs;
  /** Topic, source and tags: what the logs of a group have in common. */
  readonly head: Pairs;
}

async function readRows(
  file: ParquetFile,
  range: { readonly from: number; readonly to: number },
): Promise<readonly Row[]> {
  const numbers = Array.from({ length: range.to - range.from }, (_, i) => range.from + i);
  const times = await file.times(range);
  const timeNs = await file.timeNs(range);
  const rows = numbers.map((_, i): Row => {
    return { time: times[i] ?? 0, timeNs: timeNs[i] ?? 0, contents: [], head: [] };
  });
  for (const [index, { name }] of file.columns.entries()) {
    const place = placeOf(name);
    for (const [i, value] of (await file.readTexts(index, numbers)).entries()) {
      if (value === undefined) continue;
      const row = must(rows[i], 'a row for each text');
      if (name === REST_COLUMN) addRest(row, value);
      else row[place].push({ key: name, value });
    }
  }
  return rows;
}

function placeOf(field: string): 'head' | 'contents' {
  const isHead = field === TOPIC || field === SOURCE || field.startsWith(TAG_PREFIX);
  return isHead ? 'head' : 'contents';
}

function addRest(row: Row, text: Uint8Array): void {
  for (const [key, value] of parseRest(text))
    row[placeOf(key)].push({ key, value: Buffer.from(value) });
}

/** Rows that stand together with equal heads, up to some bytes. */
function* groupsOf(rows: readonly Row[]): Generator<LogGroup<Uint8Array>> {
  let logs: Row[] = [];
  let bytes = 0;
  for (const [i, row] of rows.entries()) {
    logs.push(row);
    for (const { value } of row.contents) bytes += value.length;
    const next = rows[i + 1];
    if (next !== undefined && hasSameHead(row, next) && bytes < REBUILD_GROUP_BYTES) continue;
    yield groupOf(row.head, logs);
    logs = [];
    bytes = 0;
  }
}

function hasSameHead({ head: a }: Row, { head: b }: Row): boolean {
  return (
    a.length === b.length &&
    a.every(({ key, value }, i) => key === b[i]?.key && isSame(value, b[i].value))
  );
}

/** Texts of one dictionary are the same bytes already. */
function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  return (a.buffer === b.buffer && a.byteOffset === b.byteOffset) || Buffer.compare(a, b) === 0;
}

function groupOf(head: Pairs, logs: readonly Log<Uint8Array>[]): LogGroup<Uint8Array> {
  const textOf = (field: string): string =>
    Buffer.from(head.find(({ key }) => key === field)?.value ?? []).toString('utf8');
  const tags = head
    .filter(({ key }) => key.startsWith(TAG_PREFIX))
    .map(({ key, value }) => ({ key: key.slice(TAG_PREFIX.length), value }));
  return { topic: textOf(TOPIC), source: textOf(SOURCE), tags, logs };
}

const TOPIC = '__topic__';
const SOURCE = '__source__';
const TAG_PREFIX = '__tag__:';
