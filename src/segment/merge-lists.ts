/** Lists of rows and of term sets on their way through a merge: old numbers of inputs become new ones of outputs. */
import type { NumberList } from './posting-store.ts';
import type { IdxWriter } from './idx-writer.ts';
import { FORM_NONE, type EntryRefs } from './list-block.ts';
import type { MergeInput } from './merge-input.ts';
import type { InputMap, MergeOrder } from './merge-order.ts';
import type { UnitedSets } from './merge-sets.ts';

/** The number of a set in an output where none of its rows is. */
const NOT_THERE = 0xffff_ffff;

/** A list that is being made. */
class OutputList implements NumberList {
  readonly items: Uint32Array;
  readonly start: number = 0;
  end: number = 0;
  /** Whether the items are strictly ascending. */
  #inOrder: boolean = true;

  constructor(capacity: number) {
    this.items = new Uint32Array(capacity);
  }

  clear(): void {
    this.end = 0;
    this.#inOrder = true;
  }

  push(item: number): void {
    if (this.end > 0 && item <= this.items[this.end - 1]!) this.#inOrder = false;
    this.items[this.end++] = item;
  }

  /** Takes items that the caller has put behind `end`, ascending by themselves. */
  advance(end: number): void {
    const { items } = this;
    if (end === this.end) return;
    if (this.end > 0 && items[this.end]! <= items[this.end - 1]!) this.#inOrder = false;
    this.end = end;
  }

  /** Ascending, each item once. */
  sort(): void {
    if (this.#inOrder) return;
    const items = this.items.subarray(0, this.end).sort();
    let kept = 1;
    for (let i = 1; i < items.length; i++) if (items[i] !== items[i - 1]) items[kept++] = items[i]!;
    this.end = kept;
    this.#inOrder = true;
  }
}

/** What the inputs' lists of one term, field or set come to, by output. */
export class MergedLists {
  /** Sets of each output. */
  readonly setCounts: readonly number[];
  readonly #inputs: readonly MergeInput[];
  readonly #maps: readonly InputMap[];
  readonly #sets: UnitedSets;
  /** By output, the new number of each united set. */
  readonly #setNumbers: readonly Uint32Array[];
  readonly #rows: readonly OutputList[];
  readonly #setLists: readonly OutputList[];
  readonly #scratch: Uint32Array;
  readonly #place: { output: number; row: number } = { output: 0, row: 0 };

  constructor(inputs: readonly MergeInput[], order: MergeOrder, sets: UnitedSets) {
    this.#inputs = inputs;
    this.#maps = order.inputs;
    this.#sets = sets;
    // A row comes once from its own list at most, and a set once from each input.
    this.#rows = order.outputs.map(({ rowOf }) => new OutputList(rowOf.length));
    this.#setLists = order.outputs.map(() => new OutputList(sets.united.length));
    const largest = inputs.map(({ rowCount, setCount }) => Math.max(rowCount, setCount));
    this.#scratch = new Uint32Array(Math.max(1, ...largest));
    this.#setNumbers = order.outputs.map(() => new Uint32Array(sets.count).fill(NOT_THERE));
    this.setCounts = this.#numberSets(order.outputs.length);
  }

  /** Where a row goes; overwritten by the next call. */
  rowOf(input: number, oldRow: number): { readonly output: number; readonly row: number } {
    const { newRow, outputOf } = this.#maps[input]!;
    if (!(oldRow < newRow.length)) throw new RangeError('posting is beyond the segment');
    this.#place.row = newRow[oldRow]!;
    this.#place.output = outputOf === undefined ? 0 : outputOf[oldRow]!;
    return this.#place;
  }

  clear(): void {
    for (const list of this.#rows) list.clear();
    for (const list of this.#setLists) list.clear();
  }

  /** Adds the lists of an entry of an input. */
  add(input: number, entry: Pick<EntryRefs, 'block' | 'rows' | 'sets'>): void {
    const { block, rows, sets } = entry;
    const source = this.#inputs[input]!;
    if (rows.form !== FORM_NONE)
      this.#addRows(input, source.readRows(block, rows, this.#scratch, 0));
    if (sets.form === FORM_NONE) return;
    const count = source.readSets(block, sets, this.#scratch, 0);
    const base = this.#sets.bases[input]!;
    for (const [output, numbers] of this.#setNumbers.entries()) {
      const list = this.#setLists[output]!;
      for (let i = 0; i < count; i++) {
        const number = numbers[this.#sets.united[base + this.#scratch[i]!]!]!;
        if (number !== NOT_THERE) list.push(number);
      }
    }
  }

  /** Valid until the next `clear`; both begin at 0. */
  listsOf(output: number): { readonly rows: NumberList; readonly sets: NumberList } {
    const rows = this.#rows[output]!;
    const sets = this.#setLists[output]!;
    rows.sort();
    sets.sort();
    return { rows, sets };
  }

  writeSets(writers: readonly IdxWriter[]): void {
    for (let set = 0; set < this.#sets.count; set++) {
      this.#collectSet(set);
      for (const [output, writer] of writers.entries())
        if (this.#rows[output]!.end > 0) writer.addSet(this.listsOf(output).rows);
    }
  }

  /** Scratch [0, count) has old rows of the input. */
  #addRows(input: number, count: number): void {
    const { newRow, outputOf } = this.#maps[input]!;
    const scratch = this.#scratch;
    if (outputOf === undefined) {
      const list = this.#rows[0]!;
      const { items, end } = list;
      for (let i = 0; i < count; i++) items[end + i] = newRow[scratch[i]!]!;
      list.advance(end + count);
      return;
    }
    for (let i = 0; i < count; i++) {
      const row = scratch[i]!;
      this.#rows[outputOf[row]!]!.push(newRow[row]!);
    }
  }

  /** Makes the rows of a united set the rows of the lists. */
  #collectSet(set: number): void {
    const { starts, members, bases } = this.#sets;
    for (const list of this.#rows) list.clear();
    let input = 0;
    for (let i = starts[set]!; i < starts[set + 1]!; i++) {
      const member = members[i]!;
      while (input + 1 < bases.length && bases[input + 1]! <= member) input++;
      const source = this.#inputs[input]!;
      this.#addRows(input, source.readRowsOfSet(member - bases[input]!, this.#scratch, 0));
    }
  }

  /** Numbers the sets of each output in their order, those without rows there left out; returns their counts. */
  #numberSets(outputCount: number): readonly number[] {
    const counts = Array.from({ length: outputCount }, () => 0);
    for (let set = 0; set < this.#sets.count; set++) {
      this.#collectSet(set);
      for (let output = 0; output < outputCount; output++)
        if (this.#rows[output]!.end > 0) this.#setNumbers[output]![set] = counts[output]!++;
    }
    return counts;
  }
}
