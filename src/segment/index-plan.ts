/**
 * What the index configuration means for each field (sls-query §1.3–1.5), resolved once for a build. An index
 * field is a list of terms in the dictionary under one name; log fields and JSON leaves feed it.
 */
import { must } from '#base/assert.ts';
import { compileTokenizer, type Tokenizer } from '#kernel/tokenizer.ts';
import type { IndexConfig, KeyIndex } from '#protocol/index-config.ts';
import { isAlwaysText } from './field-texts.ts';
import { JSON_LEAF_FIELDS_MAX, TAG_FIELDS_MAX } from './limits.ts';
import { LINE_FIELD } from './segment.ts';

/** Never in the full text, whatever the configuration says. */
const UNINDEXED: ReadonlySet<string> = new Set(['__time__', '__time_ns_part__', '__pack_meta__']);

/** An index field with the tokenizer that feeds it. */
export interface TextTarget {
  /** Number of the index field. */
  readonly field: number;
  readonly tokenizer: Tokenizer;
}

export interface NumericTarget {
  /** Number of the numeric column. */
  readonly column: number;
  readonly type: 'long' | 'double';
}

export interface JsonTarget {
  /** Only its presence is recorded: a JSON field itself has no terms. */
  readonly field: number;
  readonly key: string;
  readonly index: KeyIndex;
  readonly tokenizer: Tokenizer;
}

export interface FieldPlan {
  readonly name: string;
  /** Its name, and its value unless `own` or another index has it, go to the full text. */
  readonly line: boolean;
  readonly lineValue: boolean;
  readonly own: TextTarget | undefined;
  readonly numeric: NumericTarget | undefined;
  readonly json: JsonTarget | undefined;
}

export type LeafPlan =
  | { readonly kind: 'text'; readonly target: TextTarget }
  | { readonly kind: 'numeric'; readonly target: NumericTarget }
  | { readonly kind: 'none' };

const NO_LEAF: LeafPlan = { kind: 'none' };

export class IndexPlan {
  readonly lineTarget: TextTarget | undefined;
  /** Names of the index fields by number; some have only presence (JSON parents). */
  readonly textFields: string[] = [];
  /** Numbers of the index fields that have no terms of their own. */
  readonly presenceOnly: Set<number> = new Set();
  /** Names of the numeric columns by number. */
  readonly numericFields: string[] = [];

  readonly #config: IndexConfig;
  readonly #textNumbers: Map<string, number> = new Map();
  readonly #numericNumbers: Map<string, number> = new Map();
  readonly #wholeValue: Tokenizer = compileTokenizer({
    token: [],
    caseSensitive: false,
    chn: false,
  });
  readonly #leafPlans: Map<string, LeafPlan> = new Map();
  readonly #excluded: ReadonlySet<string>;
  readonly #included: ReadonlySet<string> | undefined;
  #tagFields: number = 0;
  #foundLeaves: number = 0;

  constructor(config: IndexConfig) {
    this.#config = config;
    const line = config.line;
    this.#excluded = new Set(line?.exclude_keys ?? []);
    const included = line?.include_keys ?? [];
    this.#included = included.length === 0 ? undefined : new Set(included);
    this.lineTarget =
      line === undefined
        ? undefined
        : { field: this.#textNumber(LINE_FIELD), tokenizer: tokenizerOf(line) };
  }

  /** The plan of a log field; call it once for each. */
  planOf(name: string): FieldPlan {
    const index = ownKey(this.#config.keys, name);
    const line = this.lineTarget !== undefined && this.#inLine(name);
    const plan = { name, line, lineValue: line && index === undefined };
    if (index === undefined)
      return { ...plan, own: this.#reservedTarget(name), numeric: undefined, json: undefined };
    return {
      ...plan,
      own:
        index.type === 'text'
          ? { field: this.#textNumber(name), tokenizer: tokenizerOf(index) }
          : isAlwaysText(name)
            ? this.#reservedTarget(name)
            : undefined,
      numeric:
        index.type === 'long' || index.type === 'double'
          ? this.#numericTarget(name, index.type)
          : undefined,
      json: index.type === 'json' ? this.#jsonTarget(name, index) : undefined,
    };
  }

  /** The plan of a JSON leaf. A dot inside a member's name counts as a level, like any other. */
  leafPlan(json: JsonTarget, path: string): LeafPlan {
    const name = `${json.key}.${path}`;
    const known = this.#leafPlans.get(name);
    if (known !== undefined) return known;
    const declared = ownKey(json.index.json_keys, path);
    let plan: LeafPlan = NO_LEAF;
    if (declared?.type === 'long' || declared?.type === 'double')
      plan = { kind: 'numeric', target: this.#numericTarget(name, declared.type) };
    else if (declared !== undefined || this.#findsLeaf(json.index, path.split('.').length))
      plan = {
        kind: 'text',
        target: { field: this.#textNumber(name), tokenizer: json.tokenizer },
      };
    // Plans of leaves that are not indexed are made again rather than kept for ever.
    if (plan !== NO_LEAF) this.#leafPlans.set(name, plan);
    return plan;
  }

  #findsLeaf(index: KeyIndex, depth: number): boolean {
    const depthMax = index.max_depth ?? -1;
    if (index.index_all !== true || (depthMax >= 0 && depth > depthMax)) return false;
    if (this.#foundLeaves === JSON_LEAF_FIELDS_MAX) return false;
    this.#foundLeaves++;
    return true;
  }

  #inLine(name: string): boolean {
    if (UNINDEXED.has(name)) return false;
    return this.#included === undefined ? !this.#excluded.has(name) : this.#included.has(name);
  }

  #reservedTarget(name: string): TextTarget | undefined {
    if (name.startsWith('__tag__:')) {
      if (this.#tagFields === TAG_FIELDS_MAX) return undefined;
      this.#tagFields++;
    } else if (name !== '__source__' && name !== '__topic__') return undefined;
    return { field: this.#textNumber(name), tokenizer: this.#wholeValue };
  }

  #jsonTarget(name: string, index: KeyIndex): JsonTarget {
    const known = this.#textNumbers.has(name);
    const field = this.#textNumber(name);
    if (!known) this.presenceOnly.add(field);
    return { field, key: name, index, tokenizer: tokenizerOf(index) };
  }

  #textNumber(name: string): number {
    const known = this.#textNumbers.get(name);
    if (known !== undefined) {
      this.presenceOnly.delete(known);
      return known;
    }
    this.#textNumbers.set(name, this.textFields.length);
    return this.textFields.push(name) - 1;
  }

  #numericTarget(name: string, type: 'long' | 'double'): NumericTarget {
    let column = this.#numericNumbers.get(name);
    if (column === undefined) {
      column = this.numericFields.push(name) - 1;
      this.#numericNumbers.set(name, column);
    }
    return { column, type };
  }
}

function tokenizerOf(index: {
  readonly token?: readonly string[] | undefined;
  readonly caseSensitive?: boolean | undefined;
  readonly chn?: boolean | undefined;
}): Tokenizer {
  return compileTokenizer({
    token: index.token ?? [],
    caseSensitive: index.caseSensitive === true,
    chn: index.chn === true,
  });
}

/** A member by name, never one of Object.prototype. */
function ownKey<T>(record: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, name)
    ? must(record[name], 'an own member')
    : undefined;
}
