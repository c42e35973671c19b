/** Turns the log of terms and term sets into the lists of a `TermIndex` (`#kernel/term-index.ts`). */
import { block, fail, failed } from './state';
import { rowLog } from './invert';
import { SET_OUT, SET_ROWS, SET_TERM_COUNT, SET_TERMS, setAt, setCount } from './sets';
import { sortReserve, sortTerms } from './sort';
import {
  beginMarks,
  IS_SET,
  log,
  mark,
  TERM_FIELD,
  TERM_OFFSET,
  TERM_ROWS,
  termArenaUsed,
  termAt,
  termCount,
  termsMax,
} from './terms';
import { rowCount } from './walk';

/** Terms of sets that have a single row go to the row: u32 row, term. */
const EXTRA_BYTES: usize = 8;

export let outOffsets: usize = 0;
export let outFields: usize = 0;
export let outOrder: usize = 0;
export let outSorted: u32 = 0;
export let outRowStarts: usize = 0;
export let outRows: usize = 0;
export let outSetStarts: usize = 0;
export let outSets: usize = 0;
export let outSetCount: u32 = 0;
export let outSetRowStarts: usize = 0;
export let outSetRows: usize = 0;
/** Where the next row of each term, or of each set, goes. */
let next: usize = 0;
let extras: usize = 0;
let extrasEnd: usize = 0;
let extrasLimit: usize = 0;
let outRowsMax: usize = 0;
let outSetRowsMax: usize = 0;
let outSetsMax: usize = 0;
let countsMax: u32 = 0;
let counts: usize = 0;

export function finishReserve(rawBytes: usize, recordCount: u32): void {
  const perTerm = <usize>termsMax * 4 + 4;
  outOffsets = block(perTerm);
  outFields = block(perTerm);
  outOrder = block(perTerm);
  outRowStarts = block(perTerm);
  outSetStarts = block(perTerm);
  // Numbers of sets are fewer than those of terms can be.
  next = block(perTerm);
  outSetRowStarts = block(perTerm + <usize>recordCount * 8);
  outRowsMax = rawBytes + 1024 * 1024;
  outRows = block(outRowsMax * 4);
  outSetRowsMax = rawBytes + 1024 * 1024;
  outSetRows = block(outSetRowsMax * 4);
  outSetsMax = rawBytes / 2 + 1024 * 1024;
  outSets = block(outSetsMax * 4);
  const extraBytes = rawBytes * 4 + 1024 * 1024;
  extras = block(extraBytes);
  extrasLimit = extras + extraBytes;
  countsMax = 1 << 20;
  counts = block(<usize>countsMax * 4 + 4);
  sortReserve();
}

export function finish(fieldCount: u32): void {
  numberSets();
  dissolveSingles();
  if (failed) return;
  placeRows();
  if (failed) return;
  fillRows();
  fillSets();
  if (failed) return;
  if (fieldCount > countsMax) return fail();
  memory.fill(counts, 0, <usize>fieldCount * 4 + 4);
  outSorted = sortTerms(outOrder, counts, fieldCount);
  for (let set: u32 = 0; set < setCount; set++) store<u32>(setAt(set), 0, SET_OUT);
}

/** Sets of two rows or more have a number in the result. */
function numberSets(): void {
  outSetCount = 0;
  let used: u32 = 0;
  for (let set: u32 = 0; set < setCount; set++) {
    const at = setAt(set);
    const rows = load<u32>(at, SET_ROWS);
    if (rows < 2) continue;
    if (outSetCount == termsMax) return fail();
    store<u32>(at, outSetCount, SET_OUT);
    store<u32>(outSetRowStarts + <usize>outSetCount * 4, used);
    store<u32>(next + <usize>outSetCount * 4, used);
    used += rows;
    outSetCount++;
  }
  store<u32>(outSetRowStarts + <usize>outSetCount * 4, used);
  if (<usize>used > outSetRowsMax) fail();
}

function dissolveSingles(): void {
  extrasEnd = extras;
  for (let row: u32 = 0; row < rowCount; row++) {
    const from = log + <usize>load<u32>(rowLog + <usize>row * 4) * 4;
    const to = log + <usize>load<u32>(rowLog + <usize>row * 4, 4) * 4;
    let marked = false;
    for (let at = from; at < to; at += 4) {
      const entry = load<u32>(at);
      if (!(entry & IS_SET)) continue;
      const set = setAt(entry & ~IS_SET);
      if (load<u32>(set, SET_ROWS) != 1) continue;
      if (!marked) {
        marked = true;
        markRow(from, to);
      }
      dissolve(set, row);
    }
  }
}

function markRow(from: usize, to: usize): void {
  beginMarks();
  for (let at = from; at < to; at += 4) {
    const entry = load<u32>(at);
    if (!(entry & IS_SET)) mark(entry);
  }
}

function dissolve(set: usize, row: u32): void {
  let at: usize = load<u32>(set, SET_TERMS);
  for (let left = load<u32>(set, SET_TERM_COUNT); left > 0; left--, at += 4) {
    const term = load<u32>(at);
    if (!mark(term)) continue;
    if (extrasEnd == extrasLimit) return fail();
    const record = termAt(term);
    store<u32>(record, load<u32>(record, TERM_ROWS) + 1, TERM_ROWS);
    store<u32>(extrasEnd, row);
    store<u32>(extrasEnd, term, 4);
    extrasEnd += EXTRA_BYTES;
  }
}

function placeRows(): void {
  let used: u32 = 0;
  for (let term: u32 = 0; term < termCount; term++) {
    const record = termAt(term);
    const at = <usize>term * 4;
    store<u32>(outOffsets + at, load<u32>(record, TERM_OFFSET));
    store<u32>(outFields + at, load<u32>(record, TERM_FIELD));
    store<u32>(outRowStarts + at, used);
    used += load<u32>(record, TERM_ROWS);
  }
  const end = <usize>termCount * 4;
  store<u32>(outOffsets + end, termArenaUsed);
  store<u32>(outRowStarts + end, used);
  if (<usize>used > outRowsMax) fail();
}

function fillRows(): void {
  // The rows of sets first: `next` is theirs until the own rows of terms.
  for (let row: u32 = 0; row < rowCount; row++) {
    const from = log + <usize>load<u32>(rowLog + <usize>row * 4) * 4;
    const to = log + <usize>load<u32>(rowLog + <usize>row * 4, 4) * 4;
    for (let at = from; at < to; at += 4) {
      const entry = load<u32>(at);
      if (!(entry & IS_SET)) continue;
      const set = setAt(entry & ~IS_SET);
      if (load<u32>(set, SET_ROWS) > 1) put(outSetRows, load<u32>(set, SET_OUT), row);
    }
  }
  memory.copy(next, outRowStarts, <usize>termCount * 4);
  let extra = extras;
  for (let row: u32 = 0; row < rowCount; row++) {
    const from = log + <usize>load<u32>(rowLog + <usize>row * 4) * 4;
    const to = log + <usize>load<u32>(rowLog + <usize>row * 4, 4) * 4;
    for (let at = from; at < to; at += 4) {
      const entry = load<u32>(at);
      if (!(entry & IS_SET)) put(outRows, entry, row);
    }
    for (; extra < extrasEnd && load<u32>(extra) == row; extra += EXTRA_BYTES)
      put(outRows, load<u32>(extra, 4), row);
  }
}

/** Appends a value to the list of a number. */
function put(out: usize, list: u32, value: u32): void {
  const at = next + <usize>list * 4;
  const place = load<u32>(at);
  store<u32>(at, place + 1);
  store<u32>(out + <usize>place * 4, value);
}

/** Which sets each term names, ascending. */
function fillSets(): void {
  memory.fill(outSetStarts, 0, <usize>termCount * 4 + 4);
  let used: u32 = 0;
  for (let set: u32 = 0; set < setCount; set++) {
    const at = setAt(set);
    if (load<u32>(at, SET_ROWS) < 2) continue;
    const first: usize = load<u32>(at, SET_TERMS);
    const end = first + <usize>load<u32>(at, SET_TERM_COUNT) * 4;
    used += load<u32>(at, SET_TERM_COUNT);
    for (let term = first; term < end; term += 4) {
      const count = outSetStarts + <usize>load<u32>(term) * 4;
      store<u32>(count, load<u32>(count, 4) + 1, 4);
    }
  }
  if (<usize>used > outSetsMax) return fail();
  for (let at = outSetStarts; at < outSetStarts + <usize>termCount * 4; at += 4)
    store<u32>(at, load<u32>(at) + load<u32>(at, 4), 4);
  memory.copy(next, outSetStarts, <usize>termCount * 4);
  for (let set: u32 = 0; set < setCount; set++) {
    const at = setAt(set);
    if (load<u32>(at, SET_ROWS) < 2) continue;
    const first: usize = load<u32>(at, SET_TERMS);
    const end = first + <usize>load<u32>(at, SET_TERM_COUNT) * 4;
    for (let term = first; term < end; term += 4)
      put(outSets, load<u32>(term), load<u32>(at, SET_OUT));
  }
}
