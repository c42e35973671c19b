import type { ReactElement } from 'react';
import type { ErrorView } from './api.ts';
import { Icon } from './icon.tsx';

interface ErrorNoteProps {
  readonly error: ErrorView;
  readonly onRetry?: (() => void) | undefined;
}

/** The server's error, word for word: code, message, request id. */
export function ErrorNote({ error, onRetry }: ErrorNoteProps): ReactElement {
  return (
    <div className="error-note" role="alert">
      <Icon name="alert" />
      <div className="error-note-text">
        <strong className="error-code">{error.code}</strong>
        <p className="error-message">{error.message}</p>
        {error.requestId !== undefined && (
          <p className="error-request">
            request id <code>{error.requestId}</code>
          </p>
        )}
      </div>
      {onRetry !== undefined && (
        <button type="button" className="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}
