/** Bounds of queries. */
import { KIB, MIB, SECOND_MS } from '#base/units.ts';

/** Dictionary terms that one wildcard word uses for each field (sls-query §2.3). */
export const WILDCARD_TERMS_MAX = 100;

/**
 * Logs of a segment whose field a comparison with an integer beyond 2^53 reads one by one; of more the whole column is read,
 * which is faster from there on.
 */
export const EXACT_LONG_ROWS_MAX = 2000;

/** Logs whose text a phrase search reads to see whether the words are adjacent (sls-query §2.3). */
export const PHRASE_CANDIDATES_MAX = 10_000;

/** Logs whose text a phrase search reads at once; with values of a few KB this stays at some MB. */
export const PHRASE_BATCH_ROWS = 500;

/** Segments whose index one count reads at the same time: enough to keep a disk busy, few enough to stop soon. */
export const SEGMENTS_AT_ONCE = 4;

/** Memory of a kept set of rows beside its rows: its key, and what the engine needs for objects and maps. */
export const MATCH_ENTRY_BYTES = 512;

/** Logs of one page (sls-api §5.7.1). */
export const LINE_MAX = 100;

/** Logs of a context in each direction (sls-api §7.1). */
export const CONTEXT_LINES_MAX = 100;

/**
 * Counters without logs after which a context lists its pack ids instead of asking for the next one: some milliseconds with
 * hundreds of segments, and wide enough for groups that were lost or given up.
 */
export const CONTEXT_GAP_MAX = 32;

/** Rows whose pack ids are read at once, some 100 bytes each: fewer take longer for each row. */
export const CONTEXT_ROWS_AT_ONCE = 2000;

/** Pack ids of a listing that are kept: each has a log, so that hardly any context needs more. */
export const CONTEXT_PACKS_AT_ONCE = 128;

/** Logs that can be skipped in front of a page; ranking is cheap, but a page far in is a mistake. */
export const OFFSET_MAX = 1_000_000_000;

/** Logs of one second from several segments that are put in order by their nanoseconds; more stay as they are. */
export const NS_MERGE_ROWS_MAX = 10_000;

/** Characters of an answer that are looked through for words to mark: some tens of milliseconds. */
export const HIGHLIGHT_CHARACTERS_MAX: number = MIB;

/** Buckets of a histogram with automatic width (sls-query §4.3). */
export const HISTOGRAM_BUCKETS_AUTO_MAX = 60;

/** Buckets of a histogram whose width the client chose: a day by minutes, and a small answer. */
export const HISTOGRAM_BUCKETS_MAX = 1440;

/**
 * How long a query waits for logs that are stored and not indexed yet. Longer than an index that keeps up ever takes, and
 * shorter than the patience of clients (most have 50 s or more); after it the answer is Incomplete.
 */
export const INDEX_WAIT_MS: number = 15 * SECOND_MS;

/** Run time of a query that the service documents (sls-query §3.11). */
export const TIME_BUDGET_MS: number = 55 * SECOND_MS;

/** Queries that wait for each running one before new ones are refused; they would time out in the queue. */
export const QUEUED_FOR_EACH_RUNNING = 8;

/**
 * Share of a statement's time in which its segments are matched. What was matched until then is what it computes over, and
 * it still has time for that; the sets of rows are kept, so that the repeat begins where this one ended.
 */
export const MATCH_TIME_SHARE = 0.6;

/** Logstores that one statement names, and relations that it reads: more is a machine's, and each costs a lease and a view. */
export const RELATIONS_MAX = 16;

/** Rows of a SQL answer without LIMIT, and the most that LIMIT can ask for (sls-query §3.1). */
export const SQL_ROWS_DEFAULT = 100;
export const SQL_ROWS_MAX = 1_000_000;

/** Rows of `LIMIT skip, n`. */
export const SQL_PAGE_ROWS_MAX = 10_000;

/** Bytes of text in a SQL answer (sls-query §3.11); counted while reading, in characters. */
export const SQL_ANSWER_BYTES_MAX: number = 100 * MIB;

/** Bytes DuckDB may spill for all queries together; beyond it a query fails instead of filling the disk. */
export const SPILL_BYTES_MAX: number = 4096 * MIB;

/** Row numbers of a relation that are written into the SQL; others become bit strings. DuckDB reads a number in 50 µs. */
export const ROW_LIST_MAX = 1000;

/** Segments of a relation with a branch of their own in its view: DuckDB plans each, and reads it with buffers of its own. */
export const VIEW_BRANCHES_MAX = 16;

/** Segments in one SQL query: each is a file that is opened, and a part of the statement's text. */
export const SQL_SEGMENTS_MAX = 5000;

/** Nesting of a SQL statement's tree; the checks recurse, and so does DuckDB's own parser. */
export const SQL_DEPTH_MAX = 400;

/** Nodes of a SQL tree that rewrites may copy; an honest statement has some hundred, and each takes some 200 bytes of SQL. */
export const SQL_NODES_MAX = 100_000;

/** Earlier times that one statement compares with: each is a relation of its own. */
export const COMPARE_TIMES_MAX = 8;

/** Buckets of one `time_series`: as many as an answer has rows. */
export const TIME_SERIES_BUCKETS_MAX = 1_000_000;

/** How long after an interrupt the next one follows, for one that hit the gap between two statements. */
export const INTERRUPT_AGAIN_MS = 50;

/** Time between an interrupt and the end of the process that does not answer it; DuckDB answers within one vector. */
export const INTERRUPT_GRACE_MS: number = 3 * SECOND_MS;

/** How often the memory of a busy query process is read; one thread can fill some 50 MB in between. */
export const MEMORY_POLL_MS = 20;

/**
 * Memory of a query process beside what DuckDB counts: Node and its libraries (100 MB), an answer as texts and as a
 * message (100 MB each), and what scalar functions and the allocator hold in honest queries.
 */
export const MEMORY_OVERHEAD_BYTES: number = 512 * MIB;

/** A query process that holds more than this share of its bound without work is ended, so that the next query has room. */
export const IDLE_MEMORY_SHARE = 0.75;

/** Query processes of other time zones than the server's: each takes memory of its own, and a dashboard has one zone. */
export const OTHER_ZONES_MAX = 2;

/** A query process without work ends after this; a new one takes some 0.3 s. */
export const PROCESS_IDLE_MS: number = 300 * SECOND_MS;

/** A query process that is not up by then never will be; a busy machine takes some seconds. */
export const PROCESS_START_MS: number = 30 * SECOND_MS;

/** Fields of one logstore whose place in the index a live tail remembers; names of fields may be made up without end. */
export const MATCH_FIELDS_MAX = 2000;

/** Elements of what `sequence`, `repeat` and `series_padding` make (as in Presto); scalar functions cannot be interrupted. */
export const SEQUENCE_MAX = 10_000;

/** Steps of a window_funnel (sls-query §3.9); a step and its time share one 64-bit number. */
export const FUNNEL_STEPS_MAX = 32;

/** Buckets of a numeric_histogram: each value costs a look at all of them, without an interrupt. */
export const HISTOGRAM_BINS_MAX = 1000;

/** Characters and points of one geometry; a function over two of them takes some milliseconds. */
export const GEOMETRY_CHARS_MAX: number = 64 * KIB;
export const GEOMETRY_POINTS_MAX = 1000;

/**
 * Places where sides of the geometries of one call may cross. Each may become points of the result, and work among each
 * other: 1,000 take some 0.2 s and 20 MB, 10,000 as many seconds. Honest shapes have a few.
 */
export const GEOMETRY_CROSSINGS_MAX = 1000;

/** Geometries that are kept as parsed, for one that stands in every row of a statement. */
export const GEOMETRIES_KEPT_MAX = 16;

/** Bytes of one file that functions look things up in; it is held in memory, and the largest IP databases have 130 MB. */
export const DATA_FILE_BYTES_MAX: number = 512 * MIB;

/** Lines of a list that functions look things up in, some 200 bytes of memory each. */
export const LOOKUP_ENTRIES_MAX = 1_000_000;

/** Addresses that an IP database is asked for when it is opened, to see that it is whole: some milliseconds. */
export const IP_DATABASE_PROBES = 256;

/** Addresses that are kept for their next occurrence: as read, and what a database says, some 200 and 500 bytes each. */
export const KNOWN_IPS_MAX = 32_768;
export const IP_FACTS_KEPT_MAX = 32_768;

/** Characters of one log that clustering looks at; what follows hardly tells kinds of logs apart. */
export const LOG_SHAPE_CHARS_MAX = 4096;

/** Words of one shape of a log that are compared with those of others. */
export const SHAPE_WORDS_MAX = 128;

/** Shapes of logs that are clustered, the most frequent ones; the logs of all others are counted as one pattern. */
export const LOG_SHAPES_MAX = 5000;

/** Patterns among which a shape looks for one that is like it; in all 64 million words are compared at most, in a second. */
export const LEAF_PATTERNS_MAX = 100;

/** Fields whose texts make up the text of a log that clustering sees. */
export const LOG_TEXT_FIELDS_MAX = 200;

/** Signatures of shapes that a pattern names. */
export const ORIGINS_MAX = 100;

/** Subscribers of live tails: each is an open connection and a queue. */
export const TAIL_SUBSCRIBERS_MAX = 200;

/** Those of one logstore, each of which looks at every log of it. */
export const TAIL_LOGSTORE_SUBSCRIBERS_MAX = 100;

/** Logs a second that one subscriber is given; nobody reads faster, and a screen does not either. */
export const TAIL_LOGS_PER_SECOND_MAX = 1000;

/** Logs and characters that wait for one subscriber: a second at the full rate. */
export const TAIL_QUEUE_LOGS_MAX = 1000;
export const TAIL_QUEUE_CHARS_MAX: number = 2 * MIB;

/** Characters that wait for all subscribers together; a log that waits for several counts for each. */
export const TAIL_QUEUES_CHARS_MAX: number = 32 * MIB;

/** Logs and characters that are handed over at once. */
export const TAIL_EVENT_LOGS_MAX = 100;
export const TAIL_EVENT_CHARS_MAX: number = 256 * KIB;

/** What one read of a shard takes; a busy logstore has its other shards read in between. */
export const TAIL_READ_RECORDS = 64;
export const TAIL_READ_BYTES: number = 512 * KIB;

/** How often a tail looks for new shards and for changes of its logstore. */
export const TAIL_RELIST_MS: number = 2 * SECOND_MS;

/** Log groups that are older than this when the tail gets to them are passed over: it would never catch up otherwise. */
export const TAIL_BEHIND_MS: number = 10 * SECOND_MS;

/** Rest for each millisecond of work: all tails together take a fifth of the server's thread at most … */
export const TAIL_REST_FACTOR = 4;

/** … and rest after this much work, which a write may have to wait for. */
export const TAIL_SLICE_MS = 4;

/** Logs from before its beginning that a tail can ask for: some screens. */
export const TAIL_BACK_LOGS_MAX = 500;

/** Log groups, and raw bytes of them, that each shard is searched for these. */
export const TAIL_BACK_RECORDS_MAX = 128;
export const TAIL_BACK_RAW_BYTES_MAX: number = 8 * MIB;

/** Times for which logs are counted in the index for one relation of a statement: 12 days of seconds, 8 MB. */
export const TIMES_MAX: number = 2 ** 20;

/** Of them, those that stand in the text of the statement: more take longer to parse than to put into a table. */
export const TIMES_INLINE_MAX = 128;

/** Translations of statements that are kept for their repetition, some 2 KB each. */
export const TRANSLATIONS_BYTES_MAX: number = 4 * MIB;

/** Share of the memory of statements that parts of their answers may take while they are kept. */
export const KEPT_MEMORY_SHARE: number = 1 / 8;

/** Rows of a segment from which on parts of it are kept; a smaller one is read in less time than a part is looked for. */
export const KEPT_ROWS_MIN = 10_000;

/** Groups of one part, and rows for each group at least: a part with more is no quicker to read than the rows. */
export const KEPT_GROUPS_MAX = 65_536;
export const KEPT_GROUP_ROWS_MIN = 8;

/** Segments of one relation whose parts are kept; each that is not there yet is a query of its own. */
export const KEPT_SEGMENTS_MAX = 256;

/** Statements that are remembered for having been asked, with or without parts. */
export const KEPT_STATEMENTS_MAX = 512;

/** What a value of a part takes in the memory of DuckDB, about, without its text. */
export const KEPT_VALUE_BYTES = 16;

/** Segments that an explained query tells of one by one: some screens; all are in its counts. */
export const EXPLAIN_SEGMENTS_MAX = 100;

/** Ways in which one text of a search was cut, and fields of each, that are told. */
export const EXPLAIN_LOOKUPS_MAX = 20;
export const EXPLAIN_FIELDS_MAX = 50;

/** Characters of each text of SQL that is told: a view of thousands of segments is as long as their ids. */
export const EXPLAIN_SQL_CHARS_MAX: number = 16 * KIB;

/** Views of a statement that are told: one for each relation, and some that kept parts are made from. */
export const EXPLAIN_VIEWS_MAX = 20;

/** Row numbers of a view that are told; there may be a thousand. */
export const EXPLAIN_ROW_NUMBERS_MAX = 10;

/** A statement that took longer is not run again for the figures of its operators. */
export const EXPLAIN_AGAIN_MS_MAX: number = 10 * SECOND_MS;

/** Operators of one plan that are told, and characters of what each does. */
export const EXPLAIN_OPERATORS_MAX = 500;
export const EXPLAIN_DETAIL_CHARS_MAX = 400;

/** Commands of one pipeline (sls-query §5); the text is bounded as every query is. */
export const SPL_STAGES_MAX = 16;

/** Fields that one pipeline names: each is a column that all stages hand on. */
export const SPL_FIELDS_MAX = 200;

/** Logs that one page of a pipeline reads, and the time after which it reads no more (sls-query §5). */
export const SPL_PAGE_LOGS_MAX = 100_000;
export const SPL_PAGE_MS: number = 2 * SECOND_MS;

/** Logs that a page begins with, enough where most pass … */
export const SPL_FIRST_LOGS = 1000;

/** … and reads at once where hardly any does; more take longer than a page may in one go. */
export const SPL_LOGS_AT_ONCE_MAX = 32_000;

/** Bytes of logs that a page reads at once, about: all of them may pass, with what was parsed of them beside. */
export const SPL_BYTES_AT_ONCE: number = 32 * MIB;

/** How much more each read takes than the one before it. */
export const SPL_GROWTH = 4;

/** Rows of a pipeline that counts or sorts, without `limit` (sls-query §5), and the most that `limit` gives. */
export const SPL_ROWS_DEFAULT = 100;
export const SPL_ROWS_MAX = 10_000;

/** Logs of one shard that a scan without an index reads, and of all (sls-query §3.1). */
export const SCAN_SHARD_LOGS_MAX = 500_000;
export const SCAN_LOGS_MAX = 10_000_000;
