import { beforeEach, describe, expect, test } from 'vitest';
import { MemoryClock } from '#platform/memory-clock.ts';
import { SeededRandom } from '#platform/seeded-random.ts';
import { Catalog, type CatalogPage, type LogstoreChange } from './catalog.ts';
import type { Logstore } from './catalog-types.ts';
import { MemoryMetaStore } from './memory/memory-meta-store.ts';
import { ABSENT, type MetaEntry } from './meta-store.ts';

/** Counts reads, so that a test sees what the cache answers. */
class CountingMetaStore extends MemoryMetaStore {
  reads = 0;

  override get(key: string): Promise<MetaEntry | undefined> {
    this.reads++;
    return super.get(key);
  }
}

const PROJECT = { projectName: 'web', description: 'the web', attributes: { a: 1 } };

let clock: MemoryClock;
let store: CountingMetaStore;
let catalog: Catalog;

function logstoreOf(logstoreName: string, change: Partial<Logstore> = {}): Logstore {
  return {
    id: catalog.newLogstoreId(),
    projectName: 'web',
    logstoreName,
    ttl: 30,
    enableTracking: false,
    autoSplit: false,
    maxSplitShard: 64,
    appendMeta: true,
    shards: [
      {
        shardId: 0,
        status: 'readwrite',
        inclusiveBeginKey: '0'.repeat(32),
        exclusiveEndKey: 'f'.repeat(32),
        createTimeMs: 1,
      },
    ],
    index: undefined,
    indexModifyTimeMs: 0,
    createTimeMs: 1,
    lastModifyTimeMs: 1,
    attributes: { telemetryType: 'None' },
    ...change,
  };
}

async function listNames(page: CatalogPage): Promise<unknown> {
  const { total, projects } = await catalog.listProjects(page);
  return [total, projects.map((project) => project.projectName)];
}

beforeEach(async () => {
  clock = new MemoryClock();
  store = new CountingMetaStore();
  catalog = new Catalog({ clock, random: new SeededRandom(7) }, store);
  await catalog.createProject(PROJECT);
});

describe('projects', () => {
  test('a project is read back as it was made', async () => {
    expect(await catalog.getProject('web')).toEqual({
      ...PROJECT,
      createTimeMs: clock.nowMs(),
      lastModifyTimeMs: clock.nowMs(),
    });
  });

  test('a second project of one name is refused', async () => {
    await expect(catalog.createProject(PROJECT)).rejects.toMatchObject({
      code: 'ProjectAlreadyExist',
      message: 'Project web already exist.',
    });
  });

  test('an update merges attributes and keeps what it does not name', async () => {
    const createTimeMs = clock.nowMs();
    await clock.advance(1000);
    await catalog.updateProject('web', { attributes: { b: [2] } });
    expect(await catalog.getProject('web')).toEqual({
      ...PROJECT,
      attributes: { a: 1, b: [2] },
      createTimeMs,
      lastModifyTimeMs: createTimeMs + 1000,
    });
  });

  test('an absent project is an error with the message that clients know', async () => {
    const expected = { code: 'ProjectNotExist', message: 'The Project does not exist : no' };
    await expect(catalog.getProject('no')).rejects.toMatchObject(expected);
    await expect(catalog.updateProject('no', {})).rejects.toMatchObject(expected);
    await expect(catalog.deleteProject('no')).rejects.toMatchObject(expected);
    await expect(catalog.listLogstores('no', { offset: 0, size: 1 })).rejects.toMatchObject(
      expected,
    );
    await expect(catalog.getLogstore('no', 'x')).rejects.toMatchObject(expected);
  });

  test('projects are listed by page and by part of the name', async () => {
    for (const projectName of ['api', 'web-2', 'zoo'])
      await catalog.createProject({ ...PROJECT, projectName });
    expect(await listNames({ offset: 1, size: 2 })).toEqual([4, ['web', 'web-2']]);
    expect(await listNames({ offset: 0, size: 9, nameContains: 'web' })).toEqual([
      2,
      ['web', 'web-2'],
    ]);
    expect(await listNames({ offset: 9, size: 9 })).toEqual([4, []]);
  });

  test('a deleted project is gone', async () => {
    await catalog.deleteProject('web');
    await expect(catalog.getProject('web')).rejects.toMatchObject({ code: 'ProjectNotExist' });
  });
});

describe('logstores', () => {
  test('a logstore is read back as it was made, index configuration and unknown members too', async () => {
    const index = {
      line: { token: [','], caseSensitive: false, chn: true, auto_key_detect: false },
      keys: {
        status: { type: 'long', caseSensitive: false, chn: false, doc_value: true, alias: '' },
        ctx: {
          type: 'json',
          token: [' '],
          caseSensitive: true,
          chn: false,
          doc_value: true,
          alias: '',
          index_all: true,
          max_depth: -1,
          json_keys: { 'a.b': { type: 'double', doc_value: true } },
        },
      },
      max_text_len: 2048,
      log_reduce: true,
    } as const;
    const logstore = logstoreOf('app', { index });
    await catalog.createLogstore(logstore);
    expect(await catalog.getLogstore('web', 'app')).toEqual(logstore);
    const other = new Catalog({ clock, random: new SeededRandom(8) }, store);
    expect(await other.getLogstore('web', 'app')).toEqual(logstore);
    expect(await other.allLogstores()).toEqual([logstore]);
  });

  test('a second logstore of one name, or one without project, is refused', async () => {
    await catalog.createLogstore(logstoreOf('app'));
    await expect(catalog.createLogstore(logstoreOf('app'))).rejects.toMatchObject({
      code: 'LogStoreAlreadyExist',
    });
    await expect(
      catalog.createLogstore(logstoreOf('app', { projectName: 'no' })),
    ).rejects.toMatchObject({ code: 'ProjectNotExist' });
  });

  test.each(['gone', '', '../web', 'a/b', 'ä', 'x'.repeat(600)])(
    'the absent name %j is an error with the message that clients know',
    async (name) => {
      const expected = { code: 'LogStoreNotExist', message: `logstore ${name} does not exist` };
      await expect(catalog.getLogstore('web', name)).rejects.toMatchObject(expected);
      await expect(catalog.updateLogstore('web', name, (l) => l)).rejects.toMatchObject(expected);
      await expect(catalog.deleteLogstore('web', name)).rejects.toMatchObject(expected);
    },
  );

  test('reads after the first come from memory', async () => {
    await catalog.createLogstore(logstoreOf('app'));
    const other = new Catalog({ clock, random: new SeededRandom(8) }, store);
    await other.getLogstore('web', 'app');
    const { reads } = store;
    for (let i = 0; i < 10; i++) await other.getLogstore('web', 'app');
    expect(store.reads).toBe(reads);
  });

  test('what another catalog changes or deletes is seen', async () => {
    await catalog.createLogstore(logstoreOf('app'));
    const other = new Catalog({ clock, random: new SeededRandom(8) }, store);
    await other.getLogstore('web', 'app');
    await catalog.updateLogstore('web', 'app', (current) => ({ ...current, ttl: 5 }));
    expect((await other.getLogstore('web', 'app')).ttl).toBe(5);
    await catalog.deleteLogstore('web', 'app');
    await expect(other.getLogstore('web', 'app')).rejects.toMatchObject({
      code: 'LogStoreNotExist',
    });
  });

  test('a read that a change overtakes does not bring the old record back', async () => {
    await catalog.createLogstore(logstoreOf('app'));
    const other = new Catalog({ clock, random: new SeededRandom(8) }, store);
    const slow = other.getLogstore('web', 'app');
    await Promise.all([slow, catalog.deleteLogstore('web', 'app')]);
    await expect(other.getLogstore('web', 'app')).rejects.toMatchObject({
      code: 'LogStoreNotExist',
    });
  });

  test('concurrent updates all take effect', async () => {
    await catalog.createLogstore(logstoreOf('app', { ttl: 1 }));
    await Promise.all(
      Array.from({ length: 8 }, () =>
        catalog.updateLogstore('web', 'app', (current) => ({ ...current, ttl: current.ttl + 1 })),
      ),
    );
    expect((await catalog.getLogstore('web', 'app')).ttl).toBe(9);
  });

  test('a delete gives the record back', async () => {
    const logstore = logstoreOf('app');
    await catalog.createLogstore(logstore);
    expect(await catalog.deleteLogstore('web', 'app')).toEqual(logstore);
  });

  test('names are listed by page and by part, of one project only', async () => {
    await catalog.createProject({ ...PROJECT, projectName: 'web-2' });
    for (const name of ['b', 'a', 'ab']) await catalog.createLogstore(logstoreOf(name));
    await catalog.createLogstore(logstoreOf('other', { projectName: 'web-2' }));
    expect(await catalog.listLogstores('web', { offset: 0, size: 2 })).toEqual({
      total: 3,
      logstoreNames: ['a', 'ab'],
    });
    expect(await catalog.listLogstores('web', { offset: 0, size: 9, nameContains: 'b' })).toEqual({
      total: 2,
      logstoreNames: ['ab', 'b'],
    });
  });

  test('more logstores than one page of the store are all found', async () => {
    for (let i = 0; i < 1101; i++) await catalog.createLogstore(logstoreOf(`l${i}`));
    expect(await catalog.allLogstores()).toHaveLength(1101);
    expect((await catalog.listLogstores('web', { offset: 0, size: 1 })).total).toBe(1101);
  });

  test('listeners hear of every change until disposed', async () => {
    const changes: LogstoreChange[] = [];
    const listening = catalog.onLogstoreChange((change) => void changes.push(change));
    await catalog.createLogstore(logstoreOf('app'));
    await catalog.updateLogstore('web', 'app', (current) => ({ ...current, ttl: 5 }));
    await catalog.deleteLogstore('web', 'app');
    listening[Symbol.dispose]();
    await catalog.createLogstore(logstoreOf('app'));
    expect(changes.map(({ logstoreName, logstore }) => [logstoreName, logstore?.ttl])).toEqual([
      ['app', 30],
      ['app', 5],
      ['app', undefined],
    ]);
    expect(changes[0]?.projectName).toBe('web');
  });

  test('a configuration too large for one record is the user’s error', async () => {
    const attributes = { text: 'x'.repeat(1024 * 1024) };
    await expect(catalog.createLogstore(logstoreOf('app', { attributes }))).rejects.toMatchObject({
      code: 'ParameterInvalid',
    });
  });
});

describe('stored records', () => {
  test('version 1 is read as it always was', async () => {
    const golden =
      '{"version":1,"id":"00ff","projectName":"web","logstoreName":"old","ttl":7,' +
      '"enableTracking":true,"autoSplit":false,"maxSplitShard":2,"appendMeta":false,"shards":' +
      '[{"shardId":3,"status":"readonly","inclusiveBeginKey":"00000000000000000000000000000000",' +
      '"exclusiveEndKey":"ffffffffffffffffffffffffffffffff","createTimeMs":5}],' +
      '"indexModifyTimeMs":0,"createTimeMs":5,"lastModifyTimeMs":6,"attributes":{}}';
    await store.compareAndSet('logstore/web/old', Buffer.from(golden), ABSENT);
    const logstore = await catalog.getLogstore('web', 'old');
    expect(logstore).toMatchObject({ id: '00ff', ttl: 7, index: undefined });
    expect(logstore.shards[0]).toMatchObject({ shardId: 3, status: 'readonly' });
  });

  test.each(['', '{', '{"version":2}', '{"version":1,"id":"00ff"}', '\xff'])(
    'the damaged record %j is an error',
    async (record) => {
      const silent = new MemoryMetaStore();
      await silent.compareAndSet('logstore/web/bad', Buffer.from(record, 'latin1'), ABSENT);
      const damaged = new Catalog({ clock, random: new SeededRandom(1) }, silent);
      await expect(damaged.getLogstore('web', 'bad')).rejects.toMatchObject({
        code: 'CatalogDamaged',
      });
    },
  );
});
