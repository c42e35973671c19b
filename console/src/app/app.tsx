import { useCallback, useState } from 'react';
import type { ReactElement } from 'react';
import { readSession, signOut } from '../features/session/session-api.ts';
import type { Session } from '../features/session/session-api.ts';
import { SignInPage } from '../features/session/sign-in-page.tsx';
import { errorView } from '../shared/api.ts';
import { ErrorNote } from '../shared/error-note.tsx';
import { useLoaded } from '../shared/use-loaded.ts';
import { Console } from './console.tsx';
import './app.css';

/** Who is signed in: `undefined` until the user did something, then what came of it. */
interface SessionChange {
  readonly session: Session | undefined;
  readonly notice?: string;
}

/** The gate: the console behind a session, the sign-in page without one. The address is kept over signing in. */
export function App(): ReactElement {
  const loaded = useLoaded('session', async (signal) => ({ session: await readSession(signal) }));
  const [change, setChange] = useState<SessionChange>();
  const state = change ?? loaded.value;

  const leave = useCallback(async (): Promise<void> => {
    try {
      await signOut();
      setChange({ session: undefined });
    } catch (error) {
      const { code, message } = errorView(error);
      setChange({ session: undefined, notice: `cannot sign out: ${code}: ${message}` });
    }
  }, []);
  const onSignedOut = useCallback(() => {
    setChange({ session: undefined, notice: 'Your session ended. Sign in again to go on.' });
  }, []);

  if (state === undefined) {
    return (
      <main className="app-wait" aria-busy={loaded.busy}>
        {loaded.error !== undefined && (
          <ErrorNote error={errorView(loaded.error)} onRetry={loaded.reload} />
        )}
      </main>
    );
  }
  if (state.session === undefined) {
    return <SignInPage notice={change?.notice} onSignedIn={(session) => setChange({ session })} />;
  }
  return <Console session={state.session} onLeave={() => void leave()} onSignedOut={onSignedOut} />;
}
