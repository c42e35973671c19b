/**
 * A relation of one statement: the matching rows of its segments as a temporary view over their Parquet
 * files. A segment that matches as a whole is read as it is; few rows are a list of row numbers (DuckDB
 * then skips row groups); many are a bit string, which costs a test for each row and no memory to speak of.
 */
import type { Bitset } from '#kernel/bitset.ts';
import type { LogView } from '../duck/duck-messages.ts';
import { ROW_LIST_MAX } from '../limits.ts';
import type { Relation } from './relation.ts';
import type { SegmentMatch } from '../search/match-segment.ts';
import type { RowRanks } from '../search/row-ranks.ts';
import { columnSql, type SqlColumn } from './columns.ts';
import { quoteName, quoteText } from './text.ts';

/** The view of a relation, and the bit strings that it reads. */
export function logView(relation: Relation): LogView {
  const columns = usedColumns(relation);
  const bits: LogView['bits'][number][] = [];
  const selects: string[] = [];
  for (const [i, match] of relation.matches.entries()) {
    const mode = match.isFull ? 'all' : match.ranks.count <= ROW_LIST_MAX ? 'list' : 'bits';
    if (mode === 'bits') bits.push({ segment: i, bytes: msbFirstBytes(match.ranks.rows) });
    selects.push(selectSegment({ ...relation, columns }, match, mode === 'bits' ? i : undefined));
  }
  const select = selects.length === 0 ? selectNothing(columns) : selects.join('\nUNION ALL ');
  return { name: relation.spec.viewName, select, bits };
}

function usedColumns({ spec, columns }: Relation): readonly SqlColumn[] {
  if (spec.usedNames === undefined) return columns;
  const used = new Set(spec.usedNames);
  return columns.filter(({ name }) => used.has(name.toLowerCase()));
}

function selectSegment(
  relation: Relation,
  match: SegmentMatch,
  bitsOf: number | undefined,
): string {
  const { reader, ranks } = match;
  const expressions = relation.columns.map(
    (column) => `${columnSql(column, reader, relation.textBytesMax)} AS ${quoteName(column.name)}`,
  );
  const file = `read_parquet(${quoteText(reader.parquetPath)}, file_row_number=true) AS rows`;
  const bits =
    bitsOf === undefined
      ? ''
      : `, (SELECT bits FROM sls_bits WHERE name = '${relation.spec.viewName}' AND segment = ${bitsOf}) AS matching`;
  const { shiftSeconds } = relation.spec;
  const time = shiftSeconds === 0 ? '' : ` + ${shiftSeconds}`;
  const outputs = [`rows.__time__::BIGINT${time} AS __time__`, ...expressions];
  return `SELECT ${outputs.join(', ')} FROM ${file}${bits}${whereSql(match, ranks, bitsOf)}`;
}

function whereSql(match: SegmentMatch, ranks: RowRanks, bitsOf: number | undefined): string {
  const isWhole = match.firstRow === 0 && match.endRow === match.reader.info.rowCount;
  if (match.isFull && isWhole) return '';
  if (!match.isFull && bitsOf === undefined) {
    const rows = Array.from({ length: ranks.count }, (_, i) => ranks.select(i));
    return ` WHERE file_row_number IN (${rows.join()})`;
  }
  const [first, last] = match.isFull
    ? [match.firstRow, match.endRow - 1]
    : [ranks.select(0), ranks.select(ranks.count - 1)];
  const range = ` WHERE file_row_number BETWEEN ${first} AND ${last}`;
  return match.isFull ? range : `${range} AND get_bit(bits, file_row_number::INTEGER) = 1`;
}

function selectNothing(columns: readonly SqlColumn[]): string {
  const nulls = columns.map((column) => `NULL::${column.type} AS ${quoteName(column.name)}`);
  return `SELECT ${['NULL::BIGINT AS __time__', ...nulls].join(', ')} WHERE false`;
}

/** A bit string of DuckDB has its first bit on top of the first byte. */
function msbFirstBytes(rows: Bitset): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(rows.length / 8));
  for (let i = 0; i < bytes.length; i++) {
    const word = rows.words[i >>> 2] ?? 0;
    let byte = (word >>> ((i & 3) * 8)) & 0xff;
    // Swaps halves, pairs, then neighbours.
    byte = ((byte & 0xf0) >>> 4) | ((byte & 0x0f) << 4);
    byte = ((byte & 0xcc) >>> 2) | ((byte & 0x33) << 2);
    bytes[i] = ((byte & 0xaa) >>> 1) | ((byte & 0x55) << 1);
  }
  return bytes;
}
