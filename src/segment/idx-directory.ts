/**
 * The directory of an `.idx` file: where its blocks are. In memory while the segment is open, so it is small and is
 * parsed without an object for each block. Content of the section:
 *
 *   varint rows of the segment, varint number of term sets
 *   set blocks: varint number of them, for each: varint its sets, place
 *   varint number of text fields, for each:
 *     varint length of the name, name; u8 1 when it has terms + 2 when an id of its id list has a letter in upper case;
 *     varint number of dictionary blocks, for each: varint length of the separator, separator, place. A separator
 *     is at most the first term of its block and greater than the last term of the block before.
 *   for each text field its id blocks (`id-list.ts`): varint number of them, for each: varint prefix of the first key −
 *     that of the block before (the first: prefix), 5 bytes hash of the first key, place
 *   varint number of numeric columns, for each: varint length of the name, name, place of the values
 *   field lists, the rest: a list block (`idx-codec.ts`). Entries 2f and 2f + 1 are the rows that have text field f,
 *   and those where it is empty; then for each numeric column the rows with a number.
 *
 *   place: varint offset − end of the block whose place stands before this one (the first: 0) × 2, or the negative
 *   of that × 2 + 1; varint length
 */
import { ByteReader, ByteWriter } from '#kernel/byte-writer.ts';
import { CHECKSUM_BYTES, type BlockPlace } from './idx-codec.ts';
import { compareKeys } from './id-key.ts';
import type { IdBlockPlace } from './id-list.ts';
import { readListBlock, type ListBlock } from './list-block.ts';
import type { DictionaryBlock } from './term-dictionary.ts';

export interface SetBlock {
  readonly setCount: number;
  readonly place: BlockPlace;
}

export interface StoredTextField {
  readonly name: string;
  readonly hasTerms: boolean;
  readonly hasUpperIds: boolean;
  readonly blocks: readonly DictionaryBlock[];
  readonly idBlocks: readonly IdBlockPlace[];
}

export interface StoredNumericField {
  readonly name: string;
  readonly place: BlockPlace;
}

/** What a writer knows when all blocks are written. */
export interface DirectoryContent {
  readonly rowCount: number;
  readonly setBlocks: readonly SetBlock[];
  readonly textFields: readonly StoredTextField[];
  readonly numericFields: readonly StoredNumericField[];
  /** The bytes of the list block. */
  readonly fieldLists: Uint8Array;
}

const HAS_TERMS = 1;
const HAS_UPPER_IDS = 2;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

export function encodeDirectory(content: DirectoryContent): Uint8Array {
  const out = new ByteWriter(1 << 14);
  const places = new PlaceWriter(out);
  out.varint(content.rowCount);
  out.varint(content.setBlocks.reduce((sum, { setCount }) => sum + setCount, 0));
  out.varint(content.setBlocks.length);
  for (const { setCount, place } of content.setBlocks) {
    out.varint(setCount);
    places.write(place);
  }
  out.varint(content.textFields.length);
  for (const { name, hasTerms, hasUpperIds, blocks } of content.textFields) {
    writeName(name, out);
    out.u8((hasTerms ? HAS_TERMS : 0) + (hasUpperIds ? HAS_UPPER_IDS : 0));
    out.varint(blocks.length);
    for (const { separator, place } of blocks) {
      out.varint(separator.length);
      out.bytes(separator);
      places.write(place);
    }
  }
  for (const { idBlocks } of content.textFields) writeIdBlocks(idBlocks, out, places);
  out.varint(content.numericFields.length);
  for (const { name, place } of content.numericFields) {
    writeName(name, out);
    places.write(place);
  }
  out.bytes(content.fieldLists);
  return out.view();
}

function writeIdBlocks(
  blocks: readonly IdBlockPlace[],
  out: ByteWriter,
  places: PlaceWriter,
): void {
  out.varint(blocks.length);
  let previous = 0;
  for (const { prefix, hash, place } of blocks) {
    out.varint(prefix - previous);
    out.u32(hash % 2 ** 32);
    out.u8(Math.floor(hash / 2 ** 32));
    places.write(place);
    previous = prefix;
  }
}

function writeName(name: string, out: ByteWriter): void {
  const bytes = encoder.encode(name);
  out.varint(bytes.length);
  out.bytes(bytes);
}

class PlaceWriter {
  readonly #out: ByteWriter;
  #end: number = 0;

  constructor(out: ByteWriter) {
    this.#out = out;
  }

  write({ offset, length }: BlockPlace): void {
    const step = offset - this.#end;
    this.#out.varint(step < 0 ? -step * 2 + 1 : step * 2);
    this.#out.varint(length);
    this.#end = offset + length + CHECKSUM_BYTES;
  }
}

/** Places of blocks, one after the other in two arrays. */
class PlaceReader {
  readonly offsets: number[] = [];
  readonly lengths: number[] = [];
  readonly #reader: ByteReader;
  #end: number = 0;

  constructor(reader: ByteReader) {
    this.#reader = reader;
  }

  read(): void {
    const step = this.#reader.varint();
    const offset = this.#end + (step % 2 === 1 ? -(step - 1) / 2 : step / 2);
    const length = this.#reader.varint();
    this.offsets.push(offset);
    this.lengths.push(length);
    this.#end = offset + length + CHECKSUM_BYTES;
  }
}

/** The dictionary of a text field. */
export interface TextField {
  readonly hasTerms: boolean;
  /** Entry of its presence in the field lists; the next one is of its empty values. */
  readonly presentEntry: number;
  /** Its blocks are those of the directory in [blockStart, blockEnd). */
  readonly blockStart: number;
  readonly blockEnd: number;
  /** The same for the blocks of its id list. */
  readonly ids: { readonly start: number; readonly end: number };
  readonly hasUpperIds: boolean;
}

export interface NumericField {
  readonly rowsEntry: number;
  readonly place: BlockPlace;
}

export class IdxDirectory {
  readonly rowCount: number;
  readonly setCount: number;
  readonly textFields: ReadonlyMap<string, TextField>;
  readonly numericFields: ReadonlyMap<string, NumericField>;
  readonly fieldLists: ListBlock;
  /** First set of each set block, and the number of sets. */
  readonly setStarts: Uint32Array;
  /** About the memory that it takes. */
  readonly sizeBytes: number;
  readonly #bytes: Uint8Array;
  /** Places of the set blocks, then of all dictionary blocks, of all id blocks, of the numeric columns. */
  readonly #places: PlaceReader;
  /** Prefix and hash of the first key of each id block. */
  readonly #firstKeys: number[] = [];
  /** Index of the place of the first id block. */
  readonly #idPlaces: number;
  /** Where in the bytes the separator of each dictionary block begins and ends. */
  readonly #separators: number[] = [];

  /** Throws a RangeError when the bytes are not a directory. They stay in use. */
  constructor(bytes: Uint8Array) {
    const reader = new ByteReader(bytes);
    this.#bytes = bytes;
    this.#places = new PlaceReader(reader);
    this.rowCount = reader.varint();
    this.setCount = reader.varint();
    this.setStarts = this.#readSetBlocks(reader);
    const textFields = this.#readTextFields(reader);
    this.#idPlaces = this.#places.offsets.length;
    this.textFields = this.#readIdBlocks(textFields, reader);
    this.numericFields = this.#readNumericFields(reader);
    this.fieldLists = readListBlock(reader.take(bytes.length - reader.position));
    if (this.fieldLists.entryCount !== 2 * this.textFields.size + this.numericFields.size)
      throw new RangeError('directory has a wrong number of lists');
    const fields = this.textFields.size + this.numericFields.size;
    this.sizeBytes =
      bytes.length +
      this.fieldLists.sizeBytes +
      8 * (2 * this.#places.offsets.length + this.#separators.length + this.#firstKeys.length) +
      200 * fields +
      1024;
  }

  /** Index of the only dictionary block that may hold the term, −1 when none may. */
  findBlock(field: TextField, term: Uint8Array): number {
    let low = field.blockStart;
    let high = field.blockEnd;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#isSeparatorAtMost(middle, term)) low = middle + 1;
      else high = middle;
    }
    return low === field.blockStart ? -1 : low - 1;
  }

  /** Index of the only id block that may hold the key, −1 when none may. */
  findIdBlock({ ids }: TextField, prefix: number, hash: number): number {
    let low = ids.start;
    let high = ids.end;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const first = this.#firstKeys[2 * middle]!;
      if (compareKeys(first, this.#firstKeys[2 * middle + 1]!, prefix, hash) <= 0) low = middle + 1;
      else high = middle;
    }
    return low === ids.start ? -1 : low - 1;
  }

  idPlace(block: number): BlockPlace {
    return this.#place(this.#idPlaces + block);
  }

  dictionaryPlace(block: number): BlockPlace {
    return this.#place(this.setStarts.length - 1 + block);
  }

  setPlace(block: number): BlockPlace {
    return this.#place(block);
  }

  #place(index: number): BlockPlace {
    const { offsets, lengths } = this.#places;
    return { offset: offsets[index]!, length: lengths[index]! };
  }

  #isSeparatorAtMost(block: number, term: Uint8Array): boolean {
    const start = this.#separators[2 * block]!;
    const length = this.#separators[2 * block + 1]! - start;
    for (let i = 0; i < length; i++) {
      if (i === term.length) return false;
      const difference = this.#bytes[start + i]! - term[i]!;
      if (difference !== 0) return difference < 0;
    }
    return true;
  }

  #readSetBlocks(reader: ByteReader): Uint32Array {
    const starts: number[] = [0];
    let count = 0;
    for (let left = reader.varint(); left > 0; left--) {
      count += reader.varint();
      starts.push(count);
      this.#places.read();
    }
    if (count !== this.setCount) throw new RangeError('directory has a wrong number of sets');
    return Uint32Array.from(starts);
  }

  #readTextFields(reader: ByteReader): ReadonlyMap<string, Omit<TextField, 'ids'>> {
    const fields = new Map<string, Omit<TextField, 'ids'>>();
    for (let left = reader.varint(); left > 0; left--) {
      const name = decoder.decode(reader.take(reader.varint()));
      const flags = reader.u8();
      const hasTerms = (flags & HAS_TERMS) !== 0;
      const hasUpperIds = (flags & HAS_UPPER_IDS) !== 0;
      const blockStart = this.#separators.length / 2;
      for (let more = reader.varint(); more > 0; more--) {
        const start = reader.varint() + reader.position;
        const from = reader.position;
        reader.position = start;
        this.#separators.push(from, start);
        this.#places.read();
      }
      const blockEnd = this.#separators.length / 2;
      const presentEntry = 2 * fields.size;
      fields.set(name, { hasTerms, hasUpperIds, presentEntry, blockStart, blockEnd });
    }
    return fields;
  }

  #readIdBlocks(
    textFields: ReadonlyMap<string, Omit<TextField, 'ids'>>,
    reader: ByteReader,
  ): ReadonlyMap<string, TextField> {
    const fields = new Map<string, TextField>();
    for (const [name, field] of textFields) {
      const start = this.#firstKeys.length / 2;
      let prefix = 0;
      for (let left = reader.varint(); left > 0; left--) {
        prefix += reader.varint();
        const low = reader.u32();
        this.#firstKeys.push(prefix, low + reader.u8() * 2 ** 32);
        this.#places.read();
      }
      fields.set(name, { ...field, ids: { start, end: this.#firstKeys.length / 2 } });
    }
    return fields;
  }

  #readNumericFields(reader: ByteReader): ReadonlyMap<string, NumericField> {
    const fields = new Map<string, NumericField>();
    for (let left = reader.varint(); left > 0; left--) {
      const name = decoder.decode(reader.take(reader.varint()));
      this.#places.read();
      const place = this.#place(this.#places.offsets.length - 1);
      fields.set(name, { rowsEntry: 2 * this.textFields.size + fields.size, place });
    }
    return fields;
  }
}
