/**
 * Public conformance cases of searches and SQL with hand-written answers, over data of two applications: what both the
 * tests of this room and the tests of the whole server ask. The cases are data (`conformance-cases.json`), so that a
 * service in another language could be asked the same.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_TOKENS, type IndexConfig, type KeyIndex } from '#protocol/index-config.ts';

export interface ConformanceCase {
  readonly name: string;
  /** Name of the data set. */
  readonly logs: string;
  /** Unix seconds, [from, to). */
  readonly from: number;
  readonly to: number;
  readonly query: string;
  readonly expected: ExpectedAnswer;
}

/** One of: numbers of matching logs in any order; a table, its rows in order; a count of rows; an error. */
export interface ExpectedAnswer {
  readonly ids?: readonly number[];
  readonly columns?: readonly string[];
  readonly rows?: readonly (readonly string[])[];
  /** Whether cells must be equal as texts. */
  readonly exact?: boolean;
  readonly row_count?: number;
  readonly error?: {
    readonly code: string;
    readonly message?: string;
    readonly message_contains?: string;
  };
}

export type ConformanceLog = Readonly<Record<string, string | number>>;

export interface ConformanceData {
  readonly index: IndexConfig;
  /** `__time__` is a number. The place in this list is the number of the log, which it has as `__number__`. */
  readonly logs: readonly ConformanceLog[];
}

interface CasesFile {
  readonly dataSets: Readonly<Record<string, DataSetEntry>>;
  readonly cases: readonly ConformanceCase[];
}

interface DataSetEntry {
  /** Whether everything is in the full text, too. */
  readonly hasLine: boolean;
  /** What differs from a text field with the default delimiters. */
  readonly keys: Readonly<Record<string, Partial<KeyIndex>>>;
  readonly logs: readonly ConformanceLog[];
}

const file = JSON.parse(
  readFileSync(join(import.meta.dirname, 'conformance-cases.json'), 'utf8'),
) as CasesFile;

const CUT = { token: DEFAULT_TOKENS, caseSensitive: false, chn: false };

export const CONFORMANCE_CASES: readonly ConformanceCase[] = file.cases;

/** The data sets by name. */
export const CONFORMANCE_DATA: Readonly<Record<string, ConformanceData>> = Object.fromEntries(
  Object.entries(file.dataSets).map(([name, entry]) => [name, dataOf(entry)]),
);

function dataOf({ hasLine, keys, logs }: DataSetEntry): ConformanceData {
  const entries = Object.entries(keys).map(([name, key]): [string, KeyIndex] => [
    name,
    { type: 'text', ...CUT, doc_value: true, alias: '', ...key },
  ]);
  return {
    index: {
      ...(hasLine ? { line: CUT } : {}),
      keys: Object.fromEntries(entries),
      max_text_len: 2048,
    },
    logs: logs.map((log, i) => ({ ...log, __number__: String(i) })),
  };
}

/**
 * The wanted table with the cells that count as equal (as texts, as numbers or as JSON) put in as they came, for a
 * readable difference.
 */
export function wantedRows(
  got: readonly (readonly string[])[],
  expected: ExpectedAnswer,
): readonly (readonly string[])[] {
  return (expected.rows ?? []).map((row, i) =>
    row.map((cell, j) => {
      const own = got[i]?.[j];
      return own !== undefined && isSameCell(own, cell, expected.exact ?? false) ? own : cell;
    }),
  );
}

function isSameCell(got: string, wanted: string, exact: boolean): boolean {
  if (got === wanted) return true;
  if (exact || got === '' || wanted === '') return false;
  const [x, y] = [Number(got), Number(wanted)];
  if (Number.isFinite(x) && Number.isFinite(y))
    return Math.abs(x - y) <= 1e-9 * Math.max(Math.abs(x), Math.abs(y));
  try {
    return JSON.stringify(JSON.parse(got)) === JSON.stringify(JSON.parse(wanted));
  } catch {
    return false;
  }
}
