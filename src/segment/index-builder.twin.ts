/** Plain twin of the kernel's inversion: the values of all rows, in their final order, become terms and numbers. */
import { GrowingU32 } from '#kernel/growing-u32.ts';
import { TermTable, type TermPostings } from '#kernel/term-table.twin.ts';
import type { IndexConfig } from '#protocol/index-config.ts';
import { searchableEnd } from '#kernel/tokenizer.ts';
import { IndexPlan, type FieldPlan, type JsonTarget, type TextTarget } from './index-plan.ts';
import type { IndexedField, NumericCells } from './index-lists.ts';
import { jsonLeaves } from './json-leaves.ts';
import type { LogCells } from './log-cells.twin.ts';
import { parseDouble, parseLong } from './numbers.ts';

export interface BuiltIndex {
  readonly postings: TermPostings;
  /** By field number of `postings`. */
  readonly textFields: readonly IndexedField[];
  readonly numericFields: readonly NumericCells[];
}

/** `order`: arrival numbers of the rows in their final order; undefined when that is the same. */
export function buildIndex(
  cells: LogCells,
  order: Uint32Array | undefined,
  config: IndexConfig,
): BuiltIndex {
  const builder = new IndexBuilder(cells, config);
  for (let row = 0; row < cells.rowCount; row++) builder.addRow(row, order?.[row] ?? row);
  return builder.finish();
}

/** Terms of a value that are remembered for the next equal one; longer values seldom repeat. */
const MEMO_TERMS_MAX = 32;

/** Remembers the last value of one target of one field: most values of most fields repeat. */
class ValueMemo {
  start: number = 0;
  end: number = -1;
  hits: number = 0;
  misses: number = 0;
  readonly terms: number[] = [];
}

/** A field's plan with the state that its values need. */
class FieldState {
  readonly plan: FieldPlan;
  readonly ownMemo: ValueMemo = new ValueMemo();
  readonly lineMemo: ValueMemo = new ValueMemo();
  /** Terms of the field's name; undefined until first needed. */
  nameTerms: readonly number[] | undefined;

  constructor(plan: FieldPlan) {
    this.plan = plan;
  }
}

/** Lists of one text index field. */
class PresenceLists {
  present: number = -1;
  empty: number = -1;
}

class NumericCollector {
  readonly rows: GrowingU32 = new GrowingU32(64);
  values: Float64Array = new Float64Array(64);

  /** A second number of the same row replaces the first. */
  add(row: number, value: number): void {
    const count = this.rows.length;
    if (count > 0 && this.rows.get(count - 1) === row) {
      this.values[count - 1] = value;
      return;
    }
    if (count === this.values.length) {
      const grown = new Float64Array(count * 2);
      grown.set(this.values);
      this.values = grown;
    }
    this.values[count] = value;
    this.rows.push(row);
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

class IndexBuilder {
  readonly #cells: LogCells;
  readonly #arena: Uint8Array;
  readonly #cursor: ReturnType<LogCells['rows']>;
  readonly #plan: IndexPlan;
  readonly #states: (FieldState | undefined)[] = [];
  readonly #table: TermTable;
  readonly #presence: PresenceLists[] = [];
  readonly #numeric: NumericCollector[] = [];

  constructor(cells: LogCells, config: IndexConfig) {
    this.#cells = cells;
    this.#arena = cells.arena;
    this.#cursor = cells.rows();
    this.#plan = new IndexPlan(config);
    this.#table = new TermTable(cells.rowCount);
  }

  addRow(row: number, arrival: number): void {
    const cursor = this.#cursor;
    cursor.load(arrival);
    this.#table.beginRow(row);
    for (let i = 0; i < cursor.count; i++) {
      const state = this.#stateOf(cursor.fields[i]!);
      const { plan } = state;
      const start = cursor.starts[i]!;
      const end = cursor.ends[i]!;
      if (plan.line) this.#addName(state);
      if (plan.own !== undefined) this.#addText(plan.own, state.ownMemo, start, end);
      if (plan.lineValue && this.#plan.lineTarget !== undefined)
        this.#addText(this.#plan.lineTarget, state.lineMemo, start, end);
      if (plan.numeric !== undefined) {
        const parse = plan.numeric.type === 'long' ? parseLong : parseDouble;
        this.#addNumber(plan.numeric.column, row, parse(this.#arena, start, end));
      }
      if (plan.json !== undefined) this.#addJson(plan.json, row, start, end);
    }
  }

  finish(): BuiltIndex {
    const textFields = this.#plan.textFields.map((name, field): IndexedField => {
      const lists = this.#presenceOf(field);
      return {
        name,
        hasTerms: !this.#plan.presenceOnly.has(field),
        presentList: lists.present,
        emptyList: lists.empty,
      };
    });
    return {
      postings: this.#table.finish(),
      textFields,
      numericFields: this.#plan.numericFields.map((field, column) => {
        const collector = this.#numericOf(column);
        const rows = collector.rows.view();
        return { field, rows, values: collector.values.subarray(0, rows.length) };
      }),
    };
  }

  #stateOf(field: number): FieldState {
    let state = this.#states[field];
    if (state === undefined) {
      state = new FieldState(this.#plan.planOf(this.#cells.fields.names[field]!));
      this.#states[field] = state;
    }
    return state;
  }

  #presenceOf(field: number): PresenceLists {
    let lists = this.#presence[field];
    if (lists === undefined) {
      lists = new PresenceLists();
      lists.present = this.#table.newList();
      lists.empty = this.#table.newList();
      this.#presence[field] = lists;
    }
    return lists;
  }

  #numericOf(column: number): NumericCollector {
    return (this.#numeric[column] ??= new NumericCollector());
  }

  #addName(state: FieldState): void {
    const line = this.#plan.lineTarget;
    if (line === undefined) return;
    if (state.nameTerms === undefined) {
      const bytes = encoder.encode(state.plan.name);
      this.#scan(line, bytes, 0, bytes.length);
      state.nameTerms = this.#table.recent.slice();
    }
    for (const term of state.nameTerms) this.#table.add(term);
  }

  #scan(target: TextTarget, bytes: Uint8Array, start: number, end: number): void {
    this.#table.field = target.field;
    this.#table.recent.length = 0;
    target.tokenizer.scan(bytes, start, end, this.#table);
  }

  #addText(target: TextTarget, memo: ValueMemo, start: number, end: number): void {
    const lists = this.#presenceOf(target.field);
    this.#table.add(lists.present);
    if (start === end) {
      this.#table.add(lists.empty);
      return;
    }
    if (memo.end - memo.start === end - start && sameBytes(this.#arena, memo.start, start, end)) {
      memo.hits++;
      for (const term of memo.terms) this.#table.add(term);
      return;
    }
    this.#scan(target, this.#arena, start, end);
    this.#remember(memo, start, end);
  }

  #remember(memo: ValueMemo, start: number, end: number): void {
    memo.misses++;
    const terms = this.#table.recent;
    // A field whose values do not repeat is not worth copying terms for, except now and then.
    const seldom = memo.misses > 64 && memo.hits * 8 < memo.misses && (memo.misses & 31) !== 0;
    if (seldom || terms.length > MEMO_TERMS_MAX) {
      memo.end = memo.start - 1;
      return;
    }
    memo.start = start;
    memo.end = end;
    memo.terms.length = 0;
    for (const term of terms) memo.terms.push(term);
  }

  #addNumber(column: number, row: number, value: number): void {
    const collector = this.#numericOf(column);
    if (!Number.isNaN(value)) collector.add(row, value);
  }

  #addJson(json: JsonTarget, row: number, start: number, end: number): void {
    const lists = this.#presenceOf(json.field);
    this.#table.add(lists.present);
    if (start === end) this.#table.add(lists.empty);
    // What is beyond the searchable size is cut off, which leaves no valid JSON.
    if (start === end || searchableEnd(this.#arena, start, end) !== end) return;
    for (const leaf of jsonLeaves(decoder.decode(this.#arena.subarray(start, end)))) {
      const plan = this.#plan.leafPlan(json, leaf.path);
      if (plan.kind === 'none') continue;
      const bytes = encoder.encode(leaf.text);
      if (plan.kind === 'text') {
        const leafLists = this.#presenceOf(plan.target.field);
        this.#table.add(leafLists.present);
        if (bytes.length === 0) this.#table.add(leafLists.empty);
        this.#scan(plan.target, bytes, 0, bytes.length);
      } else {
        const parse = plan.target.type === 'long' ? parseLong : parseDouble;
        this.#addNumber(plan.target.column, row, parse(bytes, 0, bytes.length));
      }
    }
  }
}

function sameBytes(arena: Uint8Array, other: number, start: number, end: number): boolean {
  for (let i = start, j = other; i < end; i++, j++) if (arena[i] !== arena[j]) return false;
  return true;
}
