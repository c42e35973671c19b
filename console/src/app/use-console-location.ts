import { useCallback, useEffect, useState } from 'react';
import { parseLocation, printLocation } from './location.ts';
import type { ConsoleLocation } from './location.ts';

/** `push` makes a place that the browser's back button returns to; `replace` does not. */
export type Navigate = (change: Partial<ConsoleLocation>, how?: 'push' | 'replace') => void;

/** The location in the address bar, and the way to change it. */
export function useConsoleLocation(): readonly [ConsoleLocation, Navigate] {
  const [location, setLocation] = useState(readAddress);
  useEffect(() => {
    const onPopState = (): void => setLocation(readAddress());
    window.addEventListener('popstate', onPopState);
    return () => window.removeEventListener('popstate', onPopState);
  }, []);

  const navigate = useCallback<Navigate>((change, how = 'push') => {
    const next = { ...readAddress(), ...change };
    const address = printLocation(next);
    const isSame = address === `${window.location.pathname}${window.location.search}`;
    if (how === 'replace' || isSame) window.history.replaceState(undefined, '', address);
    else window.history.pushState(undefined, '', address);
    setLocation(next);
  }, []);
  return [location, navigate];
}

function readAddress(): ConsoleLocation {
  return parseLocation(window.location.pathname, window.location.search);
}
