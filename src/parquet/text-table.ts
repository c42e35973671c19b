/** Gives each distinct text a number, in the order of their first use. */
import { ByteWriter } from '#kernel/byte-writer.ts';
import { GrowingU32 } from '#kernel/growing-u32.ts';
import type { ByteStrings } from './column-chunk.ts';

const HASH_SEED = 0x811c9dc5;
const HASH_PRIME = 0x01000193;
/** Longer texts are told apart by their length, their first and their last bytes, before they are compared. */
const HASHED_BYTES = 64;
const FIRST_SLOTS = 256;
const NONE = 0;

export class TextTable {
  readonly #arena: ByteWriter = new ByteWriter(4096);
  readonly #starts: GrowingU32 = new GrowingU32();
  readonly #ends: GrowingU32 = new GrowingU32();
  readonly #hashes: GrowingU32 = new GrowingU32();
  /** Number + 1 of the text in each slot. */
  #slots: Uint32Array = new Uint32Array(FIRST_SLOTS);

  get count(): number {
    return this.#starts.length;
  }

  get sizeBytes(): number {
    return this.#arena.length;
  }

  /** The number of the text arena[start, end), which is copied when it is new. */
  idOf(arena: Uint8Array, start: number, end: number): number {
    const hash = hashOf(arena, start, end);
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const known = this.#slots[slot]!;
      if (known === NONE) break;
      const id = known - 1;
      if (this.#hashes.get(id) === hash && this.#equals(id, { arena, start, end })) return id;
      slot = (slot + 1) & mask;
    }
    const id = this.count;
    this.#slots[slot] = id + 1;
    this.#hashes.push(hash);
    this.#starts.push(this.#arena.length);
    this.#arena.bytes(arena, start, end);
    this.#ends.push(this.#arena.length);
    if (this.count * 2 > this.#slots.length) this.#grow();
    return id;
  }

  /** The texts by number; valid until the next one is added. */
  strings(): ByteStrings {
    return {
      arena: this.#arena.view(),
      starts: this.#starts.view(),
      ends: this.#ends.view(),
    };
  }

  #equals(
    id: number,
    text: { readonly arena: Uint8Array; readonly start: number; readonly end: number },
  ): boolean {
    const { arena, start, end } = text;
    const from = this.#starts.get(id);
    if (this.#ends.get(id) - from !== end - start) return false;
    const own = this.#arena.reserve(0);
    for (let i = start, j = from; i < end; i++, j++) if (own[j] !== arena[i]) return false;
    return true;
  }

  #grow(): void {
    const slots = new Uint32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let id = 0; id < this.count; id++) {
      let slot = this.#hashes.get(id) & mask;
      while (slots[slot] !== NONE) slot = (slot + 1) & mask;
      slots[slot] = id + 1;
    }
    this.#slots = slots;
  }
}

/** FNV-1a (Fowler, Noll, Vo), its high bits folded into the low ones. */
function hashOf(arena: Uint8Array, start: number, end: number): number {
  let hash = HASH_SEED ^ (end - start);
  const half = end - start > HASHED_BYTES ? HASHED_BYTES / 2 : end - start;
  for (let i = start; i < start + half; i++) hash = Math.imul(hash ^ arena[i]!, HASH_PRIME);
  if (end - start > HASHED_BYTES)
    for (let i = end - half; i < end; i++) hash = Math.imul(hash ^ arena[i]!, HASH_PRIME);
  return (hash ^ (hash >>> 15)) >>> 0;
}
