import { memo, useDeferredValue, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { ReactElement } from 'react';
import { ErrorNote } from '../../shared/error-note.tsx';
import { formatCount, formatLogTime } from '../../shared/format.ts';
import { makeTextHighlighter } from '../../shared/highlight.ts';
import type { Highlighter } from '../../shared/highlight.ts';
import { Icon } from '../../shared/icon.tsx';
import { RawFields } from '../../shared/raw-fields.tsx';
import { hasText } from '../../shared/text-filter.ts';
import type { DropReason, TailItem, TailPhase } from './tail-state.ts';
import type { TailControl } from './use-live-tail.ts';
import './live-tail.css';

interface TailViewProps {
  readonly tail: TailControl;
  readonly onRestart: () => void;
}

/** Logs as they are written, the newest at the bottom. Scrolling up holds the page still; at its end it goes on. */
export function TailView({ tail, onRestart }: TailViewProps): ReactElement {
  const { state } = tail;
  const [filter, setFilter] = useState('');
  const wanted = useDeferredValue(filter.trim());
  const highlight = useMemo(() => makeTextHighlighter(wanted), [wanted]);
  const shown = useMemo(
    () => state.items.filter((item) => item.kind !== 'log' || hasText(item.row, wanted)),
    [state.items, wanted],
  );
  return (
    <section className="results live-tail" aria-label="Live tail">
      <div className="panel-tools">
        <TailStatus phase={state.phase} isPaused={state.isPaused} />
        <span className="muted" data-testid="tail-count">
          {formatCount(state.logCount)} {state.logCount === 1 ? 'log' : 'logs'}
          {wanted !== '' && `, ${formatCount(logCountOf(shown))} shown`}
        </span>
        <span className="spacer" />
        <input
          className="input tail-filter"
          type="search"
          aria-label="Show only logs with this text"
          placeholder="Show only logs with…"
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
        />
        <button type="button" className="button small" onClick={tail.clear}>
          <Icon name="clear" /> Clear
        </button>
      </div>
      {state.error !== undefined && <ErrorNote error={state.error} onRetry={onRestart} />}
      <TailLines items={shown} highlight={highlight} tail={tail} />
    </section>
  );
}

function logCountOf(items: readonly TailItem[]): number {
  return items.filter((item) => item.kind === 'log').length;
}

const STATUS: Readonly<Record<TailPhase, string>> = {
  off: 'stopped',
  connecting: 'connecting…',
  following: 'live',
  waiting: 'connection lost, connecting again…',
  failed: 'ended',
};

interface TailStatusProps {
  readonly phase: TailPhase;
  readonly isPaused: boolean;
}

function TailStatus({ phase, isPaused }: TailStatusProps): ReactElement {
  const isHeld = phase === 'following' && isPaused;
  const name = isHeld || phase === 'waiting' ? 'warning' : phase === 'following' ? 'live' : '';
  return (
    <span role="status" className={`badge ${name}`}>
      {isHeld ? 'paused' : STATUS[phase]}
    </span>
  );
}

interface TailLinesProps {
  readonly items: readonly TailItem[];
  readonly highlight: Highlighter;
  readonly tail: TailControl;
}

/** So near to the end, in pixels, the page counts as being at its end: about a line. */
const END_PIXELS = 24;

function TailLines({ items, highlight, tail }: TailLinesProps): ReactElement {
  const { isPaused, held, phase } = tail.state;
  const scroll = useRef<HTMLDivElement>(null);
  const toEnd = (): void => {
    if (scroll.current !== null) scroll.current.scrollTop = scroll.current.scrollHeight;
  };
  useLayoutEffect(() => {
    if (!isPaused) toEnd();
  }, [items, isPaused]);
  const onScroll = (): void => {
    const box = scroll.current;
    if (box === null) return;
    const isAway = box.scrollHeight - box.scrollTop - box.clientHeight > END_PIXELS;
    if (isAway !== isPaused) tail.setPaused(isAway);
  };
  return (
    <div className="tail-body">
      <div
        ref={scroll}
        className="tail-scroll"
        onScroll={onScroll}
        tabIndex={0}
        role="log"
        aria-live="off"
        aria-label="Logs, the newest last"
      >
        {items.length === 0 && phase === 'following' && (
          <p className="tail-empty muted">Waiting for logs that match.</p>
        )}
        {items.map((item) => (
          <TailLine key={item.id} item={item} highlight={highlight} />
        ))}
      </div>
      {isPaused && (
        <button type="button" className="button tail-resume" onClick={() => tail.setPaused(false)}>
          <Icon name="down" />
          {held.length === 0 ? 'Go on' : `${formatCount(logCountOf(held))} newer logs`}
        </button>
      )}
    </div>
  );
}

interface TailLineProps {
  readonly item: TailItem;
  readonly highlight: Highlighter;
}

const TailLine = memo(function TailLine({ item, highlight }: TailLineProps): ReactElement {
  if (item.kind === 'lost') {
    return (
      <p className="tail-notice">
        The connection was lost. Logs that were written until it is back are not shown here.
      </p>
    );
  }
  if (item.kind === 'dropped') {
    return <p className="tail-notice">{droppedText(item.reason, item.count)}</p>;
  }
  const { row } = item;
  return (
    <div className="tail-line">
      <span className="tail-time">
        {formatLogTime(row['__time__'] ?? '', row['__time_ns_part__'])}
      </span>
      <RawFields row={row} highlight={highlight} />
    </div>
  );
});

const WHY: Readonly<Record<DropReason, string>> = {
  rate: 'logs dropped, because there were too many in a second: narrow the query',
  slow: 'logs dropped, because they were read too slowly: narrow the query',
  behind: 'log groups passed over, because more is written than the server can look at',
};

function droppedText(reason: DropReason, count: number): string {
  return `${formatCount(count)} ${WHY[reason] ?? 'logs dropped'}`;
}
