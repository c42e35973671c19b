/** The parts of an `.idx` file that a reader keeps: its directory, its info, and where the time columns are. */
import { ByteReader } from '#kernel/byte-writer.ts';
import type { IdxSource } from './idx-blocks.ts';
import {
  CHECKSUM_BYTES,
  checkBlock,
  damaged,
  readFooter,
  readPacked,
  SECTION_DIRECTORY,
  SECTION_INFO,
  SECTION_TIME_NS,
  SECTION_TIMES,
  type BlockPlace,
  type IdxInfo,
} from './idx-codec.ts';
import { IdxDirectory } from './idx-directory.ts';
import { TAIL_READ_BYTES } from './limits.ts';

export interface OpenDirectory {
  readonly info: IdxInfo;
  readonly times: BlockPlace;
  readonly timeNs: BlockPlace | undefined;
  readonly directory: IdxDirectory;
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * One read of the end of the file, two when the directory is large. Errors: SegmentDamaged, SegmentVersionUnknown, those of
 * the source; RangeErrors, SyntaxErrors and those of zstd when checked bytes are not what they should be.
 */
export async function readDirectory(idx: IdxSource): Promise<OpenDirectory> {
  const tailStart = Math.max(0, idx.sizeBytes - TAIL_READ_BYTES);
  let tail = await idx.read(tailStart, idx.sizeBytes - tailStart);
  const sections = readFooter(tail);
  const directory = sectionOf(sections, SECTION_DIRECTORY);
  const info = sectionOf(sections, SECTION_INFO);
  let start = tailStart;
  if (directory.offset < start) {
    const missing = await idx.read(directory.offset, start - directory.offset);
    tail = Buffer.concat([missing, tail]);
    start = directory.offset;
  }
  const content = (place: BlockPlace): Uint8Array => {
    const at = place.offset - start;
    const stored = tail.subarray(at, at + place.length + CHECKSUM_BYTES);
    return readPacked(new ByteReader(checkBlock(stored, place.length)));
  };
  const parsed = JSON.parse(decoder.decode(content(info))) as IdxInfo;
  // A copy, so that the directory does not keep the whole tail alive.
  const opened = new IdxDirectory(content(directory).slice());
  if (opened.rowCount !== parsed.segment.rowCount) throw damaged('directory');
  return {
    info: parsed,
    times: sectionOf(sections, SECTION_TIMES),
    timeNs: sections.get(SECTION_TIME_NS),
    directory: opened,
  };
}

function sectionOf(sections: ReadonlyMap<number, BlockPlace>, kind: number): BlockPlace {
  const place = sections.get(kind);
  if (place === undefined) throw damaged('footer');
  return place;
}
