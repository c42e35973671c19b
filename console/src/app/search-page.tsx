import { useCallback, useEffect, useMemo, useState } from 'react';
import type { ReactElement } from 'react';
import { readIndex } from '../features/catalog/catalog-api.ts';
import { ExplainPanel } from '../features/explain/explain-panel.tsx';
import { Histogram } from '../features/histogram/histogram.tsx';
import { ReindexNotice } from '../features/reindex/reindex-notice.tsx';
import { addCondition, hasAnalysis } from '../features/search/query-edit.ts';
import { QueryBox } from '../features/search/query-box.tsx';
import { isRunning } from '../features/search/search-state.ts';
import { useSearch } from '../features/search/use-search.ts';
import { RefreshPicker } from '../features/time-range/refresh-picker.tsx';
import {
  DEFAULT_RANGE,
  parseRange,
  printRange,
  resolveRange,
  widen,
  zoomOut,
} from '../features/time-range/time-range.ts';
import { TimeRangePicker } from '../features/time-range/time-range-picker.tsx';
import { ErrorNote } from '../shared/error-note.tsx';
import { useLoaded } from '../shared/use-loaded.ts';
import type { LogstorePageProps } from './logstore-page.ts';
import { ModeSwitch } from './mode-switch.tsx';
import { SearchResults } from './search-results.tsx';
import { SearchSummary } from './search-summary.tsx';
import { useRefresh } from './use-refresh.ts';

/** One logstore: the query and its range above, what it found below. */
export function SearchPage(props: LogstorePageProps): ReactElement {
  const { location, navigate, onError } = props;
  const { project, logstore } = props.place;
  const { query, newestFirst, explain } = location;
  // The range is read anew from every address; it is another one only when it is written otherwise.
  const rangeText = printRange(location.range);
  const range = useMemo(() => parseRange(rangeText) ?? DEFAULT_RANGE, [rangeText]);
  const search = useSearch(onError);
  const { state, start } = search;
  const index = useLoaded(`${project}/${logstore}`, async (signal) =>
    readIndex(project, logstore, signal),
  );
  const [turn, setTurn] = useState(0);
  const [refreshSeconds, setRefreshSeconds] = useState(0);
  const runAgain = useCallback(() => setTurn((before) => before + 1), []);
  const running = isRunning(state);

  useEffect(() => {
    const window = resolveRange(range, Date.now());
    start({ project, logstore, query, window, newestFirst, explain });
    // To explain asks again by another turn; to explain no longer asks nothing.
  }, [project, logstore, query, range, newestFirst, turn, start]);
  useRefresh(range.kind === 'relative' ? refreshSeconds : 0, running, runAgain);

  const indexedKeys = useMemo(
    () => (index.value === undefined ? undefined : new Set(Object.keys(index.value.keys ?? {}))),
    [index.value],
  );
  const window = state.request?.window ?? resolveRange(range, Date.now());
  return (
    <main className="search-page">
      <div className="query-bar">
        <ModeSwitch mode={location.mode} navigate={navigate} />
        <div className="range-tools">
          <TimeRangePicker range={range} onChange={(chosen) => navigate({ range: chosen })} />
          <RefreshPicker seconds={refreshSeconds} onChange={setRefreshSeconds} />
        </div>
        <QueryBox
          query={query}
          running={running}
          refusal={state.logs.error?.message}
          runLabel="Search"
          cancelLabel="Cancel"
          onRun={(wanted) => {
            navigate({ query: wanted });
            runAgain();
          }}
          onCancel={search.cancel}
        />
      </div>
      <ReindexNotice place={props.place} />
      <section className="histogram-panel" aria-label="Logs over time">
        <SearchSummary
          state={state}
          onZoomOut={() => navigate({ range: zoomOut(window, Date.now()) })}
          onRepeat={runAgain}
          isExplained={explain}
          onExplain={() => {
            navigate({ explain: !explain }, 'replace');
            if (!explain) runAgain();
          }}
        />
        {state.histogram.error === undefined ? (
          <Histogram
            window={window}
            buckets={state.histogram.answer?.buckets ?? []}
            busy={state.histogram.phase === 'running'}
            onZoom={(zoomed) => navigate({ range: { kind: 'absolute', ...zoomed } })}
          />
        ) : (
          // The same mistake in the query fails both halves; it is told once, with the rows.
          state.logs.error === undefined && <ErrorNote error={state.histogram.error} />
        )}
      </section>
      <div className="answer">
        <SearchResults
          place={props.place}
          search={search}
          location={location}
          index={index.value}
          isSql={state.logs.meta?.hasSQL ?? hasAnalysis(query)}
          navigate={navigate}
          onRetry={runAgain}
          onError={onError}
          onWiden={() => navigate({ range: widen(range, Date.now()) })}
          onCondition={(condition) =>
            navigate({ query: addCondition(query, condition, indexedKeys) })
          }
        />
        {explain && (
          <ExplainPanel
            explain={state.logs.meta?.explain}
            running={state.logs.phase === 'running'}
            onClose={() => navigate({ explain: false }, 'replace')}
          />
        )}
      </div>
    </main>
  );
}
