import { useMemo, useState } from 'react';
import type { ReactElement } from 'react';
import type { IndexConfig } from '#protocol/index-config.ts';
import { SqlView } from '../features/charts/sql-view.tsx';
import { ContextDialog } from '../features/context/context-dialog.tsx';
import type { FieldCondition } from '../features/results/field-condition.ts';
import { FieldList } from '../features/results/field-list.tsx';
import { defaultColumns, fieldStats } from '../features/results/field-stats.ts';
import { LogList } from '../features/results/log-list.tsx';
import { MoreRows } from '../features/results/more-rows.tsx';
import type { SearchState } from '../features/search/search-state.ts';
import type { SearchControl } from '../features/search/use-search.ts';
import { ErrorNote } from '../shared/error-note.tsx';
import { formatCount, formatWindow } from '../shared/format.ts';
import { Segmented } from '../shared/segmented.tsx';
import type { LogRow, Place } from '../shared/log-types.ts';
import type { ConsoleLocation } from './location.ts';
import type { Navigate } from './use-console-location.ts';

interface SearchResultsProps {
  readonly place: Place;
  readonly search: SearchControl;
  readonly location: ConsoleLocation;
  readonly index: IndexConfig | undefined;
  readonly isSql: boolean;
  readonly navigate: Navigate;
  readonly onRetry: () => void;
  readonly onError: (error: unknown) => void;
  readonly onWiden: () => void;
  readonly onCondition: (condition: FieldCondition) => void;
}

/** What the search found: an error, nothing, a table of SQL, or logs. */
export function SearchResults(props: SearchResultsProps): ReactElement {
  const { search, location, navigate } = props;
  const { logs, request, stale } = search.state;
  const className = stale ? 'results stale' : 'results';
  if (logs.phase === 'failed' && logs.error !== undefined) {
    return (
      <section className={className}>
        <ErrorNote error={logs.error} onRetry={props.onRetry} />
      </section>
    );
  }
  if (logs.meta === undefined || request === undefined) {
    return <section className={className} aria-busy={logs.phase === 'running'} />;
  }
  if (logs.rows.length === 0) {
    return (
      <section className={className}>
        <NothingFound {...props} state={search.state} />
      </section>
    );
  }
  if (props.isSql) {
    return (
      <section className={className}>
        <SqlView
          keys={logs.meta.keys}
          columnTypes={logs.meta.columnTypes}
          rows={logs.rows}
          limited={limitOf(logs.meta.limited)}
          fileName={`${request.logstore}-${request.window.from}-${request.window.to}.csv`}
          chart={location.chart}
          onChart={(chart) => navigate({ chart }, 'replace')}
        />
      </section>
    );
  }
  return <LogResults {...props} className={className} />;
}

function limitOf(limited: number | string | undefined): number | undefined {
  const limit = Number(limited ?? 0);
  return Number.isFinite(limit) && limit > 0 ? limit : undefined;
}

const NO_TERMS = [] as const;

function LogResults(props: SearchResultsProps & { readonly className: string }): ReactElement {
  const { search, location, navigate, onCondition } = props;
  const { logs, histogram } = search.state;
  const fields = useMemo(() => fieldStats(logs.rows), [logs.rows]);
  const automatic = useMemo(() => defaultColumns(fields), [fields]);
  const types = useMemo(() => {
    const keys = Object.entries(props.index?.keys ?? {});
    return new Map(keys.map(([name, key]) => [name, key.type]));
  }, [props.index]);
  const [contextOf, setContextOf] = useState<LogRow>();
  const columns = location.columns.length > 0 ? location.columns : automatic;
  const shownColumns = location.view === 'table' ? columns : location.columns;

  const toggleColumn = (name: string): void => {
    const before = location.view === 'table' ? columns : location.columns;
    const next = before.includes(name) ? before.filter((one) => one !== name) : [...before, name];
    navigate({ columns: next, view: 'table' }, 'replace');
  };
  return (
    <section className={`${props.className} with-fields`}>
      <FieldList
        rows={logs.rows}
        fields={fields}
        types={types}
        columns={shownColumns}
        onCondition={onCondition}
        onToggleColumn={toggleColumn}
      />
      <div className="log-panel">
        <div className="panel-tools">
          <ViewTools location={location} navigate={navigate} />
          <span className="spacer" />
          <span className="muted" data-testid="row-count">
            {formatCount(logs.rows.length)} of{' '}
            {histogram.answer === undefined ? '–' : formatCount(histogram.answer.count)} loaded
          </span>
        </div>
        <div className="log-scroll">
          <LogList
            rows={logs.rows}
            terms={logs.meta?.terms ?? NO_TERMS}
            view={location.view}
            columns={columns}
            chosenColumns={shownColumns}
            onCondition={onCondition}
            onToggleColumn={toggleColumn}
            onContext={setContextOf}
          />
          {logs.error !== undefined && <ErrorNote error={logs.error} />}
          <MoreRows more={logs.more} failed={logs.error !== undefined} onMore={search.loadMore} />
        </div>
      </div>
      {contextOf !== undefined && (
        <ContextDialog
          place={props.place}
          row={contextOf}
          onClose={() => setContextOf(undefined)}
          onError={props.onError}
        />
      )}
    </section>
  );
}

interface ViewToolsProps {
  readonly location: ConsoleLocation;
  readonly navigate: Navigate;
}

function ViewTools({ location, navigate }: ViewToolsProps): ReactElement {
  return (
    <>
      <Segmented
        label="View"
        value={location.view}
        options={[
          { value: 'raw', label: 'Raw' },
          { value: 'table', label: 'Table' },
        ]}
        onChange={(view) => navigate({ view }, 'replace')}
      />
      <Segmented
        label="Order"
        value={location.newestFirst ? 'newest' : 'oldest'}
        options={[
          { value: 'newest', label: 'Newest first' },
          { value: 'oldest', label: 'Oldest first' },
        ]}
        onChange={(order) => navigate({ newestFirst: order === 'newest' })}
      />
    </>
  );
}

interface NothingFoundProps extends SearchResultsProps {
  readonly state: SearchState;
}

function NothingFound({ state, location, navigate, onWiden }: NothingFoundProps): ReactElement {
  const { request, logs } = state;
  const isBusy = logs.phase === 'running';
  const { query } = location;
  return (
    <div className="nothing">
      <h2>{isBusy ? 'Nothing found yet' : 'No logs found'}</h2>
      {request !== undefined && (
        <p className="muted">{formatWindow(request.window.from, request.window.to)}</p>
      )}
      <p className="muted">
        {query === ''
          ? 'Logs are searchable a few seconds after they were sent. Look at a longer time, or send some.'
          : 'Look at a longer time, or ask for less: words, fields and values must all match.'}
      </p>
      <div className="nothing-tools">
        <button type="button" className="button" onClick={onWiden}>
          Longer time range
        </button>
        {query !== '' && (
          <button type="button" className="button" onClick={() => navigate({ query: '' })}>
            Clear the query
          </button>
        )}
      </div>
    </div>
  );
}
