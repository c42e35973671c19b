/** The command against a peer that answers over real sockets. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { QueryExplain } from '#protocol/query-explain.ts';
import { testContext, type TestContext } from './command-fixture.ts';
import { explainCommand } from './explain-command.ts';

const NOW_MS = 1_800_000_000_000;
const ENV = { SLUICE_ACCESS_KEY_ID: 'keyid', SLUICE_ACCESS_KEY_SECRET: 'keysecret' };

const LEAF = { lookups: [], operands: [] };
const SEARCH: QueryExplain = {
  version: 1,
  search: {
    ...LEAF,
    kind: 'and',
    label: 'and',
    rows: 6015,
    segments: 2,
    durationMs: 67.04,
    operands: [
      {
        ...LEAF,
        kind: 'fullText',
        label: 'disk/fu*',
        lookups: [
          { terms: ['disk/fu*'], fields: ['', 'level'], fieldCount: 2 },
          { terms: ['disk', 'fu*'], fields: ['uri'], fieldCount: 1 },
        ],
        rows: 9179,
        segments: 2,
        durationMs: 6.77,
      },
      {
        ...LEAF,
        kind: 'not',
        label: 'not',
        rows: 169_211,
        segments: 2,
        durationMs: 7.4,
        operands: [
          {
            ...LEAF,
            kind: 'numeric',
            label: 'latency > 100',
            lookups: [{ terms: [], fields: ['latency'], fieldCount: 1 }],
            rows: 107_071,
            segments: 2,
            durationMs: 52,
          },
        ],
      },
    ],
  },
  segments: {
    total: { committed: 10, sealed: 2 },
    pruned: { committed: 8, sealed: 0 },
    skipped: { committed: 0, sealed: 1 },
    matched: { committed: 1, sealed: 1 },
    unmatched: { committed: 1, sealed: 0 },
    list: [],
  },
  index: {
    termLookups: 4,
    postingLists: 3,
    postingRows: 55_968,
    blocks: { dictionary: { read: 3, cached: 1 }, times: { read: 2, cached: 0 } },
    bytesRead: 46_489,
  },
  rows: { scanned: 56_000, matched: 1, fetched: 1, pages: { read: 4, cached: 0 }, bytesRead: 1024 },
  caches: { rowSets: { hits: 1, misses: 1 }, parts: { hits: 0, misses: 0 } },
  steps: [
    { name: 'queue', startMs: 0, durationMs: 0.2 },
    { name: 'segments', startMs: 0.2, durationMs: 19.8 },
    { name: 'match', startMs: 20, durationMs: 70 },
    { name: 'rest', startMs: 90, durationMs: 10 },
  ],
  totals: { durationMs: 100, bytesRead: 47_513 },
};
const STATEMENT: QueryExplain = {
  ...SEARCH,
  search: undefined,
  sql: {
    statement: 'select count(*) as n group by uri',
    sent: 'SELECT uri, count_star() AS n FROM log GROUP BY uri',
    way: 'kept',
    relations: [
      {
        view: 'log',
        logstoreName: 'app',
        fromTime: 1_700_000_000,
        toTime: 1_700_003_600,
        shiftSeconds: 60,
        segments: 3,
        rows: 20_000,
        columns: ['uri'],
      },
    ],
    parts: [
      { view: 'log', way: 'kept', hits: 2, misses: 0, rest: 1 },
      { view: 'log', way: 'count', hits: 0, misses: 0, rest: 0 },
    ],
    views: [{ name: 'log', select: "SELECT uri\nFROM read_parquet(['1-2.parquet'])" }],
    profile: {
      durationMs: 12.3,
      cpuMs: 20,
      rowsScanned: 20_000,
      root: {
        name: 'HASH_GROUP_BY',
        detail: 'groups: #0',
        rows: 3,
        rowsScanned: 0,
        durationMs: 2,
        children: [
          {
            name: 'READ_PARQUET',
            detail: `filters: ${'x'.repeat(200)}`,
            rows: 20_000,
            rowsScanned: 20_000,
            durationMs: 1234,
            children: [],
          },
        ],
      },
    },
  },
  caches: { ...SEARCH.caches, parts: { hits: 2, misses: 0 } },
};

let server: Server;
let endpoint: string;
let asked: { readonly line: string; readonly body: unknown }[];
let answer: unknown;
let status: number;

beforeEach(async () => {
  asked = [];
  status = 200;
  answer = answerWith(SEARCH);
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const line = `${request.method} ${String(request.headers['x-log-project'])} ${request.url}`;
      asked.push({ line, body: JSON.parse(text) });
      response.writeHead(status);
      response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function answerWith(explain: QueryExplain | undefined): unknown {
  const meta = { progress: 'Complete', count: 1, isAccurate: true, explain };
  return { meta, data: [{ msg: 'disk full' }] };
}

function context(argv: readonly string[], isTerminal = false): TestContext {
  const names = ['--project', 'web', '--logstore', 'app', '--endpoint', endpoint];
  return testContext([...names, ...argv], { env: ENV, nowMs: NOW_MS, isTerminal });
}

async function report(...argv: readonly string[]): Promise<string> {
  const asking = context(argv);
  expect(await explainCommand.run(asking)).toBe(0);
  expect(asking.complained()).toBe('');
  return asking.printed();
}

test('the query is asked with its times, which may count from now', async () => {
  await report('level:ERROR', '--from', '-1h', '--to', '2027-01-15T08:00:00Z', '--reverse');
  await report('*', '--line', '0', '--topic', 'web');
  expect(asked).toEqual([
    {
      line: 'POST web /logstores/app/logs',
      body: {
        from: 1_799_996_400,
        to: 1_800_000_000,
        query: 'level:ERROR',
        topic: '',
        line: 100,
        reverse: true,
        explain: true,
      },
    },
    {
      line: 'POST web /logstores/app/logs',
      body: {
        from: 1_799_999_100,
        to: 1_800_000_000,
        query: '*',
        topic: 'web',
        line: 0,
        reverse: false,
        explain: true,
      },
    },
  ]);
});

test('a search is shown as a tree, with segments, what was read, and bars for its steps', async () => {
  expect(await report('disk/fu* not latency > 100')).toMatchInlineSnapshot(`
    "disk/fu* not latency > 100
    web/app, 2027-01-15T07:45:00Z to 2027-01-15T08:00:00Z
    Complete: 1 row in 100 ms

    Search
                                                                                     rows  segments     time
      and                                                                           6,015         2  67.0 ms
      ├ disk/fu*         disk/fu* in the full text and 1 field; disk, fu* in uri    9,179         2  6.77 ms
      └ not                                                                       169,211         2  7.40 ms
        └ latency > 100  latency                                                  107,071         2  52.0 ms

    Segments
      total            12  10 committed, 2 sealed
      pruned by time    8
      not needed        1  0 committed, 1 sealed
      without a match   1
      with matches      2  1 committed, 1 sealed
      1 of 56,000 rows of the time range match

    Read
      words         4 lookups, 3 posting lists with 55,968 rows
      index         5 read, 1 from memory, 45 KiB
      logs          1 row fetched, pages: 4 read, 0 from memory, 1.0 KiB
      kept matches  1 of 2 segments

    Steps
      wait for a slot          0.20 ms   0 %  ▏
      index and open segments  19.8 ms  20 %  ████████
      match rows               70.0 ms  70 %         ████████████████████████████
      rest                     10.0 ms  10 %                                     ████
      total                     100 ms
    "
  `);
});

test('a statement is shown with its relations, the SQL that was sent, and what DuckDB did', async () => {
  answer = answerWith(STATEMENT);
  const text = await report('* | select count(*) as n group by uri');
  expect(text.slice(text.indexOf('Statement'), text.indexOf('Steps'))).toMatchInlineSnapshot(`
    "Statement
      answered from parts that were kept, and the rows that no part has
      log: 2 kept, 0 made, 1 segment read
      log: the number of logs, from the index
      log  app  2023-11-14T22:13:20Z to 2023-11-14T23:13:20Z, 60 seconds earlier  20,000 rows of 3 segments  uri

    Sent to DuckDB
      SELECT uri, count_star() AS n FROM log GROUP BY uri

    View log
      SELECT uri
      FROM read_parquet(['1-2.parquet'])

    DuckDB, in a second run: 12.3 ms, 20,000 rows scanned
                        rows  scanned     time
      HASH_GROUP_BY        3           2.00 ms  groups: #0
      └ READ_PARQUET  20,000   20,000   1.23 s  filters: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…

    "
  `);
});

test('titles are bold on a terminal only', async () => {
  const asking = context(['*'], true);
  await explainCommand.run(asking);
  expect(asking.printed()).toContain('\u001B[1mSegments\u001B[0m');
  expect(await report('*')).not.toContain('\u001B');
});

test('characters that speak to the terminal are not passed on', async () => {
  const search = { ...SEARCH.search, label: 'a\u001B[2Jb' } as QueryExplain['search'];
  answer = answerWith({ ...SEARCH, search });
  expect(await report('\u001B[2J')).not.toContain('\u001B');
});

test('with --json the server is quoted, without its rows', async () => {
  const text = await report('*', '--json');
  expect(JSON.parse(text)).toEqual(SEARCH);
  expect(text.trimEnd()).not.toContain('\n');
});

test('an answer without an explanation, or with one of another kind, is an error', async () => {
  answer = answerWith(undefined);
  await expect(explainCommand.run(context(['*']))).rejects.toThrow('is it older than this command');
  for (const other of [
    { ...SEARCH, version: 2 },
    { ...SEARCH, steps: 'none' },
  ]) {
    answer = answerWith(other as unknown as QueryExplain);
    await expect(explainCommand.run(context(['*']))).rejects.toThrow('does not understand');
  }
  for (const other of ['', 'no json']) {
    answer = other;
    await expect(explainCommand.run(context(['*']))).rejects.toMatchObject({
      code: 'AnswerInvalid',
    });
  }
});

test('the error of the server is shown as it is', async () => {
  status = 400;
  answer = { errorCode: 'ParameterInvalid', errorMessage: 'line 1:8: Column x cannot be resolved' };
  await expect(explainCommand.run(context(['* | select x']))).rejects.toMatchObject({
    code: 'ParameterInvalid',
    message: expect.stringContaining('Column x cannot be resolved') as unknown,
  });
});

test('wrong words are refused with what they should be', async () => {
  const wrong: [string[], string][] = [
    [['--from', 'yesterday'], 'it is not a time like now, -15m'],
    [['--line', '101'], 'it is not a number from 0 to 100'],
    [['disk', 'full'], "put it in quotes, 'disk full'"],
  ];
  for (const [argv, message] of wrong)
    await expect(explainCommand.run(context(argv))).rejects.toThrow(message);
  await expect(explainCommand.run(testContext(['*'], { env: ENV }))).rejects.toThrow(
    '--project is required',
  );
});

test('the help has the times and the exit codes', async () => {
  const asking = context(['--help']);
  await explainCommand.run(asking);
  expect(asking.printed()).toContain('default -15m');
  expect(asking.printed()).toContain('Exit codes');
});
