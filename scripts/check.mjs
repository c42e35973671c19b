/** `npm run check`: format, lint, types, unused code, unit and structure tests. Ends at the first that fails. */
import { ensureInstalled, progress, runTool } from './bootstrap.mjs';

const STEPS = [
  ['format', 'oxfmt', ['--check', '.']],
  ['lint', 'oxlint', ['--type-aware', '--deny-warnings']],
  ['types', 'tsc', ['-p', '.']],
  ['types of the console', 'tsc', ['-p', 'console']],
  ['unused code', 'knip', ['--no-progress']],
  ['unit tests', 'vitest', ['run', '--project', 'unit', '--reporter=dot']],
];

ensureInstalled();
for (const [name, command, args] of STEPS) {
  const started = Date.now();
  if (!runTool(command, args)) {
    progress(`check failed: ${name}`);
    process.exit(1);
  }
  progress(`${name}: ${((Date.now() - started) / 1000).toFixed(1)} s`);
}
