import { useState } from 'react';
import type { FormEvent, ReactElement } from 'react';
import { errorView } from '../../shared/api.ts';
import type { ErrorView } from '../../shared/api.ts';
import { ErrorNote } from '../../shared/error-note.tsx';
import { Logo } from '../../shared/logo.tsx';
import { signIn } from './session-api.ts';
import type { Session } from './session-api.ts';
import './session.css';

interface SignInPageProps {
  /** Shown above the form, such as that the session ended. */
  readonly notice: string | undefined;
  readonly onSignedIn: (session: Session) => void;
}

export function SignInPage({ notice, onSignedIn }: SignInPageProps): ReactElement {
  const [keyId, setKeyId] = useState('');
  const [secret, setSecret] = useState('');
  const [error, setError] = useState<ErrorView>();
  const [busy, setBusy] = useState(false);

  const submit = async (): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      onSignedIn(await signIn(keyId.trim(), secret.trim()));
    } catch (cause) {
      setError(errorView(cause));
      setBusy(false);
    }
  };
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    void submit();
  };
  return (
    <main className="sign-in">
      <form className="sign-in-card" onSubmit={onSubmit}>
        <h1 className="sign-in-title">
          <Logo />
          Sluice
        </h1>
        <p className="muted">
          Sign in with an access key. The server printed one when it started first; it is the key
          that SDKs and agents use.
        </p>
        {notice !== undefined && <p className="sign-in-notice">{notice}</p>}
        <label htmlFor="access-key-id">AccessKey ID</label>
        <input
          id="access-key-id"
          className="input mono"
          autoComplete="username"
          autoCapitalize="off"
          spellCheck={false}
          autoFocus
          required
          value={keyId}
          onChange={(event) => setKeyId(event.target.value)}
        />
        <label htmlFor="access-key-secret">AccessKey secret</label>
        <input
          id="access-key-secret"
          className="input mono"
          type="password"
          autoComplete="current-password"
          required
          value={secret}
          onChange={(event) => setSecret(event.target.value)}
        />
        {error !== undefined && <ErrorNote error={error} />}
        <button type="submit" className="button primary" disabled={busy}>
          {busy ? 'Signing in…' : 'Sign in'}
        </button>
      </form>
    </main>
  );
}
