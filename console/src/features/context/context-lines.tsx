import { memo, useLayoutEffect, useRef } from 'react';
import type { ReactElement } from 'react';
import { formatLogTime } from '../../shared/format.ts';
import type { Highlighter } from '../../shared/highlight.ts';
import { CONTEXT_LINES_MAX, CONTEXT_MORE_LINES } from '../../shared/limits.ts';
import type { LogRow } from '../../shared/log-types.ts';
import { RawFields } from '../../shared/raw-fields.tsx';
import type { Side, SideState } from './context-state.ts';
import type { ContextControl } from './use-context-logs.ts';

export interface ContextLine {
  readonly row: LogRow;
  /** Lines from the log whose context it is: negative before it, 0 the log itself. */
  readonly distance: number;
}

interface ContextLinesProps {
  readonly lines: readonly ContextLine[];
  readonly context: ContextControl;
  readonly highlight: Highlighter;
}

/** What was on the page last; another highlighter means another filter. */
interface Seen {
  readonly highlight: Highlighter;
  readonly anchor: number;
  readonly height: number;
}

/** The lines with more at both ends. The log is in the middle at first, and what one looks at stays in its place when lines come in above it. */
export function ContextLines({ lines, context, highlight }: ContextLinesProps): ReactElement {
  const { state, more } = context;
  const scroll = useRef<HTMLDivElement>(null);
  const seen = useRef<Seen>(undefined);
  useLayoutEffect(() => {
    const box = scroll.current;
    if (box === null) return;
    const { current } = seen;
    if (current?.highlight !== highlight) {
      box.querySelector('.context-line.anchor')?.scrollIntoView({ block: 'center' });
    } else if (current.anchor !== state.anchor) {
      box.scrollTop += box.scrollHeight - current.height;
    }
    seen.current = { highlight, anchor: state.anchor, height: box.scrollHeight };
  }, [lines, highlight, state.anchor, state.before]);
  return (
    <div ref={scroll} className="context-scroll" tabIndex={0} role="region" aria-label="Lines">
      <MoreLines side="before" state={state.before} onMore={() => more('before')} />
      <ol className="context-lines">
        {lines.map(({ row, distance }) => (
          <Line key={distance} row={row} distance={distance} highlight={highlight} />
        ))}
      </ol>
      <MoreLines side="after" state={state.after} onMore={() => more('after')} />
    </div>
  );
}

interface LineProps extends ContextLine {
  readonly highlight: Highlighter;
}

const Line = memo(function Line({ row, distance, highlight }: LineProps): ReactElement {
  const isAnchor = distance === 0;
  return (
    <li
      className={isAnchor ? 'context-line anchor' : 'context-line'}
      aria-current={isAnchor ? 'true' : undefined}
    >
      <span className="context-distance">
        {distance > 0 ? `+${distance}` : String(distance).replace('-', '−')}
      </span>
      <span className="context-time">
        {formatLogTime(row['__time__'] ?? '', row['__time_ns_part__'])}
      </span>
      <RawFields row={row} highlight={highlight} />
    </li>
  );
});

interface MoreLinesProps {
  readonly side: Side;
  readonly state: SideState;
  readonly onMore: () => void;
}

const END_TEXT: Readonly<Record<Side, string>> = {
  before: 'Nothing was sent before this.',
  after: 'Nothing was sent after this.',
};

function MoreLines({ side, state, onMore }: MoreLinesProps): ReactElement {
  if (state === 'end') return <p className="context-more muted">{END_TEXT[side]}</p>;
  if (state === 'atLimit') {
    return (
      <p className="context-more muted">{CONTEXT_LINES_MAX} lines are the most that are kept.</p>
    );
  }
  return (
    <p className="context-more">
      <button
        type="button"
        className="button small"
        disabled={state === 'loading'}
        onClick={onMore}
      >
        {state === 'loading' ? 'Loading…' : `${CONTEXT_MORE_LINES} more ${side}`}
      </button>
    </p>
  );
}
