import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { GIB, MIB } from '#base/units.ts';
import { compress } from '#protocol/compression.ts';
import { encodeLogGroup } from '#protocol/log-group.ts';
import { createMemoryGroup, type MemoryGroup } from '../support/memory-group.ts';
import { PeakMemory } from '../support/process-tree.ts';
import { startServerProcess, type ServerProcess } from '../support/server-process.ts';
import { SlsClient } from '../support/sls-client.ts';

const LIMIT_BYTES = GIB;
const RAW_BYTES = 640 * MIB;
const WRITERS = 8;
const LOGS_A_GROUP = 2000;

const HEAVY_QUERIES = [
  '*',
  'the OR user*',
  '* | SELECT content, count(*) AS n GROUP BY content ORDER BY n DESC LIMIT 100000',
  '* | SELECT a.content FROM log a JOIN log b ON length(a.content) = length(b.content) LIMIT 1000',
  '* | SELECT array_agg(content) FROM log',
  '* | SELECT rpad(content, 2000000, content) AS p FROM log ORDER BY p LIMIT 1000',
];

let directory = '';
let server: ServerProcess | undefined;
let group: MemoryGroup | undefined;

afterEach(async () => {
  await server?.stop();
  group?.remove();
  await rm(directory, { recursive: true, force: true });
});

it(
  'the server takes full ingest and heavy queries in 1 GiB of memory',
  { timeout: 240_000 },
  async () => {
    directory = await mkdtemp(join(tmpdir(), 'sluice-memory-'));
    group = createMemoryGroup(LIMIT_BYTES);
    server = await startServerProcess(directory, [], [], group?.launcher);
    const { pid, endpoint } = server;
    const client = new SlsClient(endpoint);
    await client.provision('memory', 'logs', { shardCount: 2 });
    const payloads = Array.from({ length: 16 }, (_, i) => makePayload(i));

    let accepted = 0;
    let raw = 0;
    const writing = new AbortController();
    const write = async (first: number): Promise<void> => {
      for (let i = first; raw < RAW_BYTES; i++) {
        const payload = payloads[i % payloads.length]!;
        const { status } = await client.putRaw('memory', 'logs', payload);
        // A busy server may refuse, it must not lose what it took.
        if (status !== 200) continue;
        accepted += LOGS_A_GROUP;
        raw += payload.raw.length;
      }
    };
    let answered = 0;
    const query = async (first: number): Promise<void> => {
      for (let i = first; !writing.signal.aborted; i++) {
        // Too much memory is an answer; a lost connection is not.
        const json = { from: 0, to: 4_000_000_000, query: HEAVY_QUERIES[i % HEAVY_QUERIES.length] };
        const response = await client.send({
          method: 'POST',
          path: '/logstores/logs/logs',
          project: 'memory',
          headers: { 'content-type': 'application/json' },
          body: Buffer.from(JSON.stringify(json)),
        });
        expect(response.status).toBeLessThan(600);
        answered++;
      }
    };
    using memory = new PeakMemory(pid);
    const queries = Promise.all([0, 2, 4].map(query));
    await Promise.all(Array.from({ length: WRITERS }, (_, i) => write(i)));
    writing.abort();
    await queries;

    expect(answered).toBeGreaterThan(0);
    expect(isAlive(pid), server.errorOutput()).toBe(true);
    await expect
      .poll(() => countComplete(client), { timeout: 120_000, interval: 500 })
      .toBe(accepted);
    // Without control groups nothing enforces the limit, so the sum of all processes stands for it.
    if (group === undefined) expect(memory.bytes).toBeLessThan(LIMIT_BYTES);
  },
);

/** The number of logs, once nothing waits for its index any more. */
async function countComplete(client: SlsClient): Promise<number> {
  const { data, meta } = await client.search('memory', 'logs', '* | SELECT count(*) AS n');
  return meta.progress === 'Complete' ? Number(data[0]?.['n']) : -1;
}

function makePayload(seed: number): { readonly raw: Uint8Array; readonly body: Uint8Array } {
  const raw = encodeLogGroup({
    topic: '',
    source: '10.0.0.1',
    tags: [],
    logs: Array.from({ length: LOGS_A_GROUP }, (_, i) => ({
      time: 1_700_000_000 + ((seed * LOGS_A_GROUP + i) >>> 6),
      contents: [
        {
          key: 'content',
          value: `the request ${(seed * 7919 + i * 104_729).toString(16)} of user${i % 997} took ${i * 31} us and ended with ${i % 7} in module ${seed}`,
        },
        {
          key: 'trace',
          value: ((seed + 1) * 2_654_435_761 + i * 40_503).toString(16).padStart(32, '0'),
        },
        { key: 'level', value: i % 20 === 0 ? 'error' : 'info' },
      ],
    })),
  });
  return { raw, body: compress('lz4', raw) };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
