/**
 * The ShardLog port: the ordered, durable log of every shard. Implementations: `embedded/` (write-ahead
 * log files); later NATS JetStream. All pass `shard-log.contract.ts`.
 *
 * Invariants:
 * - sequences of a shard are consecutive integers from 1; one per stored log group, never reused;
 * - `append` resolves only when its records are durable (see the durability setting) and an append of
 *   several records gets consecutive sequences;
 * - a record that `read` has returned once is returned again until it is trimmed;
 * - an append of a writer is refused when repeated exactly if it is stored, whatever crashed in between.
 */
import type { CompressionType } from '#protocol/compression-type.ts';

/** Names one shard. `logstoreId` is the catalog's id (unique for ever), not the logstore's name. */
export interface ShardKey {
  readonly logstoreId: string;
  readonly shardId: number;
}

/** One log group as the client sent it. */
export interface NewRecord {
  readonly compression: CompressionType;
  /** The client's bytes, still compressed. They must not change until the append settles. */
  readonly payload: Uint8Array;
  /** Bytes of the payload once decompressed. */
  readonly rawBytes: number;
  readonly logCount: number;
  /** Unix ms at which the server accepted it. Kept non-decreasing inside a shard by the log. */
  readonly receiveTimeMs: number;
  /** Address of the sender, for `appendMeta`; empty when unknown. At most 64 bytes. */
  readonly clientAddress: string;
}

/**
 * The place of an append in what one writer sends, so that a repeated one is refused. Sequences of a writer
 * are its own numbers, such as offsets in a file; they only grow.
 */
export interface AppendWriter {
  /** 128 bits, 32 lower-case hex digits. */
  readonly key: string;
  /** The append continues what the writer had stored up to here. */
  readonly previous: number;
  /** What is stored once the append is; above `previous`, at most 2^53 - 1. */
  readonly sequence: number;
}

export interface LogRecord extends NewRecord {
  readonly sequence: number;
}

export interface ShardBounds {
  /** The oldest sequence that can be read (equals `nextSequence` when there is none). */
  readonly firstSequence: number;
  /** The sequence that the next record will get. */
  readonly nextSequence: number;
}

export interface ReadOptions {
  readonly maxRecords: number;
  /** Stops after the record that reaches it; at least one record is returned when there is one. */
  readonly maxPayloadBytes: number;
}

/** A stored file that is not as it should be, although records may be readable all the same. */
export interface LogFileDamage {
  /** Below the folder of all shard logs: `<logstore id>/<shard id>/<name>`. */
  readonly file: string;
  /** One clause in lower case. */
  readonly what: string;
}

export interface ShardLog {
  /**
   * Makes the shard known (idempotent). Must be called once before any other call on a new shard;
   * shards that exist on disk are found by the implementation itself at open.
   */
  createShard(shard: ShardKey): Promise<void>;
  /** Removes all shards of a logstore and their bytes (idempotent). */
  deleteLogstore(logstoreId: string): Promise<void>;
  /**
   * Appends records, all or none. Returns the sequence of the first. With a writer: refused with
   * InvalidSequenceId, details {lastSequence}, when the writer has more stored in this shard than
   * `previous`; otherwise its last sequence becomes `sequence`, in one step with the records. Writers that
   * were silent for longest are forgotten: then a repeated append is accepted, never a new one refused.
   * Errors: ServerBusy (queue bound reached, or the disk is full; both retryable), ShardNotExist.
   */
  append(shard: ShardKey, records: readonly NewRecord[], writer?: AppendWriter): Promise<number>;
  /**
   * Records from `fromSequence` on, in order; [] at the end. Before the first sequence it starts there.
   * A damaged record in the middle is never skipped silently: it throws `ShardLogDamaged` with details
   * {firstDamaged, resumeAt}; a caller may go on at `resumeAt`.
   */
  read(shard: ShardKey, fromSequence: number, options: ReadOptions): Promise<readonly LogRecord[]>;
  bounds(shard: ShardKey): Promise<ShardBounds>;
  /** The first sequence whose receive time is at or after `timeMs` (nextSequence when none is). */
  findByReceiveTime(shard: ShardKey, timeMs: number): Promise<number>;
  /**
   * What reading the records does not show: files that are missing, and damage outside of records. Empty: nothing.
   * Errors: ShardNotExist.
   */
  verify(shard: ShardKey): Promise<readonly LogFileDamage[]>;
  /** Drops whole files whose records were all received before `timeMs`; never the newest file. */
  trim(shard: ShardKey, receivedBeforeMs: number): Promise<void>;
  /** Calls `listener` after each durable append with the shard and its new nextSequence. */
  onAppend(listener: (shard: ShardKey, nextSequence: number) => void): Disposable;
  close(): Promise<void>;
}
