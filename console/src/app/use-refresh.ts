import { useEffect } from 'react';

/** Runs again `seconds` after the last run ended; 0 is never. A hidden page waits until it is looked at. */
export function useRefresh(seconds: number, running: boolean, runAgain: () => void): void {
  useEffect(() => {
    if (seconds <= 0 || running) return undefined;
    let isDue = false;
    const runWhenSeen = (): void => {
      if (isDue && document.visibilityState === 'visible') runAgain();
    };
    const timer = setTimeout(() => {
      isDue = true;
      runWhenSeen();
    }, seconds * 1000);
    document.addEventListener('visibilitychange', runWhenSeen);
    return () => {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', runWhenSeen);
    };
  }, [seconds, running, runAgain]);
}
