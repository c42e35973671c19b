/**
 * The ShardLog of one machine: write-ahead log files under `<directory>/<logstore id>/<shard id>/`. The
 * directory belongs to one process at a time; keeping others out is the caller's job.
 */
import { dirname } from 'node:path';
import { AppError, errorCode } from '#base/app-error.ts';
import { assert } from '#base/assert.ts';
import {
  OPEN_FILES_MAX,
  QUEUE_BYTES_MAX,
  QUEUE_TOTAL_BYTES_MAX,
  WAL_FILE_BYTES_CEILING,
  WAL_FILE_BYTES_MAX,
} from '../limits.ts';
import { FilePool } from './file-pool.ts';
import { ShardWal, shardNotExist } from './shard-wal.ts';
import { ClosedIndexes, type WalShared } from './wal-state.ts';
import type { Logger } from '#telemetry/logger.ts';
import type { Clock } from '#platform/clock.ts';
import type { Files } from '#platform/files.ts';
import type {
  AppendWriter,
  LogFileDamage,
  LogRecord,
  NewRecord,
  ReadOptions,
  ShardBounds,
  ShardKey,
  ShardLog,
} from '../shard-log.ts';

export interface EmbeddedShardLogOptions {
  /** The folder of all shards; made when it is not there. */
  readonly directory: string;
  /**
   * `fsync`: an append resolves once its bytes are on the disk. `os`: once the operating system has
   * them, which is faster and survives a crash of the process, but a loss of power can cost the logs
   * of the last half minute or so.
   */
  readonly durability: 'fsync' | 'os';
  /** A file is closed once it is this large. Default 64 MiB, at most 1 GiB. */
  readonly fileBytesMax?: number | undefined;
  /** Bytes that may wait for the disk in one shard, also the largest append. Default 32 MiB. */
  readonly queueBytesMax?: number | undefined;
  /** Bytes that may wait for the disk in all shards. Default 256 MiB. */
  readonly queueTotalBytesMax?: number | undefined;
  /** Files held open at the same time. Default 128. */
  readonly openFilesMax?: number | undefined;
}

export interface EmbeddedShardLogCollaborators {
  readonly files: Files;
  readonly clock: Clock;
  readonly logger?: Logger | undefined;
}

type AppendListener = (shard: ShardKey, nextSequence: number) => void;

/** Starts the name of a logstore's folder that is on its way out. */
const DELETED_PREFIX = '.deleted-';
const LOGSTORE_ID = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/u;
const SHARD_ID = /^(?:0|[1-9]\d{0,8})$/u;

export class EmbeddedShardLog implements ShardLog {
  readonly #options: EmbeddedShardLogOptions;
  readonly #shared: WalShared;
  readonly #logstores = new Map<string, Map<number, ShardWal>>();
  readonly #creations = new Map<ShardWal, Promise<void>>();
  readonly #listeners = new Set<AppendListener>();
  #isClosed = false;

  private constructor(
    options: EmbeddedShardLogOptions,
    collaborators: EmbeddedShardLogCollaborators,
  ) {
    this.#options = options;
    this.#shared = {
      files: collaborators.files,
      clock: collaborators.clock,
      logger: collaborators.logger,
      pool: new FilePool(
        { openFilesMax: options.openFilesMax ?? OPEN_FILES_MAX },
        { files: collaborators.files },
      ),
      indexes: new ClosedIndexes(),
      budget: { usedBytes: 0, bytesMax: options.queueTotalBytesMax ?? QUEUE_TOTAL_BYTES_MAX },
    };
  }

  /** Finds the shards that are there by their folders' names; each is recovered when first used. */
  static async open(
    options: EmbeddedShardLogOptions,
    collaborators: EmbeddedShardLogCollaborators,
  ): Promise<EmbeddedShardLog> {
    const fileBytesMax = options.fileBytesMax ?? WAL_FILE_BYTES_MAX;
    assert(
      fileBytesMax > 0 && fileBytesMax <= WAL_FILE_BYTES_CEILING,
      'WAL files are at most 1 GiB',
    );
    const log = new EmbeddedShardLog(options, collaborators);
    await log.#discover();
    return log;
  }

  async createShard(shard: ShardKey): Promise<void> {
    assert(LOGSTORE_ID.test(shard.logstoreId), 'a logstore id can name a folder');
    assert(SHARD_ID.test(String(shard.shardId)), 'a shard id has at most nine digits');
    if (this.#isClosed) throw new AppError('ServerBusy', 'shard log is shutting down');
    const known = this.#logstores.get(shard.logstoreId)?.get(shard.shardId);
    const wal = known ?? this.#add(shard);
    const creation =
      this.#creations.get(wal) ?? (known === undefined ? this.#create(shard, wal) : undefined);
    await creation;
  }

  async deleteLogstore(logstoreId: string): Promise<void> {
    assert(LOGSTORE_ID.test(logstoreId), 'a logstore id can name a folder');
    const { directory } = this.#options;
    const { files } = this.#shared;
    const shards = [...(this.#logstores.get(logstoreId)?.values() ?? [])];
    this.#logstores.delete(logstoreId);
    for (const shard of shards) await shard.delete();
    const leaving = `${directory}/${DELETED_PREFIX}${logstoreId}`;
    await files.removeTree(leaving);
    try {
      await files.rename(`${directory}/${logstoreId}`, leaving);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
    }
    await files.syncDirectory(directory);
    await files.removeTree(leaving);
  }

  /** The payloads are written from where they are: they must not change before this settles. */
  async append(
    shard: ShardKey,
    records: readonly NewRecord[],
    writer?: AppendWriter,
  ): Promise<number> {
    return await this.#wal(shard).append(records, writer);
  }

  async read(
    shard: ShardKey,
    fromSequence: number,
    options: ReadOptions,
  ): Promise<readonly LogRecord[]> {
    return await this.#wal(shard).read(fromSequence, options);
  }

  async bounds(shard: ShardKey): Promise<ShardBounds> {
    return await this.#wal(shard).bounds();
  }

  async findByReceiveTime(shard: ShardKey, timeMs: number): Promise<number> {
    return await this.#wal(shard).findByReceiveTime(timeMs);
  }

  async verify(shard: ShardKey): Promise<readonly LogFileDamage[]> {
    const damage = await this.#wal(shard).verify();
    const folder = `${shard.logstoreId}/${shard.shardId}`;
    return damage.map(({ file, what }) => ({ file: `${folder}/${file}`, what }));
  }

  async trim(shard: ShardKey, receivedBeforeMs: number): Promise<void> {
    await this.#wal(shard).trim(receivedBeforeMs);
  }

  onAppend(listener: AppendListener): Disposable {
    const own: AppendListener = (shard, nextSequence) => listener(shard, nextSequence);
    this.#listeners.add(own);
    return {
      [Symbol.dispose]: () => {
        this.#listeners.delete(own);
      },
    };
  }

  /** Writes what waits, then closes every file. Appends that come later get ServerBusy. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const shards = [...this.#logstores.values()].flatMap((logstore) => [...logstore.values()]);
    const results = await Promise.allSettled(shards.map((shard) => shard.close()));
    await this.#shared.pool.close();
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  async #discover(): Promise<void> {
    const { directory } = this.#options;
    const { files } = this.#shared;
    await makeDirectoryDurably(files, directory);
    for (const logstoreId of await files.list(directory)) {
      const path = `${directory}/${logstoreId}`;
      if (logstoreId.startsWith(DELETED_PREFIX)) await files.removeTree(path);
      if (!LOGSTORE_ID.test(logstoreId)) continue;
      for (const shardId of await files.list(path))
        if (SHARD_ID.test(shardId)) this.#add({ logstoreId, shardId: Number(shardId) });
      await files.syncDirectory(path);
    }
    await files.syncDirectory(directory);
  }

  #add(shard: ShardKey): ShardWal {
    const { directory, durability } = this.#options;
    const key: ShardKey = { logstoreId: shard.logstoreId, shardId: shard.shardId };
    const wal = new ShardWal(
      {
        folder: { shard: key, directory: `${directory}/${key.logstoreId}/${key.shardId}` },
        durability,
        fileBytesMax: this.#options.fileBytesMax ?? WAL_FILE_BYTES_MAX,
        queueBytesMax: this.#options.queueBytesMax ?? QUEUE_BYTES_MAX,
        onAppend: (nextSequence) => this.#notify(key, nextSequence),
      },
      this.#shared,
    );
    const logstore = this.#logstores.get(key.logstoreId) ?? new Map<number, ShardWal>();
    this.#logstores.set(key.logstoreId, logstore);
    logstore.set(key.shardId, wal);
    return wal;
  }

  /** Durable when it resolves; forgotten again when it fails, so that it can be repeated. */
  #create(shard: ShardKey, wal: ShardWal): Promise<void> {
    const create = async (): Promise<void> => {
      const { files } = this.#shared;
      const { directory } = this.#options;
      try {
        await files.makeDirectory(`${directory}/${shard.logstoreId}`);
        await files.syncDirectory(directory);
        await wal.open();
        await files.syncDirectory(`${directory}/${shard.logstoreId}`);
      } catch (error) {
        this.#logstores.get(shard.logstoreId)?.delete(shard.shardId);
        if (error instanceof AppError) throw error;
        throw new AppError('ServerBusy', 'cannot make the shard log', { cause: error });
      } finally {
        this.#creations.delete(wal);
      }
    };
    const creation = create();
    this.#creations.set(wal, creation);
    return creation;
  }

  #wal(shard: ShardKey): ShardWal {
    const wal = this.#logstores.get(shard.logstoreId)?.get(shard.shardId);
    if (wal === undefined) throw shardNotExist();
    return wal;
  }

  /** A listener that throws is a bug: it ends the process, not the append. */
  #notify(shard: ShardKey, nextSequence: number): void {
    for (const listener of this.#listeners) queueMicrotask(() => listener(shard, nextSequence));
  }
}

/**
 * Makes the folder and syncs every name on the way to it: a process that was killed may have left names
 * that are there but not durable. A folder above that may not be read is none that we made.
 */
async function makeDirectoryDurably(files: Files, path: string): Promise<void> {
  await files.makeDirectory(path);
  for (let child = path; dirname(child) !== child; child = dirname(child))
    try {
      await files.syncDirectory(dirname(child));
    } catch (error) {
      if (!['EACCES', 'EPERM'].includes(errorCode(error) ?? '')) throw error;
    }
}
