/** The write-ahead log of one shard: its write path, and reads over its files. */
import { AppError, errorCode, errorMessage } from '#base/app-error.ts';
import { assert, must } from '#base/assert.ts';
import { READ_PAYLOAD_BYTES_MAX } from '../limits.ts';
import { encodeRecordHead, shardSalt } from './record-codec.ts';
import { checkWalFiles, forgetLostFiles } from './wal-check.ts';
import {
  openWalFolder,
  readSparse,
  removeOldestFile,
  sparsePath,
  startFile,
  writeSparse,
  type WalFolder,
} from './wal-folder.ts';
import {
  buildIndex,
  findTime,
  readFrom,
  readTimeFloor,
  walFileName,
  type ReadableFile,
} from './wal-file.ts';
import { WriteQueue, type QueuedAppend } from './write-queue.ts';
import { refuseRepeated } from './writer-table.ts';
import type { FileHandle } from '#platform/files.ts';
import type {
  AppendWriter,
  LogFileDamage,
  LogRecord,
  NewRecord,
  ReadOptions,
  ShardBounds,
} from '../shard-log.ts';
import type { SparseIndex } from './sparse-index.ts';
import type { WalFileEntry, WalShared, WalState } from './wal-state.ts';

export interface ShardWalOptions {
  readonly folder: WalFolder;
  readonly durability: 'fsync' | 'os';
  readonly fileBytesMax: number;
  readonly queueBytesMax: number;
  readonly onAppend: (nextSequence: number) => void;
}

interface EncodedBatch {
  readonly buffers: readonly Uint8Array[];
  /** Where each record starts, and what the sparse index wants of it. */
  readonly entries: readonly { sequence: number; offset: number; receiveTimeMs: number }[];
  readonly sizeBytes: number;
  readonly lastReceiveTimeMs: number;
}

/** Nothing is read from disk before the first call that needs it. */
export class ShardWal {
  readonly #options: ShardWalOptions;
  readonly #shared: WalShared;
  readonly #salt: number;
  readonly #queue: WriteQueue;
  #opening: Promise<WalState> | undefined;
  #lastTrim: Promise<void> = Promise.resolve();
  #sparseWrites: Promise<void> = Promise.resolve();
  #isDeleted = false;
  #isFailing = false;

  constructor(options: ShardWalOptions, shared: WalShared) {
    this.#options = options;
    this.#shared = shared;
    this.#salt = shardSalt(options.folder.shard);
    this.#queue = new WriteQueue(
      { bytesMax: options.queueBytesMax },
      { budget: shared.budget, commit: (appends) => this.#commit(appends) },
    );
  }

  /** Recovers the shard from its files. Every other method does it when needed. */
  async open(): Promise<void> {
    await this.#open();
  }

  /** See `ShardLog.append`. The payloads are not copied: they must not change before it settles. */
  append(records: readonly NewRecord[], writer?: AppendWriter): Promise<number> {
    return this.#queue.append(records, writer);
  }

  async bounds(): Promise<ShardBounds> {
    const { files, nextSequence } = await this.#open();
    return { firstSequence: files[0]?.firstSequence ?? nextSequence, nextSequence };
  }

  async read(fromSequence: number, options: ReadOptions): Promise<readonly LogRecord[]> {
    const state = await this.#open();
    const records: LogRecord[] = [];
    const budget = {
      records: options.maxRecords,
      payloadBytes: Math.min(Math.max(options.maxPayloadBytes, 1), READ_PAYLOAD_BYTES_MAX),
    };
    let sequence = fromSequence;
    while (budget.records > 0 && budget.payloadBytes > 0) {
      sequence = Math.max(sequence, state.files[0]?.firstSequence ?? 0);
      if (sequence >= state.nextSequence) break;
      const wanted = sequence;
      const next = await this.#withFile(state, indexOfFile(state, wanted), async (handle, file) => {
        const index = await this.#indexOf(state, handle, file);
        const entry = index.beforeSequence(wanted);
        return await readFrom(handle, file, { sequence: wanted, entry, budget, records });
      });
      if (next === wanted) break;
      sequence = next ?? wanted;
    }
    return records;
  }

  async findByReceiveTime(timeMs: number): Promise<number> {
    const state = await this.#open();
    let position = state.files.length - 1;
    while (position > 0 && (await this.#timeFloor(state, position)) >= timeMs) position--;
    for (; position < state.files.length; position++) {
      const found = await this.#withFile(state, position, async (handle, file) => {
        const entry = (await this.#indexOf(state, handle, file)).beforeTime(timeMs);
        return await findTime(handle, file, { timeMs, entry });
      });
      if (found !== undefined) return found;
    }
    return state.nextSequence;
  }

  /** See `ShardLog.verify`; files by their names in the folder. */
  async verify(): Promise<readonly LogFileDamage[]> {
    return await checkWalFiles(this.#options.folder, await this.#open(), this.#shared);
  }

  /** One trim at a time; the next one starts from what the one before left. */
  async trim(receivedBeforeMs: number): Promise<void> {
    const before = this.#lastTrim;
    const trim = before.catch(() => undefined).then(() => this.#trim(receivedBeforeMs));
    this.#lastTrim = trim.catch(() => undefined);
    await trim;
  }

  /** Waits for the appends that are here, refuses later ones, leaves a sparse file for a fast start. */
  async close(): Promise<void> {
    this.#queue.stop(new AppError('ServerBusy', 'shard log is shutting down'));
    await this.#queue.idle();
    await this.#lastTrim;
    const state = await this.#opening?.catch(() => undefined);
    if (state !== undefined && !this.#isDeleted) {
      if (state.syncedBytes < state.sizeBytes) await this.#syncNewest(state);
      if (state.sparseBytes < state.sizeBytes) this.#leaveSparse(state, newestFile(state));
    }
    await this.#sparseWrites;
    for (const file of state?.files ?? []) await this.#shared.pool.forget(file.path);
  }

  /** Refuses everything from now on; the caller removes the files when this resolves. */
  async delete(): Promise<void> {
    this.#isDeleted = true;
    this.#queue.stop(shardNotExist());
    await this.close();
  }

  #open(): Promise<WalState> {
    if (this.#isDeleted) return Promise.reject(shardNotExist());
    this.#opening ??= openWalFolder(this.#options.folder, this.#shared).catch((error: unknown) => {
      this.#opening = undefined;
      this.#shared.logger?.error(
        { ...this.#options.folder.shard, error: errorMessage(error) },
        'cannot open shard log',
      );
      throw new AppError('ServerBusy', 'cannot open the shard log', { cause: error });
    });
    return this.#opening;
  }

  /** A repeat of an append of the same batch is refused only once that one is durable. */
  async #commit(appends: readonly QueuedAppend[]): Promise<readonly (number | AppError)[]> {
    const state = await this.#open();
    const refusals = refuseRepeated(state.writers, appends);
    const accepted = appends.filter((_, index) => refusals[index] === undefined);
    let sequence = state.nextSequence;
    if (accepted.length > 0) await this.#store(state, accepted);
    return appends.map(({ records }, index) => {
      const refusal = refusals[index];
      if (refusal !== undefined) return refusal;
      sequence += records.length;
      return sequence - records.length;
    });
  }

  async #store(state: WalState, appends: readonly QueuedAppend[]): Promise<void> {
    try {
      await this.#makeWritable(state);
      const batch = this.#encode(state, appends);
      await this.#write(state, batch);
      this.#publish(state, batch);
      for (const { writer } of appends) if (writer !== undefined) state.writers.note(writer);
    } catch (error) {
      this.#noteFailure(error);
      throw error;
    }
    this.#noteSuccess();
    this.#options.onAppend(state.nextSequence);
  }

  /** Turns to a new file when the newest one is full, or was given up. */
  async #makeWritable(state: WalState): Promise<void> {
    const isFull = state.sizeBytes >= this.#options.fileBytesMax;
    if (isFull && !state.isNewestSpent && state.syncedBytes < state.sizeBytes)
      await this.#syncNewest(state);
    if (!isFull && !state.isNewestSpent) return;
    const closed = { ...state };
    const file = newestFile(state);
    await startFile(this.#options.folder, state, this.#shared);
    if (file.firstSequence === state.nextSequence) return;
    this.#shared.indexes.set(file.path, closed.index);
    this.#leaveSparse(closed, file);
  }

  /** Logged once, not for every append that a full disk refuses. */
  #noteFailure(error: unknown): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    const fields = { ...this.#options.folder.shard, error: errorMessage(error) };
    this.#shared.logger?.error(fields, 'cannot write shard log');
  }

  #noteSuccess(): void {
    if (!this.#isFailing) return;
    this.#isFailing = false;
    this.#shared.logger?.info({ ...this.#options.folder.shard }, 'shard log writes again');
  }

  #encode(state: WalState, appends: readonly QueuedAppend[]): EncodedBatch {
    const buffers: Uint8Array[] = [];
    const entries: { sequence: number; offset: number; receiveTimeMs: number }[] = [];
    let sequence = state.nextSequence;
    let offset = state.sizeBytes;
    let receiveTimeMs = state.lastReceiveTimeMs;
    for (const { records, writer } of appends)
      for (const [index, record] of records.entries()) {
        receiveTimeMs = Math.max(receiveTimeMs, Math.trunc(record.receiveTimeMs));
        const endsAppend = index === records.length - 1;
        const head = encodeRecordHead(record, {
          sequence,
          receiveTimeMs,
          endsAppend,
          writer: endsAppend ? writer : undefined,
          syncedBytes: state.syncedBytes,
          salt: this.#salt,
        });
        buffers.push(head, record.payload);
        entries.push({ sequence, offset, receiveTimeMs });
        sequence++;
        offset += head.length + record.payload.length;
      }
    return { buffers, entries, sizeBytes: offset, lastReceiveTimeMs: receiveTimeMs };
  }

  /** On an error the file is given up at its last good size: its later bytes are in doubt for ever. */
  async #write(state: WalState, batch: EncodedBatch): Promise<void> {
    const { path } = newestFile(state);
    try {
      await this.#shared.pool.use(path, async (handle) => {
        await handle.write(batch.buffers, state.sizeBytes);
        if (this.#options.durability === 'fsync') await handle.sync();
      });
    } catch (error) {
      state.isNewestSpent = true;
      await this.#shared.pool
        .use(path, (handle) => handle.truncate(state.sizeBytes))
        .catch(() => undefined);
      throw error;
    }
  }

  /** The records can be read from here on. */
  #publish(state: WalState, batch: EncodedBatch): void {
    for (const entry of batch.entries) state.index.add(entry);
    state.sizeBytes = batch.sizeBytes;
    if (this.#options.durability === 'fsync') state.syncedBytes = batch.sizeBytes;
    state.nextSequence += batch.entries.length;
    state.lastReceiveTimeMs = batch.lastReceiveTimeMs;
  }

  async #syncNewest(state: WalState): Promise<void> {
    try {
      await this.#shared.pool.use(newestFile(state).path, (handle) => handle.sync());
      state.syncedBytes = state.sizeBytes;
    } catch (error) {
      state.isNewestSpent = true;
      throw error;
    }
  }

  /** Only for a file that is synced as far as it is read: that is what a sparse file says of it. */
  #leaveSparse(state: WalState, file: WalFileEntry): void {
    if (state.syncedBytes < state.sizeBytes) return;
    const content = {
      index: state.index,
      synced: {
        syncedBytes: state.syncedBytes,
        nextSequence: state.nextSequence,
        lastReceiveTimeMs: state.lastReceiveTimeMs,
      },
      writers: state.writers.entries(),
    };
    this.#sparseWrites = this.#sparseWrites.then(() =>
      writeSparse(this.#options.folder, file.firstSequence, content, this.#shared),
    );
  }

  async #trim(receivedBeforeMs: number): Promise<void> {
    const state = await this.#open();
    let dropCount = 0;
    for (let position = 1; position < state.files.length; position++) {
      const floorMs = await this.#timeFloor(state, position);
      if (floorMs < receivedBeforeMs) dropCount = position;
      else if (Number.isFinite(floorMs)) break;
    }
    await this.#sparseWrites;
    for (; dropCount > 0; dropCount--)
      await removeOldestFile(this.#options.folder, state, this.#shared);
    await forgetLostFiles(this.#options.folder, receivedBeforeMs, this.#shared);
  }

  async #timeFloor(state: WalState, position: number): Promise<number> {
    const entry = must(state.files[position], 'the file is known');
    if (entry.timeFloorMs === undefined) {
      const floorMs = await this.#withFile(state, position, readTimeFloor);
      entry.timeFloorMs = floorMs ?? Number.POSITIVE_INFINITY;
    }
    return entry.timeFloorMs;
  }

  /** The index of a file of the shard: in memory, from its sparse file, or made by a walk. */
  async #indexOf(state: WalState, handle: FileHandle, file: ReadableFile): Promise<SparseIndex> {
    const { folder } = this.#options;
    const newest = newestFile(state);
    if (file.firstSequence === newest.firstSequence) return state.index;
    const path = `${folder.directory}/${walFileName(file.firstSequence)}`;
    const known = this.#shared.indexes.get(path);
    if (known !== undefined) return known;
    const sparse = await readSparse(this.#shared.files, sparsePath(folder, file.firstSequence));
    const index = sparse?.index ?? (await buildIndex(handle, file));
    this.#shared.indexes.set(path, index);
    return index;
  }

  /** Undefined when the file went away while it was wanted: it was trimmed. */
  async #withFile<T>(
    state: WalState,
    position: number,
    work: (handle: FileHandle, file: ReadableFile) => Promise<T>,
  ): Promise<T | undefined> {
    const entry = must(state.files[position], 'the file is known');
    const next = state.files[position + 1];
    const { nextSequence, sizeBytes } = state;
    try {
      return await this.#shared.pool.use(entry.path, async (handle) =>
        work(handle, {
          shard: this.#options.folder.shard,
          salt: this.#salt,
          firstSequence: entry.firstSequence,
          endSequence: next?.firstSequence ?? nextSequence,
          endOffset: next === undefined ? sizeBytes : await handle.size(),
        }),
      );
    } catch (error) {
      if (this.#isDeleted) throw shardNotExist();
      if (errorCode(error) === 'ENOENT' && !state.files.includes(entry)) return undefined;
      throw error;
    }
  }
}

export function shardNotExist(): AppError {
  return new AppError('ShardNotExist', 'shard does not exist');
}

function newestFile(state: Pick<WalState, 'files'>): WalFileEntry {
  return must(state.files.at(-1), 'an open shard has a file');
}

/** The position of the file that holds the sequence, which is at or after the first. */
function indexOfFile(state: WalState, sequence: number): number {
  let low = 0;
  let high = state.files.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (state.files[middle]!.firstSequence <= sequence) low = middle;
    else high = middle - 1;
  }
  assert(state.files[low]!.firstSequence <= sequence, 'the sequence is not before the first file');
  return low;
}
