/** Field indexes that tests use. */
import { DEFAULT_TOKENS, type KeyIndex } from './index-config.ts';

const KEY = { caseSensitive: false, chn: false, doc_value: true, alias: '' } as const;

/** A text that is cut at the default delimiters. */
export const TEXT_KEY: KeyIndex = { ...KEY, type: 'text', token: DEFAULT_TOKENS };

/** A text that is cut at blanks. */
export const WORDS_KEY: KeyIndex = { ...KEY, type: 'text', token: [' '] };

export const LONG_KEY: KeyIndex = { ...KEY, type: 'long' };
export const DOUBLE_KEY: KeyIndex = { ...KEY, type: 'double' };
