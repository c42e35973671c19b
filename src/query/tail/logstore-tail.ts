/**
 * The one reader of a tailed logstore: follows all its shards as they grow, decodes each log group once, and gives
 * every log to the subscribers who want it. When writes come faster than it may read, it goes on with the newest.
 */
import { AppError, errorCode } from '#base/app-error.ts';
import type { LogRecord, ShardBounds, ShardLog } from '#loghub/shard-log.ts';
import type { Logstore } from '#meta/catalog-types.ts';
import type { Clock } from '#platform/clock.ts';
import type { IndexConfig } from '#protocol/index-config.ts';
import { LogLayout } from '../match/log-fields.ts';
import { TAIL_BEHIND_MS, TAIL_READ_BYTES, TAIL_READ_RECORDS, TAIL_RELIST_MS } from '../limits.ts';
import type { Pacer } from './pacer.ts';
import { logsOf, readRecords, type ReadRecords } from './read-logs.ts';
import type { TailFilter } from './tail-filter.ts';
import type { TailQueue } from './tail-queue.ts';
import { Wakeup } from './wakeup.ts';

export interface LogstoreTailCollaborators {
  readonly catalog: {
    /** Errors: ProjectNotExist, LogStoreNotExist. */
    getLogstore(projectName: string, logstoreName: string): Promise<Logstore>;
  };
  readonly shardLog: Pick<ShardLog, 'read' | 'bounds'>;
  readonly clock: Clock;
  readonly pacer: Pacer;
}

export interface TailMember {
  readonly filter: TailFilter;
  readonly queue: TailQueue;
  /** By shard, from which sequence on the member gets logs; set when the tail takes it in. */
  starts: ReadonlyMap<number, number>;
}

interface ShardPosition {
  /** The sequence that is read next. */
  next: number;
  /** The sequence that the next record will get, as far as is known. */
  end: number;
}

export class LogstoreTail {
  readonly #collaborators: LogstoreTailCollaborators;
  readonly #members = new Set<TailMember>();
  readonly #shards = new Map<number, ShardPosition>();
  readonly #abort = new AbortController();
  readonly #wakeup: Wakeup;
  readonly #ready: Promise<void>;
  #logstore: Logstore;
  #layout: LogLayout;
  #isStarted = false;
  /** A shard has come that is not followed yet. */
  #isListOld = false;
  #listedAtMs = 0;

  /** Starts at once. `logstore` has an index. */
  constructor(logstore: Logstore, collaborators: LogstoreTailCollaborators) {
    this.#logstore = logstore;
    this.#collaborators = collaborators;
    this.#wakeup = new Wakeup(collaborators.clock);
    this.#layout = new LogLayout(indexOf(logstore));
    this.#ready = this.#start();
  }

  get memberCount(): number {
    return this.#members.size;
  }

  get layout(): LogLayout {
    return this.#layout;
  }

  /** Resolves when the member gets what is written from now on. Errors: ShardNotExist, those of the ShardLog. */
  async join(member: TailMember): Promise<void> {
    this.#members.add(member);
    if (this.#isStarted) member.starts = this.#positions();
    await this.#ready;
    this.#abort.signal.throwIfAborted();
  }

  leave(member: TailMember): void {
    this.#members.delete(member);
  }

  noteAppend(shardId: number, nextSequence: number): void {
    const shard = this.#shards.get(shardId);
    if (shard === undefined) this.#isListOld = true;
    else shard.end = Math.max(shard.end, nextSequence);
    this.#wakeup.wake();
  }

  /** Reads until it is stopped. Rejects with what ends the tail for all members, who have been told. */
  async run(): Promise<void> {
    const { signal } = this.#abort;
    try {
      await this.#ready;
      for (;;) {
        this.#wakeup.reset();
        await this.#relist();
        let isAtEnd = true;
        for (const shardId of this.#shards.keys()) if (await this.#read(shardId)) isAtEnd = false;
        if (isAtEnd) await this.#wakeup.wait(TAIL_RELIST_MS, signal);
        signal.throwIfAborted();
      }
    } catch (error) {
      this.#abort.abort(error);
      for (const { queue } of this.#members) queue.fail(error);
      throw error;
    }
  }

  stop(reason: AppError): void {
    this.#abort.abort(reason);
  }

  /** From now on: what the shards hold already is not for a tail. */
  async #start(): Promise<void> {
    for (const { shardId } of this.#logstore.shards) {
      const bounds = await this.#bounds(shardId);
      if (bounds === undefined) continue;
      this.#shards.set(shardId, { next: bounds.nextSequence, end: bounds.nextSequence });
    }
    // Until the first list nobody has noted appends.
    this.#isListOld = true;
    this.#isStarted = true;
    for (const member of this.#members) member.starts = this.#positions();
  }

  #positions(): ReadonlyMap<number, number> {
    return new Map([...this.#shards].map(([shardId, { next }]) => [shardId, next]));
  }

  /** Finds new shards, a changed index, and that the logstore is gone. */
  async #relist(): Promise<void> {
    const { catalog, clock } = this.#collaborators;
    const nowMs = clock.monotonicMs();
    if (!this.#isListOld && nowMs - this.#listedAtMs < TAIL_RELIST_MS) return;
    this.#listedAtMs = nowMs;
    this.#isListOld = false;
    const { id: logstoreId, projectName, logstoreName, indexModifyTimeMs } = this.#logstore;
    const logstore = await catalog.getLogstore(projectName, logstoreName);
    if (logstore.id !== logstoreId)
      throw new AppError('LogStoreNotExist', `logstore ${logstoreName} does not exist`);
    this.#logstore = logstore;
    if (logstore.indexModifyTimeMs !== indexModifyTimeMs) this.#useIndex(indexOf(logstore));
    const listed = new Set(logstore.shards.map(({ shardId }) => shardId));
    for (const shardId of this.#shards.keys())
      if (!listed.has(shardId)) this.#shards.delete(shardId);
    for (const shardId of listed) {
      const bounds = await this.#bounds(shardId);
      if (bounds === undefined) continue;
      const known = this.#shards.get(shardId);
      // A shard that came after the tail began is read from its beginning.
      const { firstSequence: next, nextSequence: end } = bounds;
      if (known === undefined) this.#shards.set(shardId, { next, end });
      else known.end = Math.max(known.end, end);
    }
  }

  /** Undefined while the shard is being made, or removed. */
  async #bounds(shardId: number): Promise<ShardBounds | undefined> {
    try {
      return await this.#collaborators.shardLog.bounds({
        logstoreId: this.#logstore.id,
        shardId,
      });
    } catch (error) {
      if (errorCode(error) === 'ShardNotExist') return undefined;
      throw error;
    }
  }

  #useIndex(index: IndexConfig): void {
    this.#layout = new LogLayout(index);
    for (const { filter, queue } of this.#members) {
      try {
        filter.useIndex(index);
      } catch (error) {
        queue.fail(error);
      }
    }
  }

  /** Gives the next log groups of a shard out. False when there are none. */
  async #read(shardId: number): Promise<boolean> {
    const position = this.#shards.get(shardId);
    if (position === undefined || position.next >= position.end) return false;
    const { records, next } = await this.#records(shardId, position);
    for (const record of records) {
      if (this.#isBehind(record, position)) {
        this.#skip(position);
        return true;
      }
      await this.#collaborators.pacer.run(() => {
        this.#give(record);
        position.next = record.sequence + 1;
      }, this.#abort.signal);
    }
    // Nothing there, although it should be: the log was cut, and tells of its next append.
    if (next === position.next && records.length === 0) position.end = next;
    position.next = Math.max(position.next, next);
    return true;
  }

  async #records(shardId: number, position: ShardPosition): Promise<ReadRecords> {
    try {
      return await readRecords(
        this.#collaborators.shardLog,
        { logstoreId: this.#logstore.id, shardId },
        position.next,
        { maxRecords: TAIL_READ_RECORDS, maxPayloadBytes: TAIL_READ_BYTES },
      );
    } catch (error) {
      if (errorCode(error) !== 'ShardNotExist') throw error;
      // The catalog knows whether the logstore is gone as well.
      this.#isListOld = true;
      return { records: [], next: position.next };
    }
  }

  #isBehind(record: LogRecord, position: ShardPosition): boolean {
    const ageMs = this.#collaborators.clock.nowMs() - record.receiveTimeMs;
    return ageMs > TAIL_BEHIND_MS && position.end - record.sequence > 1;
  }

  /** All but the newest log group. */
  #skip(position: ShardPosition): void {
    const newest = position.end - 1;
    for (const { queue } of this.#members) queue.drop('behind', newest - position.next);
    position.next = newest;
  }

  #give(record: LogRecord): void {
    for (const log of logsOf(record, this.#logstore.appendMeta))
      for (const { filter, queue } of this.#members)
        if (filter.wants(log, this.#layout)) queue.offer(log.json);
  }
}

/** Errors: IndexConfigNotExist. */
export function indexOf(logstore: Logstore): IndexConfig {
  if (logstore.index === undefined)
    throw new AppError('IndexConfigNotExist', 'logstore without index config');
  return logstore.index;
}
