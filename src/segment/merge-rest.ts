/**
 * Fields without a column in a merge. What an input has in `__rest__` may have a column in the output, and a column of an
 * input may be one too many there; both ways lead through texts, which only rows of such fields take.
 */
import type { ColumnChunk } from '#parquet/column-chunk.ts';
import { putTexts, type RowTexts } from '#parquet/join-chunks.ts';
import { must } from '#base/assert.ts';
import type { ParquetFile } from '#parquet/parquet-file.ts';
import { REST_COLUMN } from './columns.ts';
import type { GroupPlan, RowPiece } from './merge-groups.ts';
import { parseRest } from './read-rows.ts';
import type { SegmentColumn } from './segment.ts';

export interface RestPlan {
  readonly inputs: readonly { readonly file: ParquetFile }[];
  /** Output column of each field that has one. */
  readonly columnOf: ReadonlyMap<string, number>;
  /** Columns of each input that go to the rest. */
  readonly movedOf: readonly (readonly SegmentColumn[])[];
}

export interface RestOfGroup {
  /** By output column, the texts that come out of a rest. */
  readonly columns: ReadonlyMap<number, RowTexts>;
  /** The chunk of `__rest__`. */
  readonly rest: ColumnChunk | undefined;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

export async function restOfGroup(plan: RestPlan, group: GroupPlan): Promise<RestOfGroup> {
  const columns = new Map<number, Map<number, Uint8Array>>();
  const members = new Map<number, string[]>();
  const keep = (row: number, field: string, value: string): void => {
    const list = members.get(row) ?? [];
    members.set(row, list);
    list.push(`${JSON.stringify(field)}:${JSON.stringify(value)}`);
  };
  for (const [number, piece] of group.pieces.entries()) {
    const targets = targetsOf(group, number);
    const { file } = plan.inputs[piece.input]!;
    const rest = file.columnIndex(REST_COLUMN);
    if (rest >= 0)
      await eachText(file, { piece, targets }, rest, (row, text) => {
        for (const [field, value] of parseRest(text)) {
          const column = plan.columnOf.get(field);
          if (column === undefined) keep(row, field, value);
          else
            columns.set(column, (columns.get(column) ?? new Map()).set(row, encoder.encode(value)));
        }
      });
    for (const { field, column } of plan.movedOf[piece.input]!)
      await eachText(file, { piece, targets }, file.columnIndex(column), (row, text) =>
        keep(row, field, decoder.decode(text)),
      );
  }
  const texts = new Map(
    [...members].map(([row, list]) => [row, encoder.encode(`{${list.join(',')}}`)] as const),
  );
  return { columns, rest: putTexts(group.rowCount, undefined, texts) };
}

/** Calls for each row of the output that has a text in a column of the piece's input. */
async function eachText(
  file: ParquetFile,
  rows: { readonly piece: RowPiece; readonly targets: Int32Array },
  column: number,
  take: (row: number, text: Uint8Array) => void,
): Promise<void> {
  const { targets } = rows;
  const { group, groupRow, from, to } = rows.piece;
  const chunk = await file.readChunk(group, column, { from: groupRow, to: groupRow + to - from });
  const { arena, starts, ends } = chunk.strings;
  let value = 0;
  for (let row = 0; row < chunk.rowCount; row++) {
    if (chunk.present !== undefined && (chunk.present[row >>> 3]! & (1 << (row & 7))) === 0)
      continue;
    const entry = chunk.ids === undefined ? value : must(chunk.ids[value], 'an id for each value');
    value++;
    if (targets[row]! >= 0) take(targets[row]!, arena.subarray(starts[entry], ends[entry]));
  }
}

/** The row of the output that each row of a piece becomes, or −1. */
function targetsOf({ pieces, runs }: GroupPlan, number: number): Int32Array {
  const { from, to } = pieces[number]!;
  const targets = new Int32Array(to - from).fill(-1);
  let target = 0;
  for (const [run, count] of runs.counts.entries()) {
    if (runs.chunks[run] === number)
      for (let i = 0; i < count; i++) targets[runs.sources[run]! + i] = target + i;
    target += count;
  }
  return targets;
}
