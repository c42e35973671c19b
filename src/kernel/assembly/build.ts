/**
 * The build kernel: log groups become a term index and columns. One build at a time: `buildReserve` (when the last
 * one's blocks are too small), `buildBegin`, for each group `buildAppend`, `buildMeta`, `buildTag`, `buildLogs`, then
 * `buildPrepare`, the plans, `buildInvert`, `buildFinish`, `buildColumn`. Wrapper: `#kernel/build-kernel.ts`. What
 * answers false has failed for want of room or, before `buildPrepare`, by a malformed group; the build is over then.
 */
import { columnBegin, columnReserve, readColumn, rowsWithin } from './build/column';
import * as column from './build/column';
import {
  FIELD_CELLS,
  FIELD_ENTRIES,
  FIELD_GROUP_CELLS,
  fieldAt,
  fieldCount,
  fieldName,
  fieldNameBytes,
  fieldsBegin,
  fieldsReserve,
} from './build/fields';
import { finish, finishReserve } from './build/finish';
import * as result from './build/finish';
import {
  arrivalNumbers,
  entries,
  ENTRY_BYTES,
  fillGroupEntries,
  invertBegin,
  invertReserve,
  invertRows,
  prepareColumns,
  setLine,
  setPlan,
} from './build/invert';
import { jsonBegin, jsonReserve } from './build/json';
import { setCount, setsBegin, setsReserve } from './build/sets';
import {
  arenaAppend,
  arenaReset,
  arenaStart,
  arenaUsed,
  failed,
  hostScratch,
  stateBegin,
  stateReserve,
} from './build/state';
import {
  lists,
  listsEnd,
  log,
  logEnd,
  newList,
  numbers,
  numbersEnd,
  termArena,
  termArenaUsed,
  termCount,
  termsBegin,
  termsReserve,
} from './build/terms';
import {
  addTarget,
  beginTokenizer,
  endTokenizer,
  hostTerm,
  tokeniseBegin,
  tokeniseReserve,
} from './build/tokenise';
import {
  addTag,
  groupCellCount,
  rowCells,
  rowCount,
  rowNs,
  rowTimes,
  walkBegin,
  walkLogs,
  walkMeta,
  walkReserve,
} from './build/walk';
import { lz4Decode } from './lz4';
import { beginMeasure, endMeasure } from './memory';

/** Takes the blocks of builds of so many raw bytes and records; false when memory cannot grow so far. */
export function buildReserve(rawBytes: usize, recordCount: u32): bool {
  beginMeasure();
  takeBlocks(rawBytes, recordCount);
  if (!endMeasure() || failed) return false;
  takeBlocks(rawBytes, recordCount);
  return !failed;
}

function takeBlocks(rawBytes: usize, recordCount: u32): void {
  stateReserve(rawBytes);
  fieldsReserve(rawBytes);
  walkReserve(rawBytes, recordCount);
  termsReserve(rawBytes);
  setsReserve(rawBytes, recordCount);
  tokeniseReserve();
  jsonReserve();
  invertReserve(rawBytes, recordCount);
  finishReserve(rawBytes, recordCount);
  columnReserve(recordCount);
}

export function buildBegin(recordCount: u32): void {
  stateBegin();
  fieldsBegin();
  termsBegin();
  setsBegin();
  tokeniseBegin();
  jsonBegin();
  invertBegin();
  columnBegin(recordCount);
  walkBegin();
}

/** Room for so many bytes in the arena, 0 when it is full. */
export function buildAppend(bytes: usize): usize {
  return arenaAppend(bytes);
}

/** Decodes the LZ4 block [block, block + blockBytes), which lies behind the room for it; false when it is no such block. */
export function buildDecode(block: usize, blockBytes: usize, raw: usize, rawBytes: usize): bool {
  const isWhole = lz4Decode(block, blockBytes, raw, rawBytes);
  arenaReset(isWhole ? raw + rawBytes : raw);
  return isWhole;
}

/** Topic, source and tags of the group [start, start + length) of the arena. */
export function buildMeta(start: usize, length: usize): bool {
  walkMeta(start, length);
  return !failed;
}

/** One more tag of the group; the bytes lie in the arena. */
export function buildTag(key: usize, keyEnd: usize, value: usize, valueEnd: usize): bool {
  addTag(key, keyEnd, value, valueEnd);
  return !failed;
}

export function buildLogs(start: usize, length: usize): bool {
  walkLogs(start, length);
  return !failed;
}

export function buildPrepare(): void {
  prepareColumns();
}

export function buildRowCount(): u32 {
  return rowCount;
}

export function buildRowTimes(): usize {
  return rowTimes;
}

export function buildRowNs(): usize {
  return rowNs;
}

export function buildFieldCount(): u32 {
  return fieldCount;
}

export function buildFieldName(field: u32): usize {
  return fieldName(field);
}

export function buildFieldNameBytes(field: u32): usize {
  return fieldNameBytes(field);
}

/** Whether any row has the field. */
export function buildFieldUsed(field: u32): bool {
  const record = fieldAt(field);
  return (load<u32>(record, FIELD_CELLS) | load<u32>(record, FIELD_GROUP_CELLS)) != 0;
}

export function buildTokenizerBegin(): usize {
  return beginTokenizer();
}

export function buildTokenizerEnd(flags: u32): u32 {
  return endTokenizer(flags);
}

export function buildNewList(): u32 {
  return newList();
}

export function buildTarget(field: u32, tokenizer: u32, present: u32, empty: u32): i32 {
  return addTarget(field, tokenizer, present, empty);
}

export function buildLine(target: u32): void {
  setLine(target);
}

export function buildPlan(field: u32, flags: u32, own: u32, numeric: u32, json: u32): void {
  setPlan(field, flags, own, numeric, json);
}

/** Where the host puts the arrival number of each row for `buildInvert`. */
export function buildArrivals(): usize {
  return arrivalNumbers;
}

/** Inverts all rows, which are in order of arrival unless `reordered`. */
export function buildInvert(reordered: bool): bool {
  invertRows(reordered);
  if (!failed) fillGroupEntries();
  return !failed;
}

/** Where the host puts a term for `buildHostTerm`. */
export function buildHostScratch(): usize {
  return hostScratch;
}

export function buildHostTerm(length: usize): void {
  hostTerm(hostScratch, length);
}

export function buildFinish(fieldCount: u32): bool {
  finish(fieldCount);
  return !failed;
}

/** Addresses and counts of the result, by number. */
export function buildResult(part: u32): usize {
  switch (part) {
    case 0:
      return termCount;
    case 1:
      return termArena;
    case 2:
      return result.outOffsets;
    case 3:
      return result.outFields;
    case 4:
      return result.outOrder;
    case 5:
      return result.outSorted;
    case 6:
      return result.outRowStarts;
    case 7:
      return result.outRows;
    case 8:
      return result.outSetStarts;
    case 9:
      return result.outSets;
    case 10:
      return result.outSetCount;
    case 11:
      return result.outSetRowStarts;
    case 12:
      return result.outSetRows;
    case 13:
      return numbers;
    default:
      return numbersEnd;
  }
}

export function buildColumn(field: u32, from: u32, to: u32): void {
  readColumn(field, from, to);
}

/** Addresses and counts of the last column, by number. */
export function buildColumnPart(part: u32): usize {
  switch (part) {
    case 0:
      return column.columnPresent;
    case 1:
      return column.columnValueCount;
    case 2:
      return column.columnHasIds ? column.columnIds : 0;
    case 3:
      return column.columnStringCount;
    case 4:
      return column.columnStarts;
    default:
      return column.columnEnds;
  }
}

/** Column entries of the field's values in logs: u32 row, start, end, and one that means nothing. */
export function buildEntries(field: u32): usize {
  return entries + <usize>load<u32>(fieldAt(field), FIELD_ENTRIES) * ENTRY_BYTES;
}

export function buildEntryCount(field: u32): u32 {
  return load<u32>(fieldAt(field), FIELD_CELLS);
}

/** Groups with logs that have the field. */
export function buildGroupEntryCount(field: u32): u32 {
  return load<u32>(fieldAt(field), FIELD_GROUP_CELLS);
}

/** Bytes that the build wrote to, by and large: pages that stay in memory. */
export function buildUsedBytes(): f64 {
  const cellCount = load<u32>(rowCells + <usize>rowCount * 4);
  let used = <f64>(arenaUsed - arenaStart) + <f64>termArenaUsed;
  // Each log entry has a place in the result as well, each term a hash slot, a mark and seven list entries.
  used += <f64>(logEnd - log + (listsEnd - lists)) * 2 + <f64>(numbersEnd - numbers);
  used += <f64>termCount * 112 + <f64>setCount * 64 + <f64>fieldCount * 112;
  return used + <f64>rowCount * 28 + <f64>(cellCount + groupCellCount) * 32;
}

/** Where a piece of rows ends that starts at `from`: after so many rows, or so many bytes of values of logs. */
export function buildRowsWithin(from: u32, rowsMax: u32, bytesMax: f64): u32 {
  return rowsWithin(from, rowsMax, <u64>bytesMax);
}
