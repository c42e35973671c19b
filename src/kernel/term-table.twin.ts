/**
 * Collects (field, term) → rows while rows go by in ascending order. Terms get numbers in an open-addressing
 * hash table over one byte arena; which terms a row has is appended to a list of term numbers, and a
 * counting sort at the end turns that into posting lists. So an occurrence costs four bytes while building
 * and four in the result, however many terms there are.
 */
import { must } from '#base/assert.ts';
import type { TermSink } from './tokenizer.ts';

/** The `field` of lists that no dictionary holds (presence and the like). */
export const NO_FIELD = -1;

const CHUNK = 1 << 18;

/** The result: the rows of term t are rows[starts[t], starts[t + 1]), ascending. */
export interface TermPostings {
  readonly termCount: number;
  readonly arena: Uint8Array;
  /** Term t is arena[offsets[t], offsets[t + 1]). */
  readonly offsets: Uint32Array;
  /** Field number of each term, or NO_FIELD. */
  readonly fields: Int32Array;
  readonly starts: Uint32Array;
  readonly rows: Uint32Array;
}

export class TermTable implements TermSink {
  /** Field number of the terms that come through `term`. */
  field: number = 0;
  /** The terms of the last scans, repetitions included, for a caller that wants to remember them. */
  readonly recent: number[] = [];

  #slots: Int32Array = new Int32Array(1 << 14).fill(-1);
  #arena: Uint8Array = new Uint8Array(1 << 16);
  #offsets: Uint32Array = new Uint32Array(1 << 13);
  #hashes: Int32Array = new Int32Array(1 << 13);
  #fields: Int32Array = new Int32Array(1 << 13);
  #lastRows: Int32Array = new Int32Array(1 << 13);
  #counts: Uint32Array = new Uint32Array(1 << 13);
  #termCount: number = 0;

  #row: number = -1;
  readonly #chunks: Uint32Array[] = [];
  #chunk: Uint32Array = new Uint32Array(CHUNK);
  #inChunk: number = 0;
  /** Occurrences before each row. */
  readonly #rowStarts: Uint32Array;

  /** `rowCount`: rows will be 0, 1, … rowCount − 1. */
  constructor(rowCount: number) {
    this.#rowStarts = new Uint32Array(rowCount + 1);
  }

  /** The row that what follows belongs to; each row exactly once, in order. */
  beginRow(row: number): void {
    this.#row = row;
    this.#rowStarts[row] = this.#chunks.length * CHUNK + this.#inChunk;
  }

  /** Adds the current row to the list of a term of `field`. */
  term(bytes: Uint8Array, length: number, hash: number): void {
    const id = this.idOf(bytes, length, hash);
    this.recent.push(id);
    this.add(id);
  }

  /** Adds the current row to a list; a second time changes nothing. */
  add(id: number): void {
    if (this.#lastRows[id] === this.#row) return;
    this.#lastRows[id] = this.#row;
    this.#counts[id]!++;
    if (this.#inChunk === CHUNK) {
      this.#chunks.push(this.#chunk);
      this.#chunk = new Uint32Array(CHUNK);
      this.#inChunk = 0;
    }
    this.#chunk[this.#inChunk++] = id;
  }

  /** A list that belongs to no term. */
  newList(): number {
    return this.#newTerm(NO_FIELD, 0);
  }

  /** The number of a term of `field`; a new one when it was not there. `hash` as in `TermSink`. */
  idOf(bytes: Uint8Array, length: number, hash: number): number {
    const mixed = mix(hash ^ Math.imul(this.field + 1, 0x9e3779b1));
    const mask = this.#slots.length - 1;
    let slot = mixed & mask;
    for (;;) {
      const id = this.#slots[slot]!;
      if (id < 0) break;
      if (this.#hashes[id] === mixed && this.#equals(id, bytes, length)) return id;
      slot = (slot + 1) & mask;
    }
    const id = this.#newTerm(this.field, mixed);
    this.#appendBytes(bytes, length);
    this.#slots[slot] = id;
    if (this.#termCount * 2 > this.#slots.length) this.#growSlots();
    return id;
  }

  #equals(id: number, bytes: Uint8Array, length: number): boolean {
    const start = this.#offsets[id]!;
    if (this.#offsets[id + 1]! - start !== length || this.#fields[id] !== this.field) return false;
    for (let i = 0; i < length; i++) if (this.#arena[start + i] !== bytes[i]) return false;
    return true;
  }

  #newTerm(field: number, hash: number): number {
    const id = this.#termCount++;
    if (id + 2 > this.#offsets.length) {
      this.#offsets = grow(this.#offsets, new Uint32Array(this.#offsets.length * 2));
      this.#hashes = grow(this.#hashes, new Int32Array(this.#hashes.length * 2));
      this.#fields = grow(this.#fields, new Int32Array(this.#fields.length * 2));
      this.#lastRows = grow(this.#lastRows, new Int32Array(this.#lastRows.length * 2));
      this.#counts = grow(this.#counts, new Uint32Array(this.#counts.length * 2));
    }
    this.#offsets[id + 1] = this.#offsets[id]!;
    this.#hashes[id] = hash;
    this.#fields[id] = field;
    this.#lastRows[id] = -1;
    return id;
  }

  #appendBytes(bytes: Uint8Array, length: number): void {
    const start = this.#offsets[this.#termCount]!;
    const end = start + length;
    if (end > this.#arena.length)
      this.#arena = grow(this.#arena, new Uint8Array(Math.max(end, this.#arena.length * 2)));
    if (length > 64) this.#arena.set(bytes.subarray(0, length), start);
    else for (let i = 0; i < length; i++) this.#arena[start + i] = bytes[i]!;
    this.#offsets[this.#termCount] = end;
  }

  #growSlots(): void {
    const slots = new Int32Array(this.#slots.length * 2).fill(-1);
    const mask = slots.length - 1;
    for (const id of this.#slots) {
      if (id < 0) continue;
      let slot = this.#hashes[id]! & mask;
      while (slots[slot]! >= 0) slot = (slot + 1) & mask;
      slots[slot] = id;
    }
    this.#slots = slots;
  }

  /** Ends the collection. The table must not be used afterwards; its memory goes to the result. */
  finish(): TermPostings {
    this.#slots = new Int32Array(0);
    const starts = new Uint32Array(this.#termCount + 1);
    for (let id = 0; id < this.#termCount; id++) starts[id + 1] = starts[id]! + this.#counts[id]!;
    const total = starts[this.#termCount]!;
    const rows = new Uint32Array(total);
    const next = starts.slice();
    this.#rowStarts[this.#rowStarts.length - 1] = total;
    this.#chunks.push(this.#chunk);
    let row = 0;
    for (let at = 0; at < total;) {
      const chunk = must(this.#chunks.shift(), 'a chunk for every occurrence');
      const inChunk = Math.min(CHUNK, total - at);
      for (let i = 0; i < inChunk; i++, at++) {
        while (this.#rowStarts[row + 1]! <= at) row++;
        rows[next[chunk[i]!]!++] = row;
      }
    }
    return {
      termCount: this.#termCount,
      arena: this.#arena,
      offsets: this.#offsets,
      fields: this.#fields,
      starts,
      rows,
    };
  }
}

/** Finalizer of MurmurHash3 (Appleby), so that the low bits depend on all. */
function mix(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

function grow<T extends Uint8Array | Uint32Array | Int32Array>(from: T, into: T): T {
  into.set(from);
  return into;
}
