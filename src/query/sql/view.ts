/**
 * A relation of one statement: the matching rows of its segments as a temporary view over their Parquet files.
 *
 * Segments that store the used columns alike are read by one scan, since a branch of its own for each costs DuckDB more
 * time and memory than small files have rows to read (100 segments of 2,000 rows: 3.5 s against 0.1 s). Those that match as a
 * whole are read as they are; the others are joined with the bits of their rows. Where a search finds few rows, these are
 * listed, and the rows of one end of a segment are a range: both let DuckDB skip row groups, so a few segments get branches
 * of their own for it.
 */
import type { SegmentReader } from '#segment/segment.ts';
import type { LogView } from '../duck/duck-messages.ts';
import { ROW_LIST_MAX, VIEW_BRANCHES_MAX } from '../limits.ts';
import type { Relation } from './relation.ts';
import type { SegmentMatch } from '../search/match-segment.ts';
import { columnSql, LOG_TEXT, SEGMENT_NUMBER, WHOLE_LOG, type SqlColumn } from './columns.ts';
import { quoteName, quoteText } from './text.ts';

/** Segments that one scan reads. */
interface Group {
  /** What each row of the scan `rows` gives. */
  readonly outputs: readonly string[];
  readonly members: SegmentMatch[];
}

/** The view of a relation, and the bits that it reads. */
export function logView(relation: Relation): LogView {
  const columns = usedColumns(relation);
  const few = fewRows(relation.matches);
  const groups = new Map<string, Group>();
  for (const match of relation.matches) {
    const mode = isWhole(match) ? 'all' : few.has(match) ? match.reader.info.id : 'bits';
    const outputs = outputsOf(relation, columns, match.reader);
    const key = JSON.stringify([mode, outputs, storedLike(columns, match.reader)]);
    const group = groups.get(key) ?? { outputs, members: [] };
    groups.set(key, group);
    group.members.push(match);
  }
  const bits: LogView['bits'][number][] = [];
  const isNumbered = columns.some(({ name }) => name === SEGMENT_NUMBER);
  const selects = [...groups.values()].map(({ outputs, members }) => {
    const [first] = members as [SegmentMatch, ...SegmentMatch[]];
    const all = isNumbered ? [...outputs, numberOutput(relation, members)] : outputs;
    const from = `SELECT ${all.join(', ')} FROM ${scanSql(members)}`;
    if (isWhole(first)) return from;
    if (few.has(first)) return `${from} WHERE ${listSql(first)}`;
    const base = bits.length;
    for (const { ranks } of members) bits.push({ segment: bits.length, words: ranks.rows.words });
    return `${from}, sls_bits_${relation.spec.viewName} AS matching WHERE ${bitsSql(members, base)}`;
  });
  const select = selects.length === 0 ? selectNothing(columns) : selects.join('\nUNION ALL ');
  return { name: relation.spec.viewName, select, bits };
}

function isWhole({ isFull, firstRow, endRow, reader }: SegmentMatch): boolean {
  return isFull && firstRow === 0 && endRow === reader.info.rowCount;
}

/** Segments whose rows are written into the SQL: those with the fewest numbers. */
function fewRows(matches: readonly SegmentMatch[]): ReadonlySet<SegmentMatch> {
  const few = new Set<SegmentMatch>();
  let numbers = 0;
  const parts = matches.filter((match) => !isWhole(match));
  for (const match of parts.sort((a, b) => numberCount(a) - numberCount(b))) {
    numbers += numberCount(match);
    if (numbers > ROW_LIST_MAX || few.size >= VIEW_BRANCHES_MAX) break;
    few.add(match);
  }
  return few;
}

function numberCount({ isFull, ranks }: SegmentMatch): number {
  return isFull ? 2 : ranks.count;
}

function usedColumns({ spec, columns }: Relation): readonly SqlColumn[] {
  if (spec.usedNames === undefined) return columns;
  const used = new Set(spec.usedNames);
  return columns.filter(({ name }) => used.has(name.toLowerCase()));
}

function outputsOf(
  { spec, textBytesMax }: Relation,
  columns: readonly SqlColumn[],
  reader: SegmentReader,
): string[] {
  const time = spec.shiftSeconds === 0 ? '' : ` + ${spec.shiftSeconds}`;
  const expressions = columns
    .filter(({ name }) => name !== SEGMENT_NUMBER)
    .map((column) => `${columnSql(column, reader, textBytesMax)} AS ${quoteName(column.name)}`);
  return [`rows.__time__::BIGINT${time} AS __time__`, ...expressions];
}

/** Each row's segment, by its place among the matches of the relation. */
function numberOutput({ matches }: Relation, members: readonly SegmentMatch[]): string {
  const numbers = members.map((member) => matches.indexOf(member));
  const number =
    numbers.length === 1
      ? numbers.join()
      : `[${numbers.join(', ')}][(rows.${FILE_INDEX} + 1)::BIGINT]`;
  return `(${number})::BIGINT AS ${SEGMENT_NUMBER}`;
}

/** Equal for segments that one scan can read: it takes the types of all files from the first. */
function storedLike(columns: readonly SqlColumn[], reader: SegmentReader): unknown {
  // A field of this name hides the number that the scan has for its files.
  if (reader.columns.some(({ column }) => column.toLowerCase() === FILE_INDEX))
    return reader.info.id;
  const fields = new Set(columns.map(({ field }) => field));
  const readsAll = fields.has(LOG_TEXT) || fields.has(WHOLE_LOG);
  return reader.columns
    .filter(({ field }) => readsAll || fields.has(field))
    .map(({ column, type }) => [column, type]);
}

const FILE_INDEX = 'file_index';

function scanSql(members: readonly SegmentMatch[]): string {
  const files = members.map(({ reader }) => quoteText(reader.parquetPath));
  return `read_parquet([${files.join(', ')}], file_row_number=true, hive_partitioning=false) AS rows`;
}

function listSql({ isFull, firstRow, endRow, ranks }: SegmentMatch): string {
  if (isFull) return `rows.file_row_number BETWEEN ${firstRow} AND ${endRow - 1}`;
  const rows = Array.from({ length: ranks.count }, (_, i) => ranks.select(i));
  return `rows.file_row_number IN (${rows.join()})`;
}

/** `base`: the number of the first member's bits. */
function bitsSql(members: readonly SegmentMatch[], base: number): string {
  const segment = members.length === 1 ? `${base}` : `rows.${FILE_INDEX} + ${base}`;
  const block = 'matching.block = rows.file_row_number >> 6';
  const bit = '(matching.word >> (rows.file_row_number & 63)::UBIGINT) & 1 = 1';
  // Row groups have the range of their times, so this skips those where nothing matches.
  const first = Math.min(...members.map(({ times, ranks }) => times[ranks.select(0)] ?? 0));
  const last = Math.max(
    ...members.map(({ times, ranks }) => times[ranks.select(ranks.count - 1)] ?? 0),
  );
  return `matching.segment = ${segment} AND ${block} AND rows.__time__ BETWEEN ${first} AND ${last} AND ${bit}`;
}

function selectNothing(columns: readonly SqlColumn[]): string {
  const nulls = columns.map((column) => `NULL::${column.type} AS ${quoteName(column.name)}`);
  return `SELECT ${['NULL::BIGINT AS __time__', ...nulls].join(', ')} WHERE false`;
}
