/**
 * The index configuration of a logstore in the shape that travels (sls-api §5.8, sls-query §1.1).
 * Unknown members are kept and echoed.
 */
export interface LineIndex {
  /** Delimiters, each one character. None: a value is one term. */
  readonly token: readonly string[];
  readonly caseSensitive: boolean;
  /** Cut runs of Han characters into words. Without it a run is one term. */
  readonly chn: boolean;
  /** When not empty: the only fields in the full text. */
  readonly include_keys?: readonly string[] | undefined;
  /** Fields that are not in the full text, neither their names nor their values. */
  readonly exclude_keys?: readonly string[] | undefined;
  readonly [other: string]: unknown;
}

export type KeyIndexType = 'text' | 'long' | 'double' | 'json';

/** A path below a JSON field; texts are cut as the field says. */
export interface JsonKeyIndex {
  readonly type: 'text' | 'long' | 'double';
  /** Whether it is a column of SQL, named `field.path`. */
  readonly doc_value?: boolean | undefined;
  readonly alias?: string | undefined;
  readonly [other: string]: unknown;
}

/** The index of one field, whose name is compared with the keys of logs exactly. */
export interface KeyIndex {
  readonly type: KeyIndexType;
  /** Of text and json; as in `LineIndex`. */
  readonly token?: readonly string[] | undefined;
  readonly caseSensitive: boolean;
  readonly chn: boolean;
  /** Whether it is a column of SQL. */
  readonly doc_value: boolean;
  /** A second name of the column; empty: none. Searches do not know it. */
  readonly alias: string;
  /** Of json: index every string, number and boolean below objects as a text. */
  readonly index_all?: boolean | undefined;
  /** Of json: names in the longest path that `index_all` finds; -1: any number. */
  readonly max_depth?: number | undefined;
  /** Of json, by dotted path. */
  readonly json_keys?: Readonly<Record<string, JsonKeyIndex>> | undefined;
  readonly [other: string]: unknown;
}

/** At least one of `line` and `keys` is there. */
export interface IndexConfig {
  /** The full text: names of all fields, and values of those without an index of their own. */
  readonly line?: LineIndex | undefined;
  readonly keys?: Readonly<Record<string, KeyIndex>> | undefined;
  /** Bytes of a text value kept for SQL, 64–16384. Searches see all of it. */
  readonly max_text_len: number;
  readonly [other: string]: unknown;
}

/** The delimiters of an index that names none (sls-query §1.2). */
export const DEFAULT_TOKENS: readonly string[] = Object.freeze([
  ',',
  ' ',
  "'",
  '"',
  ';',
  '=',
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  '?',
  '@',
  '&',
  '<',
  '>',
  '/',
  ':',
  '\n',
  '\t',
  '\r',
]);
