import { afterAll, beforeAll, expect, test } from 'vitest';
import { AppError } from '#base/app-error.ts';
import type { Logstore } from '#meta/catalog-types.ts';
import { MemoryClock } from '#platform/memory-clock.ts';
import { TEXT_KEY } from '#protocol/index-config-fixture.ts';
import type { IndexConfig } from '#protocol/index-config.ts';
import type { SegmentReader } from '#segment/segment.ts';
import { SEGMENTS_AT_ONCE } from '../limits.ts';
import { QueryBudget } from '../query-budget.ts';
import { QueryLeases, type LeaseRequest } from '../query-leases.ts';
import type { SearchPlan } from '../search/compile-search.ts';
import { MatchCache } from '../search/match-cache.ts';
import { SegmentFixture } from '../search/segment-fixture.ts';
import { findLogs, type FindLogsRequest, type FoundLogs } from './find-logs.ts';
import type { RelationSpec } from './relation.ts';
import { SqlLogstores, type IndexedLogstore } from './sql-logstores.ts';

const DAY = 86_400;
const START = 1_716_163_200;
const INDEX: IndexConfig = { line: undefined, keys: { msg: TEXT_KEY }, max_text_len: 64 };
const WORD: SearchPlan = { kind: 'fullText', text: 'bad', form: 'word' };

/** Leases of the segments of a few logstores, counted. */
class Leased {
  readonly asked: LeaseRequest[] = [];
  open = 0;
  isComplete = true;
  readonly #segments: Readonly<Record<string, readonly SegmentReader[]>>;

  constructor(segments: Readonly<Record<string, readonly SegmentReader[]>>) {
    this.#segments = segments;
  }

  leases(): QueryLeases {
    return new QueryLeases({ signal: undefined }, { segments: this });
  }

  acquire(request: LeaseRequest): ReturnType<QueryLeases['acquire']> {
    const { logstoreId, fromTime, toTime } = request;
    this.asked.push({ logstoreId, fromTime, toTime });
    const segments = this.#segments[logstoreId];
    if (segments === undefined)
      return Promise.reject(new AppError('ServerBusy', 'a damaged segment is being built again'));
    this.open++;
    return Promise.resolve({
      segments,
      isComplete: this.isComplete,
      committedCount: segments.length,
      total: { committed: segments.length, sealed: 0 },
      [Symbol.asyncDispose]: () => {
        this.open--;
        return Promise.resolve();
      },
    });
  }
}

let fixture: SegmentFixture;
let own: SegmentReader[];
let other: SegmentReader[];

beforeAll(async () => {
  fixture = await SegmentFixture.create();
  // Two days of the own logstore, and one of another.
  const day = (start: number): Promise<SegmentReader> =>
    fixture.build(
      Array.from({ length: 10 }, (_, i) => ({
        __time__: start + i,
        msg: i % 2 === 0 ? 'bad' : 'good',
      })),
      INDEX,
    );
  own = [await day(START), await day(START + DAY)];
  other = [await day(START)];
});
afterAll(() => fixture[Symbol.asyncDispose]());

function logstore(name: string): IndexedLogstore {
  return { id: `${name}-id`, logstoreName: name, index: INDEX } as Logstore & IndexedLogstore;
}

function spec(viewName: string, changes: Partial<RelationSpec> = {}): RelationSpec {
  const asRequest = { logstoreName: undefined, shiftSeconds: 0, timeRange: undefined };
  return { viewName, ...asRequest, usedNames: undefined, ...changes };
}

async function find(
  leased: Leased,
  specs: readonly RelationSpec[],
  changes: Partial<FindLogsRequest> = {},
): Promise<FoundLogs> {
  await using leases = leased.leases();
  return await findLogs(
    {
      specs,
      own: { logstore: logstore('own'), plan: WORD, topic: '' },
      others: new Map([['other', logstore('other')]]),
      range: { fromTime: START + DAY, toTime: START + DAY + 6 },
      ...changes,
    },
    {
      leases,
      budget: new QueryBudget(new MemoryClock(), 1000, undefined),
      cache: new MatchCache(1e6),
    },
  );
}

function counts({ relations }: FoundLogs): number[] {
  return relations.map(({ matches }) => matches.reduce((sum, { ranks }) => sum + ranks.count, 0));
}

test('the search is for the own logstore, other ones give all logs of the range', async () => {
  const leased = new Leased({ 'own-id': own, 'other-id': other });
  const range = { fromTime: START, toTime: START + 6 };
  const found = await find(leased, [spec('log'), spec('store_1', { logstoreName: 'other' })], {
    range,
  });
  expect(counts(found)).toEqual([3, 6]);
  expect(found).toMatchObject({ isComplete: true, isAccurate: true, processedRows: 9 });
  expect(leased.open).toBe(0);
});

test('a shifted relation has the earlier range, and one with times of its own has those', async () => {
  const leased = new Leased({ 'own-id': own, 'other-id': other });
  const found = await find(leased, [
    spec('log'),
    spec('log_shift_86400', { shiftSeconds: DAY }),
    spec('log_2', { timeRange: { fromTime: START + 8, toTime: START + DAY + 1 } }),
    spec('log_3', {
      shiftSeconds: DAY,
      timeRange: { fromTime: START + DAY + 4, toTime: START + DAY + 5 },
    }),
  ]);
  expect(counts(found)).toEqual([3, 3, 2, 1]);
  expect(found.relations.map(({ matches }) => matches.map(({ reader }) => reader.info.id))).toEqual(
    [[own[1]], [own[0]], own, [own[0]]].map((readers) => readers.map((one) => one?.info.id)),
  );
});

test('the same logs are leased and matched once', async () => {
  const leased = new Leased({ 'own-id': own, 'other-id': other });
  const found = await find(leased, [
    spec('log'),
    spec('log_2'),
    spec('store_1', { logstoreName: 'other' }),
    spec('store_2', { logstoreName: 'other', usedNames: ['msg'] }),
  ]);
  expect(leased.asked.map(({ logstoreId }) => logstoreId).sort()).toEqual(['other-id', 'own-id']);
  expect(found.relations[1]?.matches).toEqual(found.relations[0]?.matches);
  expect(found.processedRows).toBe(3);
});

test('leases are given back when another one fails', async () => {
  const leased = new Leased({ 'own-id': own });
  await expect(
    find(leased, [spec('log'), spec('store_1', { logstoreName: 'other' })]),
  ).rejects.toMatchObject({ code: 'ServerBusy' });
  expect(leased.asked.length).toBe(2);
  expect(leased.open).toBe(0);
});

test('a segment that cannot be read fails the statement, and the leases are given back', async () => {
  const error = new AppError('SegmentDamaged', 'a segment is damaged');
  const damaged = { ...own[0], info: own[0]?.info, times: () => Promise.reject(error) };
  const leased = new Leased({ 'own-id': [...own, damaged as SegmentReader] });
  await expect(find(leased, [spec('log')])).rejects.toMatchObject({ code: 'SegmentDamaged' });
  expect(leased.open).toBe(0);
});

test('logs that wait to be indexed in any of the logstores are known of', async () => {
  const leased = new Leased({ 'own-id': own });
  await using leases = leased.leases();
  await leases.acquire({ logstoreId: 'own-id', fromTime: 0, toTime: 1 });
  expect(leases.isComplete).toBe(true);
  leased.isComplete = false;
  await leases.acquire({ logstoreId: 'own-id', fromTime: 0, toTime: 2 });
  leased.isComplete = true;
  await leases.acquire({ logstoreId: 'own-id', fromTime: 0, toTime: 3 });
  expect(leases.isComplete).toBe(false);
});

/** The segment, with each look into its index taking this long. */
function slowed(reader: SegmentReader, clock: MemoryClock, ms: number): SegmentReader {
  return new Proxy(reader, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return async (...args: unknown[]): Promise<unknown> => {
        if (name === 'termIn') await clock.advance(ms);
        return await Reflect.apply(member, target, args);
      };
    },
  });
}

test('when the time for matching is over the newest logs are there, and the repeat goes on', async () => {
  const clock = new MemoryClock();
  const slow: SegmentReader[] = [];
  for (let i = 0; i < 3 * SEGMENTS_AT_ONCE; i++) {
    const reader = await fixture.build([{ __time__: START + i, msg: 'bad' }], INDEX);
    slow.push(slowed(reader, clock, 500));
  }
  const leased = new Leased({ 'own-id': slow });
  const cache = new MatchCache(1e6);
  const found: (readonly number[])[] = [];
  for (let isComplete = false; !isComplete;) {
    await using leases = leased.leases();
    const logs = await findLogs(
      {
        specs: [spec('log')],
        own: { logstore: logstore('own'), plan: WORD, topic: '' },
        others: new Map(),
        range: { fromTime: START, toTime: START + DAY },
      },
      { leases, budget: new QueryBudget(clock, 100, undefined), cache },
    );
    isComplete = logs.isComplete;
    const matches = logs.relations.flatMap((relation) => relation.matches);
    found.push(matches.map(({ reader }) => reader.info.minTime - START));
  }
  expect(leased.open).toBe(0);
  expect(found).toEqual([
    [8, 9, 10, 11],
    [4, 5, 6, 7, 8, 9, 10, 11],
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
  ]);
  const request = {
    specs: [spec('log')],
    own: { logstore: logstore('own'), plan: WORD, topic: '' },
    others: new Map(),
    range: { fromTime: START, toTime: START + DAY },
  };
  await using leases = leased.leases();
  const budget = new QueryBudget(clock, 0, undefined);
  await expect(findLogs(request, { leases, budget, cache })).rejects.toMatchObject({
    code: 'QueryTimeout',
  });
});

function authorize(name: string): void {
  if (name === 'secret') throw new AppError('Unauthorized', 'denied by policy');
}

test('logstores are looked up as far as their reader may know of them', async () => {
  const asked: string[] = [];
  const catalog = {
    getLogstore: (_project: string, name: string): Promise<Logstore> => {
      asked.push(name);
      if (name === 'absent')
        return Promise.reject(new AppError('LogStoreNotExist', 'logstore absent does not exist'));
      const { index, ...bare } = logstore(name);
      return Promise.resolve({ ...bare, index: name === 'bare' ? undefined : index } as Logstore);
    },
  };
  const text = 'select * from\n absent';
  const logstores = new SqlLogstores({ projectName: 'p', text, authorize }, { catalog });
  await logstores.find(['Other']);
  expect(logstores.found.get('Other')?.id).toBe('other-id');
  await expect(logstores.find(['absent'])).rejects.toMatchObject({
    code: 'ParameterInvalid',
    message: 'line 2:2: Table absent does not exist',
  });
  await expect(logstores.find(['bare'])).rejects.toMatchObject({ code: 'IndexConfigNotExist' });
  await expect(logstores.find(['Secret'])).rejects.toMatchObject({ code: 'Unauthorized' });
  expect(asked).toEqual(['other', 'absent', 'bare']);
  const many = Array.from({ length: 16 }, (_, i) => `s${i}`);
  await expect(logstores.find(many)).rejects.toMatchObject({ code: 'ParameterInvalid' });
  expect(asked.length).toBe(3);
});
