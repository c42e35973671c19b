/**
 * Memory for what is read. Fresh arrays are simple, but every few megabytes of them make the engine collect garbage;
 * who reads a lot and keeps nothing takes the same memory again and again.
 */
import { MEMORY_KEPT_BYTES, MEMORY_SLAB_BYTES } from './limits.ts';

/** Gives arrays whose content is undefined. */
export interface ReadMemory {
  bytes(length: number): Uint8Array;
  u32(length: number): Uint32Array;
  f64(length: number): Float64Array;
}

export const FRESH_MEMORY: ReadMemory = {
  bytes: (length) => new Uint8Array(length),
  u32: (length) => new Uint32Array(length),
  f64: (length) => new Float64Array(length),
};

const ALIGN = 8;

/** Arrays that are valid until `clear`. */
export class ReusedMemory implements ReadMemory {
  #slabs: ArrayBuffer[] = [];
  /** The slab that is being given away, and how much of it. */
  #slab: number = 0;
  #used: number = 0;

  bytes(length: number): Uint8Array {
    const at = this.#take(length);
    return new Uint8Array(this.#slabs[this.#slab]!, at, length);
  }

  u32(length: number): Uint32Array {
    const at = this.#take(length * Uint32Array.BYTES_PER_ELEMENT);
    return new Uint32Array(this.#slabs[this.#slab]!, at, length);
  }

  f64(length: number): Float64Array {
    const at = this.#take(length * Float64Array.BYTES_PER_ELEMENT);
    return new Float64Array(this.#slabs[this.#slab]!, at, length);
  }

  /** Everything that was given is undefined from now on. Slabs beyond what is usual are let go. */
  clear(): void {
    let bytes = 0;
    this.#slabs = this.#slabs.filter(({ byteLength }) => {
      bytes += byteLength;
      return bytes <= MEMORY_KEPT_BYTES;
    });
    this.#slab = 0;
    this.#used = 0;
  }

  /** Offset in the slab at hand. */
  #take(bytes: number): number {
    const size = Math.ceil(bytes / ALIGN) * ALIGN;
    while (this.#slab < this.#slabs.length) {
      const at = this.#used;
      if (at + size <= this.#slabs[this.#slab]!.byteLength) {
        this.#used = at + size;
        return at;
      }
      this.#slab++;
      this.#used = 0;
    }
    this.#slabs.push(new ArrayBuffer(Math.max(size, MEMORY_SLAB_BYTES)));
    this.#used = size;
    return 0;
  }
}
