/** For tests: a query service over segments that a test built. */
import { join } from 'node:path';
import { AppError } from '#base/app-error.ts';
import type { Logstore } from '#meta/catalog-types.ts';
import type { Clock } from '#platform/clock.ts';
import { RealClock } from '#platform/real-clock.ts';
import type { IndexConfig } from '#protocol/index-config.ts';
import type { SegmentReader } from '#segment/segment.ts';
import { createLogger } from '#telemetry/logger.ts';
import { QueryService, type LogsRequest, type LogsResult } from './query-service.ts';
import { SegmentFixture, type FixtureLog } from './search/segment-fixture.ts';
import { MIB } from '#base/units.ts';
import type { DataFileOptions } from './udf/data-files.ts';

export interface QueryFixtureOptions {
  readonly clock?: Clock | undefined;
  readonly timeBudgetMs?: number | undefined;
  readonly concurrencyMax?: number | undefined;
  readonly projectConcurrencyMax?: number | undefined;
  readonly memoryLimitBytes?: number | undefined;
  readonly matchCacheBytes?: number | undefined;
  readonly dataFiles?: DataFileOptions | undefined;
}

/** A logstore beside the one that has every name that no other has. */
interface OtherLogstore {
  readonly index: IndexConfig | undefined;
  readonly segments: SegmentReader[];
}

export class QueryFixture implements AsyncDisposable {
  readonly service: QueryService;
  readonly segments: SegmentReader[] = [];
  index: IndexConfig | undefined;
  /** False: as if logs were stored that no segment holds yet. */
  isIndexed = true;
  /** Leases that were not given back. */
  leaseCount = 0;
  /** Leases that were ever given. */
  leaseTotal = 0;
  readonly #others = new Map<string, OtherLogstore>();
  /** Builds segments where statements may read them. */
  readonly builder: SegmentFixture;

  private constructor(fixture: SegmentFixture, options: QueryFixtureOptions) {
    this.builder = fixture;
    this.service = new QueryService(
      {
        memoryLimitBytes: options.memoryLimitBytes ?? 256 * MIB,
        matchCacheBytes: options.matchCacheBytes ?? 16 * MIB,
        threads: 2,
        spillDirectory: join(fixture.directory, 'spill'),
        segmentDirectories: [fixture.directory],
        timeBudgetMs: options.timeBudgetMs,
        dataFiles: options.dataFiles,
        concurrencyMax: options.concurrencyMax ?? 4,
        projectConcurrencyMax: options.projectConcurrencyMax,
      },
      {
        catalog: { getLogstore: async (project, name) => this.#logstore(project, name) },
        segments: {
          acquire: ({ logstoreId, fromTime, toTime }) => {
            this.leaseCount++;
            this.leaseTotal++;
            const all = this.#others.get(logstoreId)?.segments ?? this.segments;
            const segments = all.filter(
              ({ info }) => info.minTime < toTime && info.maxTime >= fromTime,
            );
            return Promise.resolve({
              segments,
              isComplete: this.isIndexed,
              committedCount: segments.length,
              total: { committed: all.length, sealed: 0 },
              [Symbol.asyncDispose]: () => {
                this.leaseCount--;
                return Promise.resolve();
              },
            });
          },
        },
        clock: options.clock ?? new RealClock(),
        logger: createLogger({ level: 'silent' }),
      },
    );
  }

  static async create(options: QueryFixtureOptions = {}): Promise<QueryFixture> {
    return new QueryFixture(await SegmentFixture.create(), options);
  }

  /** Adds a segment of these logs, with the present index configuration. */
  async add(logs: readonly FixtureLog[]): Promise<void> {
    if (this.index === undefined) throw new Error('assertion failed: the fixture has no index');
    this.segments.push(await this.builder.build(logs, this.index));
  }

  /** Adds another logstore, with a segment of these logs; without an index it has none. */
  async addLogstore(
    name: string,
    index: IndexConfig | undefined,
    logs: readonly FixtureLog[] = [],
  ): Promise<void> {
    const segments = index === undefined ? [] : [await this.builder.build(logs, index)];
    this.#others.set(name, { index, segments });
  }

  /** GetLogs over all times, oldest first, unless the request says otherwise. */
  query(query: string, request: Partial<LogsRequest> = {}): Promise<LogsResult> {
    return this.service.getLogs({
      projectName: 'project',
      logstoreName: 'store',
      fromTime: 0,
      toTime: 2 ** 32,
      topic: '',
      line: 100,
      offset: 0,
      reverse: false,
      ...request,
      query,
    });
  }

  /** The cells of a SQL answer in the order of its columns. */
  async cells(query: string, request: Partial<LogsRequest> = {}): Promise<string[][]> {
    const { rows, keys } = await this.query(query, request);
    return rows.map((row) => keys.map((key) => row[key] ?? ''));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.service[Symbol.asyncDispose]();
    await this.builder[Symbol.asyncDispose]();
  }

  /** Names that begin with `no_` are of no logstore. */
  #logstore(projectName: string, logstoreName: string): Logstore {
    if (logstoreName.startsWith('no_'))
      throw new AppError('LogStoreNotExist', `logstore ${logstoreName} does not exist`);
    const other = this.#others.get(logstoreName);
    return {
      id: other === undefined ? 'x1' : logstoreName,
      projectName,
      logstoreName,
      ttl: 30,
      enableTracking: false,
      autoSplit: false,
      maxSplitShard: 1,
      appendMeta: false,
      shards: [],
      index: other === undefined ? this.index : other.index,
      indexModifyTimeMs: 0,
      createTimeMs: 0,
      lastModifyTimeMs: 0,
      attributes: {},
    };
  }
}
