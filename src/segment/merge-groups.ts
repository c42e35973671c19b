/** Cuts the rows of a merge into row groups, and says what each takes from the row groups of the inputs. */
import { GrowingU32 } from '#kernel/growing-u32.ts';
import type { RowRuns } from '#parquet/join-chunks.ts';
import { ROW_GROUP_BYTES, ROW_GROUP_ROWS } from '#parquet/limits.ts';
import type { ChunkInfo, Codec } from '#parquet/metadata.ts';
import type { ParquetFile } from '#parquet/parquet-file.ts';

/** Rows [from, to) of an input, all of one of its row groups. */
export interface RowPiece {
  readonly input: number;
  readonly group: number;
  /** `from` as a row of the row group. */
  readonly groupRow: number;
  readonly from: number;
  readonly to: number;
}

export interface GroupPlan {
  readonly rowCount: number;
  readonly pieces: readonly RowPiece[];
  /** Where each row comes from; the chunks of the runs are the pieces. */
  readonly runs: RowRuns;
  /** Set when the rows are those of one row group of an input, unchanged and with the same codec. */
  readonly whole: { readonly input: number; readonly group: number } | undefined;
}

export interface GroupsRequest {
  readonly files: readonly ParquetFile[];
  readonly inputOf: Uint8Array | Uint16Array;
  readonly rowOf: Uint32Array;
  readonly codec: Codec;
}

/** A row group of at least this share of the largest one is worth keeping as it is. */
const WHOLE_SHARE = 0.25;

/** Row groups in order; together they hold every row of the request. */
export function* planGroups(request: GroupsRequest): Generator<GroupPlan> {
  const { inputOf, rowOf } = request;
  const weights = request.files.map(rowBytes);
  const starts = request.files.map(
    ({ groups }) => new Map(groups.map(({ firstRow }, group) => [firstRow, group])),
  );
  let from = 0;
  while (from < rowOf.length) {
    const whole = wholeAt(request, starts, from);
    if (whole !== undefined) {
      const group = request.files[whole.input]!.groups[whole.group]!;
      yield { ...planGroup(request, from, from + group.rowCount), whole };
      from += group.rowCount;
      continue;
    }
    let bytes = 0;
    let to = from;
    const end = Math.min(rowOf.length, from + ROW_GROUP_ROWS);
    while (to < end && bytes < ROW_GROUP_BYTES) {
      // Where a whole row group begins, this one ends.
      if (to > from && wholeAt(request, starts, to) !== undefined) break;
      bytes += weights[inputOf[to]!]!;
      to++;
    }
    yield { ...planGroup(request, from, to), whole: undefined };
    from = to;
  }
}

/** Bytes of a row in memory, on average. */
function rowBytes({ groups, rowCount }: ParquetFile): number {
  let bytes = 0;
  for (const { chunks } of groups) for (const chunk of chunks) bytes += chunk.uncompressedBytes;
  return rowCount === 0 ? 0 : bytes / rowCount;
}

/** The row group of an input that begins at a row of the output and goes on unchanged to its end. */
function wholeAt(
  { files, inputOf, rowOf, codec }: GroupsRequest,
  starts: readonly ReadonlyMap<number, number>[],
  at: number,
): GroupPlan['whole'] {
  const input = inputOf[at]!;
  const group = starts[input]!.get(rowOf[at]!);
  if (group === undefined) return undefined;
  const found = files[input]!.groups[group]!;
  if (found.chunks.some((chunk) => chunk.codec !== codec && !isAbsent(chunk))) return undefined;
  const { rowCount, firstRow, chunks } = found;
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.uncompressedBytes, 0);
  if (rowCount < ROW_GROUP_ROWS * WHOLE_SHARE && bytes < ROW_GROUP_BYTES * WHOLE_SHARE)
    return undefined;
  const last = at + rowCount - 1;
  // Rows of an input ascend, so when the last one is in its place nothing is missing between; others may be.
  if (last >= rowOf.length || inputOf[last] !== input || rowOf[last] !== firstRow + rowCount - 1)
    return undefined;
  for (let i = at; i <= last; i++) if (inputOf[i] !== input) return undefined;
  return { input, group };
}

/** A chunk without any value, which is stored in one way whatever the codec. */
function isAbsent({ statistics, rowCount }: ChunkInfo): boolean {
  return statistics.nullCount === rowCount;
}

interface OpenPiece {
  readonly number: number;
  readonly endRow: number;
  readonly from: number;
}

function planGroup(
  { files, inputOf, rowOf }: GroupsRequest,
  from: number,
  to: number,
): Omit<GroupPlan, 'whole'> {
  const pieces: { input: number; group: number; groupRow: number; from: number; to: number }[] = [];
  const open: (OpenPiece | undefined)[] = files.map(() => undefined);
  const runs = { chunks: new GrowingU32(), sources: new GrowingU32(), counts: new GrowingU32() };
  let runInput = -1;
  let runEnd = -1;
  for (let at = from; at < to; at++) {
    const input = inputOf[at]!;
    const row = rowOf[at]!;
    let piece = open[input];
    if (piece === undefined || row >= piece.endRow) {
      const { groups } = files[input]!;
      const group = groups.findLastIndex(({ firstRow }) => firstRow <= row);
      const { firstRow, rowCount } = groups[group]!;
      piece = { number: pieces.length, endRow: firstRow + rowCount, from: row };
      open[input] = piece;
      pieces.push({ input, group, groupRow: row - firstRow, from: row, to: row });
      runInput = -1;
    }
    pieces[piece.number]!.to = row + 1;
    const run = runs.counts.length - 1;
    if (input === runInput && row === runEnd) runs.counts.set(run, runs.counts.get(run) + 1);
    else {
      runs.chunks.push(piece.number);
      runs.sources.push(row - piece.from);
      runs.counts.push(1);
    }
    runInput = input;
    runEnd = row + 1;
  }
  return {
    rowCount: to - from,
    pieces,
    runs: {
      chunks: runs.chunks.view(),
      sources: runs.sources.view(),
      counts: runs.counts.view(),
    },
  };
}
