/**
 * Goal: a person can find logs in the console. Method: the real server, the built console and a real browser; what the
 * page shows is compared with what was written, and with the server's own answers.
 */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TEST_KEYS, type ServerProcess } from '../support/server-process.ts';
import type { SlsClient } from '../support/sls-client.ts';
import {
  ERROR_COUNT,
  HOSTILE_TEXT,
  INDEX,
  LOG_COUNT,
  LOGSTORE,
  makeLogs,
  PROJECT,
  QUIET_LOGSTORE,
} from './console-logs.ts';
import { openConsole, signInWith, watchSearches, type ConsoleWorld } from './console-world.ts';

let world: ConsoleWorld;
let server: ServerProcess;
let client: SlsClient;
let page: Page;

beforeAll(async () => {
  world = await openConsole();
  ({ server, client, page } = world);
  await client.provision(PROJECT, LOGSTORE, { index: INDEX });
  await client.call('POST', '/logstores', {
    project: PROJECT,
    json: { logstoreName: QUIET_LOGSTORE, ttl: 1, shardCount: 1 },
  });
  const written = await client.putLogs(PROJECT, LOGSTORE, makeLogs(Math.floor(Date.now() / 1000)));
  expect(written.status).toBe(200);
});

afterAll(async () => {
  await world?.close();
});

/** A link to a search of the last hour. */
function searchUrl(query: string, more = ''): string {
  const q = encodeURIComponent(query);
  return `${server.endpoint}/console/search/${PROJECT}/${LOGSTORE}?range=1h&q=${q}${more}`;
}

async function runQuery(query: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Query' }).fill(query);
  await page.keyboard.press('Enter');
}

async function expectCount(count: number): Promise<void> {
  const text = page.getByTestId('total-count');
  await expect.poll(async () => await text.textContent(), POLL).toBe(`${count} logs`);
}

const POLL = { timeout: 20_000 };

async function signIn(secret: string): Promise<void> {
  await signInWith(page, secret);
}

describe('session', () => {
  test('a wrong key is refused in the words of the server', async () => {
    await page.goto(`${server.endpoint}/console/`);
    await signIn('not-the-secret');
    const note = page.getByRole('alert');
    await note.waitFor();
    const direct = await fetch(`${server.endpoint}/console/api/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-sluice-console': '1' },
      body: JSON.stringify({ accessKeyId: 'a', accessKeySecret: 'b' }),
    });
    const words = (await direct.json()) as { errorCode: string; errorMessage: string };
    expect(await note.locator('.error-code').textContent()).toBe(words.errorCode);
    expect(await note.locator('.error-message').textContent()).toBe(words.errorMessage);
    expect(await note.locator('.error-request').textContent()).toMatch(/[0-9A-F]{24}/);
  });

  test('the right key signs in, and a project and a logstore can be chosen', async () => {
    await signIn(TEST_KEYS.accessKeySecret);
    await page.getByRole('button', { name: LOGSTORE }).click();
    await page.waitForURL(`**/console/search/${PROJECT}/${LOGSTORE}?**`);
    await expectCount(LOG_COUNT);
  });

  test('the session is out of reach for scripts', async () => {
    expect(await page.evaluate('document.cookie')).toBe('');
  });
});

describe('search', () => {
  test('the histogram adds up to all logs and the newest come first', async () => {
    await page.goto(searchUrl(''));
    await expectCount(LOG_COUNT);
    const counts = await page
      .locator('.histogram-bar')
      .evaluateAll((bars) => bars.map((bar) => Number(bar.getAttribute('data-count'))));
    expect(counts.length).toBeGreaterThan(10);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(LOG_COUNT);
    await page.locator('.log-row').first().waitFor();
    const times = await page.locator('.log-row .cell-time').allTextContents();
    expect(times).toHaveLength(100);
    expect(times).toEqual(times.toSorted().toReversed());
  });

  test('log content stays text, whatever is in it', async () => {
    await page.goto(searchUrl('pwned'));
    await expectCount(1);
    const row = page.locator('.log-row').first();
    await row.locator('.row-toggle').click();
    const values = await row.locator('.row-detail-value').allTextContents();
    expect(values).toContain(HOSTILE_TEXT);
    expect(await page.locator('.results img, .results script').count()).toBe(0);
    expect(await page.title()).not.toBe('pwned');
  });

  test('the next pages come until all logs are loaded', async () => {
    await page.goto(searchUrl(''));
    await expectCount(LOG_COUNT);
    await expect
      .poll(async () => {
        await page.locator('.log-row').last().scrollIntoViewIfNeeded();
        await page.locator('.more-rows').scrollIntoViewIfNeeded();
        return await page.locator('.log-row').count();
      }, POLL)
      .toBe(LOG_COUNT);
    await page.getByText('All logs of this search are loaded.').waitFor();
    const texts = await page.locator('.log-row .raw-fields').allTextContents();
    expect(new Set(texts.filter((text) => text.includes('served'))).size).toBe(
      LOG_COUNT - ERROR_COUNT,
    );
  });

  test('Enter runs a query, hits are marked, and / goes back to the box', async () => {
    await page.locator('body').press('/');
    await page.keyboard.type('payments');
    await page.keyboard.press('Enter');
    await expectCount(ERROR_COUNT);
    await expect.poll(async () => await page.locator('mark').count(), POLL).toBe(ERROR_COUNT);
    expect(await page.locator('mark').first().textContent()).toBe('payments');
  });

  test('a value of a row narrows the search, quotes and all', async () => {
    await page.goto(searchUrl(''));
    await expectCount(LOG_COUNT);
    await runQuery('payments');
    await expectCount(ERROR_COUNT);
    const row = page.locator('.log-row').first();
    await row.locator('.row-toggle').click();
    await row.getByRole('button', { name: 'Only logs with this message' }).click();
    const box = page.getByRole('textbox', { name: 'Query' });
    await expect
      .poll(async () => await box.inputValue(), POLL)
      .toBe(String.raw`payments and message:"upstream \"payments\" reset"`);
    await expectCount(ERROR_COUNT);
    await page.locator('.log-row').first().locator('.row-toggle').focus();
    await runQuery('');
    await expectCount(LOG_COUNT);
  });

  test('the field list counts the values of the loaded rows and excludes one', async () => {
    await page.goto(searchUrl('payments'));
    await expectCount(ERROR_COUNT);
    await page.locator('.field-toggle', { hasText: 'status' }).click();
    expect(await page.locator('.field-value-text').allTextContents()).toEqual(['500']);
    await page.goto(searchUrl(''));
    await page.locator('.field-toggle', { hasText: 'status' }).click();
    const ok = page.locator('.field-value', { hasText: '200' });
    await ok.getByRole('button', { name: 'Only logs without this status' }).click();
    await expectCount(ERROR_COUNT);
    expect(await page.getByRole('textbox', { name: 'Query' }).inputValue()).toBe(
      'not status:"200"',
    );
  });

  test('the table shows the chosen columns, and a change of view asks nothing of the server', async () => {
    await page.goto(searchUrl(''));
    await expectCount(LOG_COUNT);
    await page.locator('.log-row').first().waitFor();
    const searches = watchSearches(page);
    await page.getByRole('button', { name: 'Table', exact: true }).click();
    const heads = async (): Promise<string[]> =>
      await page.locator('.log-list th .column-head').allTextContents();
    expect(await heads()).toEqual(['method', 'status', 'latency_ms', 'message', 'note']);
    await page.locator('.field-line', { hasText: 'latency_ms' }).locator('.field-column').click();
    expect(await heads()).toEqual(['method', 'status', 'message', 'note']);
    expect(searches.stop()).toEqual([]);
    await page.reload();
    await page.locator('.log-row').first().waitFor();
    expect(await heads()).toEqual(['method', 'status', 'message', 'note']);
  });

  test('nothing found says what to do, and doing it finds the logs', async () => {
    await page.goto(searchUrl('nosuchword'));
    await page.getByRole('heading', { name: 'No logs found' }).waitFor();
    await page.getByRole('button', { name: 'Clear the query' }).last().click();
    await expectCount(LOG_COUNT);
  });
});

describe('time', () => {
  test('dragging over the histogram zooms in, the back button returns', async () => {
    await page.goto(searchUrl('').replace('range=1h', 'range=15m'));
    await expectCount(LOG_COUNT);
    const box = await page.locator('.histogram-plot').boundingBox();
    if (box === null) throw new Error('the histogram is on the page');
    await page.mouse.move(box.x + box.width * 0.7, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.8, box.y + 50, { steps: 5 });
    await page.mouse.up();
    await page.waitForURL(/range=\d+-\d+/);
    const [, from, to] = /range=(\d+)-(\d+)/.exec(page.url()) ?? [];
    const span = Number(to) - Number(from);
    expect(span).toBeGreaterThan(80);
    expect(span).toBeLessThan(110);
    const found = await client.search(PROJECT, LOGSTORE, '', {
      from: Number(from),
      to: Number(to),
    });
    expect(found.data.length).toBeGreaterThan(35);
    await expectCount(found.data.length);
    await page.goBack();
    await expectCount(LOG_COUNT);
    await page.goForward();
    await expectCount(found.data.length);
  });

  test('two times can be written down to the second', async () => {
    await page.goto(searchUrl(''));
    await expectCount(LOG_COUNT);
    const newest = (await page.locator('.cell-time').nth(1).textContent()) ?? '';
    await page.getByRole('button', { name: /^Time range/ }).click();
    await page.getByLabel('From', { exact: true }).fill(newest);
    await page.getByLabel('To (not included)').fill('someday');
    await page.getByRole('button', { name: 'Apply' }).click();
    await page.getByText('Write a time as').waitFor();
    await page.getByLabel('To (not included)').fill('2099-01-01 00:00:00');
    await page.getByRole('button', { name: 'Apply' }).click();
    await expectCount(1);
  });

  test('a relative range is chosen from the list', async () => {
    await page.getByRole('button', { name: /^Time range/ }).click();
    await page.getByRole('button', { name: 'Last 4 hours' }).click();
    await page.waitForURL(/range=4h/);
    await expectCount(LOG_COUNT);
  });
});

describe('SQL', () => {
  const SQL =
    '* | select method, count(*) as pv, max(missing) as none group by method order by pv desc, method desc';

  test('a result is a table and a chart', async () => {
    await page.goto(searchUrl(SQL));
    await page.locator('.sql-table tbody tr').first().waitFor();
    const cells = page.locator('.sql-table tbody tr').first().locator('td');
    expect(await cells.allTextContents()).toEqual(['GET', '150', 'null']);
    expect(await page.locator('.null-value').count()).toBe(3);
    expect(await page.locator('.series-0 .series-bar').count()).toBe(3);
    await page.getByRole('button', { name: 'method' }).click();
    expect(await page.locator('.sql-table tbody td:first-child').allTextContents()).toEqual([
      'DELETE',
      'GET',
      'POST',
    ]);
  });

  test('the chart can be another one without a new search', async () => {
    const searches = watchSearches(page);
    await page.getByRole('button', { name: 'Pie' }).click();
    expect(await page.locator('.pie-slice').count()).toBe(3);
    await page.getByRole('button', { name: 'Line' }).click();
    expect(await page.locator('.series-0 .series-line').count()).toBe(1);
    expect(searches.stop()).toEqual([]);
  });

  test('the result can be saved as CSV', async () => {
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download CSV' }).click();
    const stream = await (await download).createReadStream();
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toBe(
      'method,pv,none\r\nGET,150,\r\nPOST,50,\r\nDELETE,50,\r\n',
    );
  });
});

describe('errors', () => {
  test.each(['(payments', '* | select nosuchcolumn from log', 'nosuchfield:x'])(
    'the server’s words on %s are shown as they are',
    async (query) => {
      const to = Math.floor(Date.now() / 1000);
      const answer = await client.send({
        method: 'POST',
        path: `/logstores/${LOGSTORE}/logs`,
        project: PROJECT,
        headers: { 'content-type': 'application/json' },
        body: Buffer.from(JSON.stringify({ from: to - 3600, to, query, line: 100, offset: 0 })),
      });
      const words = answer.json() as { errorCode: string; errorMessage: string };
      expect(answer.status).toBe(400);
      await page.goto(searchUrl(query));
      const note = page.locator('.results').getByRole('alert');
      await note.waitFor();
      expect(await note.locator('.error-code').textContent()).toBe(words.errorCode);
      expect(await note.locator('.error-message').textContent()).toBe(words.errorMessage);
    },
  );

  test('the box tells a syntax error before anything is sent', async () => {
    await page.goto(searchUrl(''));
    await page.getByRole('textbox', { name: 'Query' }).fill('(payments');
    await page.locator('#query-problem', { hasText: 'QueryParseError' }).waitFor();
    await page.getByRole('textbox', { name: 'Query' }).fill('(payments)');
    await expect
      .poll(async () => await page.locator('#query-problem').textContent(), POLL)
      .toBe('');
  });

  test('a logstore without an index says so', async () => {
    await page.goto(`${server.endpoint}/console/search/${PROJECT}/${QUIET_LOGSTORE}`);
    const note = page.locator('.results').getByRole('alert');
    await note.waitFor();
    expect(await note.locator('.error-code').textContent()).toBe('IndexConfigNotExist');
  });
});

describe('leaving', () => {
  test('an ended session asks to sign in and goes on where it was', async () => {
    await page.goto(searchUrl('payments'));
    await expectCount(ERROR_COUNT);
    await page.context().clearCookies();
    await runQuery('served');
    await page.getByText('Your session ended.').waitFor();
    await signIn(TEST_KEYS.accessKeySecret);
    await expectCount(LOG_COUNT - ERROR_COUNT);
  });

  test('signing out closes the session', async () => {
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('AccessKey ID').waitFor();
    await page.reload();
    await page.getByLabel('AccessKey ID').waitFor();
  });

  test('the browser had nothing to complain about and saw no other host', () => {
    expect(world.complaints).toEqual([]);
  });
});
