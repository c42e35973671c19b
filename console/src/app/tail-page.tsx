import { useCallback, useEffect } from 'react';
import type { ReactElement } from 'react';
import { isFollowing } from '../features/live-tail/tail-state.ts';
import { TailView } from '../features/live-tail/tail-view.tsx';
import { useLiveTail } from '../features/live-tail/use-live-tail.ts';
import { hasAnalysis, splitQuery } from '../features/search/query-edit.ts';
import { QueryBox } from '../features/search/query-box.tsx';
import type { LogstorePageProps } from './logstore-page.ts';
import { ModeSwitch } from './mode-switch.tsx';

/** One logstore as it is written: the search part of the query says which logs. */
export function TailPage({ place, location, navigate, onError }: LogstorePageProps): ReactElement {
  const { project, logstore } = place;
  const { query } = location;
  const tail = useLiveTail(onError);
  const { state, start } = tail;
  const search = searchOf(query);
  const follow = useCallback(
    () => start({ project, logstore, query: search }),
    [project, logstore, search, start],
  );
  useEffect(follow, [follow]);
  return (
    <main className="search-page">
      <div className="query-bar">
        <ModeSwitch mode={location.mode} navigate={navigate} />
        <QueryBox
          query={query}
          running={isFollowing(state.phase)}
          refusal={state.error?.message}
          runLabel="Start"
          cancelLabel="Stop"
          onRun={(wanted) => {
            navigate({ query: wanted });
            // Another search starts by itself.
            if (searchOf(wanted) === search) follow();
          }}
          onCancel={tail.stop}
        />
      </div>
      {search !== query && (
        <p className="page-note muted">
          A live tail shows the logs of the search; the SQL behind it is for searches of a time.
        </p>
      )}
      <TailView tail={tail} onRestart={follow} />
    </main>
  );
}

/** What can be tailed of a query. */
function searchOf(query: string): string {
  return hasAnalysis(query) ? splitQuery(query).search : query;
}
