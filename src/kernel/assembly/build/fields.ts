/** Gives every distinct field name a number, from its bytes. */
import { equalBytes, hashOf } from './bytes';
import { hostClean } from './host';
import { arenaUsed, block, fail, failed } from './state';
import { isUtf8 } from './utf8';

const NAME_START: usize = 0;
const NAME_BYTES: usize = 4;
const HASH: usize = 8;
/** The field after which came after this one the last time, + 1: logs of one kind repeat their names in order. */
const SUCCESSOR: usize = 12;
/** Last cell of the field + 1, to find a name that repeats inside a log; the same inside a group. */
export const FIELD_LAST_CELL: usize = 16;
export const FIELD_LAST_GROUP_CELL: usize = 20;
/** Cells of logs, and of groups that have logs. */
export const FIELD_CELLS: usize = 24;
export const FIELD_GROUP_CELLS: usize = 28;
/** First column entry (16 bytes each), and where the next goes; the same for groups. */
export const FIELD_ENTRIES: usize = 32;
export const FIELD_NEXT: usize = 36;
export const FIELD_GROUP_ENTRIES: usize = 40;
export const FIELD_GROUP_NEXT: usize = 44;
/** Plan: see `invert.ts`. */
export const FIELD_FLAGS: usize = 48;
export const FIELD_OWN: usize = 52;
export const FIELD_NUMERIC: usize = 56;
export const FIELD_JSON: usize = 60;
export const FIELD_NAME_TERMS: usize = 64;
export const FIELD_NAME_TERM_COUNT: usize = 68;
/** Sampling whether values repeat: see `invert.ts`. */
export const FIELD_TRIES: usize = 72;
export const FIELD_HITS: usize = 76;
export const FIELD_DIRECT_LEFT: usize = 80;
export const FIELD_DIRECT_SPAN: usize = 84;
/** The last row + 1 of those that replace values of their group. */
export const FIELD_SEEN: usize = 88;
const STRIDE: usize = 96;

/** Names of one build: far more than any log has, and 200 MB of addresses (not of memory). */
const FIELDS_MAX: usize = 1 << 21;
const SLOTS_FIRST: usize = 1 << 10;

export let fieldCount: u32 = 0;
let fields: usize = 0;
let fieldsMax: usize = 0;
/** Field number + 1 by hash. */
let slots: usize = 0;
let slotCount: usize = 0;
let last: u32 = 0;

export function fieldsReserve(rawBytes: usize): void {
  // A field of a log takes 7 bytes at least.
  fieldsMax = min<usize>(rawBytes / 7 + 4096, FIELDS_MAX);
  fields = block(fieldsMax * STRIDE);
  slots = block(fieldsMax * 16);
}

export function fieldsBegin(): void {
  fieldCount = 0;
  last = 0;
  slotCount = SLOTS_FIRST;
  memory.fill(slots, 0, slotCount * 4);
}

export function fieldAt(field: u32): usize {
  return fields + <usize>field * STRIDE;
}

export function fieldName(field: u32): usize {
  return load<u32>(fieldAt(field), NAME_START);
}

export function fieldNameBytes(field: u32): usize {
  return load<u32>(fieldAt(field), NAME_BYTES);
}

/** The field of a name in wire order; the bytes must stay where they are. */
export function fieldOfCell(name: usize, length: usize): u32 {
  const guess = last == 0 ? 0 : load<u32>(fieldAt(last - 1), SUCCESSOR);
  if (guess != 0) {
    const known = fieldAt(guess - 1);
    if (
      load<u32>(known, NAME_BYTES) == <u32>length &&
      equalBytes(load<u32>(known, NAME_START), name, length)
    ) {
      last = guess;
      return guess - 1;
    }
  }
  const field = fieldOf(name, length);
  if (last != 0) store<u32>(fieldAt(last - 1), field + 1, SUCCESSOR);
  last = field + 1;
  return field;
}

/** The field of a name; bytes that are not UTF-8 count as U+FFFD. A new field's name must stay where it is. */
export function fieldOf(name: usize, length: usize): u32 {
  const hash = hashOf(name, length, 0);
  const slot = slotOf(name, length, hash);
  const known = load<u32>(slot);
  if (known != 0) return known - 1;
  if (!isUtf8(name, name + length)) {
    const cleaned = arenaUsed;
    hostClean(name, name + length);
    return failed ? 0 : fieldOf(cleaned, arenaUsed - cleaned);
  }
  if (<usize>fieldCount == fieldsMax) {
    fail();
    return 0;
  }
  const field = fieldCount++;
  const record = fieldAt(field);
  memory.fill(record, 0, STRIDE);
  store<u32>(record, <u32>name, NAME_START);
  store<u32>(record, <u32>length, NAME_BYTES);
  store<u32>(record, hash, HASH);
  store<u32>(slot, field + 1);
  if (<usize>fieldCount * 2 > slotCount) growSlots();
  return field;
}

/** Address of the slot of a name, or of the free one where it belongs. */
function slotOf(name: usize, length: usize, hash: u32): usize {
  let slot = <usize>hash & (slotCount - 1);
  let entry = load<u32>(slots + slot * 4);
  while (entry != 0) {
    const record = fieldAt(entry - 1);
    if (
      load<u32>(record, HASH) == hash &&
      load<u32>(record, NAME_BYTES) == <u32>length &&
      equalBytes(load<u32>(record, NAME_START), name, length)
    )
      break;
    slot = (slot + 1) & (slotCount - 1);
    entry = load<u32>(slots + slot * 4);
  }
  return slots + slot * 4;
}

function growSlots(): void {
  if (slotCount * 2 > fieldsMax * 4) return;
  slotCount *= 2;
  memory.fill(slots, 0, slotCount * 4);
  for (let field: u32 = 0; field < fieldCount; field++) {
    let slot = <usize>load<u32>(fieldAt(field), HASH) & (slotCount - 1);
    while (load<u32>(slots + slot * 4) != 0) slot = (slot + 1) & (slotCount - 1);
    store<u32>(slots + slot * 4, field + 1);
  }
}
