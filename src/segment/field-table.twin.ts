/** Gives every distinct field name a number, from its bytes, without a string for each occurrence. */
import { ByteWriter } from '#kernel/byte-writer.ts';
import { hashBytes } from '#kernel/tokenizer.ts';

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

export class FieldTable {
  readonly #names: string[] = [];
  readonly #byName: Map<string, number> = new Map();
  readonly #keyWriter: ByteWriter = new ByteWriter();
  /** What the writer holds; kept because a view for each comparison is what made this slow. */
  #keys: Uint8Array = new Uint8Array(0);
  /** Entry e is keys[ends[e], ends[e + 1]) and means field fields[e]. */
  readonly #ends: number[] = [0];
  readonly #fields: number[] = [];
  readonly #hashes: number[] = [];
  /** What came after an entry the last time: logs of one kind repeat their field names in order. */
  readonly #successors: number[] = [];
  #slots: Int32Array = new Int32Array(256).fill(-1);
  #last: number = -1;

  /** Names by number. */
  get names(): readonly string[] {
    return this.#names;
  }

  /** The number of the field whose name is bytes[start, end); bytes that are not UTF-8 count as U+FFFD. */
  idOf(bytes: Uint8Array, start: number, end: number): number {
    const guess = this.#successors[this.#last] ?? -1;
    if (guess >= 0 && this.#equals(guess, bytes, start, end)) {
      this.#last = guess;
      return this.#fields[guess]!;
    }
    const entry = this.#entryOf(bytes, start, end);
    if (this.#last >= 0) this.#successors[this.#last] = entry;
    this.#last = entry;
    return this.#fields[entry]!;
  }

  idOfName(name: string): number {
    const bytes = encoder.encode(name);
    return this.#fields[this.#entryOf(bytes, 0, bytes.length)]!;
  }

  #entryOf(bytes: Uint8Array, start: number, end: number): number {
    const hash = hashBytes(bytes, start, end);
    const mask = this.#slots.length - 1;
    let slot = (hash ^ (hash >>> 15)) & mask;
    for (;;) {
      const entry = this.#slots[slot]!;
      if (entry < 0) break;
      if (this.#hashes[entry] === hash && this.#equals(entry, bytes, start, end)) return entry;
      slot = (slot + 1) & mask;
    }
    const entry = this.#fields.length;
    this.#keyWriter.bytes(bytes, start, end);
    this.#keys = this.#keyWriter.view();
    this.#ends.push(this.#keyWriter.length);
    this.#fields.push(this.#numberOf(decoder.decode(bytes.subarray(start, end))));
    this.#hashes.push(hash);
    this.#successors.push(-1);
    this.#slots[slot] = entry;
    if (this.#fields.length * 2 > this.#slots.length) this.#grow();
    return entry;
  }

  #numberOf(name: string): number {
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    this.#byName.set(name, this.#names.length);
    return this.#names.push(name) - 1;
  }

  // oxlint-disable-next-line max-params -- the hottest call of the walk; an object a key would cost more than it
  #equals(entry: number, bytes: Uint8Array, start: number, end: number): boolean {
    const from = this.#ends[entry]!;
    if (this.#ends[entry + 1]! - from !== end - start) return false;
    const keys = this.#keys;
    for (let i = start, j = from; i < end; i++, j++) if (keys[j] !== bytes[i]) return false;
    return true;
  }

  #grow(): void {
    const slots = new Int32Array(this.#slots.length * 2).fill(-1);
    const mask = slots.length - 1;
    for (let entry = 0; entry < this.#fields.length; entry++) {
      const hash = this.#hashes[entry]!;
      let slot = (hash ^ (hash >>> 15)) & mask;
      while (slots[slot]! >= 0) slot = (slot + 1) & mask;
      slots[slot] = entry;
    }
    this.#slots = slots;
  }
}
