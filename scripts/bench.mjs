/** `npm run bench -- <scenario> [options]`: makes the clone ready, then runs a scenario of bench/. */
import { ensureInstalled, runNode } from './bootstrap.mjs';

ensureInstalled();
runNode(['bench/main.ts', ...process.argv.slice(2)]);
