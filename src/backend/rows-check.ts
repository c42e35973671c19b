/** Reading the rows of a segment whole, without its index. */
import type { ByteSource } from '#parquet/byte-source.ts';
import type { SegmentInfo } from '#segment/segment.ts';
import { fileCrc, verifySegment } from '#segment/verify-segment.ts';

/** An index of no bytes: only what is said of the rows counts. */
const NO_INDEX: ByteSource = {
  sizeBytes: 0,
  read: () => Promise.resolve(new Uint8Array(0)),
};

/** What is damaged in the Parquet file, one clause; undefined: nothing. Errors: those of the source, the signal's reason. */
export async function damageOfRows(
  info: SegmentInfo,
  parquet: ByteSource,
  signal?: AbortSignal,
): Promise<string | undefined> {
  // Pages are decoded only to say where the damage is.
  if (parquet.sizeBytes === info.parquetBytes && info.parquetCrc !== undefined)
    if ((await fileCrc(parquet, signal)) === info.parquetCrc) return undefined;
  const damage = await verifySegment({ info, idx: NO_INDEX, parquet, signal });
  return damage.find(({ kind }) => kind === 'rows')?.what;
}
