/** Reading the index of one segment (`idx-codec.ts` has the format). */
import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';
import { AppError, errorCode } from '#base/app-error.ts';
import { Bitset } from '#kernel/bitset.ts';
import { ByteReader } from '#kernel/byte-writer.ts';
import { decodePostings } from '#kernel/postings.ts';
import type { IndexConfig } from '#protocol/index-config.ts';
import type { BlockCache } from './block-cache.ts';
import {
  CHECKSUM_BYTES,
  checkBlock,
  damaged,
  readFooter,
  readRef,
  SECTION_FIELDS,
  SECTION_INFO,
  SECTION_TIMES,
  type BlockPlace,
  type IdxInfo,
  type PostingRef,
} from './idx-codec.ts';
import { TAIL_READ_BYTES } from './limits.ts';
import { decodeNumbers } from './numeric-codec.ts';
import type { NumericColumn, SegmentColumn, SegmentInfo, SegmentReader } from './segment.ts';
import { findBlock, findInBlock, scanBlock, type DictionaryBlock } from './term-dictionary.ts';

/** The bytes of an index file, wherever they are. */
export interface IdxSource {
  readonly sizeBytes: number;
  /** `length` bytes at `offset`, fewer at the end. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

export interface OpenSegmentOptions {
  readonly info: SegmentInfo;
  readonly idx: IdxSource;
  readonly parquetPath: string;
  readonly cache: BlockCache;
}

interface TextField {
  readonly hasTerms: boolean;
  readonly present: PostingRef;
  readonly empty: PostingRef;
  readonly blocks: readonly DictionaryBlock[];
}

interface NumericField {
  readonly rows: PostingRef;
  readonly place: BlockPlace;
}

interface IdxDirectory {
  readonly info: IdxInfo;
  readonly times: BlockPlace;
  readonly textFields: ReadonlyMap<string, TextField>;
  readonly numericFields: ReadonlyMap<string, NumericField>;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const decompress = promisify(zstdDecompress);

/** A varint of a time difference takes at most 5 bytes. */
const TIME_BYTES_MAX = 5;

/**
 * Opens a segment with one read of its index (two when its directory is large). Errors: SegmentDamaged,
 * SegmentVersionUnknown, and those of the source. Nothing has to be closed: the source stays the caller's.
 */
export async function openSegment(options: OpenSegmentOptions): Promise<SegmentReader> {
  const directory = await guarded('directory', () => readDirectory(options.idx));
  const { segment } = directory.info;
  if (segment.id !== options.info.id || segment.rowCount !== options.info.rowCount)
    throw damaged('directory: it belongs to another segment');
  return new IndexReader(options, directory);
}

async function readDirectory(idx: IdxSource): Promise<IdxDirectory> {
  const tailStart = Math.max(0, idx.sizeBytes - TAIL_READ_BYTES);
  let tail = await idx.read(tailStart, idx.sizeBytes - tailStart);
  const sections = readFooter(tail);
  const fields = sectionOf(sections, SECTION_FIELDS);
  const info = sectionOf(sections, SECTION_INFO);
  let start = tailStart;
  if (fields.offset < start) {
    const missing = await idx.read(fields.offset, start - fields.offset);
    tail = Buffer.concat([missing, tail]);
    start = fields.offset;
  }
  const block = (place: BlockPlace): Uint8Array => {
    const at = place.offset - start;
    return checkBlock(tail.subarray(at, at + place.length + CHECKSUM_BYTES), place.length);
  };
  const parsed = JSON.parse(decoder.decode(block(info))) as IdxInfo;
  // A copy, so that the directory does not keep the whole tail alive.
  const reader = new ByteReader(block(fields).slice());
  if (reader.varint() !== parsed.segment.rowCount) throw damaged('directory');
  return {
    info: parsed,
    times: sectionOf(sections, SECTION_TIMES),
    textFields: readTextFields(reader),
    numericFields: readNumericFields(reader),
  };
}

function sectionOf(sections: ReadonlyMap<number, BlockPlace>, kind: number): BlockPlace {
  const place = sections.get(kind);
  if (place === undefined) throw damaged('footer');
  return place;
}

function readTextFields(reader: ByteReader): ReadonlyMap<string, TextField> {
  const fields = new Map<string, TextField>();
  for (let left = reader.varint(); left > 0; left--) {
    const name = decoder.decode(reader.take(reader.varint()));
    const hasTerms = reader.u8() === 1;
    const present = readRef(reader);
    const empty = readRef(reader);
    const blocks: DictionaryBlock[] = [];
    for (let more = reader.varint(); more > 0; more--)
      blocks.push({ separator: reader.take(reader.varint()), place: readPlace(reader) });
    fields.set(name, { hasTerms, present, empty, blocks });
  }
  return fields;
}

function readNumericFields(reader: ByteReader): ReadonlyMap<string, NumericField> {
  const fields = new Map<string, NumericField>();
  for (let left = reader.varint(); left > 0; left--) {
    const name = decoder.decode(reader.take(reader.varint()));
    fields.set(name, { rows: readRef(reader), place: readPlace(reader) });
  }
  return fields;
}

function readPlace(reader: ByteReader): BlockPlace {
  return { offset: reader.varint(), length: reader.varint() };
}

/** Whatever decoding throws on checked bytes is damage too: a checksum can be right by chance or by bug. */
async function guarded<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isDecoding =
      error instanceof RangeError ||
      error instanceof SyntaxError ||
      /^(?:ZSTD|Z)_/u.test(errorCode(error) ?? '');
    throw isDecoding ? damaged(what, error) : error;
  }
}

class IndexReader implements SegmentReader {
  readonly info: SegmentInfo;
  readonly indexConfig: IndexConfig;
  readonly columns: readonly SegmentColumn[];
  readonly restFields: readonly string[] | undefined;
  readonly textFields: readonly string[];
  readonly numericFields: readonly string[];
  readonly parquetPath: string;
  readonly #idx: IdxSource;
  readonly #cache: BlockCache;
  readonly #directory: IdxDirectory;

  constructor(options: OpenSegmentOptions, directory: IdxDirectory) {
    this.info = options.info;
    this.indexConfig = directory.info.indexConfig;
    this.columns = directory.info.columns;
    this.restFields = directory.info.restFields ?? undefined;
    const text = [...directory.textFields];
    this.textFields = text.filter(([, field]) => field.hasTerms).map(([name]) => name);
    this.numericFields = [...directory.numericFields.keys()];
    this.parquetPath = options.parquetPath;
    this.#idx = options.idx;
    this.#cache = options.cache;
    this.#directory = directory;
  }

  async term(field: string, term: string): Promise<Bitset | undefined> {
    return guarded('dictionary', async () => {
      const blocks = this.#directory.textFields.get(field)?.blocks ?? [];
      const bytes = encoder.encode(term);
      const place = blocks[findBlock(blocks, bytes)]?.place;
      if (place === undefined) return undefined;
      const ref = findInBlock(await this.#block(place), bytes);
      return ref === undefined ? undefined : await this.#rows(ref);
    });
  }

  async termsMatching(
    field: string,
    pattern: { readonly prefix: string; readonly matches: (term: string) => boolean },
    termsMax: number,
  ): Promise<{ readonly rows: Bitset; readonly truncated: boolean }> {
    return guarded('dictionary', async () => {
      const { refs, truncated } = await this.#matching(field, pattern, termsMax);
      const rows = new Bitset(this.info.rowCount);
      for (const ref of refs) await this.#addRows(ref, rows);
      return { rows, truncated };
    });
  }

  async present(field: string): Promise<Bitset> {
    const found = this.#directory.textFields.get(field);
    return guarded('presence list', () => this.#rows(found?.present ?? { kind: 'none' }));
  }

  async empty(field: string): Promise<Bitset> {
    const found = this.#directory.textFields.get(field);
    return guarded('presence list', () => this.#rows(found?.empty ?? { kind: 'none' }));
  }

  async numeric(field: string): Promise<NumericColumn | undefined> {
    const found = this.#directory.numericFields.get(field);
    if (found === undefined) return undefined;
    const column = await this.#cache.get(`${this.info.id}:n${found.place.offset}`, () =>
      guarded('numeric column', () => this.#loadNumeric(found)),
    );
    // Sets are combined in place, so callers get their own.
    return { valid: column.valid.clone(), values: column.values };
  }

  async times(): Promise<Uint32Array> {
    return this.#cache.get(`${this.info.id}:times`, () =>
      guarded('time column', async () => {
        const value = await this.#loadTimes();
        return { value, sizeBytes: value.byteLength };
      }),
    );
  }

  async #matching(
    field: string,
    pattern: { readonly prefix: string; readonly matches: (term: string) => boolean },
    termsMax: number,
  ): Promise<{ readonly refs: readonly PostingRef[]; readonly truncated: boolean }> {
    const blocks = this.#directory.textFields.get(field)?.blocks ?? [];
    const prefix = encoder.encode(pattern.prefix);
    const refs: PostingRef[] = [];
    let truncated = false;
    for (let i = Math.max(0, findBlock(blocks, prefix)); i < blocks.length; i++) {
      const toEnd = scanBlock(await this.#block(blocks[i]!.place), prefix, (term, ref) => {
        if (!prefix.every((byte, at) => term[at] === byte)) return false;
        if (!pattern.matches(decoder.decode(term))) return true;
        truncated = refs.length === termsMax;
        if (!truncated) refs.push(ref);
        return !truncated;
      });
      if (!toEnd) break;
    }
    return { refs, truncated };
  }

  async #rows(ref: PostingRef): Promise<Bitset> {
    const rows = new Bitset(this.info.rowCount);
    await this.#addRows(ref, rows);
    return rows;
  }

  async #addRows(ref: PostingRef, rows: Bitset): Promise<void> {
    if (ref.kind === 'row') {
      if (ref.row >= rows.length) throw new RangeError('posting is beyond the segment');
      rows.add(ref.row);
    } else if (ref.kind === 'inline') decodePostings(ref.bytes, rows);
    else if (ref.kind === 'block') decodePostings(await this.#block(ref.place), rows);
  }

  /** A checked block, through the cache. */
  #block(place: BlockPlace): Promise<Uint8Array> {
    return this.#cache.get(`${this.info.id}:${place.offset}`, async () => {
      const value = await this.#readBlock(place);
      return { value, sizeBytes: value.length };
    });
  }

  async #readBlock(place: BlockPlace): Promise<Uint8Array> {
    const size = place.length + CHECKSUM_BYTES;
    if (place.offset + size > this.#idx.sizeBytes) throw damaged('block');
    return checkBlock(await this.#idx.read(place.offset, size), place.length);
  }

  async #loadNumeric(
    field: NumericField,
  ): Promise<{ readonly value: NumericColumn; readonly sizeBytes: number }> {
    const valid = await this.#rows(field.rows);
    const stored = decodeNumbers(await this.#readBlock(field.place), valid.count());
    const values = new Float64Array(this.info.rowCount);
    let next = 0;
    valid.forEach((row) => {
      values[row] = stored[next++]!;
    });
    return { value: { valid, values }, sizeBytes: values.byteLength + valid.words.byteLength };
  }

  async #loadTimes(): Promise<Uint32Array> {
    const times = new Uint32Array(this.info.rowCount);
    const stored = await this.#readBlock(this.#directory.times);
    const raw = await decompress(stored, { maxOutputLength: times.length * TIME_BYTES_MAX + 16 });
    const reader = new ByteReader(raw);
    let time = 0;
    for (let row = 0; row < times.length; row++) {
      time += reader.varint();
      times[row] = time;
    }
    if (!reader.atEnd) throw damaged('time column');
    return times;
  }
}

/** Errors that mean that the segment's files must be fetched or built again. */
export function isSegmentDamage(error: unknown): boolean {
  return error instanceof AppError && error.code === 'SegmentDamaged';
}
