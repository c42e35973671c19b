/** Blocks of one `.idx` file on demand, checked and through the cache, and the rows that their lists name. */
import { Bitset } from '#kernel/bitset.ts';
import { decodePostings } from '#kernel/postings.ts';
import type { BlockStore } from './block-cache.ts';
import { CHECKSUM_BYTES, checkBlock, damaged, type BlockPlace } from './idx-codec.ts';
import { readIdBlock, type IdBlock } from './id-list.ts';
import type { IdxDirectory } from './idx-directory.ts';
import { BLOCKS_AT_ONCE_MAX, FEW_MAX } from './limits.ts';
import {
  FORM_LIST,
  FORM_NONE,
  inlineList,
  ListCursor,
  readFew,
  readListBlock,
  type EntryRefs,
  type ListBlock,
  type ListRef,
} from './list-block.ts';

/** The bytes of an index file, wherever they are. */
export interface IdxSource {
  readonly sizeBytes: number;
  /** `length` bytes at `offset`, fewer at the end. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

export interface IdxBlocksOptions {
  readonly info: { readonly id: string };
  readonly idx: IdxSource;
  readonly cache: BlockStore;
}

/** Errors: SegmentDamaged, RangeErrors and those of zstd for bytes that are no blocks, those of the source. */
export class IdxBlocks {
  readonly #segmentId: string;
  readonly #idx: IdxSource;
  readonly #cache: BlockStore;
  readonly #directory: IdxDirectory;
  readonly #few: Uint32Array = new Uint32Array(FEW_MAX);

  constructor(options: IdxBlocksOptions, directory: IdxDirectory) {
    this.#segmentId = options.info.id;
    this.#idx = options.idx;
    this.#cache = options.cache;
    this.#directory = directory;
  }

  dictionary(block: number): Promise<ListBlock> {
    return this.#listBlock(this.#directory.dictionaryPlace(block));
  }

  ids(block: number): Promise<IdBlock> {
    const place = this.#directory.idPlace(block);
    return this.#cache.get(`${this.#segmentId}:${place.offset}`, async () => {
      const value = readIdBlock(await this.read(place), this.#directory.rowCount);
      return { value, sizeBytes: value.sizeBytes };
    });
  }

  /** A checked block, past the cache. */
  async read(place: BlockPlace): Promise<Uint8Array> {
    const size = place.length + CHECKSUM_BYTES;
    if (place.offset < 0 || place.offset + size > this.#idx.sizeBytes) throw damaged('block');
    return checkBlock(await this.#idx.read(place.offset, size), place.length);
  }

  /** The rows of all the entries, their own and those of their term sets. The caller's own. */
  async rows(entries: readonly EntryRefs[]): Promise<Bitset> {
    const rows = new Bitset(this.#directory.rowCount);
    const sets = new Bitset(this.#directory.setCount);
    const rowLists = new PendingLists(rows);
    const setLists = new PendingLists(sets);
    for (const entry of entries) {
      this.#add(entry.block, entry.rows, rowLists);
      this.#add(entry.block, entry.sets, setLists);
    }
    await this.#load(setLists);
    if (!sets.isEmpty()) await this.#addSets(sets, rowLists);
    await this.#load(rowLists);
    return rows;
  }

  /** Goes over the set blocks that hold any of the sets, once. */
  async #addSets(sets: Bitset, rowLists: PendingLists): Promise<void> {
    const { setStarts } = this.#directory;
    const wanted: number[] = [];
    for (let number = 0; number + 1 < setStarts.length; number++)
      if (hasAny(sets, setStarts[number]!, setStarts[number + 1]!)) wanted.push(number);
    const load = (number: number): Promise<ListBlock> =>
      this.#listBlock(this.#directory.setPlace(number));
    for await (const [number, block] of loadInOrder(wanted, load)) {
      const cursor = new ListCursor(block);
      for (let set = setStarts[number]!; set < setStarts[number + 1]!; set++) {
        cursor.next();
        if (sets.has(set)) this.#add(block, cursor.rows, rowLists);
      }
    }
  }

  /** Adds a list, or notes its block. */
  #add(block: ListBlock, ref: ListRef, lists: PendingLists): void {
    const { into } = lists;
    if (ref.form === FORM_NONE) return;
    if (ref.form !== FORM_LIST) {
      const count = readFew(block, ref, this.#few, 0);
      for (let i = 0; i < count; i++) {
        if (this.#few[i]! >= into.length) throw new RangeError('posting is beyond the segment');
        into.add(this.#few[i]!);
      }
    } else if (ref.offset < 0) decodePostings(inlineList(block, ref), into);
    else lists.places.set(ref.offset, ref.length);
  }

  async #load({ into, places }: PendingLists): Promise<void> {
    const inOrder = [...places].sort(([a], [b]) => a - b);
    const load = ([offset, length]: readonly [number, number]): Promise<Uint8Array> =>
      this.#postings({ offset, length });
    for await (const [, bytes] of loadInOrder(inOrder, load)) decodePostings(bytes, into);
  }

  #listBlock(place: BlockPlace): Promise<ListBlock> {
    return this.#cache.get(`${this.#segmentId}:${place.offset}`, async () => {
      const value = readListBlock(await this.read(place));
      return { value, sizeBytes: value.sizeBytes };
    });
  }

  #postings(place: BlockPlace): Promise<Uint8Array> {
    return this.#cache.get(`${this.#segmentId}:p${place.offset}`, async () => {
      const value = await this.read(place);
      return { value, sizeBytes: value.length };
    });
  }
}

/** Lists that stand in blocks of their own, by offset, and where their numbers go. */
class PendingLists {
  readonly into: Bitset;
  readonly places: Map<number, number> = new Map();

  constructor(into: Bitset) {
    this.into = into;
  }
}

/** Loads a few at a time; gives them in order. */
async function* loadInOrder<K, V>(
  keys: readonly K[],
  load: (key: K) => Promise<V>,
): AsyncGenerator<readonly [K, V]> {
  for (let from = 0; from < keys.length; from += BLOCKS_AT_ONCE_MAX) {
    const some = keys.slice(from, from + BLOCKS_AT_ONCE_MAX);
    const values = await Promise.all(some.map(load));
    for (const [i, key] of some.entries()) yield [key, values[i]!];
  }
}

/** Whether any of [from, to) is in the set. */
function hasAny(set: Bitset, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    if ((at & 31) === 0 && at + 32 <= to && set.words[at >>> 5] === 0) at += 31;
    else if (set.has(at)) return true;
  }
  return false;
}
