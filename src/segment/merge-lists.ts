/** Lists of rows and of term sets on their way through a merge: old numbers of inputs become new ones of outputs. */
import { GrowingU32 } from '#kernel/growing-u32.ts';
import type { IdxWriter } from './idx-writer.ts';
import { FORM_NONE, type EntryRefs } from './list-block.ts';
import type { MergeInput } from './merge-input.ts';
import type { InputMap, MergeOrder } from './merge-order.ts';
import type { UnitedSets } from './merge-sets.ts';
import type { NumberList } from './posting-store.ts';

/** The number of a set in an output where none of its rows is. */
const NOT_THERE = 0xffff_ffff;

interface Range {
  from: number;
  to: number;
}

/** Rows of an input up to `end`, which is the first row of the next run. */
interface OutputRun {
  readonly output: number;
  readonly end: number;
}

function runsOf({ newRow, outputOf }: InputMap): readonly OutputRun[] {
  if (outputOf === undefined) return [{ output: 0, end: newRow.length }];
  const runs: OutputRun[] = [];
  for (let end = 1; end <= outputOf.length; end++)
    if (outputOf[end] !== outputOf[end - 1]) runs.push({ output: outputOf[end - 1]!, end });
  return runs;
}

/** Index after the last of the ascending rows[from, to) that is below `bound`. */
function countBelow(rows: Uint32Array, from: number, to: number, bound: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle]! < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Rows of an output, made of ascending runs. Inputs hardly overlap, so that most rows come after all before them; the others
 * (of logs that arrived late) wait, and are merged once at the end.
 */
class RowList implements NumberList {
  readonly items: Uint32Array;
  readonly start: number = 0;
  end: number = 0;
  readonly #late: GrowingU32 = new GrowingU32();
  #last: number = -1;

  constructor(capacity: number) {
    this.items = new Uint32Array(capacity);
  }

  clear(): void {
    this.end = 0;
    this.#late.clear();
    this.#last = -1;
  }

  /** Adds map[row] for all old rows of rows[from, to); none of them is in the list yet. */
  addMapped(rows: Uint32Array, { from, to }: Range, map: Uint32Array): void {
    const { items } = this;
    let { end } = this;
    let last = this.#last;
    for (let i = from; i < to; i++) {
      const row = map[rows[i]!]!;
      if (row > last) {
        items[end++] = row;
        last = row;
      } else this.#late.push(row);
    }
    this.end = end;
    this.#last = last;
  }

  /** Makes the items ascending. */
  finish(): void {
    if (this.#late.length === 0) return;
    const { items } = this;
    const late = this.#late.view().sort();
    let old = this.end - 1;
    let next = late.length - 1;
    let at = this.end + next;
    this.end += late.length;
    this.#late.clear();
    while (next >= 0) {
      if (old >= 0 && items[old]! > late[next]!) items[at--] = items[old--]!;
      else items[at--] = late[next--]!;
    }
  }
}

/** Numbers that a list of sets takes one by one; more of them become a bit set. */
const INSERTED_MAX = 24;

/** Term sets of an output, in any order and more than once. */
class SetList implements NumberList {
  readonly items: Uint32Array;
  readonly start: number = 0;
  end: number = 0;
  readonly #words: Uint32Array;
  #isMarking: boolean = false;

  constructor(setCount: number) {
    this.items = new Uint32Array(Math.max(setCount, INSERTED_MAX + 1));
    this.#words = new Uint32Array((setCount + 31) >>> 5);
  }

  add(set: number): void {
    if (this.#isMarking) this.#mark(set);
    else this.#insert(set);
  }

  clear(): void {
    if (this.#isMarking) this.finish();
    this.end = 0;
  }

  /** Makes the items ascending, each once. */
  finish(): void {
    if (!this.#isMarking) return;
    this.#isMarking = false;
    const words = this.#words;
    let end = 0;
    for (let i = 0; i < words.length; i++) {
      let word = words[i]!;
      if (word === 0) continue;
      words[i] = 0;
      for (; word !== 0; word &= word - 1)
        this.items[end++] = i * 32 + 31 - Math.clz32(word & -word);
    }
    this.end = end;
  }

  #insert(set: number): void {
    const { items } = this;
    let at = this.end;
    while (at > 0 && items[at - 1]! >= set) at--;
    if (at < this.end && items[at] === set) return;
    for (let i = this.end; i > at; i--) items[i] = items[i - 1]!;
    items[at] = set;
    if (++this.end <= INSERTED_MAX) return;
    this.#isMarking = true;
    for (let i = 0; i < this.end; i++) this.#mark(items[i]!);
  }

  #mark(set: number): void {
    this.#words[set >>> 5]! |= 1 << (set & 31);
  }
}

/** What the inputs' lists of one term, field or set come to, by output. */
export class MergedLists {
  /** Sets of each output. */
  readonly setCounts: readonly number[];
  readonly #inputs: readonly MergeInput[];
  readonly #maps: readonly InputMap[];
  /** By input, its stretches of rows that go to one output, in their order: rows are by time, outputs by day. */
  readonly #runs: readonly (readonly OutputRun[])[];
  readonly #range: Range = { from: 0, to: 0 };
  readonly #sets: UnitedSets;
  /** By output, the new number of each united set. */
  readonly #setNumbers: readonly Uint32Array[];
  readonly #rows: readonly RowList[];
  readonly #setLists: readonly SetList[];
  /** Room for two lists of one input. */
  readonly #scratch: Uint32Array;
  readonly #other: Uint32Array;
  readonly #place: { output: number; row: number } = { output: 0, row: 0 };

  constructor(inputs: readonly MergeInput[], order: MergeOrder, sets: UnitedSets) {
    this.#inputs = inputs;
    this.#maps = order.inputs;
    this.#runs = order.inputs.map((map) => runsOf(map));
    this.#sets = sets;
    const { outputs } = order;
    this.#rows = outputs.map(({ rowOf }) => new RowList(rowOf.length));
    const largest = inputs.map(({ rowCount, setCount }) => Math.max(rowCount, setCount));
    this.#scratch = new Uint32Array(2 * Math.max(1, ...largest));
    this.#other = new Uint32Array(this.#scratch.length / 2);
    this.#setNumbers = outputs.map(() => new Uint32Array(sets.count).fill(NOT_THERE));
    this.setCounts = this.#numberSets(outputs.length);
    this.#setLists = this.setCounts.map((count) => new SetList(count));
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
    this.#clearRows();
    for (const list of this.#setLists) list.clear();
  }

  /** Adds the lists of an entry of an input; each row comes once at most. */
  add(input: number, entry: Pick<EntryRefs, 'block' | 'rows' | 'sets'>): void {
    const { block, rows, sets } = entry;
    const source = this.#inputs[input]!;
    const scratch = this.#scratch;
    if (rows.form !== FORM_NONE) this.#addRows(input, source.readRows(block, rows, scratch, 0));
    if (sets.form === FORM_NONE) return;
    const count = source.readSets(block, sets, scratch, 0);
    const base = this.#sets.bases[input]!;
    const { united } = this.#sets;
    for (let output = 0; output < this.#setLists.length; output++) {
      const list = this.#setLists[output]!;
      const numbers = this.#setNumbers[output]!;
      for (let i = 0; i < count; i++) {
        const number = numbers[united[base + scratch[i]!]!]!;
        if (number !== NOT_THERE) list.add(number);
      }
    }
  }

  /** Adds items[start, end), rows of an input. */
  addRows(input: number, { items, start, end }: NumberList): void {
    for (let i = start; i < end; i++) this.#scratch[i - start] = items[i]!;
    this.#addRows(input, end - start);
  }

  /** Valid until the next `clear`; both begin at 0. */
  listsOf(output: number): { readonly rows: NumberList; readonly sets: NumberList } {
    const sets = this.#setLists[output]!;
    const rows = this.#rows[output]!;
    rows.finish();
    sets.finish();
    return { rows, sets };
  }

  writeSets(writers: readonly IdxWriter[]): void {
    for (let set = 0; set < this.#sets.count; set++) {
      this.#collectSet(set);
      for (const [output, writer] of writers.entries())
        if (this.#rows[output]!.end > 0) writer.addSet(this.#rows[output]!);
    }
  }

  #clearRows(): void {
    for (const list of this.#rows) list.clear();
  }

  /** Scratch [0, count) has old rows of the input. */
  #addRows(input: number, count: number): void {
    const { newRow } = this.#maps[input]!;
    const scratch = this.#scratch;
    const range = this.#range;
    range.to = 0;
    for (const { output, end } of this.#runs[input]!) {
      range.from = range.to;
      range.to = scratch[count - 1]! < end ? count : countBelow(scratch, range.from, count, end);
      if (range.to > range.from) this.#rows[output]!.addMapped(scratch, range, newRow);
      if (range.to === count) return;
    }
  }

  /** Makes the rows of a united set the rows of the lists. */
  #collectSet(set: number): void {
    this.#clearRows();
    let count = 0;
    let previous = -1;
    for (const { input, old } of this.#membersOf(set)) {
      const source = this.#inputs[input]!;
      if (input === previous) {
        const more = source.readRowsOfSet(old, this.#other, 0);
        count = unite(this.#scratch, count, this.#other, more);
        continue;
      }
      if (previous >= 0) this.#addRows(previous, count);
      count = source.readRowsOfSet(old, this.#scratch, 0);
      previous = input;
    }
    if (previous >= 0) this.#addRows(previous, count);
    for (const list of this.#rows) list.finish();
  }

  #membersOf(set: number): readonly { readonly input: number; readonly old: number }[] {
    const { starts, members, bases } = this.#sets;
    let input = 0;
    return Array.from(members.subarray(starts[set], starts[set + 1]), (member) => {
      while (input + 1 < bases.length && bases[input + 1]! <= member) input++;
      return { input, old: member - bases[input]! };
    });
  }

  /** Numbers the sets of each output in their order, those without rows there left out; returns their counts. */
  #numberSets(outputCount: number): readonly number[] {
    const counts = Array.from({ length: outputCount }, () => 0);
    for (let set = 0; set < this.#sets.count; set++) {
      if (outputCount > 1) this.#collectSet(set);
      else if (!this.#membersOf(set).some((one) => this.#inputs[one.input]!.hasRowsOfSet(one.old)))
        continue;
      for (let output = 0; output < outputCount; output++)
        if (outputCount === 1 || this.#rows[output]!.end > 0)
          this.#setNumbers[output]![set] = counts[output]!++;
    }
    return counts;
  }
}

/** Makes list[0, count) the ascending numbers that are in it or in more[0, moreCount); returns how many. */
function unite(list: Uint32Array, count: number, more: Uint32Array, moreCount: number): number {
  const all = list.subarray(0, count + moreCount);
  all.set(more.subarray(0, moreCount), count);
  all.sort();
  let kept = 0;
  for (const number of all) if (kept === 0 || list[kept - 1] !== number) list[kept++] = number;
  return kept;
}
