import type { ReactElement } from 'react';
import { isRunning } from '../features/search/search-state.ts';
import type { SearchState } from '../features/search/search-state.ts';
import { formatCount, formatSpan, formatWindow } from '../shared/format.ts';
import { Icon } from '../shared/icon.tsx';
import { REPEATS_MAX } from '../shared/limits.ts';

interface SearchSummaryProps {
  readonly state: SearchState;
  readonly onZoomOut: () => void;
  readonly onRepeat: () => void;
  readonly isExplained: boolean;
  readonly onExplain: () => void;
}

/** How much was found, in which span, how long it took, and whether that is all. */
export function SearchSummary(props: SearchSummaryProps): ReactElement {
  const { state, onZoomOut, onRepeat } = props;
  const { request, histogram, logs } = state;
  const count = histogram.answer?.count;
  const elapsed = logs.meta?.elapsedMillisecond;
  return (
    <div className="summary">
      <strong className="summary-count" data-testid="total-count">
        {count === undefined ? '–' : formatCount(count)} logs
      </strong>
      {request !== undefined && (
        <span className="muted">
          {formatWindow(request.window.from, request.window.to)} (
          {formatSpan(request.window.to - request.window.from)})
        </span>
      )}
      {elapsed !== undefined && !isRunning(state) && (
        <span className="muted">{formatCount(elapsed)} ms</span>
      )}
      <span role="status">
        <ProgressText state={state} onRepeat={onRepeat} />
      </span>
      <span className="spacer" />
      <span className="muted summary-hint">drag over the bars to zoom in</span>
      <button
        type="button"
        className="button small"
        aria-pressed={props.isExplained}
        title="What the search did for its answer"
        onClick={props.onExplain}
      >
        <Icon name="explain" /> Explain
      </button>
      <button type="button" className="button small" onClick={onZoomOut}>
        <Icon name="zoomOut" /> Zoom out
      </button>
    </div>
  );
}

interface ProgressTextProps {
  readonly state: SearchState;
  readonly onRepeat: () => void;
}

function ProgressText({ state, onRepeat }: ProgressTextProps): ReactElement | undefined {
  const { logs, histogram } = state;
  const isIncomplete =
    logs.meta?.progress === 'Incomplete' || histogram.answer?.progress === 'Incomplete';
  if (isRunning(state)) {
    if (!isIncomplete) return <span className="badge">searching…</span>;
    const turn = Math.max(logs.repeats, histogram.repeats) + 1;
    return (
      <span className="badge warning">
        Incomplete: asking again ({turn} of {REPEATS_MAX})
      </span>
    );
  }
  if (logs.phase === 'cancelled' || histogram.phase === 'cancelled') {
    return <span className="badge warning">cancelled</span>;
  }
  if (!isIncomplete || logs.phase === 'failed') return undefined;
  return (
    <>
      <span className="badge warning">Incomplete: the server did not get through all logs</span>{' '}
      <button type="button" className="button small" onClick={onRepeat}>
        Ask again
      </button>
    </>
  );
}
