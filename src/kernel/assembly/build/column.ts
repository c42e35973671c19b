/** The values of one field in a range of rows, as a `ColumnChunk` (`#parquet/column-chunk.ts`) wants them. */
import { block, failed } from './state';
import {
  FIELD_CELLS,
  FIELD_ENTRIES,
  FIELD_GROUP_CELLS,
  FIELD_GROUP_ENTRIES,
  fieldAt,
} from './fields';
import { entries, ENTRY_BYTES, groupEntries, order } from './invert';
import { SET_KEY, SET_KEY_BYTES, SET_OUT, setAt, setOf } from './sets';
import { CELL_BYTES, cells, ROW_REPLACES, rowCells, rowCount, rowGroups } from './walk';

/** Rows of one call. */
export const COLUMN_ROWS_MAX: u32 = 1 << 17;

export let columnPresent: usize = 0;
export let columnValueCount: u32 = 0;
/** Set of each value + 1, then its entry. */
export let columnIds: usize = 0;
export let columnHasIds: bool = false;
/** The values, or the different ones. */
export let columnStarts: usize = 0;
export let columnEnds: usize = 0;
export let columnStringCount: u32 = 0;

let valueStarts: usize = 0;
let valueEnds: usize = 0;
let stringStarts: usize = 0;
let stringEnds: usize = 0;
/** Group entry + 1 by group. */
let entryOfGroup: usize = 0;
let unknown: u32 = 0;

export function columnReserve(recordCount: u32): void {
  const perRow = <usize>COLUMN_ROWS_MAX * 4;
  columnPresent = block(<usize>COLUMN_ROWS_MAX / 8);
  columnIds = block(perRow);
  valueStarts = block(perRow);
  valueEnds = block(perRow);
  stringStarts = block(perRow);
  stringEnds = block(perRow);
  entryOfGroup = block(<usize>recordCount * 4 + 4);
}

export function columnBegin(recordCount: u32): void {
  memory.fill(entryOfGroup, 0, <usize>recordCount * 4 + 4);
}

/** Rows [from, to) of a field; they are `COLUMN_ROWS_MAX` at most. */
export function readColumn(field: u32, from: u32, to: u32): void {
  const record = fieldAt(field);
  memory.fill(columnPresent, 0, (<usize>(to - from) + 7) >>> 3);
  columnValueCount = 0;
  unknown = 0;
  const first = entries + <usize>load<u32>(record, FIELD_ENTRIES) * ENTRY_BYTES;
  const count = load<u32>(record, FIELD_CELLS);
  const end = first + <usize>count * ENTRY_BYTES;
  let entry = first + <usize>lowerBound(first, count, from) * ENTRY_BYTES;
  if (load<u32>(record, FIELD_GROUP_CELLS) == 0) {
    for (; entry < end && load<u32>(entry) < to; entry += ENTRY_BYTES)
      addEntry(load<u32>(entry) - from, entry);
  } else {
    mapGroups(record, true);
    for (let row = from; row < to; row++) {
      if (entry < end && load<u32>(entry) == row) {
        addEntry(row - from, entry);
        entry += ENTRY_BYTES;
        continue;
      }
      const arrival = order == 0 ? row : load<u32>(order + <usize>row * 4);
      const group = load<u32>(rowGroups + <usize>arrival * 4) & ~ROW_REPLACES;
      const known = load<u32>(entryOfGroup + <usize>group * 4);
      if (known != 0) addEntry(row - from, groupEntries + <usize>(known - 1) * ENTRY_BYTES);
    }
    mapGroups(record, false);
  }
  columnHasIds = unknown * 8 <= columnValueCount && findUnknown(field);
  columnStarts = valueStarts;
  columnEnds = valueEnds;
  columnStringCount = columnValueCount;
  if (columnHasIds) numberValues();
}

/** The first of the entries whose row is not before `row`. */
function lowerBound(first: usize, count: u32, row: u32): u32 {
  let low: u32 = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (load<u32>(first + <usize>middle * ENTRY_BYTES) < row) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Enters the field's entries by group, or takes them out. */
function mapGroups(record: usize, enter: bool): void {
  const first = load<u32>(record, FIELD_GROUP_ENTRIES);
  const end = first + load<u32>(record, FIELD_GROUP_CELLS);
  for (let entry = first; entry < end; entry++) {
    const group = load<u32>(groupEntries + <usize>entry * ENTRY_BYTES);
    store<u32>(entryOfGroup + <usize>group * 4, enter ? entry + 1 : 0);
  }
}

function addEntry(place: u32, entry: usize): void {
  const bit = columnPresent + <usize>(place >>> 3);
  store<u8>(bit, load<u8>(bit) | <u8>((<u32>1) << (place & 7)));
  const at = <usize>columnValueCount * 4;
  columnValueCount++;
  store<u32>(valueStarts + at, load<u32>(entry, 4));
  store<u32>(valueEnds + at, load<u32>(entry, 8));
  const set = load<u32>(entry, 12);
  if (set == 0) unknown++;
  store<u32>(columnIds + at, set);
}

/** Finds a set for the values that have none; false when there is no room for more sets. */
function findUnknown(field: u32): bool {
  if (unknown == 0) return true;
  for (let value: u32 = 0; value < columnValueCount; value++) {
    const at = <usize>value * 4;
    if (load<u32>(columnIds + at) != 0) continue;
    const start = load<u32>(valueStarts + at);
    const set = setOf(field, start, load<u32>(valueEnds + at) - start);
    if (failed) return false;
    store<u32>(columnIds + at, set + 1);
  }
  return true;
}

/** Numbers the different values in order of appearance. */
function numberValues(): void {
  let count: u32 = 0;
  for (let value: u32 = 0; value < columnValueCount; value++) {
    const at = columnIds + <usize>value * 4;
    const set = setAt(load<u32>(at) - 1);
    let number = load<u32>(set, SET_OUT);
    if (number == 0) {
      const place = <usize>count * 4;
      const start = load<u32>(set, SET_KEY);
      store<u32>(stringStarts + place, start);
      store<u32>(stringEnds + place, start + load<u32>(set, SET_KEY_BYTES));
      // To take the number out of the set again.
      store<u32>(valueStarts + place, <u32>set);
      number = ++count;
      store<u32>(set, number, SET_OUT);
    }
    store<u32>(at, number - 1);
  }
  for (let string: u32 = 0; string < count; string++)
    store<u32>(load<u32>(valueStarts + <usize>string * 4), 0, SET_OUT);
  columnStarts = stringStarts;
  columnEnds = stringEnds;
  columnStringCount = count;
}

/** See `buildRowsWithin`. */
export function rowsWithin(from: u32, rowsMax: u32, bytesMax: u64): u32 {
  const last = min<u32>(rowCount, from + rowsMax);
  let bytes: u64 = 0;
  let row = from;
  for (; row < last && bytes < bytesMax; row++) {
    const arrival = order == 0 ? row : load<u32>(order + <usize>row * 4);
    const end = load<u32>(rowCells + <usize>arrival * 4, 4);
    for (let cell = load<u32>(rowCells + <usize>arrival * 4); cell < end; cell++) {
      const at = cells + <usize>cell * CELL_BYTES;
      bytes += load<u32>(at, 8) - load<u32>(at, 4);
    }
  }
  return row;
}
