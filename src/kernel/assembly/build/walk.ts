/**
 * Walks LogGroup messages to cells (field, byte range), rows and groups. Twin: `readLogGroup` of
 * `#protocol/log-group.ts`, which also describes the message; what it refuses is refused here.
 */
import { hostClean } from './host';
import {
  fieldAt,
  fieldCount,
  FIELD_CELLS,
  FIELD_GROUP_CELLS,
  FIELD_LAST_CELL,
  FIELD_LAST_GROUP_CELL,
  fieldOf,
  fieldOfCell,
} from './fields';
import { arenaAppend, arenaReset, arenaUsed, block, clearFailure, fail, failed } from './state';
import { isUtf8 } from './utf8';

/** Cell: u32 field, start, end, and in group cells the set of the value. */
export const CELL_BYTES: usize = 16;
/** In `rowGroups`: the log has a field that its group has, too. */
export const ROW_REPLACES: u32 = 0x80000000;
/** Group: u32 first cell, number of logs, head set + 1. */
export const GROUP_BYTES: usize = 12;

export let rowCount: u32 = 0;
export let rowTimes: usize = 0;
export let rowNs: usize = 0;
/** First cell of each row; an entry more than rows. */
export let rowCells: usize = 0;
export let rowGroups: usize = 0;
export let cells: usize = 0;
export let groupCount: u32 = 0;
export let groups: usize = 0;
export let groupCells: usize = 0;
export let groupCellCount: u32 = 0;

let cellCount: u32 = 0;
let rowsMax: u32 = 0;
let cellsMax: u32 = 0;
let groupsMax: u32 = 0;
let groupCellsMax: u32 = 0;
let topicField: u32 = 0;
let sourceField: u32 = 0;

let position: usize = 0;
let keyStart: usize = 0;
let keyEnd: usize = 0;
let valueStart: usize = 0;
let valueEnd: usize = 0;

/** Records of a build are bounded by what the caller says; each adds four group cells at most. */
export function walkReserve(rawBytes: usize, recordCount: u32): void {
  // A log takes 4 bytes at least, a field of one 7; a tag 6.
  rowsMax = <u32>(rawBytes / 4 + 16);
  cellsMax = <u32>(rawBytes / 7 + 16);
  groupsMax = recordCount;
  groupCellsMax = <u32>(rawBytes / 6 + 16) + recordCount * 4;
  rowTimes = block(<usize>rowsMax * 4);
  rowNs = block(<usize>rowsMax * 4);
  rowCells = block(<usize>rowsMax * 4 + 4);
  rowGroups = block(<usize>rowsMax * 4);
  cells = block(<usize>cellsMax * CELL_BYTES);
  groups = block(<usize>(groupsMax + 1) * GROUP_BYTES);
  groupCells = block(<usize>groupCellsMax * CELL_BYTES);
}

export function walkBegin(): void {
  rowCount = 0;
  cellCount = 0;
  groupCount = 0;
  groupCellCount = 0;
  topicField = constantField('__topic__');
  sourceField = constantField('__source__');
}

function constantField(name: string): u32 {
  const at = arenaAppend(name.length);
  if (at == 0) return 0;
  for (let i = 0; i < name.length; i++) store<u8>(at + i, <u8>name.charCodeAt(i));
  return fieldOf(at, name.length);
}

/** Reads topic, source and tags of the group [start, start + length) of the arena. Call `walkLogs` next. */
export function walkMeta(start: usize, length: usize): void {
  if (groupCount == groupsMax) return fail();
  const record = groups + <usize>groupCount * GROUP_BYTES;
  groupCount++;
  store<u32>(record, groupCellCount);
  store<u32>(record, 0, 4);
  store<u32>(record, 0, 8);
  setGroupCell(topicField, start, start);
  setGroupCell(sourceField, start, start);
  const end = start + length;
  position = start;
  let topicStart: usize = 0;
  let topicEnd: usize = 0;
  let sourceStart: usize = 0;
  let sourceEnd: usize = 0;
  while (position < end && !failed) {
    const key = readKey(end);
    if (key == 0x32) {
      readPair(readEnd(end));
      if (!failed) addTag(keyStart, keyEnd, valueStart, valueEnd);
    } else if (key == 0x1a) {
      topicEnd = readEnd(end);
      topicStart = position;
      position = topicEnd;
    } else if (key == 0x22) {
      sourceEnd = readEnd(end);
      sourceStart = position;
      position = sourceEnd;
    } else skipOther(key, 6, end);
  }
  if (failed) return;
  if (topicStart != 0) setGroupValue(topicField, topicStart, topicEnd);
  if (sourceStart != 0) setGroupValue(sourceField, sourceStart, sourceEnd);
}

/** Adds a tag to the group at hand; the bytes may lie anywhere but must stay. */
export function addTag(key: usize, keyStop: usize, value: usize, valueStop: usize): void {
  const before = arenaUsed;
  const name = arenaAppend(8 + keyStop - key);
  if (name == 0) return;
  store<u64>(name, 0x3a5f5f6761745f5f); // __tag__:
  memory.copy(name + 8, key, keyStop - key);
  const known = fieldCount;
  const field = fieldOf(name, 8 + keyStop - key);
  if (failed) return;
  if (fieldCount == known && arenaUsed == name + 8 + keyStop - key) arenaReset(before);
  setGroupValue(field, value, valueStop);
}

/** Reads the logs of the group whose `walkMeta` was last. */
export function walkLogs(start: usize, length: usize): void {
  const end = start + length;
  position = start;
  while (position < end && !failed) {
    const key = readKey(end);
    if (key == 0x0a) readLog(readEnd(end));
    else skip(key, end);
  }
  if (failed) return;
  const record = groups + <usize>(groupCount - 1) * GROUP_BYTES;
  store<u32>(rowCells + <usize>rowCount * 4, cellCount);
  if (load<u32>(record, 4) == 0) return;
  for (let cell = load<u32>(record); cell < groupCellCount; cell++) {
    const field = fieldAt(load<u32>(groupCells + <usize>cell * CELL_BYTES));
    store<u32>(field, load<u32>(field, FIELD_GROUP_CELLS) + 1, FIELD_GROUP_CELLS);
  }
}

function readLog(end: usize): void {
  if (rowCount == rowsMax) return fail();
  const row = rowCount++;
  const group = groupCount - 1;
  const record = groups + <usize>group * GROUP_BYTES;
  store<u32>(record, load<u32>(record, 4) + 1, 4);
  store<u32>(rowCells + <usize>row * 4, cellCount);
  store<u32>(rowGroups + <usize>row * 4, group);
  let time: u64 = 0;
  let ns: u32 = 0;
  while (position < end && !failed) {
    const key = readKey(end);
    if (key == 0x12) {
      readPair(readEnd(end));
      if (!failed) addContent(row, load<u32>(record));
    } else if (key == 0x08) {
      time = readVarint(end);
      // Where the time is missing it is 0, which is refused as well.
    } else if (key == 0x25) {
      if (position + 4 > end) return fail();
      ns = load<u32>(position);
      position += 4;
    } else {
      const field = key >>> 3;
      if (field == 1 || field == 2 || field == 4) return fail();
      skip(key, end);
    }
  }
  if (time == 0 || time > 0xffffffff || ns >= 1000000000) fail();
  store<u32>(rowTimes + <usize>row * 4, <u32>time);
  store<u32>(rowNs + <usize>row * 4, ns);
}

/** Of a name that repeats inside a log the last value counts, at the first place. */
function addContent(row: u32, groupStart: u32): void {
  const field = fieldOfCell(keyStart, keyEnd - keyStart);
  let start = valueStart;
  let end = valueEnd;
  if (!isUtf8(start, end)) {
    start = arenaUsed;
    hostClean(valueStart, valueEnd);
    end = arenaUsed;
  }
  if (failed) return;
  const record = fieldAt(field);
  const earlier = load<u32>(record, FIELD_LAST_CELL);
  if (earlier > load<u32>(rowCells + <usize>row * 4)) {
    const cell = cells + <usize>(earlier - 1) * CELL_BYTES;
    store<u32>(cell, <u32>start, 4);
    store<u32>(cell, <u32>end, 8);
    return;
  }
  if (cellCount == cellsMax) return fail();
  const cell = cells + <usize>cellCount * CELL_BYTES;
  cellCount++;
  store<u32>(cell, field);
  store<u32>(cell, <u32>start, 4);
  store<u32>(cell, <u32>end, 8);
  store<u32>(record, cellCount, FIELD_LAST_CELL);
  store<u32>(record, load<u32>(record, FIELD_CELLS) + 1, FIELD_CELLS);
  if (load<u32>(record, FIELD_LAST_GROUP_CELL) > groupStart) {
    const at = rowGroups + <usize>row * 4;
    store<u32>(at, load<u32>(at) | ROW_REPLACES);
  }
}

function setGroupValue(field: u32, start: usize, end: usize): void {
  if (isUtf8(start, end)) return setGroupCell(field, start, end);
  const cleaned = arenaUsed;
  hostClean(start, end);
  if (!failed) setGroupCell(field, cleaned, arenaUsed);
}

function setGroupCell(field: u32, start: usize, end: usize): void {
  const record = fieldAt(field);
  const earlier = load<u32>(record, FIELD_LAST_GROUP_CELL);
  let cell: usize;
  if (earlier > load<u32>(groups + <usize>(groupCount - 1) * GROUP_BYTES)) {
    cell = groupCells + <usize>(earlier - 1) * CELL_BYTES;
  } else {
    if (groupCellCount == groupCellsMax) return fail();
    cell = groupCells + <usize>groupCellCount * CELL_BYTES;
    groupCellCount++;
    store<u32>(record, groupCellCount, FIELD_LAST_GROUP_CELL);
  }
  store<u32>(cell, field);
  store<u32>(cell, <u32>start, 4);
  store<u32>(cell, <u32>end, 8);
  store<u32>(cell, 0, 12);
}

/** Reads a key–value message up to `end`; its last key and value are in the four variables afterwards. */
function readPair(end: usize): void {
  keyStart = 0;
  valueStart = 0;
  while (position < end && !failed) {
    const key = readKey(end);
    if (key == 0x0a) {
      keyEnd = readEnd(end);
      keyStart = position;
      position = keyEnd;
    } else if (key == 0x12) {
      valueEnd = readEnd(end);
      valueStart = position;
      position = valueEnd;
    } else skipOther(key, 2, end);
  }
  if (keyStart == 0 || valueStart == 0) fail();
}

/** Of the group of the last `inspectWalk`; the times are Unix seconds. */
export let inspectedLogs: u32 = 0;
export let inspectedMinTime: u32 = 0;
export let inspectedMaxTime: u32 = 0;

/** Checks a group without keeping anything: its structure, keys, sizes and times. */
export function inspectWalk(
  start: usize,
  length: usize,
  keyBytesMax: u32,
  valueBytesMax: u32,
): bool {
  clearFailure();
  inspectedLogs = 0;
  inspectedMinTime = u32.MAX_VALUE;
  inspectedMaxTime = 0;
  const end = start + length;
  position = start;
  while (position < end && !failed) {
    const key = readKey(end);
    if (key == 0x0a) inspectLog(readEnd(end), keyBytesMax, valueBytesMax);
    else if (key == 0x32) inspectPair(readEnd(end), keyBytesMax, valueBytesMax);
    else skipOther(key, 6, end);
  }
  return !failed;
}

function inspectLog(end: usize, keyBytesMax: u32, valueBytesMax: u32): void {
  let time: u64 = 0;
  let ns: u32 = 0;
  while (position < end && !failed) {
    const key = readKey(end);
    if (key == 0x12) inspectPair(readEnd(end), keyBytesMax, valueBytesMax);
    else if (key == 0x08) time = readVarint(end);
    else if (key == 0x25) {
      if (position + 4 > end) return fail();
      ns = load<u32>(position);
      position += 4;
    } else {
      const field = key >>> 3;
      if (field == 1 || field == 2 || field == 4) return fail();
      skip(key, end);
    }
  }
  if (time == 0 || time > 0xffffffff || ns >= 1000000000) return fail();
  inspectedLogs++;
  inspectedMinTime = min<u32>(inspectedMinTime, <u32>time);
  inspectedMaxTime = max<u32>(inspectedMaxTime, <u32>time);
}

function inspectPair(end: usize, keyBytesMax: u32, valueBytesMax: u32): void {
  readPair(end);
  if (failed) return;
  const keyBytes = keyEnd - keyStart;
  if (keyBytes == 0 || keyBytes > <usize>keyBytesMax) return fail();
  if (valueEnd - valueStart > <usize>valueBytesMax || !isUtf8(keyStart, keyEnd)) fail();
}

/** Steps over a field that is not read, refusing known ones with a wrong wire type. */
function skipOther(key: u32, knownMax: u32, end: usize): void {
  if (key >>> 3 <= knownMax && (key & 7) != 2) return fail();
  skip(key, end);
}

function skip(key: u32, end: usize): void {
  const type = key & 7;
  if (type == 0) readVarint(end);
  else if (type == 2) position = readEnd(end);
  else if (type == 1 || type == 5) {
    position += type == 1 ? 8 : 4;
    if (position > end) fail();
  } else fail();
}

/** Reads a length; the position is at the start of so many bytes then, their end is returned. */
function readEnd(end: usize): usize {
  const length = readVarint(end);
  if (length > <u64>(end - position)) {
    fail();
    return end;
  }
  return position + <usize>length;
}

function readKey(end: usize): u32 {
  const key = readVarint(end);
  if (key < 8 || key > 0xffffffff) fail();
  return <u32>key;
}

function readVarint(end: usize): u64 {
  if (position < end) {
    const byte = load<u8>(position);
    if (byte < 0x80) {
      position++;
      return byte;
    }
  }
  return readLongVarint(end);
}

/** What 64 bits cannot hold comes out as their largest number, which no caller takes. */
function readLongVarint(end: usize): u64 {
  let value: u64 = 0;
  for (let count: u64 = 0; count < 10 && position < end; count++) {
    const byte: u64 = load<u8>(position++);
    if (count == 9 && byte > 1) value = u64.MAX_VALUE;
    value |= (byte & 0x7f) << (count * 7);
    if (byte < 0x80) return value;
  }
  fail();
  position = end;
  return 0;
}
