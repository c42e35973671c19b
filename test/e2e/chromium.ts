/** The browser of the console's tests: the machine's own Chromium. */
import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** No window, no sandbox (tests also run as root in containers), and no call to anywhere but the page. */
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** `$CHROMIUM_PATH`, else where distributions put it. Throws when there is none: these tests are not skipped. */
export function findChromium(): string {
  const named = process.env['CHROMIUM_PATH'];
  const found = [...(named === undefined ? [] : [named]), ...PATHS].find((path) =>
    existsSync(path),
  );
  if (found === undefined) {
    throw new Error('no chromium found: install it or set CHROMIUM_PATH');
  }
  return found;
}

/** Starts a browser; the caller closes it. */
export async function launchChromium(): Promise<Browser> {
  return await chromium.launch({ executablePath: findChromium(), args: FLAGS });
}
