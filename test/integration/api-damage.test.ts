/** A record of the write-ahead log that the disk has spoilt: consumers get everything before and after it. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { decodeLogGroupList } from '#protocol/log-group-list.ts';
import { decodeLogGroup } from '#protocol/log-group.ts';
import { log, TestServer, type Answer } from './api-client.ts';

async function spoil(directory: string, marker: string): Promise<void> {
  let spoilt = 0;
  for (const name of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!name.isFile()) continue;
    const path = join(name.parentPath, name.name);
    const bytes = await readFile(path);
    const at = bytes.indexOf(marker);
    if (at < 0) continue;
    bytes[at] = (bytes[at] ?? 0) ^ 0xff;
    await writeFile(path, bytes);
    spoilt++;
  }
  expect(spoilt).toBe(1);
}

function valuesOf(answer: Answer): readonly (string | undefined)[] {
  expect(answer.status).toBe(200);
  return decodeLogGroupList(answer.body).map(
    (group) => decodeLogGroup(group).logs[0]?.contents[0]?.value,
  );
}

it('a damaged record is passed over, and the answers around it stay consecutive', async () => {
  await using server = await TestServer.start();
  const project = 'damage';
  await server.call('POST', '/', { json: { projectName: project } });
  const json = { logstoreName: 'app', ttl: 30, shardCount: 1 };
  await server.call('POST', '/logstores', { project, json });
  for (const value of ['marker-one', 'marker-two', 'marker-three', 'marker-four'])
    await server.put(project, 'app', { logs: [log(1_700_000_000, { value })] }, 'none');
  await server.running.stop();
  await spoil(join(server.running.dataDirectory, 'wal'), 'marker-two');
  await server.restart();

  const path = '/logstores/app/shards/0';
  const begin = await server.call('GET', path, {
    project,
    query: { type: 'cursor', from: 'begin' },
  });
  const pull = (cursor: string | undefined): Promise<Answer> =>
    server.call('GET', path, { project, query: { type: 'log', count: 100, cursor: cursor ?? '' } });
  const before = await pull((begin.json as { cursor: string }).cursor);
  expect(valuesOf(before)).toEqual(['marker-one']);
  const after = await pull(before.headers['x-log-cursor']);
  expect(valuesOf(after)).toEqual(['marker-three', 'marker-four']);
  expect(after.headers).toMatchObject({ 'x-log-count': '2', 'x-log-end-of-cursor': '1' });
});
