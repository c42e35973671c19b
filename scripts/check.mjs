/**
 * `npm run check`: format, lint, types, unused code, unit and structure tests, side by side. Prints the output of
 * what failed.
 */
import { spawn } from 'node:child_process';
import {
  ROOT,
  childEnvironment,
  ensureInstalled,
  ensureKernelBuilt,
  progress,
} from './bootstrap.mjs';

/** The static checks, also part of `npm test`. */
export const STATIC_CHECKS = [
  ['format', 'oxfmt', ['--check', '.']],
  ['lint', 'oxlint', ['--type-aware', '--deny-warnings']],
  ['types', 'tsc', ['-p', '.']],
  ['types of the console', 'tsc', ['-p', 'console']],
  ['unused code', 'knip', ['--no-progress']],
];

const UNIT_TESTS = ['unit tests', 'vitest', ['run', '--project', 'unit', '--reporter=dot']];

/** Runs one check to its end; true when it passed. */
export async function runCheck([name, command, args]) {
  const started = Date.now();
  const child = spawn(command, args, { cwd: ROOT, env: childEnvironment() });
  const chunks = [];
  child.stdout.on('data', (chunk) => chunks.push(chunk));
  child.stderr.on('data', (chunk) => chunks.push(chunk));
  const code = await new Promise((resolve) => {
    child.on('exit', resolve);
    child.on('error', () => resolve(1));
  });
  const passed = code === 0;
  if (!passed) process.stdout.write(Buffer.concat(chunks));
  progress(
    `${name}: ${passed ? 'passed' : 'FAILED'} (${((Date.now() - started) / 1000).toFixed(1)} s)`,
  );
  return passed;
}

if (process.argv[1] === import.meta.filename) {
  ensureInstalled();
  ensureKernelBuilt();
  const unit = runCheck(UNIT_TESTS);
  const results = [];
  // One after the other beside the tests: two cores are enough to keep busy.
  for (const check of STATIC_CHECKS) results.push(await runCheck(check));
  results.push(await unit);
  process.exit(results.every(Boolean) ? 0 : 1);
}
