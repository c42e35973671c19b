/**
 * Counting what one query reads of segments: `SegmentReader.counted` gives readers that do it. Readers that nobody counts
 * take the same path without a look at any of this.
 */
import type { Bitset } from '#kernel/bitset.ts';
import type { ByteSource } from '#parquet/byte-source.ts';
import type { BlockStore, CacheValue } from './block-cache.ts';

/** What a block of the cache holds. `pages` are of the Parquet file, all others of the index. */
export type BlockKind = 'dictionary' | 'postings' | 'numbers' | 'times' | 'pages';

/** Blocks that were wanted: those that were read, and those that were in memory already. */
export interface BlockReads {
  read: number;
  cached: number;
}

export class ReadCounts {
  /** Terms that were looked up, for each field. */
  termLookups: number = 0;
  /** Entries of dictionaries and presence lists that were found, and the rows in them. */
  postingLists: number = 0;
  postingRows: number = 0;
  /** Rows whose fields were read. */
  fetchedRows: number = 0;
  /** Bytes of files, as they are stored. */
  indexBytes: number = 0;
  rowBytes: number = 0;
  readonly blocks: Readonly<Record<BlockKind, BlockReads>> = {
    dictionary: { read: 0, cached: 0 },
    postings: { read: 0, cached: 0 },
    numbers: { read: 0, cached: 0 },
    times: { read: 0, cached: 0 },
    pages: { read: 0, cached: 0 },
  };

  addLists(count: number, rows: Bitset): void {
    this.postingLists += count;
    this.postingRows += rows.count();
  }

  /** The same cache, counted. A block that another query is reading just then is one from the cache. */
  cache(cache: BlockStore): BlockStore {
    return {
      get: async <T>(key: string, load: () => Promise<CacheValue<T>>): Promise<T> => {
        let isRead = false;
        const value = await cache.get(key, () => {
          isRead = true;
          return load();
        });
        this.blocks[kindOf(key)][isRead ? 'read' : 'cached']++;
        return value;
      },
    };
  }

  /** The same file, its bytes counted. */
  source(source: ByteSource, bytes: 'indexBytes' | 'rowBytes'): ByteSource {
    return {
      sizeBytes: source.sizeBytes,
      read: async (offset, length, into) => {
        const read = await source.read(offset, length, into);
        this[bytes] += read.length;
        return read;
      },
    };
  }
}

/** From the key in the cache: `<id>:` and `p<offset>` (postings), another `p…` (pages), `n<offset>`, `times`, `ns`, `<offset>`. */
function kindOf(key: string): BlockKind {
  const rest = key.slice(key.indexOf(':') + 1);
  if (/^p\d/u.test(rest)) return 'postings';
  if (rest.startsWith('p')) return 'pages';
  if (/^n\d/u.test(rest)) return 'numbers';
  return /^\d/u.test(rest) ? 'dictionary' : 'times';
}
