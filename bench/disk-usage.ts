/** What the files of a data directory take, by what they are. */
import { lstat, readdir } from 'node:fs/promises';
import { join, sep } from 'node:path';

export interface DiskUsage {
  /** Bytes of the shard logs. */
  readonly wal: number;
  /** Bytes of the rows of segments. */
  readonly parquet: number;
  /** Bytes of the indexes of segments. */
  readonly idx: number;
  /** Bytes of everything else: catalog, manifests, locks. */
  readonly other: number;
  readonly segmentCount: number;
  readonly parquetPaths: readonly string[];
}

export async function readDiskUsage(directory: string): Promise<DiskUsage> {
  const usage = { wal: 0, parquet: 0, idx: 0, other: 0 };
  const parquetPaths: string[] = [];
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    // A segment may go while it is looked at.
    const size = await lstat(path).then(
      (stats) => stats.size,
      () => 0,
    );
    const kind = kindOf(path);
    usage[kind] += size;
    if (kind === 'parquet') parquetPaths.push(path);
  }
  return { ...usage, segmentCount: parquetPaths.length, parquetPaths };
}

function kindOf(path: string): 'wal' | 'parquet' | 'idx' | 'other' {
  if (path.endsWith('.parquet')) return 'parquet';
  if (path.endsWith('.idx')) return 'idx';
  return path.includes(`${sep}wal${sep}`) ? 'wal' : 'other';
}
