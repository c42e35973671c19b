/**
 * The index half of a merge: indexes of several segments become one for each output, without looking at a log. Terms
 * are merged in their order, rows and term sets get their new numbers.
 */
import { must } from '#base/assert.ts';
import { Bitset } from '#kernel/bitset.ts';
import type { IdxInfo } from './idx-codec.ts';
import { IdxWriter, type TermLists } from './idx-writer.ts';
import { IdCursor, IdMerge } from './merge-ids.ts';
import { MERGE_TERMS_AT_ONCE } from './limits.ts';
import { FORM_NONE, FORM_ONE } from './list-block.ts';
import { FieldCursor, type MergeInput } from './merge-input.ts';
import { MergedLists } from './merge-lists.ts';
import type { MergeOrder } from './merge-order.ts';
import type { SegmentStorage } from './segment-builder.ts';
import { uniteSets } from './merge-sets.ts';
import { TermMerge } from './merge-terms.ts';

/** A piece of the file of an output: those of one output come in their order. */
export interface IndexPiece {
  readonly output: number;
  readonly bytes: Uint8Array;
}

export interface IndexResults {
  /** By output. */
  readonly infos: readonly IdxInfo[];
  readonly storage: SegmentStorage;
}

/**
 * The `.idx` files of the outputs, piece by piece as they are made. Memory: the inputs, a few pieces and 16 MiB of shared lists for
 * each output, twelve bytes for each naming of a set, and about 12 bytes a row. Errors as `MergeInput`.
 */
export function* mergeIndexes(
  inputs: readonly MergeInput[],
  order: MergeOrder,
  results: IndexResults,
): Generator<IndexPiece> {
  const textFields = [
    ...new Set(inputs.flatMap(({ directory }) => [...directory.textFields.keys()])),
  ];
  const lists = new MergedLists(inputs, order, uniteSets(inputs, textFields));
  const writers = order.outputs.map(
    ({ rowOf }, output) =>
      new IdxWriter({
        rowCount: rowOf.length,
        setCount: lists.setCounts[output]!,
        storage: results.storage,
      }),
  );
  lists.writeSets(writers);
  const merge = new IndexMerge(inputs, order, lists, writers);
  for (const name of textFields) yield* merge.textField(name);
  merge.numericFields();
  for (const [output, writer] of writers.entries()) {
    const { times, timeNs } = order.outputs[output]!;
    const info = must(results.infos[output], 'an info for every output');
    for (const bytes of writer.finish(info, times, timeNs)) yield { output, bytes };
  }
}

/** The pieces of each output, all in memory. */
export function collectIndexes(
  pieces: Iterable<IndexPiece>,
  outputCount: number,
): readonly (readonly Uint8Array[])[] {
  const files = Array.from({ length: outputCount }, (): Uint8Array[] => []);
  for (const { output, bytes } of pieces) files[output]!.push(bytes);
  return files;
}

class IndexMerge {
  readonly #inputs: readonly MergeInput[];
  readonly #order: MergeOrder;
  readonly #lists: MergedLists;
  readonly #writers: readonly IdxWriter[];
  readonly #term: { arena: Uint8Array; start: number; end: number };

  constructor(
    inputs: readonly MergeInput[],
    order: MergeOrder,
    lists: MergedLists,
    writers: readonly IdxWriter[],
  ) {
    this.#inputs = inputs;
    this.#order = order;
    this.#lists = lists;
    this.#writers = writers;
    this.#term = { arena: new Uint8Array(0), start: 0, end: 0 };
  }

  *textField(name: string): Generator<IndexPiece> {
    const cursors: FieldCursor[] = [];
    const ids: IdCursor[] = [];
    let hasTerms = false;
    let hasUpperIds = false;
    for (const [input, { directory }] of this.#inputs.entries()) {
      const field = directory.textFields.get(name);
      if (field === undefined) continue;
      hasTerms ||= field.hasTerms;
      hasUpperIds ||= field.hasUpperIds;
      ids.push(new IdCursor(this.#inputs[input]!, input, field));
      cursors.push(new FieldCursor(this.#inputs[input]!, input, field));
    }
    const merge = new TermMerge(cursors, (cursor) => cursor.next());
    for (let count = 1; merge.next(); count++) {
      this.#addTerm(merge);
      if (count % MERGE_TERMS_AT_ONCE === 0) yield* this.#full();
    }
    new IdMerge(ids, this.#lists, this.#writers).run();
    const present = this.#fieldLists(name, 0);
    const empty = this.#fieldLists(name, 1);
    for (const [output, writer] of this.#writers.entries())
      writer.addTextField({ name, hasTerms, hasUpperIds }, present[output]!, empty[output]!);
    yield* this.#full();
  }

  /** What is complete of all outputs. */
  *#full(): Generator<IndexPiece> {
    for (const [output, writer] of this.#writers.entries())
      for (const bytes of writer.takeFull()) yield { output, bytes };
  }

  numericFields(): void {
    const names = new Set(
      this.#inputs.flatMap(({ directory }) => [...directory.numericFields.keys()]),
    );
    for (const name of names) this.#numericField(name);
  }

  #addTerm({ tied, tiedCount }: TermMerge): void {
    const first = tied[0]!;
    const term = this.#term;
    term.arena = first.entry.term.bytes;
    term.end = first.entry.term.length;
    const { rows, sets } = first.entry.lists;
    if (tiedCount === 1 && rows.form === FORM_ONE && sets.form === FORM_NONE) {
      const { output, row } = this.#lists.rowOf(first.number, rows.first);
      this.#writers[output]!.addRowTerm(term, row);
      return;
    }
    this.#lists.clear();
    for (let i = 0; i < tiedCount; i++) {
      const { number, entry } = tied[i]!;
      this.#lists.add(number, entry.lists);
    }
    for (let output = 0; output < this.#writers.length; output++) {
      const merged = this.#lists.listsOf(output);
      if (merged.rows.end > 0 || merged.sets.end > 0)
        this.#writers[output]!.addTerm(term, merged.rows, merged.sets);
    }
  }

  /** One of the two lists of a text field, by output. */
  #fieldLists(name: string, which: 0 | 1): readonly TermLists[] {
    this.#lists.clear();
    for (const [input, { directory }] of this.#inputs.entries()) {
      const field = directory.textFields.get(name);
      if (field === undefined) continue;
      this.#lists.add(input, this.#inputs[input]!.fieldList(field.presentEntry + which));
    }
    return this.#writers.map((_, output) => {
      const { rows, sets } = this.#lists.listsOf(output);
      return {
        rows: { items: rows.items.slice(0, rows.end), start: 0, end: rows.end },
        sets: { items: sets.items.slice(0, sets.end), start: 0, end: sets.end },
      };
    });
  }

  #numericField(name: string): void {
    const columns = this.#order.outputs.map(({ rowOf }) => ({
      valid: new Bitset(rowOf.length),
      values: new Float64Array(rowOf.length),
    }));
    for (const [number, input] of this.#inputs.entries()) {
      const field = input.directory.numericFields.get(name);
      if (field === undefined) continue;
      const { block, rows } = input.fieldList(field.rowsEntry);
      const oldRows = new Uint32Array(input.rowCount);
      const count = input.readRows(block, rows, oldRows, 0);
      const numbers = input.numbers(field, count);
      for (let i = 0; i < count; i++) {
        const { output, row } = this.#lists.rowOf(number, oldRows[i]!);
        columns[output]!.valid.add(row);
        columns[output]!.values[row] = numbers[i]!;
      }
    }
    for (const [output, { valid, values }] of columns.entries()) {
      const rows = new Uint32Array(valid.count());
      let count = 0;
      valid.forEach((row) => {
        rows[count] = row;
        values[count++] = values[row]!;
      });
      this.#writers[output]!.addNumericField(name, rows, values.subarray(0, count));
    }
  }
}
