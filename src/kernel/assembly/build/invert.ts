/**
 * Goes over the rows in their final order and writes the log of terms and term sets, and the entries of the columns.
 * Twin: `#segment/index-builder.twin.ts`.
 *
 * A field's values go one of two ways. In *value mode* a value is looked up among the field's earlier ones; a new one
 * is tokenised into a term set. In *direct mode* it is tokenised into the row. Fields are sampled: where fewer than a
 * third of a window's values are known already, the next ones go the direct way, for twice as long each time.
 */
import { block, fail, failed } from './state';
import {
  fieldAt,
  fieldCount,
  FIELD_CELLS,
  FIELD_DIRECT_LEFT,
  FIELD_DIRECT_SPAN,
  FIELD_ENTRIES,
  FIELD_FLAGS,
  FIELD_GROUP_CELLS,
  FIELD_GROUP_ENTRIES,
  FIELD_GROUP_NEXT,
  FIELD_HITS,
  FIELD_JSON,
  FIELD_NAME_TERM_COUNT,
  FIELD_NAME_TERMS,
  FIELD_NEXT,
  FIELD_NUMERIC,
  FIELD_OWN,
  FIELD_SEEN,
  FIELD_TRIES,
  fieldName,
  fieldNameBytes,
} from './fields';
import { addLeaves } from './json';
import { parseNumber } from './numbers';
import {
  OWNER_HEAD,
  OWNER_SHAPE,
  postSet,
  SET_KEY,
  SET_KEY_BYTES,
  SET_NUMBER_COUNT,
  SET_NUMBERS,
  SET_TERM_COUNT,
  SET_TERMS,
  setAt,
  setIsNew,
  setOf,
} from './sets';
import {
  beginList,
  beginRow,
  emitNumber,
  emitTerm,
  endList,
  log,
  logEnd,
  NUMBER_BYTES,
  setNumbersEnd,
} from './terms';
import { searchableEnd, targetAt, TARGET_EMPTY, TARGET_PRESENT, tokenise } from './tokenise';
import { equalBytes } from './bytes';
import {
  CELL_BYTES,
  cells,
  GROUP_BYTES,
  groupCellCount,
  groupCells,
  groupCount,
  groups,
  ROW_REPLACES,
  rowCells,
  rowCount,
  rowGroups,
} from './walk';

/** Plan of a field: its name goes to the full text; its value does. */
const FLAG_LINE: u32 = 1;
const FLAG_LINE_VALUE: u32 = 2;

/** Longer values seldom repeat. */
const REPEATED_BYTES_MAX: usize = 256;
const WINDOW: u32 = 512;
const DIRECT_FIRST: u32 = 4096;
const DIRECT_MAX: u32 = 65536;

/** Column entry: u32 row (or group), start, end, set + 1 (0 in direct mode). */
export const ENTRY_BYTES: usize = 16;
export let entries: usize = 0;
export let groupEntries: usize = 0;
/** Offset in the log, by row; an entry more than rows. */
export let rowLog: usize = 0;
/** Arrival numbers by row, 0 when the two are equal. */
export let order: usize = 0;
/** Room for them. */
export let arrivalNumbers: usize = 0;
/** Keys of heads and shapes. */
let keys: usize = 0;
let keysEnd: usize = 0;
let keysLimit: usize = 0;
/** The target of the full text + 1. */
let line: u32 = 0;
/** The shape of the last row + 1. */
let lastShape: u32 = 0;

export function invertReserve(rawBytes: usize, recordCount: u32): void {
  entries = block((rawBytes / 7 + 16) * ENTRY_BYTES);
  groupEntries = block((rawBytes / 6 + 16 + recordCount * 4) * ENTRY_BYTES);
  rowLog = block(rawBytes + 128);
  arrivalNumbers = block(rawBytes + 128);
  const keyBytes = rawBytes + recordCount * 16 + 1024 * 1024;
  keys = block(keyBytes);
  keysLimit = keys + keyBytes;
}

export function invertBegin(): void {
  keysEnd = keys;
  line = 0;
  lastShape = 0;
  order = 0;
}

/** After the walk: places for the entries of each field. */
export function prepareColumns(): void {
  let used: u32 = 0;
  let groupUsed: u32 = 0;
  for (let field: u32 = 0; field < fieldCount; field++) {
    const record = fieldAt(field);
    store<u32>(record, used, FIELD_ENTRIES);
    store<u32>(record, used, FIELD_NEXT);
    used += load<u32>(record, FIELD_CELLS);
    store<u32>(record, groupUsed, FIELD_GROUP_ENTRIES);
    store<u32>(record, groupUsed, FIELD_GROUP_NEXT);
    groupUsed += load<u32>(record, FIELD_GROUP_CELLS);
  }
}

export function setLine(target: u32): void {
  line = target + 1;
}

/**
 * `own`: target + 1 of the field's own terms, or of the presence of a JSON field; `numeric`: column × 4 + kind;
 * `json`: number + 1. All 0 when there is none.
 */
export function setPlan(field: u32, flags: u32, own: u32, numeric: u32, json: u32): void {
  const record = fieldAt(field);
  store<u32>(record, flags, FIELD_FLAGS);
  store<u32>(record, own, FIELD_OWN);
  store<u32>(record, numeric, FIELD_NUMERIC);
  store<u32>(record, json, FIELD_JSON);
  if (!(flags & FLAG_LINE) || line == 0) return;
  const start = beginList();
  const name = fieldName(field);
  tokenise(line - 1, name, name + fieldNameBytes(field));
  store<u32>(record, <u32>start, FIELD_NAME_TERMS);
  store<u32>(record, endList(start), FIELD_NAME_TERM_COUNT);
}

/** All rows; when they are reordered, `arrivalNumbers` says from where. */
export function invertRows(reordered: bool): void {
  const arrivals = reordered ? arrivalNumbers : 0;
  order = arrivals;
  for (let row: u32 = 0; row < rowCount; row++) {
    const arrival = arrivals == 0 ? row : load<u32>(arrivals + <usize>row * 4);
    store<u32>(rowLog + <usize>row * 4, <u32>((logEnd - log) >>> 2));
    beginRow(row);
    invertRow(row, arrival);
    if (failed) return;
  }
  store<u32>(rowLog + <usize>rowCount * 4, <u32>((logEnd - log) >>> 2));
}

function invertRow(row: u32, arrival: u32): void {
  const first = cells + <usize>load<u32>(rowCells + <usize>arrival * 4) * CELL_BYTES;
  const last = cells + <usize>load<u32>(rowCells + <usize>arrival * 4, 4) * CELL_BYTES;
  const shapeBytes = ((last - first) / CELL_BYTES) * 4;
  if (shapeBytes > keysLimit - keysEnd) return fail();
  let key = keysEnd;
  for (let cell = first; cell < last; cell += CELL_BYTES) {
    const field = load<u32>(cell);
    store<u32>(key, field);
    key += 4;
    const record = fieldAt(field);
    const start: usize = load<u32>(cell, 4);
    const end: usize = load<u32>(cell, 8);
    const set = addOwnValue(field, record, start, end);
    const entry = load<u32>(record, FIELD_NEXT);
    store<u32>(record, entry + 1, FIELD_NEXT);
    const at = entries + <usize>entry * ENTRY_BYTES;
    store<u32>(at, row);
    store<u32>(at, <u32>start, 4);
    store<u32>(at, <u32>end, 8);
    store<u32>(at, set, 12);
  }
  postSet(shapeOf(shapeBytes));
  const group = load<u32>(rowGroups + <usize>arrival * 4);
  if (!(group & ROW_REPLACES)) return postSet(headOf(group));
  for (let cell = first; cell < last; cell += CELL_BYTES)
    store<u32>(fieldAt(load<u32>(cell)), row + 1, FIELD_SEEN);
  postSet(headWithout(group & ~ROW_REPLACES, row + 1));
}

/** Adds a log's value to the row; returns its set + 1, or 0. */
function addOwnValue(field: u32, record: usize, start: usize, end: usize): u32 {
  const directLeft = load<u32>(record, FIELD_DIRECT_LEFT);
  if (end - start > REPEATED_BYTES_MAX || directLeft != 0) {
    if (directLeft != 0) store<u32>(record, directLeft - 1, FIELD_DIRECT_LEFT);
    addValue(record, start, end);
    return 0;
  }
  const set = valueSet(field, record, start, end);
  sample(record, !valueIsNew);
  postSet(set);
  return set + 1;
}

function sample(record: usize, isHit: bool): void {
  const hits = load<u32>(record, FIELD_HITS) + <u32>isHit;
  const tries = load<u32>(record, FIELD_TRIES) + 1;
  if (tries < WINDOW) {
    store<u32>(record, hits, FIELD_HITS);
    store<u32>(record, tries, FIELD_TRIES);
    return;
  }
  store<u32>(record, 0, FIELD_HITS);
  store<u32>(record, 0, FIELD_TRIES);
  if (hits * 3 >= tries) return;
  const span = max<u32>(load<u32>(record, FIELD_DIRECT_SPAN), DIRECT_FIRST);
  store<u32>(record, span, FIELD_DIRECT_LEFT);
  store<u32>(record, min<u32>(span * 2, DIRECT_MAX), FIELD_DIRECT_SPAN);
}

let valueIsNew: bool = false;

/** The set of a field's value. */
function valueSet(field: u32, record: usize, start: usize, end: usize): u32 {
  const set = setOf(field, start, end - start);
  valueIsNew = setIsNew;
  if (!valueIsNew || failed) return set;
  const listed = beginList();
  const numbered = setNumbersEnd;
  addValue(record, start, end);
  endSet(set, listed, numbered);
  return set;
}

function endSet(set: u32, listed: usize, numbered: usize): void {
  const at = setAt(set);
  store<u32>(at, <u32>listed, SET_TERMS);
  store<u32>(at, endList(listed), SET_TERM_COUNT);
  store<u32>(at, <u32>numbered, SET_NUMBERS);
  store<u32>(at, <u32>((setNumbersEnd - numbered) / NUMBER_BYTES), SET_NUMBER_COUNT);
}

/** Gives everything that a value adds to the index, but for the presence of its field, to the sink. */
function addValue(record: usize, start: usize, end: usize): void {
  const own = load<u32>(record, FIELD_OWN);
  const json = load<u32>(record, FIELD_JSON);
  const inLine = line != 0 && (load<u32>(record, FIELD_FLAGS) & FLAG_LINE_VALUE) != 0;
  if (start == end) {
    if (own != 0) emitTerm(load<u32>(targetAt(own - 1), TARGET_EMPTY));
    if (inLine) emitTerm(load<u32>(targetAt(line - 1), TARGET_EMPTY));
    return;
  }
  if (own != 0 && json == 0) tokenise(own - 1, start, end);
  if (inLine) tokenise(line - 1, start, end);
  const numeric = load<u32>(record, FIELD_NUMERIC);
  if (numeric != 0) {
    const number = parseNumber(numeric & 3, start, end);
    if (!isNaN(number)) emitNumber(numeric >>> 2, number);
  }
  // What is beyond the searchable size is cut off, which leaves no valid JSON.
  if (json != 0 && searchableEnd(start, end) == end) addLeaves(json - 1, start, end);
}

/** Gives what a field that is there adds, whatever its value, to the sink. */
function addPresence(record: usize): void {
  const flags = load<u32>(record, FIELD_FLAGS);
  const own = load<u32>(record, FIELD_OWN);
  if (own != 0) emitTerm(load<u32>(targetAt(own - 1), TARGET_PRESENT));
  if (line == 0 || !(flags & FLAG_LINE)) return;
  if (flags & FLAG_LINE_VALUE) emitTerm(load<u32>(targetAt(line - 1), TARGET_PRESENT));
  let term: usize = load<u32>(record, FIELD_NAME_TERMS);
  for (let left = load<u32>(record, FIELD_NAME_TERM_COUNT); left > 0; left--) {
    emitTerm(load<u32>(term));
    term += 4;
  }
}

/** The set of the field list of so many bytes at `keysEnd`. */
function shapeOf(bytes: usize): u32 {
  if (lastShape != 0) {
    const known = setAt(lastShape - 1);
    if (
      load<u32>(known, SET_KEY_BYTES) == <u32>bytes &&
      equalBytes(load<u32>(known, SET_KEY), keysEnd, bytes)
    )
      return lastShape - 1;
  }
  const set = setOf(OWNER_SHAPE, keysEnd, bytes);
  if (failed) return 0;
  lastShape = set + 1;
  if (!setIsNew) return set;
  const key = keysEnd;
  keysEnd += bytes;
  const listed = beginList();
  for (let at = key; at < keysEnd; at += 4) addPresence(fieldAt(load<u32>(at)));
  endSet(set, listed, setNumbersEnd);
  return set;
}

/** The head of a group. */
function headOf(group: u32): u32 {
  const record = groups + <usize>group * GROUP_BYTES;
  const known = load<u32>(record, 8);
  if (known != 0) return known - 1;
  const head = headWithout(group, 0);
  store<u32>(record, head + 1, 8);
  return head;
}

/** The head of a group without the fields that were last seen as `seen` (0: with all). */
function headWithout(group: u32, seen: u32): u32 {
  const record = groups + <usize>group * GROUP_BYTES;
  const last = group + 1 < groupCount ? load<u32>(record, GROUP_BYTES) : groupCellCount;
  const first = load<u32>(record);
  const bytes = <usize>(last - first) * 8;
  if (bytes > keysLimit - keysEnd) {
    fail();
    return 0;
  }
  let key = keysEnd;
  for (let number = first; number < last; number++) {
    const cell = groupCells + <usize>number * CELL_BYTES;
    const field = load<u32>(cell);
    const owner = fieldAt(field);
    if (seen != 0 && load<u32>(owner, FIELD_SEEN) == seen) continue;
    if (load<u32>(cell, 12) == 0)
      store<u32>(cell, valueSet(field, owner, load<u32>(cell, 4), load<u32>(cell, 8)) + 1, 12);
    store<u32>(key, field);
    store<u32>(key, load<u32>(cell, 12) - 1, 4);
    key += 8;
  }
  return headSet(key);
}

/** The set of the list of fields and value sets from `keysEnd` to `end`. */
function headSet(end: usize): u32 {
  const set = setOf(OWNER_HEAD, keysEnd, end - keysEnd);
  if (failed || !setIsNew) return set;
  const key = keysEnd;
  keysEnd = end;
  const listed = beginList();
  const numbered = setNumbersEnd;
  for (let at = key; at < end; at += 8) {
    addPresence(fieldAt(load<u32>(at)));
    const value = setAt(load<u32>(at, 4));
    let term: usize = load<u32>(value, SET_TERMS);
    for (let left = load<u32>(value, SET_TERM_COUNT); left > 0; left--) {
      emitTerm(load<u32>(term));
      term += 4;
    }
    let number: usize = load<u32>(value, SET_NUMBERS);
    for (let left = load<u32>(value, SET_NUMBER_COUNT); left > 0; left--) {
      emitNumber(load<u32>(number), load<f64>(number, 8));
      number += NUMBER_BYTES;
    }
  }
  endSet(set, listed, numbered);
  return set;
}

/** After the last row: the entries of the groups' fields, in order of the groups. */
export function fillGroupEntries(): void {
  for (let group: u32 = 0; group < groupCount; group++) {
    const record = groups + <usize>group * GROUP_BYTES;
    if (load<u32>(record, 4) == 0) continue;
    const last = group + 1 < groupCount ? load<u32>(record, GROUP_BYTES) : groupCellCount;
    for (let number = load<u32>(record); number < last; number++) {
      const cell = groupCells + <usize>number * CELL_BYTES;
      const field = fieldAt(load<u32>(cell));
      const entry = load<u32>(field, FIELD_GROUP_NEXT);
      store<u32>(field, entry + 1, FIELD_GROUP_NEXT);
      const at = groupEntries + <usize>entry * ENTRY_BYTES;
      store<u32>(at, group);
      store<u32>(at, load<u32>(cell, 4), 4);
      store<u32>(at, load<u32>(cell, 8), 8);
      store<u32>(at, load<u32>(cell, 12), 12);
    }
  }
}
