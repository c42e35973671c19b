/** Rows of the answer from the cells of a pipeline and, where it kept fields that it does not name, from the logs. */
import { setField, type LogRow } from '#segment/log-row.ts';
import { passes } from './name-filters.ts';
import type { TranslatedSpl } from './spl-request.ts';

export interface RowSource {
  readonly cells: readonly string[];
  /** The log of the row, where a rest is of it. */
  readonly log: LogRow | undefined;
  /** Unix seconds, for a row without a time of its own. */
  readonly time: number;
}

/** Makes the rows of one pipeline. A log lacks a field that is null; what counts logs has the text `null`, as in SQL. */
export function rowMaker({
  shape: { fields, rests, nullsCell },
  named,
  isStats,
}: Pick<TranslatedSpl, 'shape' | 'named' | 'isStats'>): (source: RowSource) => LogRow {
  const isNamed = new Set(named);
  const cellOf = new Map(fields.map((field, cell) => [field, cell]));
  return ({ cells, log, time }) => {
    const nulls = isStats ? '' : (cells[nullsCell] ?? '');
    const own = new Map<string, string>();
    for (const [field, cell] of cellOf) if (nulls[cell] !== '1') own.set(field, cells[cell] ?? '');
    const row = new Map<string, string>();
    for (const { cell, filters } of rests)
      for (const [field, value] of Object.entries(
        cell === undefined ? (log ?? {}) : fieldsIn(cells[cell]),
      )) {
        // A field that is a column stands where the log has it.
        const text = own.get(field) ?? (isNamed.has(field) ? undefined : value);
        if (text !== undefined && (own.has(field) || passes(filters, field))) row.set(field, text);
      }
    return rowOf([...row, ...own], time);
  };
}

/** Clients read a time and a source in every row. */
function rowOf(members: readonly (readonly [string, string])[], time: number): LogRow {
  const row: Record<string, string> = {};
  const names = new Set(members.map(([field]) => field));
  if (!names.has('__source__')) setField(row, '__source__', '');
  if (!names.has('__time__')) setField(row, '__time__', String(time));
  for (const [field, value] of members) setField(row, field, value);
  return row;
}

/** The cell of a rest: a JSON object of texts, or the text `null`. */
function fieldsIn(cell: string | undefined): Readonly<Record<string, string>> {
  return (JSON.parse(cell ?? 'null') as Record<string, string> | null) ?? {};
}
