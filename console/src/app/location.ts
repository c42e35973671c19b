import type { ChartChoice } from '../features/charts/chart-panel.tsx';
import { DEFAULT_RANGE, parseRange, printRange } from '../features/time-range/time-range.ts';
import type { TimeRange } from '../features/time-range/time-range.ts';

/** Everything that a link to a search carries. */
export interface ConsoleLocation {
  readonly project: string | undefined;
  readonly logstore: string | undefined;
  readonly query: string;
  /** `tail`: logs as they are written; the range and what follows it mean nothing there. */
  readonly mode: 'search' | 'tail';
  readonly range: TimeRange;
  readonly newestFirst: boolean;
  readonly view: 'raw' | 'table';
  /** Columns of the table view; empty: chosen by what the logs have. */
  readonly columns: readonly string[];
  readonly chart: ChartChoice;
  /** Whether the search tells what it did. */
  readonly explain: boolean;
}

export const START_LOCATION: ConsoleLocation = {
  project: undefined,
  logstore: undefined,
  query: '',
  mode: 'search',
  range: DEFAULT_RANGE,
  newestFirst: true,
  view: 'raw',
  columns: [],
  chart: 'auto',
  explain: false,
};

const CHARTS: readonly ChartChoice[] = ['auto', 'line', 'bar', 'pie', 'none'];

/** Columns read from a link, so that a broken link cannot ask for thousands. */
const COLUMNS_MAX = 50;

/**
 * Reads `/console/search/{project}/{logstore}?q=&range=…`. Anything missing or unreadable is as at the start: a link never fails.
 */
export function parseLocation(path: string, search: string): ConsoleLocation {
  const [, project, logstore] = /^\/console\/search\/([^/]+)(?:\/([^/]+))?/.exec(path) ?? [];
  const parameters = new URLSearchParams(search);
  const chart = parameters.get('chart');
  return {
    project: decodeName(project),
    logstore: decodeName(logstore),
    query: parameters.get('q') ?? '',
    mode: parameters.get('mode') === 'tail' ? 'tail' : 'search',
    range: parseRange(parameters.get('range') ?? '') ?? DEFAULT_RANGE,
    newestFirst: parameters.get('order') !== 'oldest',
    view: parameters.get('view') === 'table' ? 'table' : 'raw',
    columns: parameters.getAll('column').slice(0, COLUMNS_MAX),
    chart: CHARTS.find((choice) => choice === chart) ?? 'auto',
    explain: parameters.get('explain') === '1',
  };
}

function decodeName(segment: string | undefined): string | undefined {
  try {
    return segment === undefined ? undefined : decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

/** The address of a location; what is as at the start is left out. */
export function printLocation(location: ConsoleLocation): string {
  const { project, logstore } = location;
  if (project === undefined) return '/console/';
  const path = `/console/search/${encodeURIComponent(project)}`;
  if (logstore === undefined) return path;
  const parameters = new URLSearchParams();
  if (location.query !== '') parameters.set('q', location.query);
  if (location.mode === 'tail') parameters.set('mode', 'tail');
  parameters.set('range', printRange(location.range));
  if (!location.newestFirst) parameters.set('order', 'oldest');
  if (location.view === 'table') parameters.set('view', 'table');
  for (const column of location.columns) parameters.append('column', column);
  if (location.chart !== 'auto') parameters.set('chart', location.chart);
  if (location.explain) parameters.set('explain', '1');
  return `${path}/${encodeURIComponent(logstore)}?${parameters.toString()}`;
}
