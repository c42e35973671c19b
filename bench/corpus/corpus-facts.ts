/** What a corpus holds, counted while it is made: what a measurement searches for, and what it must find. */
import type { CorpusRandom } from './random.ts';

export interface Needle {
  /** A term of exactly one log. */
  readonly term: string;
  /** The time of that log, Unix seconds. */
  readonly time: number;
}

export interface CorpusFacts {
  readonly groupCount: number;
  readonly rowCount: number;
  /** Decompressed bytes of the log groups: "raw" in every number of the benchmark. */
  readonly rawBytes: number;
  /** Compressed bytes of the groups as they are sent. */
  readonly bodyBytes: number;
  /** Bytes of the lines that the logs were parsed from, where all of them are known. */
  readonly textBytes: number | undefined;
  /** Smallest and largest log time, Unix seconds. */
  readonly minTime: number;
  readonly maxTime: number;
  /** Logs more than `LATE_SECONDS` behind their group. */
  readonly lateCount: number;
  /** A word that many logs have, and how many. */
  readonly commonWord: string;
  readonly commonCount: number;
  readonly needles: readonly Needle[];
  /** How often real files were repeated to reach the size; 1: not at all. */
  readonly passCount: number;
}

/** A log is late when it is so many seconds older than the group that brings it. */
export const LATE_SECONDS = 5;

/** Enough for every search of a run to look for a new one. */
const NEEDLES_MAX = 4096;

/** Counts; keeps a uniform sample of the needles (reservoir sampling, algorithm R of A. Waterman). */
export class FactCounter {
  rowCount = 0;
  commonCount = 0;
  textBytes = 0;
  hasAllText = true;
  lateCount = 0;
  minTime: number = Number.MAX_SAFE_INTEGER;
  maxTime = 0;
  groupCount = 0;
  rawBytes = 0;
  passCount = 1;
  #needleCount = 0;
  readonly #needles: Needle[] = [];
  readonly #random: CorpusRandom;

  /** `random` must not be the one that the logs are made with. */
  constructor(random: CorpusRandom) {
    this.#random = random;
  }

  row(time: number, groupTime: number): void {
    this.rowCount++;
    if (groupTime - time > LATE_SECONDS) this.lateCount++;
    if (time < this.minTime) this.minTime = time;
    if (time > this.maxTime) this.maxTime = time;
  }

  needle(needle: Needle): void {
    const place =
      this.#needleCount < NEEDLES_MAX
        ? this.#needleCount
        : this.#random.below(this.#needleCount + 1);
    this.#needleCount++;
    if (place < NEEDLES_MAX) this.#needles[place] = needle;
  }

  facts(rest: { readonly commonWord: string; readonly bodyBytes: number }): CorpusFacts {
    return {
      groupCount: this.groupCount,
      rowCount: this.rowCount,
      rawBytes: this.rawBytes,
      bodyBytes: rest.bodyBytes,
      textBytes: this.hasAllText ? this.textBytes : undefined,
      minTime: this.rowCount === 0 ? 0 : this.minTime,
      maxTime: this.maxTime,
      lateCount: this.lateCount,
      commonWord: rest.commonWord,
      commonCount: this.commonCount,
      needles: this.#needles,
      passCount: this.passCount,
    };
  }
}
