/**
 * Term sets: what a repeated value, the head of a log group or a list of field names adds to the index, found by the
 * bytes that stand for it (a value, or a list of numbers).
 */
import { equalBytes, hashOf, word } from './bytes';
import { block, fail } from './state';
import { IS_SET, NUMBER_BYTES, post, postNumber, postTerm } from './terms';

/** Set: u64 first bytes of the key, u32 start of the key, its length, hash, owner, then what `SET_` names say. */
const SET_BYTES: usize = 48;
export const SET_KEY: usize = 8;
export const SET_KEY_BYTES: usize = 12;
const SET_HASH: usize = 16;
const SET_OWNER: usize = 20;
/** Address and number of its terms. */
export const SET_TERMS: usize = 24;
export const SET_TERM_COUNT: usize = 28;
/** Address and number of its numbers. */
export const SET_NUMBERS: usize = 32;
export const SET_NUMBER_COUNT: usize = 36;
export const SET_ROWS: usize = 40;
/** Its number in the result; afterwards in a column. */
export const SET_OUT: usize = 44;

/** Owners of sets that are no values of a field. */
export const OWNER_HEAD: u32 = 0xffffffff;
export const OWNER_SHAPE: u32 = 0xfffffffe;

const SLOTS_FIRST: usize = 1 << 13;

export let setCount: u32 = 0;
let setsMax: u32 = 0;
let sets: usize = 0;
/** u64 each: hash in the high half, set number + 1 in the low one. */
let slots: usize = 0;
let slotCount: usize = 0;

export function setsReserve(rawBytes: usize, recordCount: u32): void {
  setsMax = <u32>(rawBytes / 5) + recordCount * 2 + 65536;
  sets = block(<usize>setsMax * SET_BYTES);
  let most = SLOTS_FIRST;
  while (most < <usize>setsMax * 2) most *= 2;
  slots = block(most * 8);
}

export function setsBegin(): void {
  setCount = 0;
  slotCount = SLOTS_FIRST;
  memory.fill(slots, 0, slotCount * 8);
}

export function setAt(set: u32): usize {
  return sets + <usize>set * SET_BYTES;
}

/** Whether `setOf` made a new set the last time. */
export let setIsNew: bool = false;

/** The set of a key, which must stay where it is when the set is new; a new set has no terms yet. */
export function setOf(owner: u32, key: usize, length: usize): u32 {
  const prefix = word(key, length);
  const hash = hashOf(key, length, owner);
  let slot = <usize>hash & (slotCount - 1);
  for (;;) {
    const entry = load<u64>(slots + slot * 8);
    if (entry == 0) break;
    if (<u32>(entry >>> 32) == hash) {
      const known = setAt(<u32>entry - 1);
      if (
        load<u64>(known) == prefix &&
        load<u32>(known, SET_KEY_BYTES) == <u32>length &&
        load<u32>(known, SET_OWNER) == owner &&
        (length <= 8 || equalBytes(load<u32>(known, SET_KEY), key, length))
      ) {
        setIsNew = false;
        return <u32>entry - 1;
      }
    }
    slot = (slot + 1) & (slotCount - 1);
  }
  setIsNew = true;
  if (setCount == setsMax) {
    fail();
    return 0;
  }
  const set = setCount++;
  const at = setAt(set);
  store<u64>(at, prefix);
  store<u32>(at, <u32>key, SET_KEY);
  store<u32>(at, <u32>length, SET_KEY_BYTES);
  store<u32>(at, hash, SET_HASH);
  store<u32>(at, owner, SET_OWNER);
  memory.fill(at + SET_TERMS, 0, SET_BYTES - SET_TERMS);
  store<u64>(slots + slot * 8, ((<u64>hash) << 32) | <u64>(set + 1));
  if (<usize>setCount * 2 > slotCount) growSlots();
  return set;
}

function growSlots(): void {
  slotCount *= 2;
  memory.fill(slots, 0, slotCount * 8);
  for (let set: u32 = 0; set < setCount; set++) {
    const hash = load<u32>(setAt(set), SET_HASH);
    let slot = <usize>hash & (slotCount - 1);
    while (load<u64>(slots + slot * 8) != 0) slot = (slot + 1) & (slotCount - 1);
    store<u64>(slots + slot * 8, ((<u64>hash) << 32) | <u64>(set + 1));
  }
}

/** Adds the row at hand to a set. A set of one term is not worth a list of its own. */
export function postSet(set: u32): void {
  const at = setAt(set);
  const termCount = load<u32>(at, SET_TERM_COUNT);
  if (termCount == 1) postTerm(load<u32>(load<u32>(at, SET_TERMS)));
  else if (termCount > 1) {
    store<u32>(at, load<u32>(at, SET_ROWS) + 1, SET_ROWS);
    post(set | IS_SET);
  }
  let number: usize = load<u32>(at, SET_NUMBERS);
  for (let left = load<u32>(at, SET_NUMBER_COUNT); left > 0; left--) {
    postNumber(load<u32>(number), load<f64>(number, 8));
    number += NUMBER_BYTES;
  }
}
