/** `npm start`: makes the clone ready, then runs server, console and Logtail on this machine. */
import { ensureConsoleBuilt, ensureInstalled, ensureKernelBuilt, runNode } from './bootstrap.mjs';

const wantsHelp = process.argv.includes('--help');
ensureInstalled();
ensureKernelBuilt();
if (!wantsHelp) ensureConsoleBuilt();
runNode(['src/main/start.ts', ...process.argv.slice(2)]);
