/** `npm run build`: packages and console, each only when stale. */
import { ensureConsoleBuilt, ensureInstalled } from './bootstrap.mjs';

ensureInstalled();
ensureConsoleBuilt();
