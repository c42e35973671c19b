/**
 * Cuts values into folded terms. Twin: `#kernel/tokenizer.ts`. ASCII goes by 16 bytes at a time: the delimiters, any
 * set of ASCII characters, are found by two table look-ups a byte (Muła and Langdale, "simdjson", §3.1.2); what needs
 * Unicode goes to the host.
 */
import { hostScan } from './host';
import { block, SCRATCH_BYTES } from './state';
import { emitTerm, termOf } from './terms';

/** Tokenizer: v128 table, u32 flags, then 256 bytes each: the folded byte, the class. */
const TOKENIZER_BYTES: usize = 16 + 16 + 512;
const TOKENIZER_FLAGS: usize = 16;
const FOLDED: usize = 32;
const CLASSES: usize = 288;
const FLAG_CASE_SENSITIVE: u32 = 1;
/** Has delimiters that are not ASCII. */
const FLAG_WIDE: u32 = 2;
const FLAG_CHN: u32 = 4;
/** Classes, which add up over the bytes of a part. */
const DELIMITER: u8 = 1;
const CASELESS: u8 = 2;
const CASED: u8 = 4;
const TOKENIZERS_MAX: u32 = 4096;

/** Target: u32 index field, tokenizer, list of rows that have it, list of rows where it is empty. */
const TARGET_BYTES: usize = 16;
export const TARGET_PRESENT: usize = 8;
export const TARGET_EMPTY: usize = 12;
const TARGETS_MAX: u32 = 1 << 20;

/** As `SEARCHABLE_VALUE_BYTES_MAX` of `limits.ts`. */
const SEARCHABLE_BYTES: usize = 512 * 1024;

let tokenizers: usize = 0;
let tokenizerCount: u32 = 0;
let targets: usize = 0;
let targetCount: u32 = 0;
/** The folded value at hand. */
let folded: usize = 0;
/** Target whose terms the host hands over. */
let hostField: u32 = 0;

export function tokeniseReserve(): void {
  tokenizers = block(<usize>TOKENIZERS_MAX * TOKENIZER_BYTES);
  targets = block(<usize>TARGETS_MAX * TARGET_BYTES);
  folded = block(SCRATCH_BYTES);
}

export function tokeniseBegin(): void {
  tokenizerCount = 0;
  targetCount = 0;
}

/**
 * Address of 128 bytes that the host sets to 1 where the ASCII character is a delimiter, before `endTokenizer`; 0
 * when there are too many tokenizers.
 */
export function beginTokenizer(): usize {
  if (tokenizerCount == TOKENIZERS_MAX) return 0;
  const at = tokenizers + <usize>tokenizerCount * TOKENIZER_BYTES;
  memory.fill(at, 0, TOKENIZER_BYTES);
  return at + CLASSES;
}

/** Returns the tokenizer's number. */
export function endTokenizer(flags: u32): u32 {
  const at = tokenizers + <usize>tokenizerCount * TOKENIZER_BYTES;
  store<u32>(at, flags, TOKENIZER_FLAGS);
  for (let byte: usize = 0; byte < 256; byte++) {
    let fold = <u8>byte;
    if (byte >= 0x41 && byte <= 0x5a && !(flags & FLAG_CASE_SENSITIVE)) fold += 32;
    store<u8>(at + byte, fold, FOLDED);
    if (byte >= 0x80) {
      const caseless = byte < 0xc0 || (byte >= 0xe3 && byte <= 0xe9);
      store<u8>(at + byte, caseless ? CASELESS : CASED, CLASSES);
    } else if (load<u8>(at + byte, CLASSES) == DELIMITER) {
      const low = at + (byte & 15);
      store<u8>(low, load<u8>(low) | <u8>((<u32>1) << (<u32>(byte >>> 4))));
    }
  }
  return tokenizerCount++;
}

/** A new target; -1 when there are too many. Targets of one index field share its two lists. */
export function addTarget(field: u32, tokenizer: u32, present: u32, empty: u32): i32 {
  if (targetCount == TARGETS_MAX) return -1;
  const at = targetAt(targetCount);
  store<u32>(at, field);
  store<u32>(at, tokenizer, 4);
  store<u32>(at, present, TARGET_PRESENT);
  store<u32>(at, empty, TARGET_EMPTY);
  return targetCount++;
}

export function targetAt(target: u32): usize {
  return targets + <usize>target * TARGET_BYTES;
}

/** Where a value ends for the search: at most so many bytes, at a character. */
export function searchableEnd(start: usize, end: usize): usize {
  if (end - start <= SEARCHABLE_BYTES) return end;
  let cut = start + SEARCHABLE_BYTES;
  while (cut > start && (load<u8>(cut) & 0xc0) == 0x80) cut--;
  return cut;
}

/** Gives the terms of bytes [start, end) to the sink, as terms of the target's field. */
export function tokenise(target: u32, start: usize, end: usize): void {
  const record = targetAt(target);
  const field = load<u32>(record);
  const tokenizer = tokenizers + <usize>load<u32>(record, 4) * TOKENIZER_BYTES;
  const length = searchableEnd(start, end) - start;
  const table = v128.load(tokenizer);
  const sensitive = load<u32>(tokenizer, TOKENIZER_FLAGS) & FLAG_CASE_SENSITIVE;
  const lowering = i8x16.splat(sensitive ? 0 : 32);
  let from: usize = 0;
  for (let at: usize = 0; at < length; at += 16) {
    const bytes = v128.load(start + at);
    const isUpper = i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(0x41)), i8x16.splat(26));
    v128.store(folded + at, v128.or(bytes, v128.and(isUpper, lowering)));
    const found = v128.and(
      i8x16.swizzle(table, v128.and(bytes, i8x16.splat(15))),
      // Bit of the high half; 0 for what is not ASCII.
      i8x16.swizzle(
        i8x16(1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0),
        i8x16.shr_u(bytes, 4),
      ),
    );
    let ends = <u32>i8x16.bitmask(i8x16.ne(found, i8x16.splat(0)));
    let high = <u32>i8x16.bitmask(bytes);
    const left = length - at;
    if (left < 16) {
      const inside: u32 = (1 << (<u32>left)) - 1;
      ends = (ends & inside) | (1 << (<u32>left));
      high &= inside;
    }
    if (high != 0) return tokeniseWide(target, start + from, start + length);
    while (ends != 0) {
      const stop = at + <usize>ctz(ends);
      if (stop > from) emitTerm(termOf(field, folded + from, stop - from));
      from = stop + 1;
      ends &= ends - 1;
    }
  }
  if (from < length) emitTerm(termOf(field, folded + from, length - from));
}

/** The rest of a value with other characters than ASCII; `start` is the start of a part. */
function tokeniseWide(target: u32, start: usize, end: usize): void {
  const record = targetAt(target);
  const field = load<u32>(record);
  const number = load<u32>(record, 4);
  const tokenizer = tokenizers + <usize>number * TOKENIZER_BYTES;
  const flags = load<u32>(tokenizer, TOKENIZER_FLAGS);
  hostField = field;
  if (flags & FLAG_WIDE) return hostScan(number, start, end);
  const needsHost: u8 =
    flags & FLAG_CHN ? CASELESS | CASED : flags & FLAG_CASE_SENSITIVE ? 0 : CASED;
  let length: usize = 0;
  let classes: u8 = 0;
  for (let at = start; at <= end; at++) {
    const byte: usize = load<u8>(at);
    const kind = load<u8>(tokenizer + byte, CLASSES);
    if (at < end && kind != DELIMITER) {
      store<u8>(folded + length++, load<u8>(tokenizer + byte, FOLDED));
      classes |= kind;
      continue;
    }
    if (length > 0) {
      // The part as it came: a letter that folds to a delimiter is none itself.
      if (classes & needsHost) hostScan(number, at - length, at);
      else emitTerm(termOf(field, folded, length));
    }
    length = 0;
    classes = 0;
  }
}

/** A term that the host found. */
export function hostTerm(at: usize, length: usize): void {
  emitTerm(termOf(hostField, at, length));
}
