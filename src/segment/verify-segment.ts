/** Reading both files of a segment whole, so that a wrong checksum anywhere in them is found. */
import { crc32 } from 'node:zlib';
import { errorCode, errorMessage } from '#base/app-error.ts';
import { ByteReader } from '#kernel/byte-writer.ts';
import type { ByteSource } from '#parquet/byte-source.ts';
import { ParquetFile } from '#parquet/parquet-file.ts';
import { BlockCache } from './block-cache.ts';
import {
  CHECKSUM_BYTES,
  checkBlock,
  damaged,
  readFooter,
  readPacked,
  SECTION_DIRECTORY,
  type BlockPlace,
} from './idx-codec.ts';
import { readIdBlock } from './id-list.ts';
import { IdxDirectory } from './idx-directory.ts';
import { TAIL_READ_BYTES } from './limits.ts';
import {
  FORM_LIST,
  ListCursor,
  readListBlock,
  type ListBlock,
  type ListRef,
} from './list-block.ts';
import { openSegment } from './open-segment.ts';
import type { SegmentInfo } from './segment.ts';

export interface SegmentDamage {
  readonly kind: 'index' | 'rows';
  /** One clause in lower case. */
  readonly what: string;
}

export interface VerifySegmentOptions {
  readonly info: SegmentInfo;
  readonly idx: ByteSource;
  readonly parquet: ByteSource;
  readonly signal?: AbortSignal | undefined;
}

/** The cache serves one file after the other: a footer and the dictionaries of one row group. */
const CACHE_BYTES = 1024 * 1024;

/** Read at once where only the bytes matter. */
const READ_BYTES = 1024 * 1024;

/**
 * What is damaged in the two files, at most one thing in each: the first that was met. Errors: those of the sources,
 * the signal's reason.
 */
export async function verifySegment(
  options: VerifySegmentOptions,
): Promise<readonly SegmentDamage[]> {
  const { signal } = options;
  const found: SegmentDamage[] = [];
  const note = (kind: SegmentDamage['kind'], what: string | undefined): void => {
    if (what !== undefined) found.push({ kind, what });
  };
  note('index', await damageOf(() => verifyIdx(options)));
  signal?.throwIfAborted();
  note('rows', await damageOf(() => verifyRows(options)));
  // Last: it finds what only the two files together show, such as files of another segment.
  if (found.length === 0)
    note(
      'index',
      await damageOf(async () => {
        await openSegment({ ...options, parquetPath: '', cache: new BlockCache(CACHE_BYTES) });
      }),
    );
  return found;
}

async function verifyRows({ info, parquet, signal }: VerifySegmentOptions): Promise<void> {
  if (parquet.sizeBytes !== info.parquetBytes) throw damaged('rows: the file has another size');
  const cache = new BlockCache(CACHE_BYTES);
  const file = await ParquetFile.open({ source: parquet, cache, cacheKey: info.id });
  if (file.rowCount !== info.rowCount) throw damaged('rows: their number is wrong');
  await file.verify();
  // Pages have been checked one by one, which says where the damage is; this is for what is between them.
  const crc = info.parquetCrc === undefined ? undefined : await fileCrc(parquet, signal);
  if (crc !== info.parquetCrc) throw damaged('rows: the file has another checksum');
}

/** CRC-32 of all bytes. Errors: those of the source, the signal's reason. */
export async function fileCrc(source: ByteSource, signal?: AbortSignal): Promise<number> {
  let crc = 0;
  for (let offset = 0; offset < source.sizeBytes; offset += READ_BYTES) {
    signal?.throwIfAborted();
    crc = crc32(await source.read(offset, READ_BYTES), crc);
  }
  return crc;
}

async function damageOf(verify: () => Promise<void>): Promise<string | undefined> {
  try {
    await verify();
    return undefined;
  } catch (error) {
    const code = errorCode(error) ?? '';
    const isDamage =
      code === 'SegmentDamaged' ||
      code === 'SegmentVersionUnknown' ||
      error instanceof RangeError ||
      error instanceof SyntaxError ||
      /^(?:ZSTD|Z)_/u.test(code);
    if (isDamage) return errorMessage(error);
    throw error;
  }
}

/** Goes over every block that the directory, or a list in another block, names. */
async function verifyIdx({ info, idx, signal }: VerifySegmentOptions): Promise<void> {
  if (idx.sizeBytes !== info.indexBytes) throw damaged('index: the file has another size');
  const block = async (place: BlockPlace): Promise<Uint8Array> => {
    signal?.throwIfAborted();
    const size = place.length + CHECKSUM_BYTES;
    if (place.offset < 0 || place.offset + size > idx.sizeBytes) throw damaged('block');
    return checkBlock(await idx.read(place.offset, size), place.length);
  };
  const tailBytes = Math.min(TAIL_READ_BYTES, idx.sizeBytes);
  const tail = await idx.read(idx.sizeBytes - tailBytes, tailBytes);
  const sections = readFooter(tail);
  const header = await idx.read(0, HEADER_BYTES);
  if (!tail.subarray(-MAGIC_BYTES).every((byte, i) => byte === header[i])) throw damaged('header');
  let directory: IdxDirectory | undefined;
  for (const [kind, place] of sections) {
    const bytes = await block(place);
    if (kind === SECTION_DIRECTORY)
      directory = new IdxDirectory(readPacked(new ByteReader(bytes)).slice());
  }
  if (directory === undefined) throw damaged('footer');
  const lists = new Map<number, number>();
  notePlaces(directory.fieldLists, lists);
  for (let i = 0; i + 1 < directory.setStarts.length; i++)
    notePlaces(readListBlock(await block(directory.setPlace(i))), lists);
  for (const { blockStart, blockEnd, ids } of directory.textFields.values()) {
    for (let i = blockStart; i < blockEnd; i++)
      notePlaces(readListBlock(await block(directory.dictionaryPlace(i))), lists);
    for (let i = ids.start; i < ids.end; i++)
      readIdBlock(await block(directory.idPlace(i)), directory.rowCount);
  }
  for (const { place } of directory.numericFields.values()) await block(place);
  for (const [offset, length] of lists) await block({ offset, length });
}

/** Magic and version stand at both ends of the file; those at the end have a checksum. */
const HEADER_BYTES = 12;
const MAGIC_BYTES = 8;

/** Notes the posting lists that stand in blocks of their own; lists share them. */
function notePlaces(block: ListBlock, lists: Map<number, number>): void {
  const cursor = new ListCursor(block);
  const note = ({ form, offset, length }: ListRef): void => {
    if (form === FORM_LIST && offset >= 0) lists.set(offset, length);
  };
  for (let i = 0; i < block.entryCount; i++) {
    cursor.next();
    note(cursor.rows);
    note(cursor.sets);
  }
}
