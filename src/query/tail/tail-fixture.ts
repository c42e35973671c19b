/** For tests: live tails over a real ShardLog on a modelled disk, with a clock that stands still. */
import { TEXT_KEY } from '#protocol/index-config-fixture.ts';
import { AppError } from '#base/app-error.ts';
import { must } from '#base/assert.ts';
import { EmbeddedShardLog } from '#loghub/embedded/embedded-shard-log.ts';
import type { NewRecord } from '#loghub/shard-log.ts';
import type { Logstore } from '#meta/catalog-types.ts';
import { MemoryClock } from '#platform/memory-clock.ts';
import { MemoryFiles } from '#platform/memory-files.ts';
import { DEFAULT_TOKENS } from '#protocol/index-config.ts';
import { encodeLogGroup } from '#protocol/log-group.ts';
import { createLogger } from '#telemetry/logger.ts';
import { LiveTail, type TailRequest, type TailSubscription } from './live-tail.ts';
import type { TailEvent } from './tail-queue.ts';

export const TAIL_LOGSTORE: Logstore = {
  id: 'x1',
  projectName: 'web',
  logstoreName: 'app',
  ttl: 30,
  enableTracking: false,
  autoSplit: false,
  maxSplitShard: 8,
  appendMeta: false,
  shards: [shard(0), shard(1)],
  index: {
    line: { token: DEFAULT_TOKENS, caseSensitive: false, chn: false },
    keys: { level: TEXT_KEY },
    max_text_len: 2048,
  },
  indexModifyTimeMs: 1,
  createTimeMs: 0,
  lastModifyTimeMs: 0,
  attributes: {},
};

export function shard(shardId: number): Logstore['shards'][number] {
  return {
    shardId,
    status: 'readwrite',
    inclusiveBeginKey: '0'.repeat(32),
    exclusiveEndKey: 'f'.repeat(32),
    createTimeMs: 0,
  };
}

export class TailFixture implements AsyncDisposable {
  readonly clock: MemoryClock = new MemoryClock();
  readonly tails: LiveTail;
  /** Reads of the ShardLog so far. */
  readCount = 0;
  /** What the catalog has; undefined: the logstore is gone. */
  logstore: Logstore | undefined = TAIL_LOGSTORE;
  readonly #log: EmbeddedShardLog;
  readonly #abort = new AbortController();

  private constructor(log: EmbeddedShardLog, clock: MemoryClock) {
    this.clock = clock;
    this.#log = log;
    this.tails = new LiveTail({
      catalog: { getLogstore: async () => this.#find() },
      shardLog: {
        read: (key, from, options) => {
          this.readCount++;
          return log.read(key, from, options);
        },
        bounds: (key) => log.bounds(key),
        onAppend: (listener) => log.onAppend(listener),
      },
      clock,
      logger: createLogger({ level: 'silent' }),
    });
  }

  static async create(): Promise<TailFixture> {
    const clock = new MemoryClock();
    const log = await EmbeddedShardLog.open(
      { directory: '/data/wal', durability: 'os' },
      { files: new MemoryFiles(), clock },
    );
    const fixture = new TailFixture(log, clock);
    for (const { shardId } of TAIL_LOGSTORE.shards) await fixture.createShard(shardId);
    return fixture;
  }

  createShard(shardId: number): Promise<void> {
    return this.#log.createShard({ logstoreId: TAIL_LOGSTORE.id, shardId });
  }

  async deleteLogstore(): Promise<void> {
    this.logstore = undefined;
    await this.#log.deleteLogstore(TAIL_LOGSTORE.id);
  }

  subscribe(query = '*', changes: Partial<TailRequest> = {}): Promise<TailSubscription> {
    return this.tails.subscribe({
      projectName: 'web',
      logstoreName: 'app',
      topic: '',
      query,
      backCount: 0,
      signal: this.#abort.signal,
      ...changes,
    });
  }

  /** Writes one log group of these logs, a second apart. */
  write(
    logs: readonly Readonly<Record<string, string>>[],
    { shardId = 0, topic = '', ...record }: Partial<NewRecord> & WriteOptions = {},
  ): Promise<number> {
    const payload = encodeLogGroup({
      topic,
      source: '',
      tags: [],
      logs: logs.map((fields, i) => ({
        time: 1_700_000_000 + i,
        contents: Object.entries(fields).map(([key, value]) => ({ key, value })),
      })),
    });
    return this.#log.append({ logstoreId: TAIL_LOGSTORE.id, shardId }, [
      {
        compression: 'none',
        payload,
        rawBytes: payload.length,
        logCount: logs.length,
        receiveTimeMs: this.clock.nowMs(),
        clientAddress: '',
        ...record,
      },
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.tails[Symbol.asyncDispose]();
    await this.#log.close();
  }

  #find(): Logstore {
    if (this.logstore === undefined)
      throw new AppError('LogStoreNotExist', 'logstore app does not exist');
    return this.logstore;
  }
}

interface WriteOptions {
  readonly shardId?: number;
  readonly topic?: string;
}

/** The next event, which must come without time passing. */
export async function nextEvent(subscription: TailSubscription): Promise<TailEvent> {
  return must(await subscription.next(1000), 'an event');
}

/** Values of a field in the next `count` logs; anything but logs is an error. */
export async function nextValues(
  subscription: TailSubscription,
  field: string,
  count: number,
): Promise<readonly (string | undefined)[]> {
  const values: (string | undefined)[] = [];
  while (values.length < count) {
    const event = await nextEvent(subscription);
    if (event.kind !== 'logs') throw new Error(`${event.count} logs dropped, ${event.reason}`);
    const rows = event.rows.map((row) => JSON.parse(row) as Record<string, string>);
    values.push(...rows.map((row) => row[field]));
  }
  return values;
}
