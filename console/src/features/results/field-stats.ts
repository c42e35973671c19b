import { TOP_VALUES_MAX } from '../../shared/limits.ts';
import type { LogRow } from '../../shared/log-types.ts';
import { isReservedField } from '../../shared/row-fields.ts';

export interface ValueCount {
  readonly value: string;
  readonly count: number;
}

export interface FieldStats {
  readonly name: string;
  readonly reserved: boolean;
  /** Loaded rows that have the field. */
  readonly rowCount: number;
}

/** The fields of the loaded rows: own before reserved, then as often as they occur, then in the order of the logs. */
export function fieldStats(rows: readonly LogRow[]): readonly FieldStats[] {
  const counts = new Map<string, number>();
  for (const row of rows) {
    for (const name of Object.keys(row)) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  counts.delete('__time__');
  counts.delete('__time_ns_part__');
  const stats = [...counts].map(([name, rowCount]) => ({
    name,
    reserved: isReservedField(name),
    rowCount,
  }));
  return stats.toSorted(
    (a, b) => Number(a.reserved) - Number(b.reserved) || b.rowCount - a.rowCount,
  );
}

export interface TopValues {
  readonly top: readonly ValueCount[];
  readonly distinctCount: number;
  readonly rowCount: number;
}

/** The values of one field that the loaded rows have most often. */
export function topValues(rows: readonly LogRow[], name: string): TopValues {
  const counts = new Map<string, number>();
  let rowCount = 0;
  for (const row of rows) {
    const value = row[name];
    if (value === undefined) continue;
    rowCount += 1;
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const sorted = [...counts].toSorted((a, b) => b[1] - a[1] || a[0].localeCompare(b[0], 'en'));
  const top = sorted.slice(0, TOP_VALUES_MAX).map(([value, count]) => ({ value, count }));
  return { top, distinctCount: counts.size, rowCount };
}

/** Columns of the table view before the user chose any: the first own fields, most frequent first. */
export function defaultColumns(stats: readonly FieldStats[]): readonly string[] {
  const own = stats.filter((field) => !field.reserved);
  return (own.length > 0 ? own : stats).slice(0, DEFAULT_COLUMNS).map((field) => field.name);
}

const DEFAULT_COLUMNS = 5;
