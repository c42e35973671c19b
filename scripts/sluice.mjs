#!/usr/bin/env node
/**
 * `sluice <command>` (`npx sluice …` or `node scripts/sluice.mjs …`): makes the clone ready, then runs the command. Paths
 * on the command line are those of the folder it is called in.
 */
import { join } from 'node:path';
import {
  ROOT,
  ensureConsoleBuilt,
  ensureInstalled,
  ensureKernelBuilt,
  runNode,
} from './bootstrap.mjs';

/** Commands that serve the console. */
const SERVING = ['server', 'start'];

const words = process.argv.slice(2);
const wantsHelp = words.includes('--help') || words.includes('-h');
ensureInstalled();
ensureKernelBuilt();
if (SERVING.includes(words[0]) && !wantsHelp) ensureConsoleBuilt();
runNode([join(ROOT, 'src', 'main', 'cli.ts'), ...words], process.cwd());
