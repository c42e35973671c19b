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

/** Entries that a live tail keeps on the page, and as many more while it is paused: some screens to scroll back. */
export const TAIL_ITEMS_MAX = 1000;

/** The newest logs that a live tail begins with. */
export const TAIL_BACK_LOGS = 50;

/** A live tail is drawn ten times a second at most, however fast logs arrive. */
export const TAIL_DRAW_MS = 100;

/** Waits before a live tail connects again: doubled each time up to the longest, as the command line does. */
export const TAIL_RETRY_MS = 1000;
export const TAIL_RETRY_MS_MAX = 15_000;

/** Longest event of a live tail in characters: 100 logs of a few megabytes each are none to look at. */
export const EVENT_CHARS_MAX: number = 64 * 1024 * 1024;

/** Lines of context asked for at first, before and after the log. */
export const CONTEXT_LINES = 20;

/** Lines of context asked for at once later on: the most that the server answers. */
export const CONTEXT_MORE_LINES = 100;

/** Lines of context kept in the page, each way. */
export const CONTEXT_LINES_MAX = 2000;

/** Pages of one second of a pack that are read to find a log again; a pack with more in a second is no context to read. */
export const CONTEXT_FIND_PAGES_MAX = 10;

/** How often a reindex is asked for its progress while it is under way: it takes minutes. */
export const REINDEX_POLL_MS = 3000;
