/**
 * Evaluates a compiled search on one segment (sls-query §1.3, §2.3). Phrases are evaluated as their words;
 * `verify-phrase.ts` looks at the texts afterwards. Every function returns a set of its own: what a
 * reader hands out may be shared and is only read.
 */
import { Bitset } from '#kernel/bitset.ts';
import type { SegmentReader } from '#segment/segment.ts';
import type { SearchTrace } from '../explain/search-trace.ts';
import {
  exactly,
  parseNumber,
  rangeOf,
  type FieldPlan,
  type FieldRef,
  type NumberRange,
  type SearchPlan,
  type TextForm,
} from './compile-search.ts';
import { WILDCARD_TERMS_MAX } from '../limits.ts';
import { fieldsOf, type FieldGroup } from './segment-fields.ts';
import { cutForFields, fullTextPieces } from './cut-search.ts';
import { exactLongs, longSource } from './exact-longs.ts';
import type { TermPattern } from './wildcards.ts';

export interface SearchRows {
  /** Rows of the whole segment, whatever their time. The caller owns it. */
  readonly rows: Bitset;
  /** Whether a wildcard matched more terms than are used, so that rows may be missing. */
  readonly isPartial: boolean;
}

/** `trace`: notes what the parts of the search became. */
export async function evaluateSearch(
  plan: SearchPlan,
  reader: SegmentReader,
  trace?: SearchTrace,
): Promise<SearchRows> {
  const evaluation = new Evaluation(reader, trace);
  const rows = await evaluation.rows(plan);
  return { rows, isPartial: evaluation.isPartial };
}

class Evaluation {
  isPartial = false;
  readonly #reader: SegmentReader;
  readonly #rowCount: number;
  readonly #trace: SearchTrace | undefined;
  /** The part of the search that is looked up now. */
  #plan: SearchPlan = { kind: 'none' };

  constructor(reader: SegmentReader, trace: SearchTrace | undefined) {
    this.#reader = reader;
    this.#rowCount = reader.info.rowCount;
    this.#trace = trace;
  }

  rows(plan: SearchPlan): Promise<Bitset> {
    this.#plan = plan;
    if (this.#trace === undefined) return this.#evaluate(plan);
    return this.#trace.evaluate(plan, () => this.#evaluate(plan));
  }

  async #evaluate(plan: SearchPlan): Promise<Bitset> {
    switch (plan.kind) {
      case 'all':
        return Bitset.full(this.#rowCount);
      case 'and':
        return this.#intersect(plan.operands);
      case 'or': {
        const rows = this.#none();
        for (const operand of plan.operands) rows.or(await this.rows(operand));
        return rows;
      }
      case 'not':
        return (await this.rows(plan.operand)).not();
      case 'fullText':
        return this.#fullText(plan.text, plan.form);
      case 'field':
        return this.#field(plan);
      case 'numeric':
        return this.#numeric(plan.field, plan.range);
      default:
        return this.#none();
    }
  }

  #none(): Bitset {
    return new Bitset(this.#rowCount);
  }

  #intersect(operands: readonly SearchPlan[]): Promise<Bitset> {
    return this.#all(operands, (operand) => this.rows(operand));
  }

  /** Rows that all the sets have, each made (for the taker to own) only while there are rows left. */
  async #all<T>(parts: Iterable<T>, rowsOf: (part: T) => Promise<Bitset>): Promise<Bitset> {
    let rows: Bitset | undefined;
    for (const part of parts) {
      const found = await rowsOf(part);
      rows = rows === undefined ? found : rows.and(found);
      if (rows.isEmpty()) break;
    }
    return rows ?? Bitset.full(this.#rowCount);
  }

  #fullText(text: string, form: TextForm): Promise<Bitset> {
    const fields = fieldsOf(this.#reader);
    return this.#all(fullTextPieces({ text, form }, fields), (piece) =>
      this.#text(fields.groups, piece, form),
    );
  }

  async #field({ field, text, form }: FieldPlan): Promise<Bitset> {
    const fields = fieldsOf(this.#reader);
    const isJson = field.type === 'leaves';
    const isPresence = form === 'word' && text === '*';
    const rows = this.#none();
    // The segment may have been built while the field had another type than now, so both kinds are asked.
    const number = parseNumber(text);
    if (!isJson && (isPresence || number !== undefined)) {
      const range = isPresence ? undefined : rangeOf('=', text);
      for (const name of fields.numericFields(field.name)) rows.or(await this.#column(name, range));
    }
    if (isPresence) return rows.or(await this.#present(this.#namedFields(field)));
    if (text === '')
      return rows.or(
        await this.#union(this.#namedFields(field), (name) => this.#reader.empty(name)),
      );
    for (const group of isJson ? fields.leaves(field.name) : fields.textFields(field.name))
      // Of a text that is nothing but delimiters every value has all words.
      if (cutForFields([group], text, form)[0]?.parts.length === 0)
        rows.or(await this.#present(group.fields));
      else
        for (const name of group.fields)
          rows.or(await this.#text([{ ...group, fields: [name] }], text, form));
    return rows;
  }

  #present(fields: readonly string[]): Promise<Bitset> {
    this.#trace?.cut(this.#plan, [], fields);
    return this.#union(fields, (field) => this.#reader.present(field));
  }

  /** A JSON field has no terms of its own, so it is no text field; its presence is recorded all the same. */
  #namedFields({ name, type }: FieldRef): readonly string[] {
    if (type !== 'leaves')
      return fieldsOf(this.#reader)
        .textFields(name)
        .flatMap(({ fields }) => fields);
    const keys = Object.keys(this.#reader.indexConfig.keys ?? {});
    return keys.filter((key) => key.toLowerCase() === name);
  }

  async #numeric(field: FieldRef, range: NumberRange): Promise<Bitset> {
    const fields = fieldsOf(this.#reader);
    const rows = this.#none();
    for (const name of fields.numericFields(field.name)) rows.or(await this.#column(name, range));
    // Logs from the time when the field was text can only be asked for equality.
    if (range.low === range.high)
      for (const group of fields.textFields(field.name))
        rows.or(await this.#text([group], String(range.low), 'quoted'));
    return rows;
  }

  /** Rows whose number is in the range; without a range, rows that have one. */
  async #column(field: string, range: NumberRange | undefined): Promise<Bitset> {
    const column = await this.#reader.numeric(field);
    if (column === undefined) return this.#none();
    this.#trace?.cut(this.#plan, [], [field]);
    if (range === undefined) return column.valid.clone();
    const rows = within(range, column.values, column.valid);
    const source = range.exact === undefined ? undefined : longSource(field, this.#reader);
    if (source === undefined) return rows;
    const doubtful = within(exactly(Number(range.exact)), column.values, column.valid);
    const exact = await exactLongs(this.#reader, { source, range, doubtful });
    if (exact === undefined) this.isPartial = true;
    return exact === undefined ? rows : rows.andNot(doubtful).or(exact);
  }

  /**
   * Rows where every part of the text occurs in some field for which the text has the same parts. Fields that leave
   * nothing of it say nothing.
   */
  async #text(groups: readonly FieldGroup[], text: string, form: TextForm): Promise<Bitset> {
    const rows = this.#none();
    for (const { parts, fields } of cutForFields(groups, text, form)) {
      this.#trace?.cut(this.#plan, parts, fields);
      if (parts.length > 0)
        rows.or(await this.#all(parts, (part) => this.#rowsWithPart(fields, part)));
    }
    return rows;
  }

  #rowsWithPart(fields: readonly string[], part: string | TermPattern): Promise<Bitset> {
    return typeof part === 'string'
      ? this.#termIn(fields, part)
      : this.#union(fields, (field) => this.#matching(field, part));
  }

  async #termIn(fields: readonly string[], term: string): Promise<Bitset> {
    return (await this.#reader.termIn(fields, term)) ?? this.#none();
  }

  async #matching(field: string, pattern: TermPattern): Promise<Bitset | undefined> {
    const found = await this.#reader.termsMatching(field, pattern, WILDCARD_TERMS_MAX);
    if (found.truncated) this.isPartial = true;
    return found.isEmpty ? undefined : found.rows;
  }

  async #union(
    fields: readonly string[],
    rowsOf: (field: string) => Promise<Bitset | undefined>,
  ): Promise<Bitset> {
    const rows = this.#none();
    for (const found of await Promise.all(fields.map(rowsOf)))
      if (found !== undefined) rows.or(found);
    return rows;
  }
}

/** The valid rows whose value is in the range. Looks at every row: a branch for each valid bit takes longer. */
function within(range: NumberRange, values: Float64Array, valid: Bitset): Bitset {
  const low = range.lowInclusive ? range.low : nextAbove(range.low);
  const high = range.highInclusive ? range.high : -nextAbove(-range.high);
  const rows = new Bitset(valid.length);
  for (let i = 0; i < valid.words.length; i++) {
    const base = i << 5;
    const count = Math.min(32, values.length - base);
    let found = 0;
    for (let bit = 0; bit < count; bit++) {
      const value = values[base + bit]!;
      if (value >= low && value <= high) found |= 1 << bit;
    }
    rows.words[i] = found & valid.words[i]!;
  }
  return rows;
}

/** The smallest double above a number; NaN, which nothing compares with, above infinity. */
function nextAbove(value: number): number {
  if (value === Infinity) return Number.NaN;
  if (value === 0) return Number.MIN_VALUE;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  view.setBigInt64(0, view.getBigInt64(0) + (value > 0 ? 1n : -1n));
  return view.getFloat64(0);
}
