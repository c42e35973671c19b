/**
 * Sets of rows that searches found in segments. A segment never changes, so what a search finds in it stays true until the
 * segment is gone: a repeated search (a dashboard, the repeat of an Incomplete answer) evaluates only the segments that are
 * new or were not reached.
 */
import { createHash } from 'node:crypto';
import { Bitset } from '#kernel/bitset.ts';
import { BlockCache } from '#segment/block-cache.ts';
import { MATCH_ENTRY_BYTES } from '../limits.ts';
import type { SearchPlan } from './compile-search.ts';
import type { SearchRows } from './evaluate-search.ts';

/** Few rows are a list, many the words of a bitset. */
interface RowSet {
  readonly list: Uint32Array | undefined;
  readonly words: Uint32Array | undefined;
  readonly length: number;
  readonly isPartial: boolean;
}

export interface MatchKey {
  readonly segmentId: string;
  readonly plan: SearchPlan;
  /** Empty: any topic. */
  readonly topic: string;
}

export class MatchCache {
  readonly #sets: BlockCache;

  /** `budgetBytes`: the least recently used sets make room; a set that is larger is not kept. */
  constructor(budgetBytes: number) {
    this.#sets = new BlockCache(budgetBytes);
  }

  /** About what the sets and their keys take. */
  get usedBytes(): number {
    return this.#sets.usedBytes;
  }

  /** What `find` gives, or gave before for the same key. The caller owns the rows. Errors: those of `find`. */
  async rows(key: MatchKey, find: () => Promise<SearchRows>): Promise<SearchRows> {
    const set = await this.#sets.get(keyText(key), async () => {
      const value = rowSet(await find());
      const bytes = (value.list ?? value.words)?.byteLength ?? 0;
      return { value, sizeBytes: bytes + MATCH_ENTRY_BYTES };
    });
    return { rows: bitsetOf(set), isPartial: set.isPartial };
  }
}

/** Of a length that does not depend on the search. */
function keyText({ segmentId, plan, topic }: MatchKey): string {
  // JSON has no infinity, and open ranges of numbers differ in nothing else.
  const text = JSON.stringify([topic, plan], (_name, value: unknown) =>
    typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
  );
  return `${segmentId}:${createHash('sha256').update(text).digest('base64')}`;
}

function rowSet({ rows, isPartial }: SearchRows): RowSet {
  const { length } = rows;
  const count = rows.count();
  if (count >= rows.words.length) return { list: undefined, words: rows.words, length, isPartial };
  const list = new Uint32Array(count);
  let i = 0;
  rows.forEach((row) => {
    list[i++] = row;
  });
  return { list, words: undefined, length, isPartial };
}

function bitsetOf({ list, words, length }: RowSet): Bitset {
  if (words !== undefined) return new Bitset(length, words.slice());
  const rows = new Bitset(length);
  for (const row of list ?? []) rows.add(row);
  return rows;
}
