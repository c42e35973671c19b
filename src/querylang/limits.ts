/** Bounds of query texts. */
import { KIB } from '#base/units.ts';

/** Bytes of a whole query text: what the vendor's service takes, and far below what hurts the parser. */
export const QUERY_BYTES_MAX: number = 64 * KIB;

/** Words, comparisons and ranges in one search; newer deployments of the service allow this many. */
export const QUERY_CONDITIONS_MAX = 128;

/** Parentheses and `not`s inside each other; the parser and the evaluator recurse, so this bounds their stack. */
export const QUERY_DEPTH_MAX = 100;

/** Characters of a word with wildcards (sls-query §2.3); bounds the work for each dictionary term. */
export const WILDCARD_WORD_LENGTH_MAX = 64;
