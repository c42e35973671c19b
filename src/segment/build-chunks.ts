/** The columns of a build, a row group at a time. */
import { GrowingU32 } from '#kernel/growing-u32.ts';
import type { ColumnChunk } from '#parquet/column-chunk.ts';
import { ROW_GROUP_BYTES, ROW_GROUP_ROWS } from '#parquet/limits.ts';
import { TextTable } from '#parquet/text-table.ts';
import type { ColumnChoice } from './columns.ts';
import type { LogBuild } from './log-build.ts';
import type { RowGroupChunks } from './write-rows.ts';

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

/**
 * Row groups of the columns of the choice, with `__rest__` behind them when it has fields. Valid until the build is
 * disposed; its index must have been made.
 */
export function* buildChunks(build: LogBuild, columns: ColumnChoice): Generator<RowGroupChunks> {
  const { kernel, rowCount } = build;
  const fields = columns.columnFields.map((field) => (kernel.isUsed(field) ? field : undefined));
  const restFields = columns.restFields.filter((field) => kernel.isUsed(field));
  for (let from = 0; from < rowCount;) {
    const to = kernel.rowsWithin(from, ROW_GROUP_ROWS, ROW_GROUP_BYTES);
    const chunks = fields.map((field) =>
      field === undefined ? undefined : kernel.column(field, from, to),
    );
    if (columns.restFields.length > 0) chunks.push(restChunk(build, restFields, { from, to }));
    yield {
      times: build.times.subarray(from, to),
      timeNs: build.timeNs.subarray(from, to),
      chunks,
    };
    from = to;
  }
}

interface RowRange {
  readonly from: number;
  readonly to: number;
}

/** JSON of the fields that have no column, for the rows that have any. */
function restChunk(
  build: LogBuild,
  fields: readonly number[],
  rows: RowRange,
): ColumnChunk | undefined {
  const { kernel } = build;
  const texts = new RestTexts(rows.to - rows.from);
  for (const field of fields) {
    const name = JSON.stringify(build.names[field]);
    if (kernel.isOfGroups(field)) {
      const column = kernel.column(field, rows.from, rows.to);
      if (column !== undefined) texts.addColumn(name, column);
      continue;
    }
    kernel.forEachValue(field, rows, (row, start, end) =>
      texts.addValue(row - rows.from, `${name}:${jsonText(kernel.arena, start, end)}`),
    );
  }
  return texts.chunk();
}

function jsonText(arena: Uint8Array, start: number, end: number): string {
  return JSON.stringify(decoder.decode(arena.subarray(start, end)));
}

/**
 * The members of each row's object, as a tree whose nodes have a member and the node of those before it: rows that have all
 * from their log group share one node, so that a group of a thousand tags is made into a text once.
 */
class RestTexts {
  /** By row; 0: no member yet. */
  readonly #nodes: Uint32Array;
  readonly #parents: GrowingU32 = new GrowingU32();
  readonly #members: string[] = [''];

  constructor(rowCount: number) {
    this.#nodes = new Uint32Array(rowCount);
    this.#parents.push(0);
  }

  addValue(row: number, member: string): void {
    this.#nodes[row] = this.#newNode(this.#nodes[row]!, member);
  }

  /** A field of log groups: neighbours mostly have the same value after the same members. */
  addColumn(name: string, column: ColumnChunk): void {
    const { present, ids, strings } = column;
    const known = new Map<number, number>();
    let value = 0;
    let lastKey = -1;
    let lastNode = 0;
    for (let row = 0; row < this.#nodes.length; row++) {
      if (present !== undefined && (present[row >>> 3]! & (1 << (row & 7))) === 0) continue;
      const entry = ids === undefined ? value : ids[value]!;
      value++;
      const parent = this.#nodes[row]!;
      const key = parent * strings.starts.length + entry;
      if (key !== lastKey) {
        let node = known.get(key);
        if (node === undefined) {
          const text = jsonText(strings.arena, strings.starts[entry]!, strings.ends[entry]!);
          node = this.#newNode(parent, `${name}:${text}`);
          known.set(key, node);
        }
        lastKey = key;
        lastNode = node;
      }
      this.#nodes[row] = lastNode;
    }
  }

  /** Undefined: no row has a member. */
  chunk(): ColumnChunk | undefined {
    const rowCount = this.#nodes.length;
    const present = new Uint8Array((rowCount + 7) >>> 3);
    const table = new TextTable();
    const numbers = new Map<number, number>();
    const ids: number[] = [];
    for (const [row, node] of this.#nodes.entries()) {
      if (node === 0) continue;
      present[row >>> 3]! |= 1 << (row & 7);
      let number = numbers.get(node);
      if (number === undefined) {
        const text = encoder.encode(`{${this.#membersOf(node).join(',')}}`);
        number = table.idOf(text, 0, text.length);
        numbers.set(node, number);
      }
      ids.push(number);
    }
    if (ids.length === 0) return undefined;
    return {
      rowCount,
      present: ids.length === rowCount ? undefined : present,
      valueCount: ids.length,
      ids: Uint32Array.from(ids),
      strings: table.strings(),
    };
  }

  #newNode(parent: number, member: string): number {
    this.#parents.push(parent);
    return this.#members.push(member) - 1;
  }

  #membersOf(node: number): readonly string[] {
    const members: string[] = [];
    for (let at = node; at !== 0; at = this.#parents.get(at)) members.push(this.#members[at]!);
    return members.reverse();
  }
}
