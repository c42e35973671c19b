/**
 * The packs of a context before or after one of them, nearest first. Counters mostly go up by one, so the next ones are
 * asked for by their terms, which is a lookup each. Producers that share a counter between logstores leave gaps; behind
 * a wide one the terms with the prefix are listed, and the nearest counters among them kept.
 */
import { ID_PREFIX_BYTES } from '#segment/id-key.ts';
import type { SegmentReader } from '#segment/segment.ts';
import { CONTEXT_GAP_MAX, CONTEXT_PACKS_AT_ONCE, CONTEXT_ROWS_AT_ONCE } from '../limits.ts';
import type { QueryBudget } from '../query-budget.ts';
import { eachSegment } from '../search/each-segment.ts';
import { RowRanks } from '../search/row-ranks.ts';
import {
  compareCounters,
  counterBeside,
  PACK_ID_FIELD,
  parsePackId,
  type PackId,
} from './pack-id.ts';
import { hasPackColumn, isOneTerm, overlapping, packRows } from './pack-rows.ts';
import type { PackRows, TimeRange } from './pack-rows.ts';

/** Which way to go from a pack. */
export interface PackWalkOptions {
  readonly from: PackId;
  /** 1: to higher counters. */
  readonly step: 1 | -1;
  readonly range: TimeRange;
}

export interface PackWalkCollaborators {
  readonly segments: readonly SegmentReader[];
  readonly budget: QueryBudget;
}

export class PackWalk {
  /** False when packs may be missing behind the last one that was given. */
  isComplete = true;
  readonly #prefix: string;
  readonly #step: 1 | -1;
  readonly #range: TimeRange;
  readonly #segments: readonly SegmentReader[];
  readonly #budget: QueryBudget;
  /** Where the walk has come to. */
  #counter: string;
  /** There is no counter beyond. */
  #isAtEnd = false;

  constructor({ from, step, range }: PackWalkOptions, collaborators: PackWalkCollaborators) {
    this.#prefix = from.prefix;
    this.#counter = from.counter;
    this.#step = step;
    this.#range = range;
    this.#segments = overlapping(collaborators.segments, range);
    this.#budget = collaborators.budget;
  }

  /** Each pack has rows. Ends when there are no more, or the time is over. Errors: as the methods of `SegmentReader`. */
  async *packs(): AsyncGenerator<PackRows> {
    yield* this.#next();
    while (this.isComplete && !this.#isAtEnd) {
      const counters = await this.#listed();
      for (const counter of counters) {
        const pack = await this.#pack(counter);
        if (pack === undefined) return;
        if (pack.length > 0) yield pack;
      }
      if (counters.length < CONTEXT_PACKS_AT_ONCE) return;
    }
  }

  /** The packs that follow each other with no more than small gaps. */
  async *#next(): AsyncGenerator<PackRows> {
    for (let misses = 0; misses < CONTEXT_GAP_MAX;) {
      const counter = counterBeside(this.#counter, this.#step);
      this.#isAtEnd = counter === undefined;
      if (counter === undefined) return;
      const pack = await this.#pack(counter);
      if (pack === undefined) return;
      misses = pack.length > 0 ? 0 : misses + 1;
      if (pack.length > 0) yield pack;
    }
  }

  /** Undefined when the time is over. */
  async #pack(counter: string): Promise<PackRows | undefined> {
    this.isComplete &&= !this.#budget.isOver();
    if (!this.isComplete) return undefined;
    this.#counter = counter;
    return packRows({ prefix: this.#prefix, counter }, this.#segments, this.#range);
  }

  /** The nearest counters beyond the last one, CONTEXT_PACKS_AT_ONCE at most. */
  async #listed(): Promise<readonly string[]> {
    const nearest = new NearestCounters(this.#counter, this.#step);
    await eachSegment(this.#segments, async (reader) => {
      this.isComplete &&= !this.#budget.isOver() && (await this.#list(reader, nearest));
      return this.isComplete;
    });
    return this.isComplete ? nearest.inOrder() : [];
  }

  /** False when the segment does not tell all its pack ids, or the time is over. */
  async #list(reader: SegmentReader, nearest: NearestCounters): Promise<boolean> {
    const note = (text: string): false => {
      const id = parsePackId(text);
      if (id?.prefix === this.#prefix) nearest.add(id.counter);
      return false;
    };
    if (isOneTerm({ prefix: this.#prefix, counter: '0' }, reader)) {
      const pattern = { prefix: `${this.#prefix}-`, matches: note };
      const { truncated } = await reader.termsMatching(PACK_ID_FIELD, pattern, 1);
      return !truncated || (await this.#listRows(reader, note));
    }
    if (hasPackColumn(reader)) await reader.rowsWhere(PACK_ID_FIELD, note);
    return hasPackColumn(reader) || !reader.textFields.includes(PACK_ID_FIELD);
  }

  /**
   * Ids in few rows are in the index as keys without their texts, and too many of them for a pattern. The keys tell the
   * rows of everything that begins as the prefix does, whose texts are read. False when the time is over.
   */
  async #listRows(reader: SegmentReader, note: (text: string) => unknown): Promise<boolean> {
    const prefix = this.#prefix.slice(0, ID_PREFIX_BYTES);
    const matches = (term: string): boolean => term.startsWith(prefix);
    const pattern = { prefix, rest: '*', matches };
    const found = await reader.termsMatching(PACK_ID_FIELD, pattern, Number.MAX_SAFE_INTEGER);
    const ranks = new RowRanks(found.rows);
    for (let from = 0; from < ranks.count; from += CONTEXT_ROWS_AT_ONCE) {
      if (this.#budget.isOver()) return false;
      const count = Math.min(CONTEXT_ROWS_AT_ONCE, ranks.count - from);
      const rows = Array.from({ length: count }, (_, i) => ranks.select(from + i));
      for (const log of await reader.logs(rows, (field) => field === PACK_ID_FIELD))
        note(log[PACK_ID_FIELD] ?? '');
    }
    return true;
  }
}

/** Keeps those of many counters that are nearest beyond one, in memory for twice as many as are wanted. */
class NearestCounters {
  readonly #from: string;
  readonly #step: 1 | -1;
  #kept: Set<string> = new Set();
  /** No counter beyond it is wanted any more. */
  #last: string | undefined;

  constructor(from: string, step: 1 | -1) {
    this.#from = from;
    this.#step = step;
  }

  add(counter: string): void {
    if (this.#compare(counter, this.#from) <= 0) return;
    if (this.#last !== undefined && this.#compare(counter, this.#last) > 0) return;
    this.#kept.add(counter);
    if (this.#kept.size < 2 * CONTEXT_PACKS_AT_ONCE) return;
    const nearest = this.inOrder();
    this.#kept = new Set(nearest);
    this.#last = nearest.at(-1);
  }

  inOrder(): readonly string[] {
    const sorted = [...this.#kept].sort((a, b) => this.#compare(a, b));
    return sorted.slice(0, CONTEXT_PACKS_AT_ONCE);
  }

  #compare(a: string, b: string): number {
    return this.#step * compareCounters(a, b);
  }
}
