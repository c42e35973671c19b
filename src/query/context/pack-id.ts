/**
 * The ids of log groups (sls-query §4.4): `<prefix>-<hex counter>`. The groups with one prefix are what one origin (a file
 * of a collector, a producer) sent, and the counter grows with each of them. All rows with one pack id are a *pack*, the
 * packs with one prefix a *context*. Letters have no case here, as in the index.
 */

/** The field of a log that has the id of its group. */
export const PACK_ID_FIELD = '__tag__:__pack_id__';

export interface PackId {
  /** Up to the last hyphen, lower case. */
  readonly prefix: string;
  /** 1 to 16 hex digits, lower case; a producer may write them with zeros in front. */
  readonly counter: string;
}

const PACK_ID = /^([^\n]{1,256})-([0-9a-f]{1,16})$/u;

/** Undefined: the text is no pack id. */
export function parsePackId(text: string): PackId | undefined {
  const [, prefix, counter] = PACK_ID.exec(text.toLowerCase()) ?? [];
  return prefix === undefined || counter === undefined ? undefined : { prefix, counter };
}

export function formatPackId({ prefix, counter }: PackId): string {
  return `${prefix}-${counter}`;
}

/** Negative when `a` comes first: by value, however many digits; equal values by their texts. */
export function compareCounters(a: string, b: string): number {
  const [x, y] = [digitsOf(a), digitsOf(b)];
  if (x.length !== y.length) return x.length - y.length;
  if (x !== y) return x < y ? -1 : 1;
  return a === b ? 0 : a < b ? -1 : 1;
}

/** The counter one further, with zeros in front where this one has them; undefined beyond either end. */
export function counterBeside(counter: string, step: 1 | -1): string | undefined {
  const value = BigInt(`0x${counter}`) + BigInt(step);
  if (value < 0n || value > 0xffff_ffff_ffff_ffffn) return undefined;
  return value.toString(16).padStart(counter.startsWith('0') ? counter.length : 1, '0');
}

function digitsOf(counter: string): string {
  return counter.replace(/^0+(?=.)/u, '');
}
