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

/** Merges the lists of one field for all outputs. */
export class IdMerge {
  readonly #lists: MergedLists;
  readonly #writers: readonly IdxWriter[];
  /** In order of their inputs. */
  readonly #heads: IdCursor[];
  /** Prefix of each head: what is looked at for every key. */
  readonly #prefixes: Float64Array;

  constructor(cursors: readonly IdCursor[], lists: MergedLists, writers: readonly IdxWriter[]) {
    this.#lists = lists;
    this.#writers = writers;
    this.#heads = cursors.filter((cursor) => cursor.next());
    this.#prefixes = Float64Array.from(this.#heads, ({ prefix }) => prefix);
  }

  run(): void {
    const heads = this.#heads;
    const prefixes = this.#prefixes;
    while (heads.length > 0) {
      let first = 0;
      let smallest = prefixes[0]!;
      let isOne = true;
      for (let i = 1; i < heads.length; i++) {
        const prefix = prefixes[i]!;
        if (prefix > smallest) continue;
        isOne = prefix < smallest;
        if (!isOne) continue;
        smallest = prefix;
        first = i;
      }
      const { number, rows, hash } = heads[first]!;
      if (isOne && rows.end - rows.start === 1) {
        const place = this.#lists.rowOf(number, rows.items[rows.start]!);
        this.#writers[place.output]!.ids.addRow(smallest, hash, place.row);
        this.#advance(first);
      } else this.#mergeKey(smallest);
    }
  }

  /** The smallest key with this prefix, which is the smallest one, with the rows of all heads that stand at it. */
  #mergeKey(prefix: number): void {
    const heads = this.#heads;
    let hash = Number.POSITIVE_INFINITY;
    for (const head of heads) if (head.prefix === prefix) hash = Math.min(hash, head.hash);
    this.#lists.clear();
    for (let i = heads.length - 1; i >= 0; i--) {
      const head = heads[i]!;
      if (head.prefix !== prefix || head.hash !== hash) continue;
      this.#lists.addRows(head.number, head.rows);
      this.#advance(i);
    }
    for (const [output, writer] of this.#writers.entries()) {
      const { rows } = this.#lists.listsOf(output);
      if (rows.end > 0) writer.ids.add(prefix, hash, rows);
    }
  }

  #advance(index: number): void {
    const head = this.#heads[index]!;
    if (head.next()) this.#prefixes[index] = head.prefix;
    else {
      this.#heads.splice(index, 1);
      this.#prefixes.copyWithin(index, index + 1);
    }
  }
}
