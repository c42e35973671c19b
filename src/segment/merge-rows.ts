/**
 * The rows half of a merge: rows of several segments in a given order become one Parquet file, column by column. Runs of
 * rows are copied as blocks, and a row group that is one of an input as a whole keeps its bytes.
 */
import { commonType, isSameType } from '#parquet/choose-type.ts';
import type { ColumnChunk } from '#parquet/column-chunk.ts';
import { joinChunks, putTexts, type RowTexts } from '#parquet/join-chunks.ts';
import type { Codec, ParquetColumn } from '#parquet/metadata.ts';
import type { ParquetFile } from '#parquet/parquet-file.ts';
import { ParquetWriter, type ChunkCopy } from '#parquet/parquet-writer.ts';
import { ReusedMemory } from '#parquet/read-memory.ts';
import type { IndexConfig } from '#protocol/index-config.ts';
import { chooseColumns, REST_COLUMN } from './columns.ts';
import { REST_FIELDS_LISTED_MAX } from './limits.ts';
import { planGroups, type GroupPlan, type RowPiece } from './merge-groups.ts';
import { restOfGroup, type RestPlan } from './merge-rest.ts';
import type { SegmentStorage } from './segment-builder.ts';
import type { SegmentColumn } from './segment.ts';
import { codecOf, PIECE_BYTES } from './write-rows.ts';

export interface MergeRowsInput {
  readonly file: ParquetFile;
  /** As the `.idx` of the input says. */
  readonly columns: readonly SegmentColumn[];
  readonly restFields: readonly string[] | null;
}

export interface MergeRowsRequest {
  readonly inputs: readonly MergeRowsInput[];
  /** Row n of the output is row rowOf[n] of input inputOf[n]. The rows of each input are in ascending order. */
  readonly inputOf: Uint8Array | Uint16Array;
  readonly rowOf: Uint32Array;
  readonly indexConfig: IndexConfig;
  readonly storage: SegmentStorage;
}

export interface MergedRows {
  /** For the `.idx` of the output, known before any row is read. */
  readonly columns: readonly SegmentColumn[];
  readonly restFields: readonly string[] | null;
  /** The Parquet file. Memory: one row group. Errors: SegmentDamaged, those of the sources. */
  readonly pieces: AsyncIterable<Uint8Array>;
}

/** Decides on the columns; the rows are read as the pieces are asked for. */
export function mergeRows(request: MergeRowsRequest): MergedRows {
  const plan = planColumns(request);
  return {
    columns: plan.columns,
    restFields: plan.restFields,
    pieces: new RowMerger(request, plan).pieces(),
  };
}

interface ColumnPlan {
  readonly columns: readonly SegmentColumn[];
  readonly restFields: readonly string[] | null;
  /** Number of the column in each input's file for each output column, −1 where it has none. */
  readonly sources: readonly (readonly number[])[];
  /** Whether there is a `__rest__`; it is behind the columns in `sources`. */
  readonly hasRest: boolean;
  /** Undefined: no field gets a column or loses it, so that the texts of `__rest__` stay as they are. */
  readonly rest: RestPlan | undefined;
}

function planColumns({ inputs, indexConfig }: MergeRowsRequest): ColumnPlan {
  const fields = new Set<string>();
  for (const input of inputs) for (const { field } of input.columns) fields.add(field);
  for (const input of inputs) for (const field of input.restFields ?? []) fields.add(field);
  const names = [...fields];
  const choice = chooseColumns(names, indexConfig);
  const chosen = choice.columnFields.map((field) => names[field]!);
  const columns = chosen.map((field): SegmentColumn => ({
    field,
    column: field,
    type: typeOf(field, inputs),
  }));
  const restNames = choice.restFields.map((field) => names[field]!);
  const isUnlisted = inputs.some(({ restFields }) => restFields === null);
  const isMoving = isUnlisted || isAnyMoved(inputs, new Set(chosen));
  const hasRest = isUnlisted || restNames.length > 0 || isMoving;
  const isListed = !isUnlisted && restNames.length <= REST_FIELDS_LISTED_MAX;
  return {
    columns,
    restFields: isListed ? restNames : null,
    sources: inputs.map((input) => [
      ...chosen.map((field) => sourceOf(field, input)),
      input.file.columnIndex(REST_COLUMN),
    ]),
    hasRest,
    rest: isMoving
      ? {
          inputs,
          columnOf: new Map(chosen.map((field, i) => [field, i])),
          movedOf: inputs.map((input) =>
            input.columns.filter(({ field }) => restNames.includes(field)),
          ),
        }
      : undefined,
  };
}

/** Whether a field of an input's `__rest__` has a column in the output, or the other way round. */
function isAnyMoved(inputs: readonly MergeRowsInput[], chosen: ReadonlySet<string>): boolean {
  return inputs.some(
    ({ columns, restFields }) =>
      columns.some(({ field }) => !chosen.has(field)) ||
      restFields?.some((field) => chosen.has(field)),
  );
}

/** Fields that an input has in its rest are texts there. */
function typeOf(field: string, inputs: readonly MergeRowsInput[]): SegmentColumn['type'] {
  if (inputs.some(({ restFields }) => restFields === null || restFields.includes(field)))
    return { kind: 'text' };
  return commonType(
    inputs.flatMap(({ columns }) =>
      columns.filter((column) => column.field === field).map(({ type }) => type),
    ),
  );
}

function sourceOf(field: string, { file, columns }: MergeRowsInput): number {
  const column = columns.find((one) => one.field === field);
  return column === undefined ? -1 : file.columnIndex(column.column);
}

class RowMerger {
  readonly #request: MergeRowsRequest;
  readonly #plan: ColumnPlan;
  readonly #codec: Codec;
  readonly #columns: readonly ParquetColumn[];
  /** Of the column at hand. */
  readonly #memory: ReusedMemory = new ReusedMemory();

  constructor(request: MergeRowsRequest, plan: ColumnPlan) {
    this.#request = request;
    this.#plan = plan;
    this.#codec = codecOf(request.storage);
    const columns = plan.columns.map(({ column, type }): ParquetColumn => ({ name: column, type }));
    if (plan.hasRest) columns.push({ name: REST_COLUMN, type: { kind: 'text' } });
    this.#columns = columns;
  }

  async *pieces(): AsyncGenerator<Uint8Array> {
    const { inputs, inputOf, rowOf } = this.#request;
    using writer = new ParquetWriter({ columns: this.#columns, codec: this.#codec });
    const files = inputs.map(({ file }) => file);
    for (const group of planGroups({ files, inputOf, rowOf, codec: this.#codec })) {
      writer.begin(await this.#times(group));
      const rest =
        this.#plan.rest === undefined ? undefined : await restOfGroup(this.#plan.rest, group);
      const columnCount = rest === undefined ? this.#columns.length : this.#plan.columns.length;
      for (let column = 0; column < columnCount; column++) {
        await this.#addColumn(writer, group, { column, extra: rest?.columns.get(column) });
        if (writer.heldBytes >= PIECE_BYTES) yield writer.take();
      }
      if (rest !== undefined) writer.addChunk(rest.rest);
    }
    writer.finish();
    yield writer.take();
  }

  async #addColumn(
    writer: ParquetWriter,
    group: GroupPlan,
    { column, extra }: { readonly column: number; readonly extra: RowTexts | undefined },
  ): Promise<void> {
    const copy = extra === undefined ? await this.#copy(group, column) : undefined;
    if (copy !== undefined) {
      writer.addCopy(copy);
      return;
    }
    this.#memory.clear();
    const chunks = await this.#chunks(group, column);
    const chunk = joinChunks(group.rowCount, chunks, group.runs, this.#memory);
    writer.addChunk(extra === undefined ? chunk : putTexts(group.rowCount, chunk, extra));
  }

  async #times(
    group: GroupPlan,
  ): Promise<{ readonly times: Uint32Array; readonly timeNs: Uint32Array }> {
    const times = new Uint32Array(group.rowCount);
    const timeNs = new Uint32Array(group.rowCount);
    const pieces = [];
    for (const { input, from, to } of group.pieces) {
      const { file } = this.#request.inputs[input]!;
      const range = { from, to };
      pieces.push({ times: await file.times(range), timeNs: await file.timeNs(range) });
    }
    const { chunks, sources, counts } = group.runs;
    let at = 0;
    for (const [run, count] of counts.entries()) {
      const piece = pieces[chunks[run]!]!;
      const end = sources[run]! + count;
      times.set(piece.times.subarray(sources[run], end), at);
      timeNs.set(piece.timeNs.subarray(sources[run], end), at);
      at += count;
    }
    return { times, timeNs };
  }

  /** The bytes of the chunk, when the group is one of an input and the column is stored the same way there. */
  async #copy({ whole }: GroupPlan, column: number): Promise<ChunkCopy | undefined> {
    if (whole === undefined) return undefined;
    const source = this.#plan.sources[whole.input]![column]!;
    if (source < 0) return undefined;
    const { file } = this.#request.inputs[whole.input]!;
    if (!isSameType(file.columns[source]!.type, this.#columns[column]!.type)) return undefined;
    return file.copyChunk(whole.group, source);
  }

  async #chunks(group: GroupPlan, column: number): Promise<(ColumnChunk | undefined)[]> {
    const chunks: (ColumnChunk | undefined)[] = [];
    for (const piece of group.pieces) {
      const source = this.#plan.sources[piece.input]![column]!;
      const { file } = this.#request.inputs[piece.input]!;
      const isAbsent = source < 0 || file.isAbsent(piece.group, source);
      chunks.push(isAbsent ? undefined : await this.#read(piece, source));
    }
    return chunks;
  }

  #read({ input, group, groupRow, from, to }: RowPiece, source: number): Promise<ColumnChunk> {
    const { file } = this.#request.inputs[input]!;
    const range = { from: groupRow, to: groupRow + to - from };
    return file.readChunk(group, source, range, this.#memory);
  }
}
