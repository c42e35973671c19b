/** What a logstore takes on a real disk is free again when it is deleted, and what it lost to its ttl before. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { log, TestServer } from './api-client.ts';

const INDEX = { line: { token: [' '], caseSensitive: false, chn: false }, max_text_len: 2048 };

/** Bytes of all files in the folders of logs, segments and the backend, and how many there are. */
async function usage(
  server: TestServer,
): Promise<{ readonly bytes: number; readonly count: number }> {
  let bytes = 0;
  let count = 0;
  for (const folder of ['wal', 'segments', 'backend']) {
    const root = join(server.running.dataDirectory, folder);
    for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      count++;
      bytes += (await stat(join(entry.parentPath, entry.name))).size;
    }
  }
  return { bytes, count };
}

async function fill(server: TestServer, project: string): Promise<void> {
  for (let n = 0; n < 40; n++) {
    const logs = Array.from({ length: 500 }, (_, i) =>
      log(1_799_971_200 + n * 10_000 + i, { text: `line ${n} ${i} ${'word '.repeat(20)}` }),
    );
    const { status } = await server.put(project, 'app', { logs }, 'lz4');
    expect(status).toBe(200);
  }
}

it('a deleted logstore frees all that it took: logs, local and committed segments', async () => {
  await using server = await TestServer.start();
  const project = 'space';
  await server.call('POST', '/', { json: { projectName: project } });
  const before = await usage(server);
  for (let round = 0; round < 2; round++) {
    const json = { logstoreName: 'app', ttl: 30, shardCount: 2 };
    await server.call('POST', '/logstores', { project, json });
    await server.call('POST', '/logstores/app/index', { project, json: INDEX });
    await fill(server, project);
    // Changing the index commits what there is; then some more is only sealed.
    const changed = { ...INDEX, line: { ...INDEX.line, token: [','] } };
    await server.call('PUT', '/logstores/app/index', { project, json: changed });
    await fill(server, project);
    const query = { type: 'histogram', from: 0, to: 4_000_000_000, query: '*' };
    const found = await server.call('GET', '/logstores/app', { project, query });
    expect(found.headers['x-log-count']).toBe('40000');
    const full = await usage(server);
    expect(full.count).toBeGreaterThan(before.count + 8);
    expect(full.bytes).toBeGreaterThan(before.bytes + 200_000);
    await server.call('DELETE', '/logstores/app', { project });
    expect(await usage(server)).toEqual(before);
  }
});
