/** Discover: which files do the patterns of the inputs match right now? */
import { readdir, stat } from 'node:fs/promises';
import type { BigIntStats } from 'node:fs';
import { errorCode } from '#base/app-error.ts';
import { FILES_MAX, WALK_DIRECTORIES_MAX } from './limits.ts';
import type { LogtailInput } from './logtail-config.ts';
import {
  compileExcludes,
  compilePattern,
  isNeverCollected,
  type PathPattern,
} from './path-pattern.ts';

/** What a look at a name says about the file behind it; symbolic links are followed. */
export interface FileFacts {
  /** 64-bit numbers: some file systems use them whole. */
  readonly dev: bigint;
  readonly inode: bigint;
  readonly sizeBytes: number;
  readonly modifiedNs: bigint;
  /** Time of creation; 0 where the file system has none. */
  readonly birthNs: bigint;
  /** 0 when the file is deleted and only held open. */
  readonly linkCount: number;
}

export interface FoundFile extends FileFacts {
  readonly path: string;
  readonly input: LogtailInput;
}

export interface DiscoveryProblem {
  readonly kind: 'directory' | 'limit';
  readonly path: string;
  readonly code: string;
}

export interface Discovery {
  readonly files: readonly FoundFile[];
  /** Folders that were listed, for watches. */
  readonly directories: readonly string[];
  readonly problems: readonly DiscoveryProblem[];
}

export function factsOf(stats: BigIntStats): FileFacts {
  return {
    dev: stats.dev,
    inode: stats.ino,
    sizeBytes: Number(stats.size),
    modifiedNs: stats.mtimeNs,
    birthNs: stats.birthtimeNs,
    linkCount: Number(stats.nlink),
  };
}

/** Facts of the regular file behind a name, or undefined when there is none. */
export async function lookAt(path: string): Promise<FileFacts | undefined> {
  try {
    const stats = await stat(path, { bigint: true });
    return stats.isFile() ? factsOf(stats) : undefined;
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return undefined;
    throw error;
  }
}

/** One key a file: a path that is renamed keeps it. */
export function fileKey(facts: { readonly dev: bigint; readonly inode: bigint }): string {
  return `${facts.dev}:${facts.inode}`;
}

interface Walk {
  readonly input: LogtailInput;
  readonly pattern: PathPattern;
  readonly excluded: (path: string) => boolean;
  readonly files: Map<string, FoundFile>;
  readonly directories: Set<string>;
  readonly problems: DiscoveryProblem[];
  /** Folders of this pattern by identity and depth kind: loops and double mounts are visited once. */
  readonly visited: Set<string>;
}

/** Compiles the patterns once; `discover` may be called again and again. */
export class Discoverer {
  readonly #plans: readonly {
    readonly input: LogtailInput;
    readonly pattern: PathPattern;
    readonly excluded: (path: string) => boolean;
  }[];

  /** `own` are paths of the agent itself: collecting its own log would never end. */
  constructor(inputs: readonly LogtailInput[], own: readonly string[] = []) {
    this.#plans = inputs
      .flatMap((input) => {
        const excluded = compileExcludes([...input.exclude, ...own.filter(Boolean)]);
        return input.paths.map((path) => ({ input, pattern: compilePattern(path), excluded }));
      })
      // When several inputs match a file the one with the deepest folder has it, then the first one.
      .toSorted((a, b) => b.pattern.base.split('/').length - a.pattern.base.split('/').length);
  }

  /** Walks all patterns. Never throws for what lies on disk: problems are in the answer. */
  async discover(): Promise<Discovery> {
    const files = new Map<string, FoundFile>();
    const directories = new Set<string>();
    const problems: DiscoveryProblem[] = [];
    for (const plan of this.#plans)
      await visit(
        { ...plan, files, directories, problems, visited: new Set() },
        plan.pattern.base,
        0,
      );
    return { files: [...files.values()], directories: [...directories], problems };
  }
}

/** `level` counts folders below the base; past the fixed ones it is the depth of the `**`. */
async function visit(walk: Walk, directory: string, level: number): Promise<void> {
  try {
    if (walk.excluded(directory) || !(await enter(walk, directory, level))) return;
    for (const entry of await readdir(directory, { withFileTypes: true })) {
      const path = directory === '/' ? `/${entry.name}` : `${directory}/${entry.name}`;
      const isFolder = entry.isDirectory();
      if ((isFolder || entry.isSymbolicLink()) && goesDeeper(walk, entry.name, level))
        await visit(walk, path, level + 1);
      if (!isFolder && level >= walk.pattern.directories.length) await collect(walk, path);
    }
  } catch (error) {
    const code = errorCode(error) ?? 'unknown';
    if (code !== 'ENOENT') walk.problems.push({ kind: 'directory', path: directory, code });
  }
}

/** False for what is no folder, was visited already, or is one too many. */
async function enter(walk: Walk, directory: string, level: number): Promise<boolean> {
  const facts = await stat(directory, { bigint: true });
  const place = level >= walk.pattern.directories.length ? '' : level;
  const key = `${facts.dev}:${facts.ino}:${place}`;
  if (!facts.isDirectory() || walk.visited.has(key)) return false;
  walk.visited.add(key);
  if (walk.directories.size >= WALK_DIRECTORIES_MAX) {
    walk.problems.push({ kind: 'limit', path: directory, code: 'DirectoryLimit' });
    return false;
  }
  walk.directories.add(directory);
  return true;
}

function goesDeeper(walk: Walk, name: string, level: number): boolean {
  const { directories, recursive } = walk.pattern;
  if (level < directories.length) return directories[level]?.test(name) === true;
  return recursive && level - directories.length < walk.input.maxDepth;
}

async function collect(walk: Walk, path: string): Promise<void> {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (!walk.pattern.file.test(name) || isNeverCollected(name) || walk.excluded(path)) return;
  let facts: FileFacts | undefined;
  try {
    facts = await lookAt(path);
  } catch (error) {
    walk.problems.push({ kind: 'directory', path, code: errorCode(error) ?? 'unknown' });
  }
  if (facts === undefined) return;
  const key = fileKey(facts);
  if (walk.files.has(key)) return;
  if (walk.files.size >= FILES_MAX) {
    walk.problems.push({ kind: 'limit', path, code: 'FileLimit' });
    return;
  }
  walk.files.set(key, { ...facts, path, input: walk.input });
}
