/**
 * Finds what became of a file: rotated files by identity, copies by content, and generations that came and went between
 * two looks. Only names that a rotation makes are considered: the file's own name with a number, a date or one of a
 * few words behind it.
 */
import { open, readdir, type FileHandle } from 'node:fs/promises';
import { factsOf, lookAt, type FileFacts } from './discovery.ts';
import { headMatches, tailHash, type HeadSignature } from './file-signature.ts';
import { SIBLINGS_MAX } from './limits.ts';

const ROTATED_SUFFIX = /^[._-](?:\d[\dTZtz:._-]*|old|bak|prev|save)$/u;

export interface Sibling {
  readonly name: string;
  readonly facts: FileFacts;
}

/** Splits a path into its folder and its name. */
export function splitPath(path: string): { readonly directory: string; readonly name: string } {
  const slash = path.lastIndexOf('/');
  return { directory: path.slice(0, slash) || '/', name: path.slice(slash + 1) };
}

/** Files that a rotation of `path` may have made, the earliest born first. A folder that is gone has none. */
export async function listRotated(path: string): Promise<readonly Sibling[]> {
  const { directory, name } = splitPath(path);
  let names: string[];
  try {
    names = await readdir(directory);
  } catch {
    return [];
  }
  const siblings: Sibling[] = [];
  for (const other of names) {
    if (!other.startsWith(name) || !ROTATED_SUFFIX.test(other.slice(name.length))) continue;
    if (siblings.length >= SIBLINGS_MAX) break;
    const full = directory === '/' ? `/${other}` : `${directory}/${other}`;
    const facts = await lookAt(full).catch(() => undefined);
    if (facts !== undefined) siblings.push({ name: full, facts });
  }
  return siblings.toSorted(byAge);
}

/** When a file was made; where the file system does not say, when it was last written. */
export function bornNs(facts: Pick<FileFacts, 'birthNs' | 'modifiedNs'>): bigint {
  return facts.birthNs > 0n ? facts.birthNs : facts.modifiedNs;
}

/**
 * The oldest first. Clocks of file systems tick coarsely, so names decide between files of one tick: of numbers the
 * higher is older, of dates the lower.
 */
function byAge(a: Sibling, b: Sibling): number {
  const difference = bornNs(a.facts) - bornNs(b.facts);
  if (difference !== 0n) return difference < 0n ? -1 : 1;
  const numberA = rotationNumber(a.name);
  const numberB = rotationNumber(b.name);
  if (numberA !== undefined && numberB !== undefined) return numberB - numberA;
  return a.name < b.name ? -1 : 1;
}

/** The number that a rotation counts up, as in `app.log.3`; longer ones are dates. */
function rotationNumber(name: string): number | undefined {
  const match = /[._-](\d{1,5})$/u.exec(name);
  return match === null ? undefined : Number(match[1]);
}

/** Opens a file and gives the facts of what is open, which is the truth when names move. */
export async function openFile(
  path: string,
): Promise<{ readonly handle: FileHandle; readonly facts: FileFacts } | undefined> {
  const handle = await open(path, 'r');
  try {
    const stats = await handle.stat({ bigint: true });
    if (stats.isFile()) return { handle, facts: factsOf(stats) };
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  return undefined;
}

/** What a file's content was up to an offset. */
export interface ReadContent {
  readonly head: HeadSignature;
  readonly offset: number;
  readonly tailHash: string | undefined;
}

/** Whether an open file holds the content that was read from another. */
export async function holdsContent(handle: FileHandle, content: ReadContent): Promise<boolean> {
  if (content.head.bytes === 0 || content.tailHash === undefined) return false;
  if (!(await headMatches(handle, content.head))) return false;
  return (await tailHash(handle, content.offset)) === content.tailHash;
}

/** The youngest rotated file with that content, open. `known` tells files that are followed already. */
export async function findCopy(
  path: string,
  content: ReadContent,
  known: (facts: FileFacts) => boolean,
): Promise<
  { readonly name: string; readonly handle: FileHandle; readonly facts: FileFacts } | undefined
> {
  for (const sibling of (await listRotated(path)).toReversed()) {
    if (known(sibling.facts) || sibling.facts.sizeBytes < content.offset) continue;
    const opened = await openFile(sibling.name).catch(() => undefined);
    if (opened === undefined) continue;
    if (!known(opened.facts) && (await holdsContent(opened.handle, content)))
      return { name: sibling.name, ...opened };
    await opened.handle.close();
  }
  return undefined;
}
