/** A real server, the built console and a browser with an empty page: what the console's tests begin with. */
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Page, Request } from 'playwright-core';
import { errorCode } from '#base/app-error.ts';
import { startServerProcess, TEST_KEYS, type ServerProcess } from '../support/server-process.ts';
import { SlsClient } from '../support/sls-client.ts';
import { launchChromium } from './chromium.ts';

const ROOT = join(import.meta.dirname, '../..');
const VIEWPORT = { width: 1440, height: 900 };

export interface ConsoleWorld {
  readonly server: ServerProcess;
  readonly client: SlsClient;
  readonly page: Page;
  /** What the browser complained about: broken pages, refused by the content security policy, other hosts. */
  readonly complaints: readonly string[];
  /** Ends the browser and the server, and removes its data. */
  close(): Promise<void>;
}

export async function openConsole(): Promise<ConsoleWorld> {
  await buildConsole();
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'sluice-console-'));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const server = await startServerProcess(directory);
  stack.defer(async () => {
    await server.stop();
  });
  const client = new SlsClient(server.endpoint);
  stack.defer(() => client.close());
  const browser = await launchChromium();
  stack.defer(() => browser.close());
  const context = await browser.newContext({ viewport: VIEWPORT });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const complaints: string[] = [];
  watch(page, server.endpoint, complaints);
  const owned = stack.move();
  return { server, client, page, complaints, close: () => owned.disposeAsync() };
}

/**
 * Builds the console when its sources changed since; the packages are installed, or this test would not run. Test files run
 * side by side, and a build empties the folder that the other's server reads: one builds at a time.
 */
async function buildConsole(): Promise<void> {
  await mkdir(join(ROOT, 'dist'), { recursive: true });
  for (let waits = 0; !(await takeLock()); waits += 1) {
    if (waits > LOCK_WAITS_MAX) throw new Error(`a build that never ended left ${LOCK}: remove it`);
    await setTimeout(LOCK_WAIT_MS);
  }
  try {
    const script = "import('./scripts/bootstrap.mjs').then((steps) => steps.ensureConsoleBuilt())";
    // The test runner's NODE_ENV would make it a development build.
    const env = { ...process.env, NODE_ENV: 'production' };
    const build = spawnSync(process.execPath, ['-e', script], { cwd: ROOT, env });
    if (build.status !== 0) throw new Error(`cannot build the console: ${build.stderr.toString()}`);
  } finally {
    await rmdir(LOCK);
  }
}

const LOCK = join(ROOT, 'dist/console.lock');
const LOCK_WAIT_MS = 250;
/** A minute and a half: a build takes seconds. */
const LOCK_WAITS_MAX = 360;

async function takeLock(): Promise<boolean> {
  try {
    await mkdir(LOCK);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

function watch(page: Page, endpoint: string, complaints: string[]): void {
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    const text = message.text();
    // The browser reports every answer of 4xx here; those are asserted where they belong.
    if (message.type() === 'error' && !text.startsWith('Failed to load resource')) {
      complaints.push(text);
    }
  });
  page.on('request', (request: Request) => {
    const url = request.url();
    if (!url.startsWith(endpoint) && !url.startsWith('blob:')) complaints.push(url);
  });
}

/** Fills in and sends the sign-in page. */
export async function signInWith(
  page: Page,
  secret: string = TEST_KEYS.accessKeySecret,
): Promise<void> {
  await page.getByLabel('AccessKey ID').fill(TEST_KEYS.accessKeyId);
  await page.getByLabel('AccessKey secret').fill(secret);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Counts what is asked about logs from now on; `stop` gives the addresses. */
export function watchSearches(page: Page): { readonly stop: () => readonly string[] } {
  const asked: string[] = [];
  const note = (request: Request): void => {
    if (request.url().includes('/logstores')) asked.push(request.url());
  };
  page.on('request', note);
  return {
    stop: () => {
      page.off('request', note);
      return asked;
    },
  };
}
