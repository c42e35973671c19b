/** The texts of a log that feed one index field, and how they are cut (sls-query §1.3–1.5). */
import { compileTokenizer, type Tokenizer, type TokenizerOptions } from '#kernel/tokenizer.ts';
import type { IndexConfig } from '#protocol/index-config.ts';
import { jsonLeaves } from './json-leaves.ts';
import type { LogRow } from './log-row.ts';
import { LINE_FIELD } from './segment.ts';

/** Reserved fields have no delimiters: the whole value is one term. */
const RESERVED = /^__(?:source__$|topic__$|tag__:)/u;

/** Whether a field has a text index without being a key of the configuration. */
export function isReservedField(name: string): boolean {
  return RESERVED.test(name);
}

/** Whether a field is searched as a text whatever type a key gives it (sls-query §1.5): requests name topics. */
export function isAlwaysText(name: string): boolean {
  return name === '__source__' || name === '__topic__';
}

/** The key with a JSON index that a field is a leaf of: the one with the longest name. */
function jsonKeyOf(field: string, { keys = {} }: IndexConfig): string | undefined {
  if (Object.hasOwn(keys, field) || isReservedField(field)) return undefined;
  return Object.keys(keys)
    .filter((name) => keys[name]?.type === 'json' && field.startsWith(`${name}.`))
    .reduce<string | undefined>(
      (longest, name) => (name.length > (longest?.length ?? 0) ? name : longest),
      undefined,
    );
}

/** How an index field of a segment with this configuration is cut. */
export function tokenizerOptionsOf(field: string, config: IndexConfig): TokenizerOptions {
  const { keys = {} } = config;
  const own = jsonKeyOf(field, config) ?? field;
  const key = Object.hasOwn(keys, own) ? keys[own] : undefined;
  const isWhole = isAlwaysText(field) && key?.type !== 'text';
  const index = field === LINE_FIELD ? config.line : isWhole ? undefined : key;
  return {
    token: index?.token ?? [],
    caseSensitive: index?.caseSensitive === true,
    chn: index?.chn === true,
  };
}

export class FieldTexts {
  readonly field: string;
  readonly tokenizer: Tokenizer;
  readonly #jsonKey: string | undefined;

  constructor(field: string, config: IndexConfig) {
    this.field = field;
    this.#jsonKey = jsonKeyOf(field, config);
    this.tokenizer = compileTokenizer(tokenizerOptionsOf(field, config));
  }

  /** Whether the field of a log is needed to know its texts. */
  isFedBy(name: string): boolean {
    return this.field === LINE_FIELD || name === (this.#jsonKey ?? this.field);
  }

  /**
   * All texts that may be in the index field. Of the full text there are more than were indexed: all names and values,
   * those of keys with an index of their own and of excluded ones too.
   */
  of(row: LogRow): readonly string[] {
    if (this.field === LINE_FIELD) return Object.entries(row).flat();
    const key = this.#jsonKey;
    if (key === undefined) return Object.hasOwn(row, this.field) ? [row[this.field]!] : [];
    if (!Object.hasOwn(row, key)) return [];
    return jsonLeaves(row[key]!)
      .filter(({ path }) => `${key}.${path}` === this.field)
      .map(({ text }) => text);
  }
}
