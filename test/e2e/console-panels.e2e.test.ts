/**
 * Goal: a person can follow logs live, read what was sent around a log, and see what a search did. Method: as
 * `console.e2e.test.ts`; what the panels show is compared with what was written and with what the server answers.
 */
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { LogGroup } from '#protocol/log-group.ts';
import { startCuttingProxy } from '../support/cutting-proxy.ts';
import { INDEX } from './console-logs.ts';
import { openConsole, signInWith, watchSearches, type ConsoleWorld } from './console-world.ts';

const PROJECT = 'console-panels';
const LOGSTORE = 'app';
const POLL = { timeout: 20_000 };

/** The lines of a file, as a collector sends them: ten to a group. */
const FILE_LINES = 300;
const LINES_PER_GROUP = 10;

let world: ConsoleWorld;
let page: Page;
/** Numbers of live logs, never the same twice. */
let written = 0;

beforeAll(async () => {
  world = await openConsole();
  ({ page } = world);
  await world.client.provision(PROJECT, LOGSTORE, { index: INDEX, shardCount: 1 });
  const start = Math.floor(Date.now() / 1000) - 1000;
  for (let first = 0; first < FILE_LINES; first += LINES_PER_GROUP)
    await put(fileGroup(first, start));
  await page.goto(`${world.server.endpoint}/console/`);
  await signInWith(page);
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
});

afterAll(async () => {
  await world?.close();
});

async function put(group: LogGroup): Promise<void> {
  expect((await world.client.putLogs(PROJECT, LOGSTORE, group)).status).toBe(200);
}

function fileGroup(first: number, start: number): LogGroup {
  const logs = Array.from({ length: LINES_PER_GROUP }, (_, i) => ({
    time: start + first + i,
    contents: [
      { key: 'method', value: 'FILE' },
      { key: 'message', value: `line ${first + i} of the file` },
    ],
  }));
  const counter = (first / LINES_PER_GROUP + 1).toString(16).toUpperCase();
  const tags = [
    { key: '__pack_id__', value: `5BE0CD19137E2179-${counter}` },
    { key: '__path__', value: '/var/log/app.log' },
  ];
  return { logs, topic: '', source: '10.0.0.9', tags };
}

/** Writes logs that are of now; their numbers. */
async function putLive(count: number, method = 'LIVE'): Promise<readonly number[]> {
  const numbers = Array.from({ length: count }, (_, i) => written + i);
  written += count;
  const time = Math.floor(Date.now() / 1000);
  const logs = numbers.map((n) => ({
    time,
    contents: [
      { key: 'method', value: method },
      { key: 'message', value: `live ${n}` },
    ],
  }));
  await put({ logs, topic: '', source: '10.0.0.9', tags: [] });
  return numbers;
}

function pageUrl(query: string, more = '', endpoint: string = world.server.endpoint): string {
  const q = encodeURIComponent(query);
  return `${endpoint}/console/search/${PROJECT}/${LOGSTORE}?range=1h&q=${q}${more}`;
}

/** The messages of a list of logs, in order. */
async function messages(from: Page, list: string): Promise<readonly string[]> {
  const lines = await from.locator(`${list} .raw-fields`).allTextContents();
  return lines.map((line) => /message(.*?)\s*$/.exec(line)?.[1] ?? line);
}

async function status(): Promise<string> {
  return await page.locator('.live-tail [role=status]').innerText();
}

describe('live tail', () => {
  const LINES = '.tail-line';

  beforeEach(async () => {
    await page.goto(pageUrl('method:LIVE', '&mode=tail'));
    await expect.poll(status, POLL).toBe('live');
  });

  test('shows what is written, the newest last, and only what the query asks for', async () => {
    const before = await page.locator(LINES).count();
    const numbers = await putLive(3);
    await putLive(2, 'OTHER');
    const more = await putLive(1);
    const expected = [...numbers, ...more].map((n) => `live ${n}`);
    await expect.poll(() => page.locator(LINES).count(), POLL).toBe(before + 4);
    expect((await messages(page, LINES)).slice(-4)).toEqual(expected);
    expect(await page.getByTestId('tail-count').textContent()).toBe(`${before + 4} logs`);
  });

  test('is a mode beside the search, for the same query', async () => {
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await page.getByRole('region', { name: 'Logs over time' }).waitFor();
    await page.getByRole('button', { name: 'Live', exact: true }).click();
    await expect.poll(status, POLL).toBe('live');
    const box = page.getByRole('textbox', { name: 'Query' });
    expect(await box.inputValue()).toBe('method:LIVE');
    await box.fill('method:LIVE | select count(*) from log');
    await page.keyboard.press('Enter');
    await page.getByText('A live tail shows the logs of the search').waitFor();
    await expect.poll(status, POLL).toBe('live');
  });

  test('begins with the newest logs that there are', async () => {
    const [n] = await putLive(1);
    await page.reload();
    await expect.poll(async () => (await messages(page, LINES)).at(-1), POLL).toBe(`live ${n}`);
  });

  test('a text hides the other logs and is marked in these', async () => {
    const [n] = await putLive(5);
    await page.getByLabel('Show only logs with this text').fill(`LIVE ${n}`);
    await expect
      .poll(() => page.locator('.tail-line mark').allTextContents(), POLL)
      .toEqual([`live ${n}`]);
    expect(await page.locator(LINES).count()).toBe(1);
  });

  test('scrolling up holds the page, going on shows what came meanwhile', async () => {
    await putLive(80);
    await expect.poll(() => page.locator(LINES).count(), POLL).toBeGreaterThan(79);
    await page.locator('.tail-scroll').hover();
    await page.mouse.wheel(0, -400);
    await expect.poll(status, POLL).toBe('paused');
    const shown = await messages(page, LINES);
    const numbers = await putLive(7);
    const resume = page.getByRole('button', { name: '7 newer logs' });
    await resume.waitFor();
    expect(await messages(page, LINES)).toEqual(shown);
    await resume.click();
    await expect.poll(status, POLL).toBe('live');
    expect((await messages(page, LINES)).slice(-7)).toEqual(numbers.map((n) => `live ${n}`));
    const isAtEnd = await page
      .locator('.tail-scroll')
      .evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight < 2);
    expect(isAtEnd).toBe(true);
  });

  test('stops and starts, and an empty page can be had', async () => {
    await page.getByRole('button', { name: 'Stop' }).click();
    await expect.poll(status, POLL).toBe('stopped');
    const shown = await messages(page, LINES);
    const [n] = await putLive(1);
    await page.getByRole('button', { name: 'Start' }).click();
    await expect.poll(async () => (await messages(page, LINES)).at(-1), POLL).toBe(`live ${n}`);
    expect(shown).not.toContain(`live ${n}`);
    await page.getByRole('button', { name: 'Clear', exact: true }).click();
    expect(await page.locator(LINES).count()).toBe(0);
  });

  test('a refusal is shown in the words of the server', async () => {
    await page.getByRole('textbox', { name: 'Query' }).fill('nosuchfield:x');
    await page.keyboard.press('Enter');
    const note = page.locator('.live-tail').getByRole('alert');
    await note.waitFor();
    expect(await note.locator('.error-code').textContent()).toBe('ParameterInvalid');
    expect(await note.locator('.error-message').textContent()).toContain('nosuchfield');
    expect(await status()).toBe('ended');
  });

  test('more than the server sends in a second is told', async () => {
    await putLive(3000);
    await page.getByText(/logs dropped, because there were too many in a second/).waitFor();
    expect(await page.locator('.tail-scroll > *').count()).toBeLessThanOrEqual(1000);
  });
});

test('a live tail whose connection broke goes on and says what is missing', async () => {
  let isCut = false;
  const proxy = await startCuttingProxy(() => isCut);
  proxy.target = world.server.endpoint;
  // Another page: the watched one may only know the server's own address.
  const other = await page.context().newPage();
  try {
    await other.goto(pageUrl('method:LIVE', '&mode=tail', proxy.endpoint));
    const badge = other.locator('.live-tail [role=status]');
    await expect.poll(() => badge.textContent(), POLL).toBe('live');
    proxy.target = undefined;
    isCut = true;
    await putLive(1);
    await other.getByText('The connection was lost.').waitFor();
    isCut = false;
    proxy.target = world.server.endpoint;
    await expect.poll(() => badge.textContent(), POLL).toBe('live');
    const [n] = await putLive(1);
    const last = async (): Promise<string | undefined> =>
      (await messages(other, '.tail-line')).at(-1);
    await expect.poll(last, POLL).toBe(`live ${n}`);
    expect(await other.getByText('The connection was lost.').count()).toBe(1);
  } finally {
    await other.close();
    await proxy.close();
  }
});

/** Lines [from, to) of the file. */
function lines(from: number, to: number): readonly string[] {
  return Array.from({ length: to - from }, (_, i) => `line ${from + i} of the file`);
}

describe('context', () => {
  const LINES = '.context-line';

  test('shows the lines around a log, which is marked and in view', async () => {
    await page.goto(pageUrl('message:"line 150 of"'));
    const row = page.locator('.log-row').first();
    await row.locator('.row-toggle').click();
    await row.getByRole('button', { name: 'Context' }).click();
    await page.locator('.context-line.anchor').waitFor();
    expect(await messages(page, LINES)).toEqual(lines(130, 171));
    expect(await messages(page, '.context-line.anchor')).toEqual(lines(150, 151));
    const anchor = page.locator('.context-line.anchor');
    expect(await anchor.getAttribute('aria-current')).toBe('true');
    expect(await anchor.isVisible()).toBe(true);
  });

  test('goes on both ways to the ends of the file', async () => {
    const top = (): Promise<number> =>
      page.locator('.context-line.anchor').evaluate((line) => line.getBoundingClientRect().top);
    const more = page.getByRole('button', { name: '100 more before' });
    await more.scrollIntoViewIfNeeded();
    const before = await top();
    await more.click();
    await expect.poll(() => page.locator(LINES).count(), POLL).toBe(141);
    // What one looks at stays where it is.
    expect(Math.abs((await top()) - before)).toBeLessThan(20);
    await more.click();
    await page.getByText('Nothing was sent before this.').waitFor();
    await page.getByRole('button', { name: '100 more after' }).click();
    await expect.poll(() => page.locator(LINES).count(), POLL).toBe(271);
    await page.getByRole('button', { name: '100 more after' }).click();
    await page.getByText('Nothing was sent after this.').waitFor();
    expect(await messages(page, LINES)).toEqual(lines(0, FILE_LINES));
    expect(await page.locator('.context-line.anchor .context-distance').textContent()).toBe('0');
  });

  test('a text leaves the lines that have it, and the log itself', async () => {
    await page.getByLabel('Show only lines with this text').fill('line 29');
    await expect
      .poll(() => messages(page, LINES), POLL)
      .toEqual([...lines(29, 30), ...lines(150, 151), ...lines(290, 300)]);
    expect(await page.getByTestId('context-count').textContent()).toBe('12 of 300 lines');
  });

  test('Escape closes it and gives the focus back', async () => {
    await page.keyboard.press('Escape');
    // The first press empties the field of the text.
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    expect(await page.evaluate('document.activeElement.textContent.trim()')).toBe('Context');
  });

  test('is offered only where the server can tell it', async () => {
    await putLive(1);
    await page.goto(pageUrl('method:LIVE'));
    await page.locator('.row-toggle').first().click();
    await page.getByRole('button', { name: 'Copy as JSON' }).waitFor();
    expect(await page.getByRole('button', { name: 'Context' }).count()).toBe(0);
  });
});

function panel(): Locator {
  return page.getByRole('complementary', { name: 'Explain' });
}

async function fact(name: string): Promise<string> {
  return await panel().locator('dl > div', { hasText: name }).locator('dd').innerText();
}

describe('explain', () => {
  test('tells what a search did, in figures that are true', async () => {
    await page.goto(pageUrl('method:FILE and (message:"line 7 of" or message:"line 9 of")'));
    await page.locator('.log-row').first().waitFor();
    expect(await panel().count()).toBe(0);
    await page.getByRole('button', { name: 'Explain' }).click();
    await page.getByTestId('explain-total').waitFor();
    expect(await fact('rows matched')).toBe('2');
    expect(await fact('rows fetched')).toBe('2');
    expect(await panel().locator('.explain-operator').allTextContents()).toEqual(['and', 'or']);
    expect(await panel().locator('.explain-steps th[scope=row]').allTextContents()).toContain(
      'match',
    );
    const counts = await panel().locator('.explain-legend strong').allTextContents();
    const total = await panel().locator('[aria-label=Segments] p strong').textContent();
    expect(counts.reduce((sum, count) => sum + Number(count), 0)).toBe(Number(total));
  });

  test('a link explains, and a search that is new is told with its terms', async () => {
    await page.goto(
      pageUrl('method:FILE and (message:"line 8 of" or message:nosuchword)', '&explain=1'),
    );
    await page.getByTestId('explain-total').waitFor();
    expect(await panel().locator('.explain-term').allTextContents()).toEqual([
      'file',
      'line',
      '8',
      'of',
      'nosuchword',
    ]);
    const figures = panel().locator('.explain-node', { hasText: 'nosuchword' });
    expect(await figures.innerText()).toContain('0 rows');
  });

  test('shows the SQL that was sent, without a path of the server', async () => {
    await page.goto(
      pageUrl('method:FILE | select max(length(message)) as longest from log', '&explain=1'),
    );
    const sql = panel().getByLabel('The SQL that was sent');
    await sql.waitFor();
    expect((await sql.innerText()).toLowerCase()).toContain('max(');
    await panel().getByRole('button', { name: 'Copy the SQL' }).click();
    await panel().getByText('Copied').waitFor();
    const text = (await panel().innerText()).toLowerCase();
    expect(text).not.toContain('/tmp/');
    expect(text).not.toContain('segments/');
  });

  test('closing it asks nothing of the server', async () => {
    const searches = watchSearches(page);
    await panel().getByRole('button', { name: 'Close the explanation' }).click();
    expect(await panel().count()).toBe(0);
    expect(page.url()).not.toContain('explain');
    expect(searches.stop()).toEqual([]);
  });
});

test.each([
  ['method:FILE and ) x', ')'],
  ['* | select method, nosuchcolumn from log', 'nosuchcolumn'],
])('the place of the error in %s is marked', async (query, place) => {
  await page.goto(pageUrl(query));
  await page.locator('.results').getByRole('alert').waitFor();
  await expect.poll(() => page.locator('.query-error').allTextContents(), POLL).toEqual([place]);
  // The mark stands right behind the text that is written over it.
  const box = await page.getByRole('textbox', { name: 'Query' }).boundingBox();
  const back = await page.locator('.query-back').boundingBox();
  expect([back?.x, back?.y]).toEqual([box?.x, box?.y]);
  await page.getByRole('textbox', { name: 'Query' }).fill('method:FILE');
  await expect.poll(() => page.locator('.query-error').count(), POLL).toBe(0);
});

describe('a reindex', () => {
  const OLD_PROJECT = 'console-reindex';
  const OLD_LOGSTORE = 'old';
  const GROUPS = 60;
  const LOGS_PER_GROUP = 5000;

  async function call(method: string, path: string, json?: unknown): Promise<unknown> {
    return await world.client.call(method, `/logstores/${OLD_LOGSTORE}${path}`, {
      project: OLD_PROJECT,
      json,
    });
  }

  test('is told with searches for as long as it is under way', async () => {
    const { client, server } = world;
    await client.provision(OLD_PROJECT, OLD_LOGSTORE, { index: { ...INDEX, keys: {} } });
    const time = Math.floor(Date.now() / 1000) - 60;
    for (let group = 0; group < GROUPS; group += 1) {
      const logs = Array.from({ length: LOGS_PER_GROUP }, (_, i) => ({
        time,
        contents: [{ key: 'message', value: `answer ${group * LOGS_PER_GROUP + i} took ${i} ms` }],
      }));
      const raw = { logs, topic: '', source: '', tags: [] };
      const answer = await client.putLogs(OLD_PROJECT, OLD_LOGSTORE, raw);
      expect(answer.status).toBe(200);
    }
    await call('PUT', '/index', INDEX);
    await call('POST', '/reindex');
    await page.goto(`${server.endpoint}/console/search/${OLD_PROJECT}/${OLD_LOGSTORE}`);
    const notice = page.locator('.page-note');
    await expect.poll(() => notice.textContent(), POLL).toMatch(/indexed again: \d+ %/);
    await notice.waitFor({ state: 'detached', timeout: 60_000 });
    expect(await call('GET', '/reindex')).toMatchObject({ state: 'done' });
  });
});

test('the browser had nothing to complain about and saw no other host', () => {
  expect(world.complaints).toEqual([]);
});
