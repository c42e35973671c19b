/** Where the two files of a segment are, by its id: in a folder of this machine or in the BlobStore. */
import type { ShardKey } from '#loghub/shard-log.ts';
import type { Files } from '#platform/files.ts';
import { removeIfThere } from '#platform/remove-if-there.ts';
import type { Random } from '#platform/random.ts';
import type { SegmentInfo } from '#segment/segment.ts';

/** The two files of a segment on this machine. */
export interface SegmentPaths {
  readonly parquetPath: string;
  readonly indexPath: string;
}

/** A segment and where its files are: a local folder (L0) or the BlobStore (committed). */
export interface StoredSegment {
  readonly shard: ShardKey;
  readonly info: SegmentInfo;
  readonly place:
    | { readonly kind: 'local'; readonly directory: string }
    | { readonly kind: 'blob'; readonly keyPrefix: string };
}

export function localSegment(shard: ShardKey, directory: string, info: SegmentInfo): StoredSegment {
  return { shard, info, place: { kind: 'local', directory } };
}

export function blobSegment(shard: ShardKey, info: SegmentInfo): StoredSegment {
  return { shard, info, place: { kind: 'blob', keyPrefix: blobKeyPrefix(shard, info.id) } };
}

/** The key under which the files of a committed segment lie, without `.parquet` and `.idx`. */
export function blobKeyPrefix(shard: ShardKey, segmentId: string): string {
  return `${shardBlobPrefix(shard)}${segmentId}`;
}

export function shardBlobPrefix(shard: ShardKey): string {
  return `seg/${shard.logstoreId}/${shard.shardId}/`;
}

export function localPaths(directory: string, id: string): SegmentPaths {
  return { parquetPath: `${directory}/${id}.parquet`, indexPath: `${directory}/${id}.idx` };
}

/** Unique for ever: what is built again gets other files, so that both can be there for a while. */
export function newSegmentId(shard: ShardKey, firstSequence: number, random: Random): string {
  const unique = Buffer.from(random.bytes(8)).toString('hex');
  return `${shard.shardId}-${firstSequence}-${unique}`;
}

/** Removes the files of the folder whose names begin so: what work that failed left behind. */
export async function removeByPrefix(
  files: Files,
  directory: string,
  prefix: string,
): Promise<void> {
  for (const name of await files.list(directory))
    if (name.startsWith(prefix)) await removeIfThere(files, `${directory}/${name}`);
}
