/** Through HTTP: functions that look things up in the operator's files, and clustering as clients ask for it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WORDS_KEY } from '#protocol/index-config-fixture.ts';
import { writeMmdb } from '#query/udf/mmdb-writer.ts';
import { log, TestServer, type Answer } from './api-client.ts';

const NOW = Math.floor(Date.now() / 1000);
const LINE = { token: [' '], caseSensitive: false, chn: false };

let directory: string;
let server: TestServer;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-files-'));
  const [city, asn, threatList] = ['city.mmdb', 'asn.mmdb', 'threats.txt'].map((name) =>
    join(directory, name),
  ) as [string, string, string];
  const country = { iso_code: 'NZ', names: { en: 'New Zealand', 'zh-CN': '新西兰' } };
  await writeFile(city, writeMmdb({ '1.2.0.0/16': { country } }, { databaseType: 'X-City' }));
  const provider = { autonomous_system_organization: 'Kiwi Net' };
  await writeFile(asn, writeMmdb({ '1.0.0.0/8': provider }, { databaseType: 'X-ASN' }));
  await writeFile(threatList, '1.2.3.0/24\n');
  server = await TestServer.start({ ipDatabases: [city, asn], threatList });
  const project = 'places';
  await server.call('POST', '/', { json: { projectName: project } });
  const json = { logstoreName: 'access', ttl: 30, shardCount: 1 };
  await server.call('POST', '/logstores', { project, json });
  const index = { line: LINE, keys: { ip: WORDS_KEY }, log_reduce: true };
  await server.call('POST', '/logstores/access/index', { project, json: index });
  const logs = ['1.2.3.4', '1.9.9.9', '10.0.0.1'].map((ip, i) =>
    log(NOW - 10 + i, { ip, content: `user number ${i} came from ${ip}` }),
  );
  expect((await server.put(project, 'access', { logs })).status).toBe(200);
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

function sql(text: string): Promise<Answer> {
  const json = { from: NOW - 100, to: NOW + 100, query: `* | ${text}` };
  return server.call('POST', '/logstores/access/logs', { project: 'places', json });
}

async function cells(text: string): Promise<unknown> {
  const { json } = await sql(text);
  const { meta, data } = json as {
    readonly meta: { readonly keys: readonly string[] };
    readonly data: readonly Readonly<Record<string, string>>[];
  };
  return data.map((row) => meta.keys.map((key) => row[key]));
}

it('looks addresses up in several files', async () => {
  const facts = `ip_to_country(ip) as a, ip_to_country(ip, 'en') as b, ip_to_provider(ip) as c`;
  expect(await cells(`select ${facts}, security_check_ip(ip) as d from log order by ip`)).toEqual([
    ['新西兰', 'NZ', 'Kiwi Net', '1'],
    ['', '', 'Kiwi Net', '0'],
    ['intranet', 'intranet', 'intranet', '0'],
  ]);
});

it('names the option of a file that is not there', async () => {
  const answer = await sql('select mobile_city(13800138000) from log');
  expect(answer.status).toBe(400);
  expect(answer.json).toEqual({
    errorCode: 'ParameterInvalid',
    errorMessage:
      'mobile_city needs a database of phone numbers: start the server with --phone-database <file.csv>',
  });
});

it('clusters logs', async () => {
  const from = 'from (select log_reduce(3) as a from log) limit 1000';
  expect(await cells(`select a.pattern, a.count ${from}`)).toEqual([
    ['user number * came from * ip: *', '3'],
  ]);
  const compared = '(select compare_log_reduce(3, 86400) as v from log)';
  expect(
    await cells(`select v.pattern, v.count, v.count_compare, v.diff from ${compared}`),
  ).toEqual([['user number * came from * ip: *', '3', '0', '3']]);
});

it('does not start with a file that it cannot read', async () => {
  const path = join(directory, 'threats.txt');
  await expect(TestServer.start({ ipDatabases: [path] })).rejects.toMatchObject({
    code: 'ConfigInvalid',
    message: `cannot use the ip database ${path}: it is not in the maxmind db format`,
  });
});
