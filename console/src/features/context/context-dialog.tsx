import { useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import type { ReactElement } from 'react';
import { ErrorNote } from '../../shared/error-note.tsx';
import { formatCount, formatLogTime } from '../../shared/format.ts';
import { makeTextHighlighter } from '../../shared/highlight.ts';
import { Icon } from '../../shared/icon.tsx';
import type { LogRow, Place } from '../../shared/log-types.ts';
import { hasText } from '../../shared/text-filter.ts';
import { ContextLines } from './context-lines.tsx';
import type { ContextLine } from './context-lines.tsx';
import { useContextLogs } from './use-context-logs.ts';
import './context.css';

interface ContextDialogProps {
  readonly place: Place;
  readonly row: LogRow;
  readonly onClose: () => void;
  readonly onError: (error: unknown) => void;
}

/** What the same origin sent around a log, over the page. Escape and a press beside it close it. */
export function ContextDialog(props: ContextDialogProps): ReactElement {
  const { row, onClose } = props;
  const context = useContextLogs(props.place, row, props.onError);
  const { rows, anchor, error } = context.state;
  const dialog = useRef<HTMLDialogElement>(null);
  const [filter, setFilter] = useState('');
  const wanted = useDeferredValue(filter.trim());
  const highlight = useMemo(() => makeTextHighlighter(wanted), [wanted]);
  const lines = useMemo(() => shownLines(rows, anchor, wanted), [rows, anchor, wanted]);
  // Only the browser's own modal keeps the focus inside and the page behind it still.
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      className="context"
      aria-label="Context of a log"
      onClose={onClose}
      onClick={(event) => {
        if (event.target === dialog.current) dialog.current.close();
      }}
    >
      <div className="context-panel">
        <header className="panel-tools">
          <h2>Context</h2>
          <span className="muted context-origin">{originOf(row)}</span>
          <span className="spacer" />
          <span className="muted" data-testid="context-count">
            {wanted === ''
              ? `${formatCount(rows.length)} lines`
              : `${formatCount(lines.length)} of ${formatCount(rows.length)} lines`}
          </span>
          <input
            className="input context-filter"
            type="search"
            aria-label="Show only lines with this text"
            placeholder="Show only lines with…"
            value={filter}
            onChange={(event) => setFilter(event.target.value)}
          />
          <button
            type="button"
            className="icon-button"
            aria-label="Close"
            title="Close (Escape)"
            onClick={() => dialog.current?.close()}
          >
            <Icon name="clear" />
          </button>
        </header>
        {error !== undefined && (
          <ErrorNote error={error} onRetry={rows.length === 0 ? context.reload : undefined} />
        )}
        {rows.length === 0 ? (
          <p className="context-wait muted" aria-busy={error === undefined}>
            {error === undefined && 'Reading…'}
          </p>
        ) : (
          <ContextLines lines={lines} context={context} highlight={highlight} />
        )}
      </div>
    </dialog>
  );
}

/** The lines with the text; the log itself always stays. */
function shownLines(
  rows: readonly LogRow[],
  anchor: number,
  wanted: string,
): readonly ContextLine[] {
  return rows
    .map((row, i) => ({ row, distance: i - anchor }))
    .filter(({ row, distance }) => distance === 0 || hasText(row, wanted));
}

/** Which log it is and where it came from. */
function originOf(row: LogRow): string {
  const time = formatLogTime(row['__time__'] ?? '', row['__time_ns_part__']);
  const origin = [row['__tag__:__hostname__'] ?? row['__source__'], row['__tag__:__path__']];
  return [time, ...origin].filter((part) => part !== undefined && part !== '').join(' · ');
}
