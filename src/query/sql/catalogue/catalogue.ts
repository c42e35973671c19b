/**
 * Every function that users may call (sls-query §3.8): what runs, and what `docs/reference/sql-functions.md` says. One
 * line each: signatures (` / ` between them), meaning, example with the text of its cell. Examples are run by a test, over
 * the rows (k, x) = (a, 1), (b, 2), (b, 2), (c, 10).
 */
import { AGGREGATES } from './aggregates.ts';
import { COLLECTIONS } from './collections.ts';
import { DATA } from './data.ts';
import { NUMBERS } from './numbers.ts';
import { TEXTS } from './texts.ts';
import { TIMES } from './times.ts';

export interface FunctionEntry {
  /** Lower case. */
  readonly names: readonly string[];
  readonly signatures: readonly string[];
  readonly meaning: string;
  /** An expression; undefined where its value is not always the same. */
  readonly example: { readonly sql: string; readonly value: string } | undefined;
}

export interface FunctionFamily {
  readonly title: string;
  readonly entries: readonly FunctionEntry[];
}

export const CATALOGUE: readonly FunctionFamily[] = [
  ...AGGREGATES,
  ...TEXTS,
  ...TIMES,
  ...NUMBERS,
  ...COLLECTIONS,
  ...DATA,
].map(([title, text]) => ({
  title,
  entries: text
    .trim()
    .split('\n')
    .map((line) => entryOf(line)),
}));

function entryOf(line: string): FunctionEntry {
  const [signature = '', meaning = '', example = ''] = line.split(' | ').map((part) => part.trim());
  const signatures = signature.split(' / ');
  const [sql, value] = example.split(' → ');
  return {
    names: signatures.map((text) => text.replace(/\(.*$/, '').toLowerCase()),
    signatures,
    meaning,
    example: sql === undefined || value === undefined ? undefined : { sql, value },
  };
}
