/**
 * The rows of a segment where the words of a phrase stand next to each other. The index knows only which words a row has, so
 * the texts of such rows are read: from the end of the segment that the page wants first, until it must be full, and
 * only of the fields that may hold the phrase.
 */
import { Bitset } from '#kernel/bitset.ts';
import { LINE_FIELD } from '#segment/segment.ts';
import { PHRASE_BATCH_ROWS, PHRASE_CANDIDATES_MAX } from '../limits.ts';
import type { SegmentMatch } from './match-segment.ts';
import type { Page } from './page-rows.ts';
import type { QueryBudget } from '../query-budget.ts';
import { lowerBound, RowRanks } from './row-ranks.ts';
import { hasPhrases, isAskedOf, phraseTerms, type Phrase } from './verify-phrase.ts';

export interface PhraseMatch {
  readonly match: SegmentMatch;
  /** Whether rows that may belong to the page were not read, because there were too many. */
  readonly isPartial: boolean;
  /** False when the query's time ended first. */
  readonly isComplete: boolean;
}

/** Looks for the phrases of one query, segment after segment in the order of its page. */
export class PhraseMatcher {
  readonly #phrases: readonly Phrase[];
  readonly #page: Page;
  readonly #budget: QueryBudget;
  /** Seconds of the rows that were found. */
  readonly #times: number[] = [];
  #candidatesLeft = PHRASE_CANDIDATES_MAX;

  constructor(request: {
    readonly phrases: readonly Phrase[];
    readonly page: Page;
    readonly budget: QueryBudget;
  }) {
    this.#phrases = request.phrases;
    this.#page = request.page;
    this.#budget = request.budget;
  }

  /**
   * Of the rows that match by their words those that have the phrases, as far as the page needs them: rows behind
   * its end may be missing. Errors: as `SegmentReader.logs`.
   */
  async match(match: SegmentMatch): Promise<PhraseMatch> {
    const { reader } = match;
    const { reverse, offset, line } = this.#page;
    const rows = new Bitset(reader.info.rowCount);
    const wanted = offset + line;
    const [first, end] = this.#ranksOfPage(match, wanted);
    const isPartial = end - first > this.#candidatesLeft;
    const readMax = Math.min(end - first, this.#candidatesLeft);
    const isNeeded = await this.#fieldTest(match);
    let found = 0;
    let read = 0;
    let size = Math.min(PHRASE_BATCH_ROWS, wanted);
    while (read < readMax && found < wanted) {
      if (this.#budget.isOver())
        return { match: narrowed(match, rows), isPartial, isComplete: false };
      const count = Math.min(size, readMax - read);
      const batch = Array.from({ length: count }, (_, i) =>
        match.ranks.select(reverse ? end - 1 - read - i : first + read + i),
      );
      for (const [i, row] of (await reader.logs(batch, isNeeded)).entries()) {
        if (!hasPhrases(row, reader, this.#phrases)) continue;
        rows.add(batch[i]!);
        this.#times.push(match.times[batch[i]!]!);
        found++;
      }
      read += count;
      size = PHRASE_BATCH_ROWS;
    }
    this.#candidatesLeft -= read;
    return {
      match: narrowed(match, rows),
      isPartial: isPartial && found < wanted,
      isComplete: true,
    };
  }

  /** Ranks [first, end) of the rows that are not behind the end of a page that others fill already. */
  #ranksOfPage(match: SegmentMatch, wanted: number): readonly [number, number] {
    const { reverse } = this.#page;
    if (this.#times.length < wanted) return [0, match.ranks.count];
    const times = Uint32Array.from(this.#times).sort();
    const last = times[reverse ? times.length - wanted : wanted - 1] ?? 0;
    return reverse
      ? [match.ranks.rank(lowerBound(match.times, last)), match.ranks.count]
      : [0, match.ranks.rank(lowerBound(match.times, last + 1))];
  }

  /** Which fields of a log may hold a phrase: those that have all its words in one of the rows. */
  async #fieldTest(match: SegmentMatch): Promise<((field: string) => boolean) | undefined> {
    const { reader } = match;
    const needed = new Set<string>();
    for (const phrase of this.#phrases)
      for (const field of reader.textFields) {
        if (phrase.name !== undefined && !isAskedOf(phrase, field)) continue;
        if (!(await mayHold(match, field, phrase))) continue;
        // The full text has the words of all fields without an index of their own, and the names of all fields.
        if (field === LINE_FIELD) return undefined;
        needed.add(field);
      }
    return (field) => needed.has(field) || [...needed].some((leaf) => leaf.startsWith(`${field}.`));
  }
}

function narrowed(match: SegmentMatch, rows: Bitset): SegmentMatch {
  return { ...match, ranks: new RowRanks(rows), isFull: false };
}

async function mayHold(match: SegmentMatch, field: string, phrase: Phrase): Promise<boolean> {
  const { reader, ranks } = match;
  let rows: Bitset | undefined;
  for (const term of new Set(phraseTerms(phrase, field, reader))) {
    const found = await reader.term(field, term);
    if (found === undefined) return false;
    rows = (rows ?? ranks.rows.clone()).and(found);
    if (rows.isEmpty()) return false;
  }
  return true;
}
