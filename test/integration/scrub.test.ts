/**
 * Goal: damage on the disk is found, named and repaired, with the server stopped and with the server running.
 * Method: a real server writes logs and commits them, bytes of its files are changed, and the `sluice` command is run as
 * a process of its own. What a search finds in the end decides whether a repair was one.
 */
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_TOKENS } from '#protocol/index-config.ts';
import { runSluice, type CommandResult } from '../support/sluice-command.ts';
import { startServerProcess, TEST_KEYS } from '../support/server-process.ts';
import { SlsClient } from '../support/sls-client.ts';
import { KEY_ID, KEY_SECRET, log, TestServer, type Answer } from './api-client.ts';

const PROJECT = 'scrubbed';
const TIME = 1_700_000_000;
const GROUPS = 40;
const LOGS_OF_GROUP = 50;
const LOG_COUNT = GROUPS * LOGS_OF_GROUP;
const KEYS = { SLUICE_ACCESS_KEY_ID: KEY_ID, SLUICE_ACCESS_KEY_SECRET: KEY_SECRET };
const INDEX = {
  line: { token: DEFAULT_TOKENS, caseSensitive: false, chn: false },
  keys: {
    level: {
      type: 'text',
      token: DEFAULT_TOKENS,
      caseSensitive: false,
      chn: false,
      doc_value: true,
    },
  },
};

interface Finding {
  readonly kind: string;
  readonly file: string;
  readonly repaired: boolean;
}

let server: TestServer;
let data: string;

beforeEach(async () => {
  server = await TestServer.start({ durability: 'fsync' });
  data = server.running.dataDirectory;
  await server.call('POST', '/', { json: { projectName: PROJECT } });
  const json = { logstoreName: 'app', ttl: 30, shardCount: 1 };
  await server.call('POST', '/logstores', { project: PROJECT, json });
  await server.call('POST', '/logstores/app/index', { project: PROJECT, json: INDEX });
});

afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

/** Each log has a word of its own, and payloads are as readable on disk as the request was. */
async function putGroups(from: number, to: number): Promise<void> {
  for (let group = from; group < to; group++) {
    const logs = Array.from({ length: LOGS_OF_GROUP }, (_, i) =>
      log(TIME + group, {
        level: i % 10 === 0 ? 'error' : 'info',
        text: `group${group} log${group}x${i} ${'some words to fill the line '.repeat(4)}`,
      }),
    );
    expect((await server.put(PROJECT, 'app', { logs }, 'none')).status).toBe(200);
  }
}

async function commit(): Promise<void> {
  const { backend, catalog } = server.running.rooms;
  await backend.flush((await catalog.getLogstore(PROJECT, 'app')).id);
}

async function count(query: string): Promise<number> {
  const answer = await server.call('GET', '/logstores/app', {
    project: PROJECT,
    query: { type: 'histogram', from: TIME - 10, to: TIME + 1000, query, topic: '' },
  });
  expect(answer.status).toBe(200);
  expect(answer.headers['x-log-progress']).toBe('Complete');
  return Number(answer.headers['x-log-count']);
}

/** The words of the logs themselves, read from the rows. */
async function foundRows(query: string): Promise<number> {
  const answer = await server.call('GET', '/logstores/app', {
    project: PROJECT,
    query: { type: 'log', from: TIME - 10, to: TIME + 1000, query, line: 100, offset: 0 },
  });
  expect(answer.status).toBe(200);
  return (answer.json as readonly unknown[]).length;
}

async function countLevels(): Promise<Answer> {
  const query = '* | select level, count(1) as c group by level order by level';
  return await server.call('GET', '/logstores/app', {
    project: PROJECT,
    query: { type: 'log', from: TIME - 10, to: TIME + 1000, query },
  });
}

async function filesEnding(end: string): Promise<readonly string[]> {
  const entries = await readdir(data, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(end))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !relative(data, path).startsWith('backend'));
}

async function onlyFile(end: string): Promise<string> {
  const files = await filesEnding(end);
  expect(files).toHaveLength(1);
  return files[0] ?? '';
}

/** Changes one byte in place, as a disk would. */
async function spoil(path: string, at: (bytes: Buffer) => number): Promise<void> {
  const bytes = await readFile(path);
  const index = at(bytes);
  expect(index).toBeGreaterThanOrEqual(0);
  bytes[index] = (bytes[index] ?? 0) ^ 0x55;
  await writeFile(path, bytes, { flag: 'r+' });
}

const middle = (bytes: Buffer): number => Math.floor(bytes.length / 3);

async function scrub(...flags: readonly string[]): Promise<CommandResult> {
  return await runSluice(['scrub', '--data-dir', data, ...flags], KEYS);
}

async function findings(
  ...flags: readonly string[]
): Promise<{ readonly code: number | null; readonly found: readonly Finding[] }> {
  const { code, output, errors } = await scrub('--json', ...flags);
  expect(errors).toBe('');
  const lines = output
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly kind: string; readonly finding: Finding });
  expect(lines.at(-1)?.kind).toBe('summary');
  return { code, found: lines.slice(0, -1).map((line) => line.finding) };
}

describe('scrub with the server stopped', () => {
  beforeEach(async () => {
    await putGroups(0, GROUPS / 2);
    await commit();
    await putGroups(GROUPS / 2, GROUPS);
    expect(await count('*')).toBe(LOG_COUNT);
    await server.running.stop();
  });

  it('finds everything sound that is, and changes nothing', async () => {
    const before = await readFile(await onlyFile('.idx'));
    const result = await scrub();
    expect(result).toMatchObject({ code: 0, errors: '' });
    expect(result.output).toMatch(/^checked .*, 1 segment, 40 records: all sound\n$/);
    expect(await readFile(await onlyFile('.idx'))).toEqual(before);
  });

  it.each([
    ['index', '.idx', 'index'],
    ['rows', '.parquet', 'rows'],
  ] as const)('names a damaged file of %s and builds it again', async (kind, end, noun) => {
    await spoil(await onlyFile(end), middle);
    const looked = await scrub();
    expect(looked.code).toBe(1);
    expect(looked.output).toContain(`damaged: ${noun} of scrubbed/app shard 0, `);
    expect(looked.output).toContain('run again with --repair');
    const seen = await findings();
    expect(seen).toMatchObject({ code: 1, found: [{ kind, repaired: false }] });
    expect(seen.found[0]?.file.endsWith(end)).toBe(true);

    const repaired = await findings('--repair');
    expect(repaired).toMatchObject({ code: 0, found: [{ kind, repaired: true }] });
    expect(await findings()).toEqual({ code: 0, found: [] });
    await server.restart();
    expect(await count('*')).toBe(LOG_COUNT);
    expect(await count('log7x3')).toBe(1);
    expect(await count('level: error')).toBe(LOG_COUNT / 10);
    expect(await foundRows('log7x3 or log30x8')).toBe(2);
  });

  it('names both files of a segment when both are damaged', async () => {
    await spoil(await onlyFile('.idx'), middle);
    await spoil(await onlyFile('.parquet'), middle);
    const { found } = await findings();
    expect(found.map(({ kind }) => kind).toSorted()).toEqual(['index', 'rows']);
    expect((await findings('--repair')).code).toBe(0);
    expect(await findings()).toEqual({ code: 0, found: [] });
  });

  it('names a file that is missing and makes it again', async () => {
    await rm(await onlyFile('.parquet'));
    expect(await findings()).toMatchObject({ code: 1, found: [{ kind: 'rows' }] });
    expect(await findings('--repair')).toMatchObject({ code: 0, found: [{ repaired: true }] });
    await server.restart();
    expect(await foundRows('log7x3 or log30x8')).toBe(2);
  });

  it('names a damaged record of the write-ahead log, which nothing brings back', async () => {
    const wal = await onlyFile('.wal');
    await spoil(wal, (bytes) => bytes.indexOf('log3x7 '));
    const { code, found } = await findings('--repair');
    expect(code).toBe(1);
    expect(found).toMatchObject([{ kind: 'wal', repaired: false }]);
    expect(wal.startsWith(join(data, found[0]?.file ?? '?'))).toBe(true);
    const told = await scrub();
    expect(told.code).toBe(1);
    expect(told.output).toContain('only a backup has it');
    // The segment was built before the damage and still has the logs.
    await server.restart();
    expect(await count('log3x7')).toBe(1);
    expect(await count('*')).toBe(LOG_COUNT);
  });

  it('finds files that belong to nothing, and removes them', async () => {
    const idx = await onlyFile('.idx');
    const stray = idx.replace(/[^/]+\.idx$/u, '00000000000000000000000000000000.idx');
    await writeFile(stray, 'left by a crash');
    const seen = await findings();
    expect(seen).toMatchObject({ code: 0, found: [{ kind: 'orphan', repaired: false }] });
    expect(await findings('--repair')).toMatchObject({ code: 0, found: [{ repaired: true }] });
    await expect(stat(stray)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await findings()).toEqual({ code: 0, found: [] });
  });
});

describe('scrub with the server running', () => {
  it('finds and repairs damage while the server answers', async () => {
    await putGroups(0, GROUPS);
    await commit();
    expect(await count('log7x3')).toBe(1);
    expect(await findings()).toEqual({ code: 0, found: [] });
    for (const [kind, end] of [
      ['index', '.idx'],
      ['rows', '.parquet'],
    ] as const) {
      await spoil(await onlyFile(end), middle);
      const seen = await findings();
      expect(seen).toMatchObject({ code: 1, found: [{ kind, repaired: false }] });
      const repaired = await findings('--repair');
      expect(repaired).toMatchObject({ code: 0, found: [{ kind, repaired: true }] });
      expect(await findings()).toEqual({ code: 0, found: [] });
      expect(await count('*')).toBe(LOG_COUNT);
      expect(await foundRows('log7x3 or log30x8')).toBe(2);
    }
    await server.restart();
    expect(await count('*')).toBe(LOG_COUNT);
    expect(await count('level: error')).toBe(LOG_COUNT / 10);
  });

  it('is not needed for sql that meets damage: the file is built again', async () => {
    await putGroups(0, GROUPS);
    await commit();
    const parquet = await onlyFile('.parquet');
    const { length } = await readFile(parquet);
    // In every column, so that the one which sql reads has damage too.
    for (let at = 20; at < length - 4000; at += 20) await spoil(parquet, () => at);
    const failed = await countLevels();
    expect(failed).toMatchObject({ status: 503, errorCode: 'ServerBusy' });
    await expect.poll(async () => (await countLevels()).status, { timeout: 20_000 }).toBe(200);
    expect((await countLevels()).json).toMatchObject([
      { level: 'error', c: String(LOG_COUNT / 10) },
      { level: 'info', c: String(LOG_COUNT - LOG_COUNT / 10) },
    ]);
    expect(await onlyFile('.parquet')).not.toBe(parquet);
    expect(await findings()).toEqual({ code: 0, found: [] });
  });

  it('is one at a time', async () => {
    await putGroups(0, 4);
    await commit();
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => server.call('POST', '/scrubs')),
    );
    const done = answers.filter((answer) => answer.status === 200);
    const refused = answers.filter((answer) => answer.status === 409);
    expect(done.length + refused.length).toBe(6);
    expect(done.length).toBeGreaterThan(0);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]?.errorCode).toBe('ScrubInProgress');
    const lines = done[0]?.body.toString().trimEnd().split('\n') ?? [];
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ kind: 'summary', findingCount: 0 });
    expect((await server.call('POST', '/scrubs')).status).toBe(200);
  });

  it('is for signed requests with a sound parameter', async () => {
    const unsigned = await server.call('POST', '/scrubs', { sign: 'none' });
    expect(unsigned).toMatchObject({ status: 400, errorCode: 'MissAccessKeyId' });
    const forged = await server.call('POST', '/scrubs', { accessKeySecret: 'guessed' });
    expect(forged).toMatchObject({ status: 401, errorCode: 'SignatureNotMatch' });
    const odd = await server.call('POST', '/scrubs', { query: { repair: 'maybe' } });
    expect(odd).toMatchObject({ status: 400, errorCode: 'ParameterInvalid' });
    expect((await server.call('GET', '/scrubs')).status).toBe(405);
  });

  it('works on a server that is a process of its own, found through its data directory', async () => {
    await putGroups(0, GROUPS);
    await commit();
    await server.running.stop();
    const process = await startServerProcess(data);
    const client = new SlsClient(process.endpoint);
    try {
      await spoil(await onlyFile('.idx'), middle);
      const env = {
        SLUICE_ACCESS_KEY_ID: TEST_KEYS.accessKeyId,
        SLUICE_ACCESS_KEY_SECRET: TEST_KEYS.accessKeySecret,
      };
      const result = await runSluice(['scrub', '--repair', '--data-dir', data], env);
      expect(result).toMatchObject({ code: 0, errors: '' });
      expect(result.output).toMatch(
        /^repaired: index of scrubbed\/app shard 0, .*\nchecked .*: 1 repaired\n$/,
      );
      expect(await client.count(PROJECT, 'app', '*')).toBe(LOG_COUNT);
    } finally {
      client.close();
      await process.stop();
    }
  });
});
