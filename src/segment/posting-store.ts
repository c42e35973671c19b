/** Puts posting lists where they belong: into the entry of a list block, or into blocks of the file. */
import { ByteWriter } from '#kernel/byte-writer.ts';
import { encodePostings } from '#kernel/postings.ts';
import type { IdxFileWriter } from './idx-codec.ts';
import { INLINE_POSTING_BYTES_MAX, SHARED_LIST_BYTES_MAX, SHARED_LISTS_MAX } from './limits.ts';

/** The ascending numbers items[start, end). */
export interface NumberList {
  items: Uint32Array;
  start: number;
  end: number;
}

interface StoredList {
  readonly bytes: Uint8Array;
  readonly offset: number;
}

export class PostingStore {
  readonly #file: IdxFileWriter;
  readonly #rowCount: number;
  readonly #inlineBytesMax: number;
  readonly #scratch: ByteWriter = new ByteWriter(4096);
  /** Lists in blocks by hash, so that equal ones (words of one message template) are stored once. */
  readonly #stored: Map<number, StoredList> = new Map();
  #storedBytes: number = 0;

  /** Numbers are below `rowCount`. Lists of up to `inlineBytesMax` bytes stay in their entry. */
  constructor(
    file: IdxFileWriter,
    rowCount: number,
    inlineBytesMax: number = INLINE_POSTING_BYTES_MAX,
  ) {
    this.#file = file;
    this.#rowCount = rowCount;
    this.#inlineBytesMax = inlineBytesMax;
  }

  /** Appends the reference to a list, or the list itself. */
  write({ items, start, end }: NumberList, refs: ByteWriter): void {
    const scratch = this.#scratch;
    scratch.clear();
    encodePostings(items, { start, end, rowCount: this.#rowCount }, scratch);
    const bytes = scratch.view();
    if (bytes.length <= this.#inlineBytesMax) {
      refs.varint(bytes.length * 2);
      refs.bytes(bytes);
      return;
    }
    refs.varint(bytes.length * 2 + 1);
    refs.varint(this.#offsetOf(bytes));
  }

  #offsetOf(bytes: Uint8Array): number {
    const hash = hashOf(bytes);
    const known = this.#stored.get(hash);
    if (known !== undefined && Buffer.compare(known.bytes, bytes) === 0) return known.offset;
    const { offset } = this.#file.block(bytes);
    const hasRoom =
      this.#stored.size < SHARED_LISTS_MAX &&
      this.#storedBytes + bytes.length <= SHARED_LIST_BYTES_MAX;
    if (known === undefined && hasRoom) {
      this.#stored.set(hash, { bytes: bytes.slice(), offset });
      this.#storedBytes += bytes.length;
    }
    return offset;
  }
}

/** FNV-1a over every so manieth byte: long lists differ early or not at all. */
function hashOf(bytes: Uint8Array): number {
  const step = 1 + (bytes.length >>> 8);
  let hash = 0x811c9dc5 ^ bytes.length;
  for (let i = 0; i < bytes.length; i += step) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return hash;
}
