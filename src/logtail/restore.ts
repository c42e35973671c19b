/** Puts followed files back where a checkpoint left them: by identity first, by content when they were moved. */
import type { Alarms } from './alarms.ts';
import type { CheckpointEntry } from './checkpoint.ts';
import { lookAt, type FileFacts } from './discovery.ts';
import { FileReader } from './file-reader.ts';
import type { FileTable, Followed } from './file-table.ts';
import type { LogtailInput } from './logtail-config.ts';
import { findCopy, listRotated } from './rotation-search.ts';

interface Located {
  readonly name: string;
  readonly facts: FileFacts;
}

/** Entries of inputs that are no longer configured are left out; files that are gone are reported. */
export async function restoreFiles(
  entries: readonly CheckpointEntry[],
  inputs: readonly LogtailInput[],
  parts: { readonly table: FileTable; readonly alarms: Alarms; readonly nowMs: number },
): Promise<void> {
  const byName = new Map(inputs.map((input) => [input.name, input]));
  for (const entry of entries) {
    const input = byName.get(entry.input);
    if (input === undefined) continue;
    const located = (await locate(entry)) ?? (await locateCopy(entry, parts.table));
    if (located === undefined) {
      parts.alarms.raise('CHECKPOINT_ALARM', entry.name, 'a followed file is gone');
      continue;
    }
    if (parts.table.find(located.facts) !== undefined) continue;
    const reader = new FileReader(
      {
        facts: located.facts,
        name: located.name,
        offset: entry.offset,
        head: { bytes: entry.headBytes, hash: entry.headHash },
        tailHash: entry.tailHash === '' ? undefined : entry.tailHash,
        checkBinary: false,
        writerKey: entry.writerKey,
      },
      parts.nowMs,
    );
    if (located.facts.modifiedNs !== BigInt(entry.modifiedNs)) reader.suspect();
    parts.table.add(parts.table.follow(entry.path, input), reader);
  }
}

/** The device number may differ after a restart, the inode and the time of birth do not. */
async function locate(entry: CheckpointEntry): Promise<Located | undefined> {
  const isIt = (facts: FileFacts): boolean =>
    facts.inode === BigInt(entry.inode) &&
    (facts.birthNs === 0n || entry.birthNs === '0' || facts.birthNs === BigInt(entry.birthNs));
  for (const name of new Set([entry.path, entry.name])) {
    const facts = await lookAt(name).catch(() => undefined);
    if (facts !== undefined && isIt(facts)) return { name, facts };
  }
  return (await listRotated(entry.path)).find((sibling) => isIt(sibling.facts));
}

async function locateCopy(entry: CheckpointEntry, table: FileTable): Promise<Located | undefined> {
  const head = { bytes: entry.headBytes, hash: entry.headHash };
  const content = { head, offset: entry.offset, tailHash: entry.tailHash };
  const known = (facts: FileFacts): boolean => table.find(facts) !== undefined;
  const copy = await findCopy(entry.path, content, known);
  await copy?.handle.close();
  return copy;
}

/** What the checkpoint says of a file: never more than is acknowledged. */
export function checkpointEntry({ reader, follower }: Followed): CheckpointEntry {
  const { facts, head } = reader;
  return {
    input: follower.input.name,
    path: follower.path,
    name: reader.name,
    dev: String(facts.dev),
    inode: String(facts.inode),
    birthNs: String(facts.birthNs),
    modifiedNs: String(facts.modifiedNs),
    offset: reader.ackedOffset,
    headBytes: head.bytes,
    headHash: head.hash,
    tailHash: reader.ackedTailHash ?? '',
    writerKey: reader.writerKey,
  };
}
