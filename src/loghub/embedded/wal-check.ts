/**
 * Files of a shard that are missing or have damage outside of their records. A file that was removed by hand is told by
 * what it leaves behind: its sparse file, which is there once it was closed, or the memory of the open shard.
 */
import { errorCode } from '#base/app-error.ts';
import { decodeFileHeader, fileHeaderBytes } from './record-codec.ts';
import { walFileName } from './wal-file.ts';
import { lostFiles, readSparse, sparsePath, type WalFolder } from './wal-folder.ts';
import type { LogFileDamage } from '../shard-log.ts';
import type { WalFileEntry, WalShared, WalState } from './wal-state.ts';

/** `file` is the name in the folder. */
export async function checkWalFiles(
  folder: WalFolder,
  state: WalState,
  shared: WalShared,
): Promise<readonly LogFileDamage[]> {
  const known = [...state.files];
  const names = await shared.files.list(folder.directory);
  const damage: LogFileDamage[] = [];
  for (const firstSequence of lostFiles(names))
    damage.push({ file: walFileName(firstSequence), what: MISSING });
  for (const entry of known) {
    const file = walFileName(entry.firstSequence);
    const isThere = names.includes(file);
    const what = isThere ? await checkHeader(folder, entry, shared) : MISSING;
    // What a trim has just removed is no damage.
    const isNew = !damage.some((one) => one.file === file);
    if (what !== undefined && isNew && state.files.includes(entry)) damage.push({ file, what });
  }
  return damage;
}

/** Forgets lost files whose records the ttl would have taken by now. */
export async function forgetLostFiles(
  folder: WalFolder,
  receivedBeforeMs: number,
  shared: WalShared,
): Promise<void> {
  const { files } = shared;
  for (const firstSequence of lostFiles(await files.list(folder.directory))) {
    const path = sparsePath(folder, firstSequence);
    const content = await readSparse(files, path);
    const lastReceiveTimeMs = content?.synced.lastReceiveTimeMs ?? 0;
    if (lastReceiveTimeMs < receivedBeforeMs) await files.remove(path);
  }
}

const MISSING = 'the file is missing';

async function checkHeader(
  { shard }: WalFolder,
  { path, firstSequence }: WalFileEntry,
  { pool }: WalShared,
): Promise<string | undefined> {
  try {
    const bytes = new Uint8Array(fileHeaderBytes(shard));
    const size = await pool.use(path, (handle) => handle.read(bytes, 0));
    const header = decodeFileHeader(bytes.subarray(0, size));
    if (header === undefined) return 'the header of the file is damaged, its records are not';
    const isOwn =
      header.firstSequence === firstSequence &&
      header.shard.logstoreId === shard.logstoreId &&
      header.shard.shardId === shard.shardId;
    return isOwn ? undefined : 'the file belongs to another place';
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return MISSING;
    throw error;
  }
}
