/**
 * Ends a child in order when its parent is gone. Shells and package runners do not always hand signals on, and a parent
 * killed with SIGKILL cannot; without this the child would live on and hold the data directory.
 */

/** The parent sets it for children that must not outlive it. */
export const EXIT_WITH_PARENT = 'SLUICE_EXIT_WITH_PARENT';

const CHECK_INTERVAL_MS = 500;

/** Sends this process SIGTERM once its parent has ended, if the parent asked for it. */
export function exitWithParent(): void {
  if (process.env[EXIT_WITH_PARENT] !== '1') return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, CHECK_INTERVAL_MS);
  timer.unref();
}
