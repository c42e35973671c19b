/**
 * Live tails: logs as they are written, for everybody who watches. One reader for each logstore, from its first
 * subscriber to its last; it is held up by none of them.
 */
import { AppError, errorCode } from '#base/app-error.ts';
import type { ShardLog } from '#loghub/shard-log.ts';
import type { Logstore } from '#meta/catalog-types.ts';
import type { Clock } from '#platform/clock.ts';
import { ERROR_CODES } from '#protocol/error-codes.ts';
import { parseQuery } from '#querylang/parse-query.ts';
import type { Logger } from '#telemetry/logger.ts';
import {
  TAIL_BACK_LOGS_MAX,
  TAIL_LOGSTORE_SUBSCRIBERS_MAX,
  TAIL_SUBSCRIBERS_MAX,
} from '../limits.ts';
import { indexOf, LogstoreTail, type TailMember } from './logstore-tail.ts';
import { Pacer } from './pacer.ts';
import { recentLogs } from './recent-logs.ts';
import { TailFilter } from './tail-filter.ts';
import { QueuedChars, TailQueue, type TailEvent } from './tail-queue.ts';

export interface LiveTailCollaborators {
  readonly catalog: {
    /** Errors: ProjectNotExist, LogStoreNotExist. */
    getLogstore(projectName: string, logstoreName: string): Promise<Logstore>;
  };
  readonly shardLog: Pick<ShardLog, 'read' | 'bounds' | 'onAppend'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface TailRequest {
  readonly projectName: string;
  readonly logstoreName: string;
  /** Empty: any topic. */
  readonly topic: string;
  /** A search, without SQL. */
  readonly query: string;
  /** Logs from before the beginning, the newest that are wanted; 0 to 500. */
  readonly backCount: number;
  readonly signal: AbortSignal;
}

/** Dispose it when nobody listens any more. */
export interface TailSubscription extends Disposable {
  /**
   * What comes next; undefined when nothing came for `waitMs`. One call at a time. Errors: the signal's reason of the
   * request, and what ends the tail: LogStoreNotExist, IndexConfigNotExist, ParameterInvalid (the index has
   * changed and no longer has a field of the query), ServerBusy (the server stops).
   */
  next(waitMs: number): Promise<TailEvent | undefined>;
}

export class LiveTail implements AsyncDisposable {
  readonly #collaborators: LiveTailCollaborators;
  readonly #pacer: Pacer;
  readonly #queuedChars = new QueuedChars();
  /** By id of the logstore. */
  readonly #tails = new Map<string, LogstoreTail>();
  /** Tails that read, stopped ones included. */
  readonly #runs = new Set<Promise<void>>();
  readonly #appends: Disposable;
  #isStopping = false;

  constructor(collaborators: LiveTailCollaborators) {
    this.#collaborators = collaborators;
    this.#pacer = new Pacer(collaborators.clock);
    this.#appends = collaborators.shardLog.onAppend(({ logstoreId, shardId }, nextSequence) =>
      this.#tails.get(logstoreId)?.noteAppend(shardId, nextSequence),
    );
  }

  /** Logstores that are being read. */
  get readerCount(): number {
    return this.#tails.size;
  }

  get subscriberCount(): number {
    return this.#tails.values().reduce((sum, tail) => sum + tail.memberCount, 0);
  }

  /**
   * Resolves when everything that is acknowledged from now on will be told. Errors: ProjectNotExist, LogStoreNotExist,
   * IndexConfigNotExist, ParameterInvalid (the query, SQL in it, backCount), ExceedQuota, ServerBusy.
   */
  async subscribe(request: TailRequest): Promise<TailSubscription> {
    const { backCount, signal } = request;
    if (!Number.isInteger(backCount) || backCount < 0 || backCount > TAIL_BACK_LOGS_MAX)
      throw new AppError(
        'ParameterInvalid',
        `the number of logs to begin with must be between 0 and ${TAIL_BACK_LOGS_MAX}`,
      );
    const { search, analysis } = parseQuery(request.query);
    if (analysis.kind !== 'none')
      throw new AppError('ParameterInvalid', 'a live tail takes a search only, nothing after |');
    const { projectName, logstoreName, topic } = request;
    const logstore = await this.#collaborators.catalog.getLogstore(projectName, logstoreName);
    const filter = new TailFilter(search, topic, indexOf(logstore));
    const tail = this.#tailOf(logstore);
    const queue = new TailQueue(this.#collaborators.clock, this.#queuedChars);
    const member: TailMember = { filter, queue, starts: new Map() };
    const leave = (): void => this.#leave(logstore.id, tail, member);
    try {
      await tail.join(member);
      if (backCount > 0) await this.#addRecent(tail, member, { ...request, logstore });
      signal.throwIfAborted();
    } catch (error) {
      leave();
      throw error;
    }
    return { next: (waitMs) => queue.next(waitMs, signal), [Symbol.dispose]: leave };
  }

  /** Ends every tail. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true;
    this.#appends[Symbol.dispose]();
    for (const tail of this.#tails.values()) tail.stop(stopping());
    await Promise.all(this.#runs);
  }

  /** The tail of a logstore, for one more member. Errors: ExceedQuota, ServerBusy. */
  #tailOf(logstore: Logstore): LogstoreTail {
    if (this.#isStopping) throw stopping();
    const known = this.#tails.get(logstore.id);
    if (this.subscriberCount >= TAIL_SUBSCRIBERS_MAX)
      throw new AppError('ExceedQuota', `there are ${TAIL_SUBSCRIBERS_MAX} live tails already`);
    if ((known?.memberCount ?? 0) >= TAIL_LOGSTORE_SUBSCRIBERS_MAX)
      throw new AppError(
        'ExceedQuota',
        `there are ${TAIL_LOGSTORE_SUBSCRIBERS_MAX} live tails of this logstore already`,
      );
    if (known !== undefined) return known;
    const tail = new LogstoreTail(logstore, { ...this.#collaborators, pacer: this.#pacer });
    this.#tails.set(logstore.id, tail);
    const run = this.#run(logstore.id, tail).finally(() => this.#runs.delete(run));
    this.#runs.add(run);
    return tail;
  }

  async #run(logstoreId: string, tail: LogstoreTail): Promise<void> {
    try {
      await tail.run();
    } catch (error) {
      if (ERROR_CODES[errorCode(error) ?? ''] === undefined)
        this.#collaborators.logger.error({ logstoreId, err: error }, 'a live tail broke');
    } finally {
      this.#forget(logstoreId, tail);
    }
  }

  #forget(logstoreId: string, tail: LogstoreTail): void {
    if (this.#tails.get(logstoreId) === tail) this.#tails.delete(logstoreId);
  }

  async #addRecent(
    tail: LogstoreTail,
    { filter, queue, starts }: TailMember,
    request: TailRequest & { readonly logstore: Logstore },
  ): Promise<void> {
    const logs = await recentLogs(
      {
        logstoreId: request.logstore.id,
        ends: starts,
        count: request.backCount,
        appendMeta: request.logstore.appendMeta,
        wants: (log) => filter.wants(log, tail.layout),
        signal: request.signal,
      },
      { shardLog: this.#collaborators.shardLog, pacer: this.#pacer },
    );
    queue.prepend(logs.map(({ json }) => json));
  }

  #leave(logstoreId: string, tail: LogstoreTail, member: TailMember): void {
    tail.leave(member);
    member.queue[Symbol.dispose]();
    if (tail.memberCount > 0) return;
    tail.stop(new AppError('Interrupted', 'nobody listens'));
    this.#forget(logstoreId, tail);
  }
}

function stopping(): AppError {
  return new AppError('ServerBusy', 'the server is stopping');
}
