/** Files that functions look things up in are read by the query process, which lives longer than they stay the same. */
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { KEPT_ROWS_MIN } from '../limits.ts';
import { QueryFixture } from '../query-fixture.ts';
import { NO_DATA_FILES } from '../udf/data-files.ts';
import { writeMmdb } from '../udf/mmdb-writer.ts';

const SQL = '* | select ip_to_country_code(ip) as code, count(*) as logs from log group by code';

test('an answer follows a replaced database, whatever parts of answers were kept', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-files-'));
  const path = join(directory, 'ip.mmdb');
  const replace = async (code: string): Promise<void> => {
    const database = writeMmdb({ '1.2.0.0/16': { country: { iso_code: code } } });
    await writeFile(`${path}.new`, database);
    await rename(`${path}.new`, path);
  };
  try {
    await replace('CN');
    await using world = await QueryFixture.create({
      dataFiles: { ...NO_DATA_FILES, ipDatabases: [path] },
    });
    const ip = {
      type: 'text',
      caseSensitive: false,
      chn: false,
      doc_value: true,
      alias: '',
    } as const;
    world.index = { keys: { ip }, max_text_len: 2048 };
    const count = KEPT_ROWS_MIN + 1;
    const logs = Array.from({ length: count }, (_, i) => ({
      __time__: 1_592_374_067 + i,
      ip: `1.2.3.${i % 4}`,
    }));
    await world.add(logs);
    for (const code of ['CN', 'DE', 'US']) {
      await replace(code);
      // The second answer keeps parts, the third one reads them.
      for (let ask = 0; ask < 3; ask++)
        expect(await world.cells(SQL)).toEqual([[code, String(count)]]);
    }
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('without a file the function says which option it needs, and other statements run', async () => {
  await using world = await QueryFixture.create();
  world.index = {
    line: { token: [' '], caseSensitive: false, chn: false },
    max_text_len: 2048,
  };
  await world.add([{ __time__: 1_592_374_067, a: 'b' }]);
  await expect(world.query("* | select ip_to_city('1.2.3.4') from log")).rejects.toMatchObject({
    code: 'ParameterInvalid',
    message: 'ip_to_city needs an ip database: start the server with --ip-database <file.mmdb>',
  });
  expect(await world.cells("* | select ip_to_domain('1.2.3.4') from log")).toEqual([['internet']]);
});

test('a file that is gone fails what needs it, without its path, and other statements run', async () => {
  await using world = await QueryFixture.create({
    dataFiles: { ...NO_DATA_FILES, threatList: '/nowhere/threats.txt' },
  });
  world.index = {
    line: { token: [' '], caseSensitive: false, chn: false },
    max_text_len: 2048,
  };
  await world.add([{ __time__: 1_592_374_067, a: 'b' }]);
  await expect(world.query("* | select security_check_url('x') from log")).rejects.toMatchObject({
    code: 'ParameterInvalid',
    message: 'the threat list of this server cannot be read',
  });
  expect(await world.cells('* | select count(*) from log')).toEqual([['1']]);
});
