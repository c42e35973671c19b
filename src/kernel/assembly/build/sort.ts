/**
 * The order of terms by field, then by bytes: a counting sort by field, then multikey quicksort (Bentley and Sedgewick,
 * 1997) over eight bytes at a time. Twin: `#kernel/sort-terms.twin.ts`.
 */
import { word } from './bytes';
import { block } from './state';
import {
  NO_FIELD,
  TERM_FIELD,
  TERM_LENGTH,
  TERM_OFFSET,
  termArena,
  termAt,
  termCount,
  termSlots,
  termsMax,
} from './terms';

/** Entry: u64 key, u32 term. They lie where the hash table of the terms was. */
const ENTRY: usize = 16;
const SMALL: u32 = 12;
/** Ranges to be sorted: u32 from, to, depth. */
const RANGE: usize = 12;

let stack: usize = 0;
let stackEnd: usize = 0;

export function sortReserve(): void {
  // Ranges on the stack have two entries at least and do not overlap.
  stack = block(<usize>termsMax * 6 + 1024);
}

/** Writes the terms that have a field to `order`, which has room for all; `counts`: zeros, one more than fields. */
export function sortTerms(order: usize, counts: usize, fieldCount: u32): u32 {
  for (let term: u32 = 0; term < termCount; term++) {
    const field = load<u32>(termAt(term), TERM_FIELD);
    if (field == NO_FIELD) continue;
    const at = counts + <usize>field * 4;
    store<u32>(at, load<u32>(at, 4) + 1, 4);
  }
  for (let field: u32 = 0; field < fieldCount; field++) {
    const at = counts + <usize>field * 4;
    store<u32>(at, load<u32>(at) + load<u32>(at, 4), 4);
  }
  const sorted = load<u32>(counts + <usize>fieldCount * 4);
  for (let term: u32 = 0; term < termCount; term++) {
    const record = termAt(term);
    const field = load<u32>(record, TERM_FIELD);
    if (field == NO_FIELD) continue;
    const at = counts + <usize>field * 4;
    const place = load<u32>(at);
    store<u32>(at, place + 1);
    const entry = termSlots + <usize>place * ENTRY;
    store<u64>(entry, bswap<u64>(load<u64>(record)));
    store<u32>(entry, term, 8);
  }
  // Each count is the end of its field now.
  let from: u32 = 0;
  for (let field: u32 = 0; field < fieldCount; field++) {
    const to = load<u32>(counts + <usize>field * 4);
    sortRange(from, to);
    from = to;
  }
  for (let place: u32 = 0; place < sorted; place++)
    store<u32>(order + <usize>place * 4, load<u32>(termSlots + <usize>place * ENTRY, 8));
  return sorted;
}

function sortRange(first: u32, end: u32): void {
  stackEnd = stack;
  push(first, end, 0);
  while (stackEnd > stack) {
    stackEnd -= RANGE;
    const from = load<u32>(stackEnd);
    const to = load<u32>(stackEnd, 4);
    const depth = load<u32>(stackEnd, 8);
    if (to - from <= SMALL) insertionSort(from, to, depth);
    else partition(from, to, depth);
  }
}

function push(from: u32, to: u32, depth: u32): void {
  if (to - from < 2) return;
  store<u32>(stackEnd, from);
  store<u32>(stackEnd, to, 4);
  store<u32>(stackEnd, depth, 8);
  stackEnd += RANGE;
}

function entryAt(place: u32): usize {
  return termSlots + <usize>place * ENTRY;
}

function swap(a: u32, b: u32): void {
  const one = v128.load(entryAt(a));
  v128.store(entryAt(a), v128.load(entryAt(b)));
  v128.store(entryAt(b), one);
}

function partition(from: u32, to: u32, depth: u32): void {
  const pivot = median(
    load<u64>(entryAt(from)),
    load<u64>(entryAt((from + to) >>> 1)),
    load<u64>(entryAt(to - 1)),
  );
  let low = from;
  let high = to;
  for (let at = from; at < high;) {
    const key = load<u64>(entryAt(at));
    if (key < pivot) swap(low++, at++);
    else if (key > pivot) swap(at, --high);
    else at++;
  }
  push(from, low, depth);
  push(high, to, depth);
  sortEqual(low, high, depth);
}

/** Entries whose next eight bytes are the same, zeros behind the end of a term included. */
function sortEqual(from: u32, to: u32, depth: u32): void {
  if (to - from < 2) return;
  let low = from;
  // Terms that end here, at most nine, come first, the shorter before the longer.
  for (let at = from; at < to; at++) {
    if (lengthOf(at) > depth + 8) continue;
    swap(low, at);
    for (let back = low; back > from && lengthOf(back) < lengthOf(back - 1); back--)
      swap(back, back - 1);
    low++;
  }
  for (let at = low; at < to; at++) {
    const record = termAt(load<u32>(entryAt(at), 8));
    const bytes = termArena + load<u32>(record, TERM_OFFSET) + depth + 8;
    store<u64>(entryAt(at), bswap<u64>(word(bytes, load<u32>(record, TERM_LENGTH) - depth - 8)));
  }
  push(low, to, depth + 8);
}

function lengthOf(place: u32): u32 {
  return load<u32>(termAt(load<u32>(entryAt(place), 8)), TERM_LENGTH);
}

function insertionSort(from: u32, to: u32, depth: u32): void {
  for (let at = from + 1; at < to; at++) {
    for (let back = at; back > from; back--) {
      const key = load<u64>(entryAt(back));
      const before = load<u64>(entryAt(back - 1));
      if (key > before || (key == before && !tailIsLess(back, back - 1, depth + 8))) break;
      swap(back, back - 1);
    }
  }
}

/** Compares the terms of two entries from byte `depth` on. */
function tailIsLess(a: u32, b: u32, depth: u32): bool {
  const one = termAt(load<u32>(entryAt(a), 8));
  const other = termAt(load<u32>(entryAt(b), 8));
  const length = load<u32>(one, TERM_LENGTH);
  const otherLength = load<u32>(other, TERM_LENGTH);
  const shorter = min(length, otherLength);
  const bytes = termArena + load<u32>(one, TERM_OFFSET);
  const otherBytes = termArena + load<u32>(other, TERM_OFFSET);
  for (let at = depth; at < shorter; at += 8) {
    const left = shorter - at;
    const key = bswap<u64>(word(bytes + at, left));
    const otherKey = bswap<u64>(word(otherBytes + at, left));
    if (key != otherKey) return key < otherKey;
  }
  return length < otherLength;
}

function median(a: u64, b: u64, c: u64): u64 {
  return a < b ? (b < c ? b : max<u64>(a, c)) : a < c ? a : max<u64>(b, c);
}
