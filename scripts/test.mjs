/**
 * `npm test`: everything. Makes the clone ready, finds a Chromium (or installs Debian's when it may), checks
 * format, lint and types, runs every test, and closes with `N passed, N failed`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  ROOT,
  ensureConsoleBuilt,
  ensureInstalled,
  ensureKernelBuilt,
  fail,
  progress,
  runTool,
} from './bootstrap.mjs';
import { STATIC_CHECKS, runCheck } from './check.mjs';

const CHROMIUM_PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The path of a browser for the console's tests. */
function ensureChromium() {
  const found = [process.env.CHROMIUM_PATH, ...CHROMIUM_PATHS].find(
    (path) => path && existsSync(path),
  );
  if (found) return found;
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    progress('installing chromium (apt-get)');
    const quiet = { stdio: ['ignore', 'ignore', 2] };
    spawnSync('apt-get', ['update', '-qq'], quiet);
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], {
      ...quiet,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    if (existsSync(CHROMIUM_PATHS[0])) return CHROMIUM_PATHS[0];
  }
  return fail(
    "the console's tests need a Chromium: install it (Debian: apt-get install chromium) " +
      'or set CHROMIUM_PATH',
  );
}

const started = Date.now();
ensureInstalled();
ensureKernelBuilt();
ensureConsoleBuilt();
process.env.CHROMIUM_PATH = ensureChromium();

let failed = 0;
let passed = 0;
for (const check of STATIC_CHECKS) {
  if (await runCheck(check)) passed++;
  else failed++;
}

const results = join(ROOT, 'dist', 'test-results.json');
mkdirSync(join(ROOT, 'dist'), { recursive: true });
rmSync(results, { force: true });
const filters = process.argv.slice(2);
const ok = runTool('vitest', [
  'run',
  ...filters,
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${results}`,
]);
if (existsSync(results)) {
  const report = JSON.parse(readFileSync(results, 'utf8'));
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  // A suite that cannot even load has no failed test in it, but it did not pass.
  if (!ok && report.numFailedTests === 0) failed += Math.max(1, report.numFailedTestSuites);
} else failed++;
progress(`tested in ${((Date.now() - started) / 1000).toFixed(0)} s`);
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exit(failed === 0 && ok ? 0 : 1);
