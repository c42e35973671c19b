/**
 * What was acknowledged since the last checkpoint, so that a process that is killed repeats no acknowledged batch. Files
 * `acks.<number>`, text, appended to and not synced: after a power cut the checkpoint alone counts, and more is repeated.
 *
 *   each line   <first 16 hex digits of the SHA-256 of the rest> <one checkpoint entry, JSON>\n
 *
 * A line is valid when its hash is right; reading ends at the first one that is not. A checkpoint names the number that
 * began with it: its file and all later ones count on top of it, later lines over earlier ones. The file before is kept for
 * the checkpoint before.
 */
import { errorCode } from '#base/app-error.ts';
import type { FileHandle, Files } from '#platform/files.ts';
import { parseCheckpointEntry, type CheckpointEntry } from './checkpoint.ts';
import { hashBytes } from './file-signature.ts';
import { ACK_LOG_BYTES_MAX } from './limits.ts';

const NAME = /^acks\.(\d{1,15})$/u;

export class AckLog {
  readonly #directory: string;
  readonly #files: Files;
  #number = 0;
  #handle: FileHandle | undefined;
  #sizeBytes = 0;
  /** Appends run one after the other. */
  #tail: Promise<unknown> = Promise.resolve();

  constructor(options: { readonly directory: string }, collaborators: { readonly files: Files }) {
    this.#directory = options.directory;
    this.#files = collaborators.files;
  }

  /** Entries acknowledged since the checkpoint that names `from`, in order. */
  async load(from: number): Promise<readonly CheckpointEntry[]> {
    const entries: CheckpointEntry[] = [];
    for (const number of await this.#numbers()) {
      this.#number = Math.max(this.#number, number);
      if (number >= from) entries.push(...(await this.#read(number)));
    }
    this.#number = Math.max(this.#number, from);
    return entries;
  }

  /** Begins a new file, to which all later appends go, and gives its number for the checkpoint. */
  async begin(): Promise<number> {
    const begun = this.#tail.then(async () => {
      await this.#handle?.close();
      this.#handle = undefined;
      this.#number++;
      this.#sizeBytes = 0;
      this.#handle = await this.#files.open(this.#path(this.#number), 'create');
      return this.#number;
    });
    this.#tail = begun.catch(() => undefined);
    return await begun;
  }

  /** Survives the process when it resolves. Nothing happens when the file is full: the next checkpoint is near. */
  async append(entry: CheckpointEntry): Promise<void> {
    const json = JSON.stringify(entry);
    const line = Buffer.from(`${hashBytes(Buffer.from(json))} ${json}\n`);
    const appended = this.#tail.then(() => this.#write(line));
    this.#tail = appended.catch(() => undefined);
    await appended;
  }

  async #write(line: Uint8Array): Promise<void> {
    if (this.#handle === undefined || this.#sizeBytes + line.length > ACK_LOG_BYTES_MAX) return;
    await this.#handle.write([line], this.#sizeBytes);
    this.#sizeBytes += line.length;
  }

  /** Removes what no checkpoint needs, once the one that names `number` is durable. */
  async forget(number: number): Promise<void> {
    for (const other of await this.#numbers())
      if (other < number - 1) await this.#files.remove(this.#path(other));
  }

  async close(): Promise<void> {
    await this.#tail;
    await this.#handle?.close();
    this.#handle = undefined;
  }

  async #numbers(): Promise<readonly number[]> {
    const names = await this.#files.list(this.#directory);
    return names
      .flatMap((name) => NAME.exec(name)?.[1] ?? [])
      .map(Number)
      .toSorted((a, b) => a - b);
  }

  async #read(number: number): Promise<readonly CheckpointEntry[]> {
    let handle: FileHandle;
    try {
      handle = await this.#files.open(this.#path(number), 'read');
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return [];
      throw error;
    }
    try {
      const buffer = new Uint8Array(Math.min(await handle.size(), ACK_LOG_BYTES_MAX));
      return parseAcks(buffer.subarray(0, await handle.read(buffer, 0)));
    } finally {
      await handle.close();
    }
  }

  #path(number: number): string {
    return `${this.#directory}/acks.${number}`;
  }
}

/** The valid lines from the start. */
export function parseAcks(bytes: Uint8Array): readonly CheckpointEntry[] {
  const entries: CheckpointEntry[] = [];
  let start = 0;
  for (;;) {
    const end = bytes.indexOf(0x0a, start);
    if (end < 0) return entries;
    const json = bytes.subarray(Math.min(start + 17, end), end);
    const hash = Buffer.from(bytes.subarray(start, Math.min(start + 16, end))).toString('latin1');
    if (hashBytes(json) !== hash) return entries;
    const entry = parseCheckpointEntry(Buffer.from(json).toString('utf8'));
    if (entry === undefined) return entries;
    entries.push(entry);
    start = end + 1;
  }
}

/** Puts acknowledged entries over those of a checkpoint; files that it does not know come last. */
export function mergeAcks(
  entries: readonly CheckpointEntry[],
  acks: readonly CheckpointEntry[],
): readonly CheckpointEntry[] {
  const merged = new Map<string, CheckpointEntry>();
  for (const entry of [...entries, ...acks])
    merged.set(`${entry.path}\0${entry.dev}:${entry.inode}`, entry);
  return [...merged.values()];
}
