/** A growing list of unsigned 32-bit integers; doubles its memory when full. */
export class GrowingU32 {
  #items: Uint32Array;
  #length: number = 0;

  constructor(capacity: number = 1024) {
    this.#items = new Uint32Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#items.length) {
      const grown = new Uint32Array(this.#items.length * 2);
      grown.set(this.#items);
      this.#items = grown;
    }
    this.#items[this.#length++] = value;
  }

  get(index: number): number {
    return this.#items[index]!;
  }

  set(index: number, value: number): void {
    this.#items[index] = value;
  }

  /** Forgets the items and keeps the memory. */
  clear(): void {
    this.#length = 0;
  }

  /** The items, without a copy: valid until the next push. */
  view(): Uint32Array {
    return this.#items.subarray(0, this.#length);
  }
}
