/**
 * What the index would have of one log, without building one: its index fields with their texts and numbers, as
 * `#segment/index-plan.ts` lays them out. Texts are cut, numbers read and JSON taken apart only when a search asks for
 * them, and then once for all searches that look at the log.
 */
import { SEARCHABLE_VALUE_BYTES_MAX } from '#kernel/limits.ts';
import type { Tokenizer } from '#kernel/tokenizer.ts';
import type { IndexConfig, KeyIndexType } from '#protocol/index-config.ts';
import { utf8Length } from '#protocol/utf8.ts';
import {
  IndexPlan,
  type FieldPlan,
  type JsonTarget,
  type NumericTarget,
  type TextTarget,
} from '#segment/index-plan.ts';
import { jsonLeaves } from '#segment/json-leaves.ts';
import { parseDouble, parseLong } from '#segment/numbers.ts';
import { MATCH_FIELDS_MAX } from '../limits.ts';
import { CutText, Cutting } from './cut-text.ts';

/** A text index field that a log has. */
export interface TextField {
  /** Lower case; empty: the full text. */
  readonly name: string;
  readonly cutting: Cutting;
  readonly texts: readonly CutText[];
}

/** A field of logs: its plan, and what of it does not change from log to log. */
interface KnownField {
  readonly plan: FieldPlan;
  readonly lowerName: string;
  /** The name as a part of the full text; undefined: it is none. */
  readonly nameText: CutText | undefined;
}

/** Lays logs out for one index configuration. Remembers at most `MATCH_FIELDS_MAX` fields. */
export class LogLayout {
  readonly #config: IndexConfig;
  /** Lower case. */
  readonly #jsonKeys: readonly string[];
  readonly #numericKeys: ReadonlySet<string>;
  readonly #cuttings = new Map<string, Cutting>();
  #known = new Map<string, KnownField>();
  #cuttingOf = new Map<Tokenizer, Cutting>();
  #plan: IndexPlan;

  constructor(config: IndexConfig) {
    this.#config = config;
    this.#plan = new IndexPlan(config);
    const keys = Object.entries(config.keys ?? {});
    const namesOf = (...types: readonly KeyIndexType[]): string[] =>
      keys.filter(([, { type }]) => types.includes(type)).map(([name]) => name.toLowerCase());
    this.#jsonKeys = namesOf('json');
    this.#numericKeys = new Set(namesOf('long', 'double'));
  }

  get plan(): IndexPlan {
    return this.#plan;
  }

  /** Whether a field of this name (lower case) can be a JSON field or a leaf of one. */
  mayBeLeaf(name: string): boolean {
    return this.#jsonKeys.some((key) => name === key || name.startsWith(`${key}.`));
  }

  /** Whether a field of this name (lower case) can have a number. */
  mayBeNumber(name: string): boolean {
    return this.#numericKeys.has(name) || this.mayBeLeaf(name);
  }

  /**
   * `fields`: topic, source, tags and contents of the log, and nothing else. What it gives is valid until the next
   * call.
   */
  fieldsOf(fields: ReadonlyMap<string, string>): LogFields {
    // Names come from users: a plan that has seen too many is made again.
    const { textFields, numericFields } = this.#plan;
    if (this.#known.size + textFields.length + numericFields.length > MATCH_FIELDS_MAX) {
      this.#plan = new IndexPlan(this.#config);
      this.#known = new Map();
      this.#cuttingOf = new Map();
    }
    return new LogFields(fields, this);
  }

  known(name: string): KnownField {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const plan = this.#plan.planOf(name);
    const { lineTarget } = this.#plan;
    const isInLine = plan.line && lineTarget !== undefined;
    const made = {
      plan,
      lowerName: name.toLowerCase(),
      nameText: isInLine ? new CutText(name, this.cutting(lineTarget.tokenizer)) : undefined,
    };
    this.#known.set(name, made);
    return made;
  }

  /** The one cutting of all tokenizers that cut alike. */
  cutting(tokenizer: Tokenizer): Cutting {
    const known = this.#cuttingOf.get(tokenizer);
    if (known !== undefined) return known;
    const { token, caseSensitive, chn } = tokenizer.options;
    const delimiters = [...new Set(token.join(''))].sort().join('');
    const key = JSON.stringify([delimiters, caseSensitive, chn]);
    const made = this.#cuttings.get(key) ?? new Cutting(tokenizer);
    this.#cuttings.set(key, made);
    this.#cuttingOf.set(tokenizer, made);
    return made;
  }
}

/** A number of a log. */
export interface FieldNumber {
  readonly type: NumericTarget['type'];
  /** Its digits: those of a long may be more than `value` can hold. */
  readonly text: string;
  readonly value: number;
}

/** A text that is read as a number when it is asked for. */
interface NumberText {
  /** Lower case. */
  readonly name: string;
  readonly type: NumericTarget['type'];
  readonly text: string;
}

interface JsonText {
  /** Lower case. */
  readonly name: string;
  readonly target: JsonTarget;
  readonly text: string;
  isRead: boolean;
}

export class LogFields {
  readonly #fields: ReadonlyMap<string, string>;
  readonly #layout: LogLayout;
  /** Fields without JSON that were asked for by name. */
  readonly #byName = new Map<string, readonly TextField[]>();
  /** By number of the index field. */
  readonly #texts = new Map<number, TextField & { readonly texts: CutText[] }>();
  readonly #numbers: NumberText[] = [];
  #json: readonly JsonText[] | undefined;
  #isLaidOut = false;

  constructor(fields: ReadonlyMap<string, string>, layout: LogLayout) {
    this.#fields = fields;
    this.#layout = layout;
  }

  /** Every text field, the full text included. */
  allTexts(): Iterable<TextField> {
    this.#layOut();
    for (const json of this.#jsonFields()) this.#readLeaves(json);
    return this.#texts.values();
  }

  /** Text fields of this name (lower case); more than one when names differ by case. */
  texts(name: string): Iterable<TextField> {
    if (!this.#layout.mayBeLeaf(name)) return this.#textsWithoutJson(name);
    this.#layOutLeaves(name);
    return this.#texts.values().filter((field) => field.name === name);
  }

  /** Text fields below `<name>.` (lower case). */
  leaves(name: string): Iterable<TextField> {
    this.#layOutLeaves(name);
    return this.#texts.values().filter((field) => field.name.startsWith(`${name}.`));
  }

  /** Valid numbers of the fields of this name (lower case). */
  numbers(name: string): Iterable<FieldNumber> {
    if (!this.#layout.mayBeNumber(name)) return [];
    this.#layOutLeaves(name);
    return this.#numbers
      .values()
      .filter((number) => number.name === name)
      .map(({ type, text }) => ({ type, text, value: valueOf(type, text) }))
      .filter(({ value }) => !Number.isNaN(value));
  }

  /** The whole texts of JSON fields of this name (lower case), valid JSON or not. */
  jsonTexts(name: string): readonly string[] {
    return this.#jsonFields()
      .filter((json) => json.name === name)
      .map(({ text }) => text);
  }

  #textsWithoutJson(name: string): readonly TextField[] {
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    const found: TextField[] = [];
    for (const [field, text] of this.#fields) {
      const { plan, lowerName } = this.#layout.known(field);
      if (lowerName !== name || plan.own === undefined) continue;
      const cutting = this.#layout.cutting(plan.own.tokenizer);
      found.push({ name, cutting, texts: [new CutText(text, cutting)] });
    }
    this.#byName.set(name, found);
    return found;
  }

  /** All but JSON, once. */
  #layOut(): void {
    if (this.#isLaidOut) return;
    this.#isLaidOut = true;
    const { lineTarget } = this.#layout.plan;
    const line = lineTarget === undefined ? undefined : this.#textsOf(lineTarget).texts;
    for (const [name, text] of this.#fields) {
      const { plan, lowerName, nameText } = this.#layout.known(name);
      const { own, numeric } = plan;
      if (nameText !== undefined) line?.push(nameText);
      if (own !== undefined) this.#add(own, text);
      if (plan.lineValue && lineTarget !== undefined) this.#add(lineTarget, text);
      if (numeric !== undefined) this.#numbers.push({ name: lowerName, type: numeric.type, text });
    }
  }

  #layOutLeaves(name: string): void {
    this.#layOut();
    for (const json of this.#jsonFields())
      if (name === json.name || name.startsWith(`${json.name}.`)) this.#readLeaves(json);
  }

  #jsonFields(): readonly JsonText[] {
    this.#json ??= [...this.#fields].flatMap(([name, text]) => {
      const { plan, lowerName } = this.#layout.known(name);
      return plan.json === undefined
        ? []
        : [{ name: lowerName, target: plan.json, text, isRead: false }];
    });
    return this.#json;
  }

  /** As the builds do: what is beyond the searchable size is cut off, which leaves no valid JSON. */
  #readLeaves(json: JsonText): void {
    if (json.isRead) return;
    json.isRead = true;
    if (json.text === '' || utf8Length(json.text) > SEARCHABLE_VALUE_BYTES_MAX) return;
    // A repeated name: of texts all count, of numbers the last one that is valid.
    const numbers = new Map<number, NumberText>();
    for (const { path, text } of jsonLeaves(json.text)) {
      const leaf = this.#layout.plan.leafPlan(json.target, path);
      if (leaf.kind === 'text') this.#add(leaf.target, text);
      if (leaf.kind !== 'numeric') continue;
      const { column, type } = leaf.target;
      if (numbers.has(column) && Number.isNaN(valueOf(type, text))) continue;
      const name = (this.#layout.plan.numericFields[column] ?? '').toLowerCase();
      numbers.set(column, { name, type, text });
    }
    this.#numbers.push(...numbers.values());
  }

  #add(target: TextTarget, text: string): void {
    const field = this.#textsOf(target);
    field.texts.push(new CutText(text, field.cutting));
  }

  #textsOf({ field, tokenizer }: TextTarget): TextField & { readonly texts: CutText[] } {
    const known = this.#texts.get(field);
    if (known !== undefined) return known;
    const name = (this.#layout.plan.textFields[field] ?? '').toLowerCase();
    const made = { name, cutting: this.#layout.cutting(tokenizer), texts: [] };
    this.#texts.set(field, made);
    return made;
  }
}

function valueOf(type: NumericTarget['type'], text: string): number {
  const bytes = Buffer.from(text);
  return (type === 'long' ? parseLong : parseDouble)(bytes, 0, bytes.length);
}
