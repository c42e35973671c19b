/**
 * Merges the dictionaries of one field. Which term comes next is decided by how many bytes each head shares with the
 * term before (all heads come after it, so that the one that shares most is the smallest); bytes are compared only between heads that share
 * the same number. After Ng and Kakehi, "Merging String Sequences by Longest Common Prefixes" (2008).
 */
import type { FieldCursor } from './merge-input.ts';

export class TermMerge {
  /** The first `tiedCount` of them stand at the term, in order of the inputs; overwritten by the next one. */
  readonly tied: FieldCursor[];
  tiedCount: number = 0;
  readonly #advance: (cursor: FieldCursor) => boolean;
  /** In order of the inputs. */
  readonly #heads: FieldCursor[];
  /** Bytes that each head shares with the term that `next` gave last. */
  readonly #shared: Int32Array;
  /** Indices of the tied heads. */
  readonly #tiedHeads: Int32Array;

  /** `advance` moves a cursor on and says whether there is a term: `next`, or `nextWithSets`. */
  constructor(cursors: readonly FieldCursor[], advance: (cursor: FieldCursor) => boolean) {
    this.#advance = advance;
    this.#heads = cursors.filter((cursor) => advance(cursor));
    this.tied = [...this.#heads];
    this.#shared = new Int32Array(this.#heads.length);
    this.#tiedHeads = new Int32Array(this.#heads.length);
  }

  /** Goes to the next term; false after the last one. */
  next(): boolean {
    this.#advanceTied();
    const heads = this.#heads;
    const shared = this.#shared;
    if (heads.length === 0) return false;
    let most = -1;
    let first = 0;
    let count = 0;
    for (let i = 0; i < heads.length; i++) {
      if (shared[i]! > most) {
        most = shared[i]!;
        first = i;
        count = 1;
      } else if (shared[i] === most) count++;
    }
    if (count === 1) this.#tie(first);
    else this.#compare(first, most);
    return true;
  }

  #tie(head: number): void {
    this.#tiedHeads[this.tiedCount] = head;
    this.tied[this.tiedCount++] = this.#heads[head]!;
  }

  #advanceTied(): void {
    for (let i = this.tiedCount - 1; i >= 0; i--) {
      const head = this.#tiedHeads[i]!;
      const cursor = this.#heads[head]!;
      if (this.#advance(cursor)) this.#shared[head] = cursor.shared;
      else {
        this.#heads.splice(head, 1);
        this.#shared.copyWithin(head, head + 1);
      }
    }
    this.tiedCount = 0;
  }

  /** Finds the smallest of the heads from `first` on that share `most` bytes with the term before. */
  #compare(first: number, most: number): void {
    const heads = this.#heads;
    const shared = this.#shared;
    let smallest = first;
    for (let i = first + 1; i < heads.length; i++) {
      if (shared[i] !== most) continue;
      const a = heads[i]!.entry.term;
      const b = heads[smallest]!.entry.term;
      const at = commonBytes(a, b, most);
      if (at < b.length && (at === a.length || a.bytes[at]! < b.bytes[at]!)) smallest = i;
    }
    const term = heads[smallest]!.entry.term;
    for (let i = first; i < heads.length; i++) {
      if (shared[i] !== most) continue;
      const other = heads[i]!.entry.term;
      const common = i === smallest ? term.length : commonBytes(other, term, most);
      if (common === term.length && other.length === common) this.#tie(i);
      else shared[i] = common;
    }
  }
}

interface TermView {
  readonly bytes: Uint8Array;
  readonly length: number;
}

/** How many bytes both begin with; they agree in the first `from`. */
function commonBytes(a: TermView, b: TermView, from: number): number {
  const end = Math.min(a.length, b.length);
  let at = from;
  while (at < end && a.bytes[at] === b.bytes[at]) at++;
  return at;
}
