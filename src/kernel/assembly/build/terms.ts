/**
 * The terms of a build in an open-addressing hash table, and the *log*: for each row the terms and the term sets that
 * it has. Terms go to a sink: the row at hand, or the term set that is being collected.
 */
import { equalBytes, hashOf, word } from './bytes';
import { block, fail } from './state';

/** Term: u64 first bytes, u32 offset in the term arena, length, index field, hash, last row + 1, number of own rows. */
export const TERM_BYTES: usize = 32;
export const TERM_OFFSET: usize = 8;
export const TERM_LENGTH: usize = 12;
export const TERM_FIELD: usize = 16;
const TERM_HASH: usize = 20;
const TERM_LAST_ROW: usize = 24;
export const TERM_ROWS: usize = 28;

export const NO_FIELD: u32 = 0xffffffff;
/** In the log: the number of a term set, not of a term. */
export const IS_SET: u32 = 0x80000000;

const SLOTS_FIRST: usize = 1 << 16;

export let terms: usize = 0;
export let termCount: u32 = 0;
export let termsMax: u32 = 0;
export let termArena: usize = 0;
export let termArenaUsed: u32 = 0;
let termArenaMax: u32 = 0;
/** u64 each: hash in the high half, term number + 1 in the low one. Free after the last row: see `finish.ts`. */
export let termSlots: usize = 0;
let slotCount: usize = 0;
/** u32 a term: the last stamp that marked it. */
let marks: usize = 0;
let stamp: u32 = 0;

/** The log: u32 each. */
export let log: usize = 0;
export let logEnd: usize = 0;
let logLimit: usize = 0;

/** Lists of term numbers, of sets and names. */
export let lists: usize = 0;
export let listsEnd: usize = 0;
let listsLimit: usize = 0;

/** Numbers of rows: u32 column, u32 row, f64 value; those of sets have no row. */
export let numbers: usize = 0;
export let numbersEnd: usize = 0;
let numbersLimit: usize = 0;
export let setNumbers: usize = 0;
export let setNumbersEnd: usize = 0;
let setNumbersLimit: usize = 0;
export const NUMBER_BYTES: usize = 16;

let collecting: bool = false;
/** Row at hand + 1. */
let row: u32 = 0;

export function termsReserve(rawBytes: usize): void {
  // Three bytes a term: shorter ones are few, since they differ.
  termsMax = <u32>(rawBytes / 3 + 300000);
  terms = block(<usize>termsMax * TERM_BYTES);
  marks = block(<usize>termsMax * 4);
  termCount = 0;
  let most = SLOTS_FIRST;
  while (most < <usize>termsMax * 2) most *= 2;
  termSlots = block(most * 8);
  termArenaMax = <u32>(rawBytes + rawBytes / 2 + 8 * 1024 * 1024);
  termArena = block(termArenaMax);
  const logBytes = rawBytes * 4 + 1024 * 1024;
  log = block(logBytes);
  logLimit = log + logBytes;
  const listBytes = rawBytes * 2 + 4 * 1024 * 1024;
  lists = block(listBytes);
  listsLimit = lists + listBytes;
  const numberBytes = (rawBytes / 5) * NUMBER_BYTES + 65536;
  numbers = block(numberBytes);
  numbersLimit = numbers + numberBytes;
  setNumbers = block(numberBytes);
  setNumbersLimit = setNumbers + numberBytes;
}

export function termsBegin(): void {
  // Builds of one thread are much alike: the table begins as large as the last one had to be.
  slotCount = SLOTS_FIRST;
  while (slotCount < <usize>termCount * 2) slotCount *= 2;
  termCount = 0;
  termArenaUsed = 0;
  memory.fill(termSlots, 0, slotCount * 8);
  stamp = 0;
  logEnd = log;
  listsEnd = lists;
  numbersEnd = numbers;
  setNumbersEnd = setNumbers;
  collecting = false;
  row = 0;
}

export function termAt(term: u32): usize {
  return terms + <usize>term * TERM_BYTES;
}

/** A list of rows that belongs to no term. */
export function newList(): u32 {
  return newTerm(NO_FIELD, 0, 0, 0);
}

function newTerm(field: u32, length: u32, hash: u32, prefix: u64): u32 {
  if (termCount == termsMax || length > termArenaMax - termArenaUsed) {
    fail();
    return 0;
  }
  const term = termCount++;
  const at = termAt(term);
  store<u64>(at, prefix);
  store<u32>(at, termArenaUsed, TERM_OFFSET);
  store<u32>(at, length, TERM_LENGTH);
  store<u32>(at, field, TERM_FIELD);
  store<u32>(at, hash, TERM_HASH);
  store<u64>(at, 0, TERM_LAST_ROW);
  store<u32>(marks + <usize>term * 4, 0);
  return term;
}

/** The number of a term of an index field; a new one when it was not there. */
export function termOf(field: u32, at: usize, length: usize): u32 {
  const prefix = word(at, length);
  const hash = hashOf(at, length, field);
  let slot = <usize>hash & (slotCount - 1);
  for (;;) {
    const entry = load<u64>(termSlots + slot * 8);
    if (entry == 0) break;
    if (<u32>(entry >>> 32) == hash) {
      const known = termAt(<u32>entry - 1);
      if (
        load<u64>(known) == prefix &&
        load<u32>(known, TERM_LENGTH) == <u32>length &&
        load<u32>(known, TERM_FIELD) == field &&
        (length <= 8 ||
          equalBytes(termArena + load<u32>(known, TERM_OFFSET) + 8, at + 8, length - 8))
      )
        return <u32>entry - 1;
    }
    slot = (slot + 1) & (slotCount - 1);
  }
  const term = newTerm(field, <u32>length, hash, prefix);
  const copy = termArena + termArenaUsed;
  if (length <= 16) {
    store<u64>(copy, load<u64>(at));
    store<u64>(copy + 8, load<u64>(at + 8));
  } else memory.copy(copy, at, length);
  termArenaUsed += <u32>length;
  store<u64>(termSlots + slot * 8, ((<u64>hash) << 32) | <u64>(term + 1));
  if (<usize>termCount * 2 > slotCount) growSlots();
  return term;
}

function growSlots(): void {
  slotCount *= 2;
  memory.fill(termSlots, 0, slotCount * 8);
  for (let term: u32 = 0; term < termCount; term++) {
    const at = termAt(term);
    if (load<u32>(at, TERM_FIELD) == NO_FIELD) continue;
    const hash = load<u32>(at, TERM_HASH);
    let slot = <usize>hash & (slotCount - 1);
    while (load<u64>(termSlots + slot * 8) != 0) slot = (slot + 1) & (slotCount - 1);
    store<u64>(termSlots + slot * 8, ((<u64>hash) << 32) | <u64>(term + 1));
  }
}

/** The row that terms, sets and numbers belong to from now on. */
export function beginRow(next: u32): void {
  row = next + 1;
}

/** From now on terms and numbers are collected; a list without repetitions grows at `listsEnd`. */
export function beginList(): usize {
  collecting = true;
  stamp++;
  return listsEnd;
}

/** Ends the list that began at `start`; returns how many terms it has. */
export function endList(start: usize): u32 {
  collecting = false;
  return <u32>((listsEnd - start) >>> 2);
}

/** Marks a term; false when it had the mark of this list (`beginMarks`) before. */
export function mark(term: u32): bool {
  const at = marks + <usize>term * 4;
  if (load<u32>(at) == stamp) return false;
  store<u32>(at, stamp);
  return true;
}

export function beginMarks(): void {
  stamp++;
}

export function emitTerm(term: u32): void {
  if (collecting) {
    if (!mark(term)) return;
    if (listsEnd == listsLimit) return fail();
    store<u32>(listsEnd, term);
    listsEnd += 4;
  } else postTerm(term);
}

/** Adds the row to a term's own rows; a second time changes nothing. */
export function postTerm(term: u32): void {
  const at = termAt(term);
  if (load<u32>(at, TERM_LAST_ROW) == row) return;
  store<u32>(at, row, TERM_LAST_ROW);
  store<u32>(at, load<u32>(at, TERM_ROWS) + 1, TERM_ROWS);
  post(term);
}

export function post(entry: u32): void {
  if (logEnd == logLimit) return fail();
  store<u32>(logEnd, entry);
  logEnd += 4;
}

export function emitNumber(column: u32, value: f64): void {
  if (collecting) {
    if (setNumbersEnd == setNumbersLimit) return fail();
    store<u32>(setNumbersEnd, column);
    store<f64>(setNumbersEnd, value, 8);
    setNumbersEnd += NUMBER_BYTES;
  } else postNumber(column, value);
}

export function postNumber(column: u32, value: f64): void {
  if (numbersEnd + NUMBER_BYTES > numbersLimit) return fail();
  store<u32>(numbersEnd, column);
  store<u32>(numbersEnd, row - 1, 4);
  store<f64>(numbersEnd, value, 8);
  numbersEnd += NUMBER_BYTES;
}
