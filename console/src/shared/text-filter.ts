import type { LogRow } from './log-types.ts';
import { ownFields } from './row-fields.ts';

/** Whether one of the log's own names or values has the text, in any letter case; the empty text is in all. */
export function hasText(row: LogRow, text: string): boolean {
  const wanted = text.toLowerCase();
  if (wanted === '') return true;
  return ownFields(row).some(
    ([name, value]) => value.toLowerCase().includes(wanted) || name.toLowerCase().includes(wanted),
  );
}
