/** For tests: a query service over segments that a test built. */
import { join } from 'node:path';
import type { Logstore } from '#meta/catalog-types.ts';
import type { Clock } from '#platform/clock.ts';
import { RealClock } from '#platform/real-clock.ts';
import type { IndexConfig } from '#protocol/index-config.ts';
import type { SegmentReader } from '#segment/segment.ts';
import { createLogger } from '#telemetry/logger.ts';
import { QueryService, type LogsRequest, type LogsResult } from './query-service.ts';
import { SegmentFixture, type FixtureLog } from './search/segment-fixture.ts';
import { MIB } from '#base/units.ts';

export interface QueryFixtureOptions {
  readonly clock?: Clock | undefined;
  readonly timeBudgetMs?: number | undefined;
  readonly concurrencyMax?: number | undefined;
  readonly memoryLimitBytes?: number | undefined;
}

export class QueryFixture implements AsyncDisposable {
  readonly service: QueryService;
  readonly segments: SegmentReader[] = [];
  index: IndexConfig | undefined;
  /** False: as if logs were stored that no segment holds yet. */
  isIndexed = true;
  /** Leases that were not given back. */
  leaseCount = 0;
  readonly #fixture: SegmentFixture;

  private constructor(fixture: SegmentFixture, options: QueryFixtureOptions) {
    this.#fixture = fixture;
    this.service = new QueryService(
      {
        memoryLimitBytes: options.memoryLimitBytes ?? 256 * MIB,
        threads: 2,
        spillDirectory: join(fixture.directory, 'spill'),
        segmentDirectories: [fixture.directory],
        timeBudgetMs: options.timeBudgetMs,
        concurrencyMax: options.concurrencyMax ?? 4,
      },
      {
        catalog: { getLogstore: (project, name) => Promise.resolve(this.#logstore(project, name)) },
        segments: {
          acquire: () => {
            this.leaseCount++;
            return Promise.resolve({
              segments: [...this.segments],
              isComplete: this.isIndexed,
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
    this.segments.push(await this.#fixture.build(logs, this.index));
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
    await this.#fixture[Symbol.asyncDispose]();
  }

  #logstore(projectName: string, logstoreName: string): Logstore {
    return {
      id: 'x1',
      projectName,
      logstoreName,
      ttl: 30,
      enableTracking: false,
      autoSplit: false,
      maxSplitShard: 1,
      appendMeta: false,
      shards: [],
      index: this.index,
      indexModifyTimeMs: 0,
      createTimeMs: 0,
      lastModifyTimeMs: 0,
      attributes: {},
    };
  }
}
