/** Which log fields get a Parquet column of their own. */
import type { IndexConfig } from '#protocol/index-config.ts';
import { COLUMNS_MAX } from './limits.ts';

export const TIME_COLUMN = '__time__';
export const TIME_NS_COLUMN = '__time_ns_part__';
/** JSON object, as text, of the fields that have no column. */
export const REST_COLUMN = '__rest__';

/** Begins the names of the tags of log groups. */
const TAG_PREFIX = '__tag__:';

/** Names that Parquet readers (DuckDB, Hive) use themselves, and ours. Lower case. */
const RESERVED: ReadonlySet<string> = new Set([
  '',
  TIME_COLUMN,
  TIME_NS_COLUMN,
  REST_COLUMN,
  'filename',
  'file_row_number',
  'file_index',
  'rowid',
]);

export interface ColumnChoice {
  /** Fields with a column, in the order of the columns. */
  readonly columnFields: readonly number[];
  /** The others. */
  readonly restFields: readonly number[];
}

/**
 * Topic and source first, then fields with an index of their own, then the others as they were first seen, tags last: a
 * tag without a column costs little, as all logs of a group share it.
 * Names that differ only by letter case cannot stand side by side: the first one gets the column.
 */
export function chooseColumns(names: readonly string[], config: IndexConfig): ColumnChoice {
  const columnFields: number[] = [];
  const restFields: number[] = [];
  const taken = new Set<string>(RESERVED);
  const rank = (name: string): number => {
    if (name === '__topic__' || name === '__source__') return 0;
    if (config.keys !== undefined && Object.hasOwn(config.keys, name)) return 1;
    return name.startsWith(TAG_PREFIX) ? 3 : 2;
  };
  const ranks = names.map(rank);
  for (const wanted of [0, 1, 2, 3]) {
    for (const [field, name] of names.entries()) {
      if (ranks[field] !== wanted) continue;
      const folded = name.toLowerCase();
      if (columnFields.length < COLUMNS_MAX && !taken.has(folded) && !name.includes('\0')) {
        taken.add(folded);
        columnFields.push(field);
      } else restFields.push(field);
    }
  }
  return { columnFields, restFields };
}
