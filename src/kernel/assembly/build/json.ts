/** The leaves of JSON objects. Twin: `#segment/json-leaves.ts`, with the same strictness (RFC 8259). */
import { equalBytes, hashOf } from './bytes';
import { hostLeaf } from './host';
import { KIND_DOUBLE, KIND_LONG, parseNumber } from './numbers';
import { block, SCRATCH_BYTES } from './state';
import { emitNumber, emitTerm } from './terms';
import { targetAt, TARGET_EMPTY, TARGET_PRESENT, tokenise } from './tokenise';

/** As `JSON_DEPTH_MAX` of `#segment/limits.ts`. */
const DEPTH_MAX: u32 = 200;
const QUOTE: u8 = 0x22;
const BACKSLASH: u8 = 0x5c;

/** Known paths: u32 start, length, hash, JSON plan, plan of the leaf. More ask the host each time. */
const PATH_BYTES: usize = 20;
const PATHS_MAX: u32 = 1 << 14;
const PATH_SLOTS: usize = 1 << 15;
const PATH_ARENA_BYTES: usize = 4 * 1024 * 1024;

let paths: usize = 0;
let pathCount: u32 = 0;
let pathSlots: usize = 0;
let pathArena: usize = 0;
let pathArenaUsed: usize = 0;

/** The path at hand. */
let path: usize = 0;
/** A text with its escapes resolved. */
let decoded: usize = 0;

let plan: u32 = 0;
let at: usize = 0;
let stop: usize = 0;
/** The second time leaves go to the sink; the first time only the text is checked. */
let emitting: bool = false;

export function jsonReserve(): void {
  paths = block(<usize>PATHS_MAX * PATH_BYTES);
  pathSlots = block(PATH_SLOTS * 4);
  pathArena = block(PATH_ARENA_BYTES);
  path = block(SCRATCH_BYTES);
  decoded = block(SCRATCH_BYTES);
}

export function jsonBegin(): void {
  pathCount = 0;
  pathArenaUsed = 0;
  memory.fill(pathSlots, 0, PATH_SLOTS * 4);
}

/** Gives terms and numbers of the leaves of [start, end) to the sink; `json` is the host's number of the field. */
export function addLeaves(json: u32, start: usize, end: usize): void {
  plan = json;
  at = start;
  stop = end;
  emitting = false;
  if (!whole()) return;
  at = start;
  emitting = true;
  whole();
}

function whole(): bool {
  blanks();
  if (!object(0, 0, true)) return false;
  blanks();
  return at == stop;
}

function blanks(): void {
  while (at < stop) {
    const byte = load<u8>(at);
    if (byte != 0x20 && byte != 0x0a && byte != 0x0d && byte != 0x09) return;
    at++;
  }
}

/** Takes the character, with the blanks around it. */
function take(char: u8): bool {
  blanks();
  if (at >= stop || load<u8>(at) != char) return false;
  at++;
  blanks();
  return true;
}

/** `prefix`: bytes of the path before the names of the members, with its dot. */
function object(prefix: usize, depth: u32, keep: bool): bool {
  if (depth > DEPTH_MAX || !take(0x7b)) return false;
  if (take(0x7d)) return true;
  do {
    const start = at;
    if (!string()) return false;
    let length = prefix;
    if (keep && emitting) length += unquote(start + 1, at - 1, path + prefix);
    if (!take(0x3a) || !value(length, depth + 1, keep)) return false;
  } while (take(0x2c));
  return take(0x7d);
}

function array(depth: u32): bool {
  if (depth > DEPTH_MAX || !take(0x5b)) return false;
  if (take(0x5d)) return true;
  do if (!value(0, depth + 1, false)) return false;
  while (take(0x2c));
  return take(0x5d);
}

function value(length: usize, depth: u32, keep: bool): bool {
  if (at >= stop) return false;
  const start = at;
  const first = load<u8>(at);
  if (first == 0x7b) {
    if (keep && emitting) store<u8>(path + length, 0x2e);
    return object(length + 1, depth, keep);
  }
  if (first == 0x5b) return array(depth);
  if (first == QUOTE) {
    if (!string()) return false;
    if (keep && emitting) textLeaf(length, start + 1, at - 1);
    return true;
  }
  if (!scalar(first)) return false;
  if (keep && emitting && first != 0x6e) leaf(length, start, at);
  return true;
}

function scalar(first: u8): bool {
  if (first == 0x74) return literal(0x65757274, 4); // true
  if (first == 0x6e) return literal(0x6c6c756e, 4); // null
  if (first == 0x66) return at + 5 <= stop && load<u8>(at + 4) == 0x65 && literal(0x736c6166, 5); // false
  if (first == 0x2d) at++;
  if (at >= stop) return false;
  if (load<u8>(at) == 0x30) at++;
  else if (!digits()) return false;
  if (at + 1 < stop && load<u8>(at) == 0x2e && isDigit(at + 1)) {
    at++;
    digits();
  }
  if (at < stop && (load<u8>(at) | 0x20) == 0x65) {
    let power = at + 1;
    if (power < stop && (load<u8>(power) == 0x2b || load<u8>(power) == 0x2d)) power++;
    if (power < stop && isDigit(power)) {
      at = power;
      digits();
    }
  }
  return true;
}

function literal(word: u32, length: usize): bool {
  if (at + length > stop || load<u32>(at) != word) return false;
  at += length;
  return true;
}

function isDigit(where: usize): bool {
  return <u32>load<u8>(where) - 0x30 <= 9;
}

function digits(): bool {
  const start = at;
  while (at < stop && isDigit(at)) at++;
  return at > start;
}

/** A quoted text; the position is behind it afterwards. */
function string(): bool {
  if (at >= stop || load<u8>(at) != QUOTE) return false;
  at++;
  while (at < stop) {
    const byte = load<u8>(at++);
    if (byte == QUOTE) return true;
    if (byte < 0x20) return false;
    if (byte != BACKSLASH) continue;
    if (at >= stop) return false;
    const escape = load<u8>(at++);
    if (escape == 0x75) {
      if (at + 4 > stop) return false;
      for (let i: usize = 0; i < 4; i++) if (hexDigit(load<u8>(at + i)) > 15) return false;
      at += 4;
    } else if (simpleEscape(escape) == 0) return false;
  }
  return false;
}

/** What the character behind a backslash stands for; 0 when it stands for nothing. */
function simpleEscape(escape: u8): u8 {
  if (escape == QUOTE || escape == BACKSLASH || escape == 0x2f) return escape;
  if (escape == 0x62) return 0x08;
  if (escape == 0x66) return 0x0c;
  if (escape == 0x6e) return 0x0a;
  if (escape == 0x72) return 0x0d;
  return escape == 0x74 ? 0x09 : 0;
}

function hexDigit(byte: u8): u32 {
  const digit = <u32>byte - 0x30;
  if (digit <= 9) return digit;
  const letter = (<u32>byte | 0x20) - 0x61;
  return letter < 6 ? letter + 10 : 16;
}

function hex4(where: usize): u32 {
  let unit: u32 = 0;
  for (let i: usize = 0; i < 4; i++) unit = unit * 16 + hexDigit(load<u8>(where + i));
  return unit;
}

/** Resolves the escapes of [start, end) into `into`; returns how many bytes there are. */
function unquote(start: usize, end: usize, into: usize): usize {
  let out = into;
  for (let from = start; from < end;) {
    const byte = load<u8>(from++);
    if (byte != BACKSLASH) {
      store<u8>(out++, byte);
      continue;
    }
    const escape = load<u8>(from++);
    if (escape != 0x75) {
      store<u8>(out++, simpleEscape(escape));
      continue;
    }
    let unit = hex4(from);
    from += 4;
    if ((unit & 0xfc00) == 0xd800 && from + 6 <= end && load<u16>(from) == 0x755c) {
      const low = hex4(from + 2);
      if ((low & 0xfc00) == 0xdc00) {
        unit = 0x10000 + ((unit & 0x3ff) << 10) + (low & 0x3ff);
        from += 6;
      }
    }
    // A lone surrogate becomes what encoders make of it.
    out = putCharacter((unit & 0xfffff800) == 0xd800 ? 0xfffd : unit, out);
  }
  return out - into;
}

function putCharacter(char: u32, out: usize): usize {
  if (char < 0x80) {
    store<u8>(out, <u8>char);
    return out + 1;
  }
  if (char < 0x800) {
    store<u8>(out, <u8>(0xc0 | (char >>> 6)));
    store<u8>(out + 1, <u8>(0x80 | (char & 0x3f)));
    return out + 2;
  }
  if (char < 0x10000) {
    store<u8>(out, <u8>(0xe0 | (char >>> 12)));
    store<u8>(out + 1, <u8>(0x80 | ((char >>> 6) & 0x3f)));
    store<u8>(out + 2, <u8>(0x80 | (char & 0x3f)));
    return out + 3;
  }
  store<u8>(out, <u8>(0xf0 | (char >>> 18)));
  store<u8>(out + 1, <u8>(0x80 | ((char >>> 12) & 0x3f)));
  store<u8>(out + 2, <u8>(0x80 | ((char >>> 6) & 0x3f)));
  store<u8>(out + 3, <u8>(0x80 | (char & 0x3f)));
  return out + 4;
}

function textLeaf(pathBytes: usize, start: usize, end: usize): void {
  for (let from = start; from < end; from++) {
    if (load<u8>(from) != BACKSLASH) continue;
    return leaf(pathBytes, decoded, decoded + unquote(start, end, decoded));
  }
  leaf(pathBytes, start, end);
}

function leaf(pathBytes: usize, start: usize, end: usize): void {
  const found = leafPlan(pathBytes);
  if (found < 0) return;
  const kind = <u32>found & 3;
  if (kind == 0) {
    const target = <u32>found >>> 2;
    emitTerm(load<u32>(targetAt(target), TARGET_PRESENT));
    if (start == end) emitTerm(load<u32>(targetAt(target), TARGET_EMPTY));
    else tokenise(target, start, end);
    return;
  }
  const number = parseNumber(kind == 1 ? KIND_LONG : KIND_DOUBLE, start, end);
  if (!isNaN(number)) emitNumber(<u32>found >>> 2, number);
}

function leafPlan(length: usize): i32 {
  const hash = hashOf(path, length, plan);
  let slot = <usize>hash & (PATH_SLOTS - 1);
  for (;;) {
    const entry = load<u32>(pathSlots + slot * 4);
    if (entry == 0) break;
    const known = paths + <usize>(entry - 1) * PATH_BYTES;
    if (
      load<u32>(known, 8) == hash &&
      load<u32>(known, 4) == <u32>length &&
      load<u32>(known, 12) == plan &&
      equalBytes(load<u32>(known), path, length)
    )
      return load<i32>(known, 16);
    slot = (slot + 1) & (PATH_SLOTS - 1);
  }
  const found = hostLeaf(plan, path, length);
  if (pathCount == PATHS_MAX || length > PATH_ARENA_BYTES - pathArenaUsed) return found;
  const record = paths + <usize>pathCount * PATH_BYTES;
  pathCount++;
  const copy = pathArena + pathArenaUsed;
  memory.copy(copy, path, length);
  pathArenaUsed += length;
  store<u32>(record, <u32>copy);
  store<u32>(record, <u32>length, 4);
  store<u32>(record, hash, 8);
  store<u32>(record, plan, 12);
  store<i32>(record, found, 16);
  store<u32>(pathSlots + slot * 4, pathCount);
  return found;
}
