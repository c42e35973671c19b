/**
 * What a query did: `meta.explain` of a GetLogs answer (v3) whose request has `explain: true`. Ours, no part of the SLS
 * protocol. Clients pass over members that they do not know, and texts of `kind`, `way` and `name` that are new to them.
 * Nothing in it tells of the server's disk: a segment is named by its id alone.
 */

/** Segments by where they are: in the manifest, or sealed and not committed yet (L0). */
export interface ExplainKinds {
  readonly committed: number;
  readonly sealed: number;
}

/** Blocks that were wanted: those that were read, and those that were in memory already. */
export interface ExplainReads {
  readonly read: number;
  readonly cached: number;
}

/** A part of the search as it was understood, with what it found. */
export interface ExplainNode {
  /** `all`, `none`, `and`, `or`, `not`, `fullText`, `field`, `numeric`. */
  readonly kind: string;
  /** As it was understood, like `level:ERROR` or `latency > 100`; of `and`, `or` and `not` the operator. */
  readonly label: string;
  /** What the text became where it was looked for, one entry for each way of cutting it. */
  readonly lookups: readonly ExplainLookup[];
  /** Rows that it has in the segments where it was evaluated, whatever their time. */
  readonly rows: number;
  /**
   * Segments where it was evaluated: not those whose rows were kept from an earlier search, and not those where what stands
   * before it in an `and` has no row.
   */
  readonly segments: number;
  /** With its operands, all segments together; several are at work at a time. */
  readonly durationMs: number;
  readonly operands: readonly ExplainNode[];
}

export interface ExplainLookup {
  /** All of them must be there; patterns with their wildcards. Empty: any value. */
  readonly terms: readonly string[];
  /** Any of the fields may have them; the full text is the empty name. The first 50. */
  readonly fields: readonly string[];
  readonly fieldCount: number;
}

/** A segment that was looked at. */
export interface ExplainSegment {
  readonly id: string;
  readonly kind: 'committed' | 'sealed';
  /** Unix seconds, both inclusive. */
  readonly minTime: number;
  readonly maxTime: number;
  readonly rowCount: number;
  /** Rows in the time range. */
  readonly scannedRows: number;
  readonly matchedRows: number;
  /** Whether its rows were kept from an earlier search. */
  readonly isCached: boolean;
  readonly durationMs: number;
}

/** `total` = `pruned` + `skipped` + `matched` + `unmatched`. */
export interface ExplainSegments {
  /** Of the logstore; of all logstores that a statement names. */
  readonly total: ExplainKinds;
  /** Known to have no log of the time range. */
  readonly pruned: ExplainKinds;
  /** Opened and not looked at: others had filled the page, or the time was over. */
  readonly skipped: ExplainKinds;
  readonly matched: ExplainKinds;
  readonly unmatched: ExplainKinds;
  /** Those that were looked at, in order of the work; the first 100. */
  readonly list: readonly ExplainSegment[];
}

export interface ExplainIndex {
  /** Terms that were looked up, for each field and segment. */
  readonly termLookups: number;
  /** Dictionary entries that were found; a pattern may have many. */
  readonly postingLists: number;
  /** Rows in them. */
  readonly postingRows: number;
  /** By what is in them: `dictionary` (also ids and term sets), `postings`, `numbers`, `times`. */
  readonly blocks: Readonly<Record<string, ExplainReads>>;
  readonly bytesRead: number;
}

export interface ExplainRows {
  /** Rows of the time range in the segments that were looked at. */
  readonly scanned: number;
  readonly matched: number;
  /** Rows whose fields were read here: those of the page, and those in which phrases were looked for. */
  readonly fetched: number;
  /** Pages of Parquet files that were read here, with their dictionaries and indexes; DuckDB reads by itself. */
  readonly pages: ExplainReads;
  readonly bytesRead: number;
}

export interface ExplainCaches {
  /** Segments whose rows were kept from an earlier search, and those that were evaluated. */
  readonly rowSets: { readonly hits: number; readonly misses: number };
  /** Segments whose part of the SQL answer was kept, and those whose part was made. */
  readonly parts: { readonly hits: number; readonly misses: number };
}

/** A relation that the statement reads. */
export interface ExplainRelation {
  /** Its name in the SQL that was sent. */
  readonly view: string;
  readonly logstoreName: string;
  /** Unix seconds, [fromTime, toTime). */
  readonly fromTime: number;
  readonly toTime: number;
  /** Seconds that its logs are earlier than the statement sees them (`compare`). */
  readonly shiftSeconds: number;
  /** Segments with matching rows, and the rows. */
  readonly segments: number;
  readonly rows: number;
  /** That the statement reads, `__time__` not among them. */
  readonly columns: readonly string[];
}

/** How a part of the statement was had. */
export interface ExplainPart {
  readonly view: string;
  /** `count` and `times`: from the index alone; `kept`: from parts that earlier answers left, and rows. */
  readonly way: string;
  /** For `kept`: segments whose part was kept, those whose part was made now, and those that were read without keeping. */
  readonly hits: number;
  readonly misses: number;
  readonly rest: number;
}

/** A step of DuckDB's. */
export interface ExplainOperator {
  readonly name: string;
  /** Conditions, groups and the like. */
  readonly detail: string;
  readonly rows: number;
  /** Rows read from files and tables. */
  readonly rowsScanned: number;
  /** Of all threads together. */
  readonly durationMs: number;
  readonly children: readonly ExplainOperator[];
}

/** Measured in a second run of the same SQL, as the first one gives the rows. */
export interface ExplainProfile {
  readonly durationMs: number;
  readonly cpuMs: number;
  readonly rowsScanned: number;
  readonly root: ExplainOperator;
}

export interface ExplainSql {
  /** As the user wrote it. */
  readonly statement: string;
  /** As DuckDB got it. */
  readonly sent: string;
  /** `index` (no row was read), `kept` (some parts of it were kept), `rows` (all rows were read). */
  readonly way: string;
  readonly relations: readonly ExplainRelation[];
  readonly parts: readonly ExplainPart[];
  /** What DuckDB was told the names in `sent` are; `<id>.parquet` stands for the file of a segment. */
  readonly views: readonly { readonly name: string; readonly select: string }[];
  /** Absent when a second run would take too long. */
  readonly profile?: ExplainProfile | undefined;
}

/** Steps follow each other, and may come more than once; what lies between two is the rest. */
export interface ExplainStep {
  /**
   * `queue` (waiting for a slot), `start` (the query process), `translate`, `segments` (waiting for logs that are not indexed,
   * and opening), `match`, `fetch`, `plan` (asking for kept parts), `answer`, `profile`, `encode`.
   */
  readonly name: string;
  /** Since the query came. */
  readonly startMs: number;
  readonly durationMs: number;
}

export interface QueryExplain {
  /** 1. A later one has other meanings, not only more members. */
  readonly version: number;
  /** Absent for SQL over a project, which has no search. */
  readonly search?: ExplainNode | undefined;
  readonly segments: ExplainSegments;
  readonly index: ExplainIndex;
  readonly rows: ExplainRows;
  readonly caches: ExplainCaches;
  readonly sql?: ExplainSql | undefined;
  readonly steps: readonly ExplainStep[];
  readonly totals: {
    /** From the arrival to the last step. */
    readonly durationMs: number;
    readonly bytesRead: number;
  };
}
