import { useEffect, useState } from 'react';
import { isAbort } from './api.ts';

export interface Loaded<T> {
  readonly value: T | undefined;
  readonly error: unknown;
  readonly busy: boolean;
  readonly reload: () => void;
}

interface Outcome<T> {
  readonly key: string;
  readonly value?: T;
  readonly error?: unknown;
}

/**
 * What `load` answers for this key; loads again when the key changes or on `reload`. A key of undefined loads nothing. An
 * answer for an earlier key is never shown.
 */
export function useLoaded<T>(
  key: string | undefined,
  load: (signal: AbortSignal) => Promise<T>,
): Loaded<T> {
  const [outcome, setOutcome] = useState<Outcome<T>>();
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (key === undefined) return undefined;
    const abort = new AbortController();
    const read = async (): Promise<void> => {
      try {
        const value = await load(abort.signal);
        if (!abort.signal.aborted) setOutcome({ key, value });
      } catch (error) {
        if (!abort.signal.aborted && !isAbort(error)) setOutcome({ key, error });
      }
    };
    void read();
    return () => abort.abort();
    // `load` is made anew on every render; the key says what it reads.
  }, [key, turn]);

  const current = outcome !== undefined && outcome.key === key ? outcome : undefined;
  return {
    value: current?.value,
    error: current?.error,
    busy: key !== undefined && current === undefined,
    reload: () => {
      setOutcome(undefined);
      setTurn(turn + 1);
    },
  };
}
