/** `npm run bench -- <scenario> [options]`: makes the clone ready, then runs a scenario of bench/. */
import { ensureInstalled, ensureKernelBuilt, runNode } from './bootstrap.mjs';

ensureInstalled();
ensureKernelBuilt();
runNode(['bench/main.ts', ...process.argv.slice(2)]);
