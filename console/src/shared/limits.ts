/** The bounds of the console. */

/** Rows asked for at once: the most that one GetLogs answer holds. */
export const PAGE_ROWS = 100;

/** Rows kept in the page; beyond it the browser gets slow and a narrower search serves better. */
export const LOADED_ROWS_MAX = 10_000;

/** How often an Incomplete answer is asked for again: as often as the Go SDK does. */
export const REPEATS_MAX = 20;

/** Pause between repeats: the Python SDK's. */
export const REPEAT_DELAY_MS = 500;

/** Queries kept in the browser's local storage: a screen of choices, a few kilobytes. */
export const HISTORY_MAX = 30;

/** Longest query kept in the history, so that one pasted monster does not fill the storage. */
export const HISTORY_QUERY_CHARS_MAX = 4000;

/** Top values shown of one field. */
export const TOP_VALUES_MAX = 8;

/** Lines, bars or slices told apart by colour; the palette has eight, the last is "other". */
export const SERIES_MAX = 8;

/** Points along the x axis of a chart: more than there are pixels helps nobody. */
export const CHART_POINTS_MAX = 2000;

/** Pages of 500 names read for a picker: 5,000 names, beyond which one types the name. */
export const NAME_PAGES_MAX = 10;

/** Names asked for at once: the most that the lists answer. */
export const NAME_PAGE_SIZE = 500;

/** Characters of one value shown in a collapsed row; the expanded row shows all of it. */
export const VALUE_PREVIEW_CHARS = 600;

/** SQL result rows drawn at once; all of them are sorted, charted and downloaded. */
export const TABLE_ROWS_SHOWN = 500;

/** Marks drawn in one value, so that a term on every second place does not stall the page. */
export const MARKS_MAX = 200;
