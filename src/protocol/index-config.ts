/**
 * The index configuration of a logstore in the shape that travels (sls-api §5.8, sls-query §1.1).
 * Unknown members are kept and echoed.
 */
export interface LineIndex {
  readonly token: readonly string[];
  readonly caseSensitive: boolean;
  readonly chn: boolean;
  readonly include_keys?: readonly string[] | undefined;
  readonly exclude_keys?: readonly string[] | undefined;
  readonly [other: string]: unknown;
}

export type KeyIndexType = 'text' | 'long' | 'double' | 'json';

export interface JsonKeyIndex {
  readonly type: 'text' | 'long' | 'double';
  readonly doc_value?: boolean | undefined;
  readonly alias?: string | undefined;
  readonly [other: string]: unknown;
}

export interface KeyIndex {
  readonly type: KeyIndexType;
  readonly token?: readonly string[] | undefined;
  readonly caseSensitive: boolean;
  readonly chn: boolean;
  readonly doc_value: boolean;
  readonly alias: string;
  readonly index_all?: boolean | undefined;
  readonly max_depth?: number | undefined;
  readonly json_keys?: Readonly<Record<string, JsonKeyIndex>> | undefined;
  readonly [other: string]: unknown;
}

export interface IndexConfig {
  readonly line?: LineIndex | undefined;
  readonly keys?: Readonly<Record<string, KeyIndex>> | undefined;
  /** Bytes of a text value kept for SQL, 64–16384. */
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
