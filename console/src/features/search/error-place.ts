import { splitQuery } from './query-edit.ts';

/** A piece of the query's text, [start, end); an empty one stands at its end. */
export interface ErrorPlace {
  readonly start: number;
  readonly end: number;
}

const SEARCH_PLACE = /error position is from column:(\d+) to column:(\d+)/;

/** Lines and columns of SQL count from 1 and begin behind the `|`. */
const SQL_PLACE = /\bline (\d+):(\d+)/;

/** What stands at a place in SQL: a name, a quoted text, or one character. */
const SQL_WORD = /[\p{L}\p{N}_.]+|"[^"]*"?|'[^']*'?|\S/uy;

/** Where in the query the message of an error points (sls-query §2.5, §3.10); undefined when it names no place in it. */
export function errorPlace(query: string, message: string): ErrorPlace | undefined {
  const [, from, to] = SEARCH_PLACE.exec(message) ?? [];
  if (from !== undefined && to !== undefined) {
    const start = Math.min(Number(from), query.length);
    return { start, end: Math.min(Math.max(start, Number(to)), query.length) };
  }
  const [, line, column] = SQL_PLACE.exec(message) ?? [];
  // 1:1 is what the server says when it knows no place.
  if (line === undefined || column === undefined || (line === '1' && column === '1'))
    return undefined;
  return sqlPlace(query, Number(line), Number(column));
}

function sqlPlace(query: string, line: number, column: number): ErrorPlace | undefined {
  const { analysis } = splitQuery(query);
  const sql = analysis.slice(1);
  const before = sql.split('\n').slice(0, line - 1);
  const inSql = before.reduce((sum, text) => sum + text.length + 1, 0) + column - 1;
  if (analysis === '' || inSql < 0 || inSql >= sql.length) return undefined;
  SQL_WORD.lastIndex = inSql;
  const word = SQL_WORD.exec(sql);
  if (word === null) return undefined;
  const start = query.length - sql.length + inSql;
  return { start, end: start + word[0].length };
}
