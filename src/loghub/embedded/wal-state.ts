/** What is known of one open shard, and the parts that all shards share. */
import { CLOSED_INDEXES_MAX } from '../limits.ts';
import type { FilePool } from './file-pool.ts';
import type { SparseIndex } from './sparse-index.ts';
import type { WriterTable } from './writer-table.ts';
import type { ByteBudget } from './write-queue.ts';
import type { Logger } from '#telemetry/logger.ts';
import type { Clock } from '#platform/clock.ts';
import type { Files } from '#platform/files.ts';

export interface WalShared {
  readonly files: Files;
  readonly clock: Clock;
  readonly logger: Logger | undefined;
  readonly pool: FilePool;
  readonly indexes: ClosedIndexes;
  readonly budget: ByteBudget;
}

export interface WalFileEntry {
  readonly firstSequence: number;
  readonly path: string;
  /** Read from the file's header when first wanted. */
  timeFloorMs: number | undefined;
}

export interface WalState {
  /** Ascending; the last one is the newest. Never empty. */
  readonly files: WalFileEntry[];
  nextSequence: number;
  lastReceiveTimeMs: number;
  /** Of the newest file: its index, the bytes that may be read, how many of them are synced. */
  index: SparseIndex;
  sizeBytes: number;
  syncedBytes: number;
  /** How many bytes the newest file's sparse file covers; 0 when there is none. */
  sparseBytes: number;
  /** What the writers have stored; never counts what is not durable as the setting has it. */
  writers: WriterTable;
  /** The newest file must not be written to any more. */
  isNewestSpent: boolean;
}

/** Sparse indexes of closed files, the least recently used forgotten first. */
export class ClosedIndexes {
  readonly #indexes = new Map<string, SparseIndex>();

  get(path: string): SparseIndex | undefined {
    const index = this.#indexes.get(path);
    if (index !== undefined) this.set(path, index);
    return index;
  }

  set(path: string, index: SparseIndex): void {
    this.#indexes.delete(path);
    this.#indexes.set(path, index);
    if (this.#indexes.size > CLOSED_INDEXES_MAX)
      for (const oldest of this.#indexes.keys()) {
        this.#indexes.delete(oldest);
        break;
      }
  }

  forget(path: string): void {
    this.#indexes.delete(path);
  }
}
