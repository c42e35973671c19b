import type { ReactElement } from 'react';

/** Paths on a 16 × 16 grid, drawn as lines. */
const PATHS = {
  alert: 'M8 2 15 14H1L8 2Zm0 5v3.2M8 12v.2',
  calendar: 'M2.5 3.5h11v10h-11v-10Zm0 3h11M5.5 2v3M10.5 2v3',
  check: 'm3 8.5 3.2 3.2L13 4.8',
  chevron: 'm4.5 6.5 3.5 3.5 3.5-3.5',
  clear: 'm4 4 8 8m0-8-8 8',
  columns: 'M2.5 3h11v10h-11V3Zm3.7 0v10m3.6-10v10',
  copy: 'M5.5 5.5h8v8h-8v-8Zm-3 5v-8h8',
  database: 'M3 4c0-2.4 10-2.4 10 0S3 6.4 3 4Zm0 0v8c0 2.4 10 2.4 10 0V4M3 8c0 2.4 10 2.4 10 0',
  context: 'M2.5 3.5h11M2.5 12.5h11M2.5 6.5h11v3h-11v-3Z',
  down: 'M8 2.5v11m-4.5-4.5L8 13.5 12.5 9',
  download: 'M8 2v8.5m-3.5-3.5L8 10.5 11.5 7M2.5 13.5h11',
  exclude: 'M2.5 7a4.5 4.5 0 1 0 9 0 4.5 4.5 0 0 0-9 0ZM10.3 10.3 14 14M5 7h4',
  explain: 'M3 13.5V8.5M6.5 13.5v-11M10 13.5V6M13.5 13.5v-3',
  history: 'M2.6 6A5.7 5.7 0 1 1 2.3 8.8M2.5 2.5V6H6M8 5v3.3l2.3 1.4',
  include: 'M2.5 7a4.5 4.5 0 1 0 9 0 4.5 4.5 0 0 0-9 0ZM10.3 10.3 14 14M5 7h4M7 5v4',
  play: 'M4.5 2.8 13 8l-8.5 5.2V2.8Z',
  refresh: 'M13.5 8a5.5 5.5 0 1 1-1.6-3.9L13.5 5.7M13.5 2.2v3.5H10',
  signOut: 'M6.5 2.5h-4v11h4M6 8h7.5m-3-3 3 3-3 3',
  sort: 'M5 3v10m-2.5-2.5L5 13l2.5-2.5M11 13V3M8.5 5.5 11 3l2.5 2.5',
  stop: 'M4 4h8v8H4z',
  zoomOut: 'M2.5 7a4.5 4.5 0 1 0 9 0 4.5 4.5 0 0 0-9 0ZM10.3 10.3 14 14M5 7h4',
} as const;

export type IconName = keyof typeof PATHS;

/** A small line drawing beside a label; it says nothing to a screen reader. */
export function Icon({ name }: { readonly name: IconName }): ReactElement {
  return (
    <svg className="icon" viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
