/** The folder of a shard: making, finding and removing its files durably. */
import { errorCode, errorMessage } from '#base/app-error.ts';
import { encodeFileHeader, fileHeaderBytes, shardSalt } from './record-codec.ts';
import { SparseIndex, type SparseContent } from './sparse-index.ts';
import {
  parseSparseFileName,
  parseWalFileName,
  sparseFileName,
  walFileName,
  writersFileName,
} from './wal-file.ts';
import { recoverNewestFile, type RecoveredFile } from './wal-recovery.ts';
import { decodeWriterTable, encodeWriterTable, WriterTable } from './writer-table.ts';
import type { WriterEntry } from './record-codec.ts';
import type { Files } from '#platform/files.ts';
import { removeIfThere } from '#platform/remove-if-there.ts';
import type { ShardKey } from '../shard-log.ts';
import type { WalFileEntry, WalShared, WalState } from './wal-state.ts';

const TEMPORARY_SUFFIX = '.tmp';
/** Ends the name of a snapshot of the writer table. */
const WRITERS_SUFFIX = '.writers';
const WHOLE_FILE_BYTES_MAX = 32 * 1024 * 1024;

export interface WalFolder {
  readonly shard: ShardKey;
  readonly directory: string;
}

/**
 * Opens the shard of a folder, which is made when it is not there: what `WalState` says is durable when
 * this resolves. It can be repeated after an error.
 */
export async function openWalFolder(folder: WalFolder, shared: WalShared): Promise<WalState> {
  const { files } = shared;
  await files.makeDirectory(folder.directory);
  const entries: WalFileEntry[] = [];
  const names = await files.list(folder.directory);
  for (const name of names) {
    const path = `${folder.directory}/${name}`;
    const firstSequence = parseWalFileName(name);
    if (firstSequence !== undefined) entries.push({ firstSequence, path, timeFloorMs: undefined });
    else if (name.endsWith(TEMPORARY_SUFFIX)) await files.remove(path);
  }
  const newest = entries.at(-1);
  const current = newest === undefined ? '' : writersFileName(newest.firstSequence);
  for (const name of names)
    if (name.endsWith(WRITERS_SUFFIX) && name !== current)
      await files.remove(`${folder.directory}/${name}`);
  await files.syncDirectory(folder.directory);
  const lost = await findLostEnd(folder, names, shared);
  if (newest === undefined) {
    const state: WalState = { ...emptyState(folder.shard), ...endOf(lost), files: entries };
    await startFile(folder, state, shared);
    return state;
  }
  const hint = await readSparse(files, sparsePath(folder, newest.firstSequence));
  const writers = new WriterTable(
    hint?.writers ?? (await readWriters(folder, newest.firstSequence, shared)),
  );
  const recovered = await shared.pool.use(newest.path, (handle) =>
    recoverNewestFile(handle, {
      shard: folder.shard,
      salt: shardSalt(folder.shard),
      firstSequence: newest.firstSequence,
      hint,
      writers,
    }),
  );
  newest.timeFloorMs = recovered.timeFloorMs;
  reportRecovery(folder, recovered, shared);
  return {
    files: entries,
    nextSequence: recovered.nextSequence,
    lastReceiveTimeMs: recovered.lastReceiveTimeMs,
    index: recovered.index,
    sizeBytes: recovered.syncedBytes,
    syncedBytes: recovered.syncedBytes,
    sparseBytes: hint?.synced.syncedBytes ?? 0,
    writers,
    isNewestSpent: !recovered.isWritable,
    ...endOf(lost),
  };
}

/** What the last file of the shard held, when it is missing although its sparse file is there. */
async function findLostEnd(
  folder: WalFolder,
  names: readonly string[],
  shared: WalShared,
): Promise<SparseContent | undefined> {
  const newest = names.flatMap((name) => parseWalFileName(name) ?? []).at(-1) ?? 0;
  const lost = lostFiles(names).findLast((firstSequence) => firstSequence > newest);
  return lost === undefined ? undefined : readSparse(shared.files, sparsePath(folder, lost));
}

/** First sequences of files that are not there, although their sparse files are. */
export function lostFiles(names: readonly string[]): readonly number[] {
  const there = new Set(names);
  return names
    .flatMap((name) => parseSparseFileName(name) ?? [])
    .filter((firstSequence) => !there.has(walFileName(firstSequence)));
}

/** Sequences of a file that is missing are not used again: the shard goes on after them, in a new file. */
function endOf(lost: SparseContent | undefined): Partial<WalState> {
  if (lost === undefined) return {};
  const { nextSequence, lastReceiveTimeMs } = lost.synced;
  const writers = new WriterTable(lost.writers);
  return { nextSequence, lastReceiveTimeMs, writers, isNewestSpent: true };
}

/**
 * Makes the file of the next record and turns the state to it. It has its name only once its header is
 * durable, and replaces a file of that name, which can hold no acknowledged record.
 */
export async function startFile(
  folder: WalFolder,
  state: WalState,
  shared: WalShared,
): Promise<void> {
  const { files } = shared;
  const path = `${folder.directory}/${walFileName(state.nextSequence)}`;
  const temporary = `${folder.directory}/new${TEMPORARY_SUFFIX}`;
  const header = encodeFileHeader({
    shard: folder.shard,
    firstSequence: state.nextSequence,
    timeFloorMs: state.lastReceiveTimeMs,
    createdMs: Math.max(0, Math.trunc(shared.clock.nowMs())),
  });
  await leaveWriters(folder, state, shared);
  await writeWhole(files, temporary, { bytes: header, isSynced: true });
  await files.rename(temporary, path);
  await shared.pool.forget(path);
  await files.syncDirectory(folder.directory);
  const before = state.files.at(-1);
  if (before?.path === path) state.files.pop();
  // Left behind by a failure here it is removed when the shard is opened.
  else if (before !== undefined)
    await removeIfThere(files, writersPath(folder, before.firstSequence)).catch(() => undefined);
  state.files.push({
    firstSequence: state.nextSequence,
    path,
    timeFloorMs: state.lastReceiveTimeMs,
  });
  state.index = new SparseIndex();
  state.sizeBytes = header.length;
  state.syncedBytes = header.length;
  state.sparseBytes = header.length;
  state.isNewestSpent = false;
}

/** Writes the sparse file of a WAL file. It is a hint, so it is not synced and failing is no harm. */
export async function writeSparse(
  folder: WalFolder,
  firstSequence: number,
  content: SparseContent,
  shared: WalShared,
): Promise<void> {
  const { files, logger } = shared;
  const path = sparsePath(folder, firstSequence);
  try {
    const bytes = content.index.encode(content.synced, content.writers);
    await writeWhole(files, path + TEMPORARY_SUFFIX, { bytes, isSynced: false });
    await files.rename(path + TEMPORARY_SUFFIX, path);
  } catch (error) {
    logger?.warn({ ...folder.shard, error: errorMessage(error) }, 'cannot write sparse index');
  }
}

/** The content of a sparse file, or undefined when it cannot be read or is not valid. */
export async function readSparse(files: Files, path: string): Promise<SparseContent | undefined> {
  const bytes = await readWhole(files, path).catch(() => undefined);
  return bytes === undefined ? undefined : SparseIndex.decode(bytes);
}

/** Makes the snapshot for the file of the next record durable, or sure that there is none. */
async function leaveWriters(folder: WalFolder, state: WalState, shared: WalShared): Promise<void> {
  const { files } = shared;
  const path = writersPath(folder, state.nextSequence);
  const entries = state.writers.entries();
  if (entries.length === 0) {
    await removeIfThere(files, path);
    return;
  }
  const place = { firstSequence: state.nextSequence, salt: shardSalt(folder.shard) };
  const bytes = encodeWriterTable(entries, place);
  await writeWhole(files, path + TEMPORARY_SUFFIX, { bytes, isSynced: true });
  await files.rename(path + TEMPORARY_SUFFIX, path);
  await files.syncDirectory(folder.directory);
}

/** The snapshot before a file; empty when there is none. Damage is reported: repeats may be accepted then. */
async function readWriters(
  folder: WalFolder,
  firstSequence: number,
  shared: WalShared,
): Promise<readonly WriterEntry[]> {
  const path = writersPath(folder, firstSequence);
  let bytes: Uint8Array;
  try {
    bytes = await readWhole(shared.files, path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
  const place = { firstSequence, salt: shardSalt(folder.shard) };
  const entries = decodeWriterTable(bytes, place);
  if (entries === undefined)
    shared.logger?.error({ ...folder.shard }, 'writer table is damaged, repeats may be accepted');
  return entries ?? [];
}

function writersPath(folder: WalFolder, firstSequence: number): string {
  return `${folder.directory}/${writersFileName(firstSequence)}`;
}

async function readWhole(files: Files, path: string): Promise<Uint8Array> {
  const handle = await files.open(path, 'read');
  try {
    const bytes = new Uint8Array(Math.min(await handle.size(), WHOLE_FILE_BYTES_MAX));
    return bytes.subarray(0, await handle.read(bytes, 0));
  } finally {
    await handle.close();
  }
}

/** Removes the oldest file. Durable, so that a crash cannot bring it back without its successors. */
export async function removeOldestFile(
  folder: WalFolder,
  state: WalState,
  shared: WalShared,
): Promise<void> {
  const oldest = state.files.shift();
  if (oldest === undefined) return;
  try {
    await removeIfThere(shared.files, sparsePath(folder, oldest.firstSequence));
    await removeIfThere(shared.files, oldest.path);
    await shared.files.syncDirectory(folder.directory);
  } catch (error) {
    state.files.unshift(oldest);
    throw error;
  } finally {
    shared.indexes.forget(oldest.path);
    await shared.pool.forget(oldest.path);
  }
}

export function sparsePath(folder: WalFolder, firstSequence: number): string {
  return `${folder.directory}/${sparseFileName(firstSequence)}`;
}

async function writeWhole(
  files: Files,
  path: string,
  content: { readonly bytes: Uint8Array; readonly isSynced: boolean },
): Promise<void> {
  await removeIfThere(files, path);
  const handle = await files.open(path, 'create');
  try {
    await handle.write([content.bytes], 0);
    if (content.isSynced) await handle.sync();
  } finally {
    await handle.close();
  }
}

function emptyState(shard: ShardKey): Omit<WalState, 'files'> {
  return {
    nextSequence: 1,
    lastReceiveTimeMs: 0,
    index: new SparseIndex(),
    sizeBytes: fileHeaderBytes(shard),
    syncedBytes: 0,
    sparseBytes: 0,
    writers: new WriterTable(),
    isNewestSpent: true,
  };
}

function reportRecovery(folder: WalFolder, recovered: RecoveredFile, shared: WalShared): void {
  const { damaged, tornBytes } = recovered;
  if (tornBytes > 0) shared.logger?.warn({ ...folder.shard, tornBytes }, 'torn tail cut');
  for (const [firstDamaged, resumeAt] of damaged)
    shared.logger?.error({ ...folder.shard, firstDamaged, resumeAt }, 'shard log is damaged');
  if (!recovered.isWritable)
    shared.logger?.error({ ...folder.shard }, 'newest shard log file is damaged');
}
