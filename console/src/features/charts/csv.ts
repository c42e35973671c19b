import { NULL_TEXT } from './sql-result.ts';
import type { SqlResult } from './sql-result.ts';

/**
 * The result as CSV (RFC 4180: comma, CRLF, quotes doubled) with the column names in the first line. Null is an empty cell. Log
 * content is untrusted: a text that a spreadsheet would run as a formula gets an apostrophe in front.
 */
export function printCsv(result: SqlResult): string {
  const lines = [result.columns.map((column) => csvCell(column.name))];
  for (const row of result.rows) {
    lines.push(
      result.columns.map((column) => {
        const value = row[column.name] ?? NULL_TEXT;
        if (value === NULL_TEXT) return '';
        return column.kind === 'text' ? csvCell(value) : csvQuote(value);
      }),
    );
  }
  return lines.map((cells) => `${cells.join(',')}\r\n`).join('');
}

const FORMULA_START = /^[=+@\t\r-]/;
const PLAIN_NUMBER = /^[+-]?\d+(\.\d+)?$/;

function csvCell(value: string): string {
  const isFormula = FORMULA_START.test(value) && !PLAIN_NUMBER.test(value);
  return csvQuote(isFormula ? `'${value}` : value);
}

function csvQuote(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
