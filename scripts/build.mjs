/** `npm run build`: packages and console, each only when stale. */
import { ensureConsoleBuilt, ensureInstalled, ensureKernelBuilt } from './bootstrap.mjs';

ensureInstalled();
ensureKernelBuilt();
ensureConsoleBuilt();
