/** What a scrub is asked, says under way, and reports: the words of `Backend.scrub`, its route and its command. */

/**
 * `wal`: a record of a write-ahead log. `index`: a block of an `.idx`. `rows`: a page of a Parquet file.
 * `manifest`: a record of the MetaStore. `orphan`: a stored file that no manifest names.
 */
export type ScrubFindingKind = 'wal' | 'index' | 'rows' | 'manifest' | 'orphan';

export interface ScrubFinding {
  readonly kind: ScrubFindingKind;
  readonly logstoreId: string;
  readonly shardId: number;
  /**
   * Path relative to the data directory (of a shard's log, its folder), or the key of the blob; of a manifest, its key in
   * the MetaStore.
   */
  readonly file: string;
  /** One clause in lower case: what is damaged and where in the file. */
  readonly what: string;
  /** The scrub made it whole (or removed it, for an orphan) before it said so. */
  readonly repaired: boolean;
}

export interface ScrubProgress {
  readonly checkedBytes: number;
  /** Of everything as the scrub found it when it began; logs arriving meanwhile are not in it. */
  readonly totalBytes: number;
  /** Segments checked so far. */
  readonly segmentCount: number;
  /** Records of write-ahead logs checked so far. */
  readonly recordCount: number;
}

export interface ScrubReport {
  /** The first of them; how many is bounded. */
  readonly findings: readonly ScrubFinding[];
  readonly checkedBytes: number;
  readonly segmentCount: number;
  readonly recordCount: number;
  readonly durationMs: number;
}

export interface ScrubOptions {
  /** Build damaged segments again from the shard log and remove orphans. Without it nothing is changed. */
  readonly repair: boolean;
  /** Ends the scrub between two reads; it then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: ScrubProgress) => void) | undefined;
  /** Called once for every finding, when its `repaired` is decided. */
  readonly onFinding?: ((finding: ScrubFinding) => void) | undefined;
}

/** What a backend offers to whoever asks for a scrub. One at a time: a second one throws ScrubInProgress. */
export interface Scrubber {
  scrub(options: ScrubOptions): Promise<ScrubReport>;
}
