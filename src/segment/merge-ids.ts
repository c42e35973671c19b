/** Merges the id lists of one field: equal keys become one with all their rows. */
import type { IdBlock } from './id-list.ts';
import type { TextField } from './idx-directory.ts';
import type { IdxWriter } from './idx-writer.ts';
import type { MergeInput } from './merge-input.ts';
import type { MergedLists } from './merge-lists.ts';
import type { NumberList } from './posting-store.ts';

/** Goes over the keys of one field of an input, across its blocks. */
export class IdCursor {
  /** Number of the input. */
  readonly number: number;
  prefix: number = 0;
  hash: number = 0;
  /** Rows of the key; overwritten by the next one. */
  readonly rows: NumberList = { items: new Uint32Array(0), start: 0, end: 0 };
  readonly #input: MergeInput;
  #block: IdBlock | undefined;
  #index: number = -1;
  #next: number;
  readonly #end: number;

  constructor(input: MergeInput, number: number, { ids }: TextField) {
    this.#input = input;
    this.number = number;
    this.#next = ids.start;
    this.#end = ids.end;
  }

  /** False at the end of the list. */
  next(): boolean {
    let block = this.#block;
    if (block === undefined || ++this.#index === block.count) {
      if (this.#next === this.#end) return false;
      block = this.#input.ids(this.#next++);
      this.#block = block;
      this.#index = 0;
      this.rows.items = block.rows;
    }
    const index = this.#index;
    this.prefix = block.prefixes[index]!;
    this.hash = block.hashes[index]!;
    this.rows.start = block.rowStarts[index]!;
    this.rows.end = block.rowStarts[index + 1]!;
    return true;
  }
}

/** Writes the merged lists of all outputs; `cursors` are in order of their inputs. */
export function mergeIds(
  cursors: readonly IdCursor[],
  lists: MergedLists,
  writers: readonly IdxWriter[],
): void {
  const heads = cursors.filter((cursor) => cursor.next());
  while (heads.length > 0) {
    let first = 0;
    let count = 1;
    let { prefix, hash } = heads[0]!;
    for (let i = 1; i < heads.length; i++) {
      const head = heads[i]!;
      if (head.prefix > prefix || (head.prefix === prefix && head.hash > hash)) continue;
      if (head.prefix === prefix && head.hash === hash) {
        count++;
        continue;
      }
      ({ prefix, hash } = head);
      first = i;
      count = 1;
    }
    const { number, rows } = heads[first]!;
    if (count === 1 && rows.end - rows.start === 1) {
      const place = lists.rowOf(number, rows.items[rows.start]!);
      writers[place.output]!.ids.addRow(prefix, hash, place.row);
      if (!heads[first]!.next()) heads.splice(first, 1);
    } else mergeKey({ heads, first, prefix, hash }, lists, writers);
  }
}

/** Writes a key with the rows of all heads that stand at it, and moves these on. */
function mergeKey(
  key: {
    readonly heads: IdCursor[];
    readonly first: number;
    readonly prefix: number;
    readonly hash: number;
  },
  lists: MergedLists,
  writers: readonly IdxWriter[],
): void {
  const { heads, first, prefix, hash } = key;
  lists.clear();
  for (let i = first; i < heads.length; i++) {
    const head = heads[i]!;
    if (head.prefix !== prefix || head.hash !== hash) continue;
    lists.addRows(head.number, head.rows);
    if (!head.next()) heads.splice(i--, 1);
  }
  for (const [output, writer] of writers.entries()) {
    const { rows } = lists.listsOf(output);
    if (rows.end > 0) writer.ids.add(prefix, hash, rows);
  }
}
