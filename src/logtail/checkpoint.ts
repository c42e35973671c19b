/**
 * The checkpoint: where each file is to be read on from after a restart, which is never ahead of what the server has
 * acknowledged. One text file:
 *
 *   line 1   sluice-logtail-checkpoint <version> <SHA-256 of the body, 64 hex digits>\n
 *   body     one JSON object, UTF-8, as `Checkpoint` below with 64-bit numbers as decimal text; unknown members are ignored
 *
 * Version 1 is the first. A file is valid when its first line has this form, a version not above ours, and the hash of
 * all bytes behind the first newline. It is written as `checkpoint.next`, synced, and renamed; the one before becomes
 * `checkpoint.previous`. A crash between the two renames leaves only the previous one, which is then used.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { AppError, errorCode } from '#base/app-error.ts';
import type { Files } from '#platform/files.ts';
import { CHECKPOINT_BYTES_MAX } from './limits.ts';

const MAGIC = 'sluice-logtail-checkpoint';
const VERSION = 1;
const CURRENT = 'checkpoint';
const PREVIOUS = 'checkpoint.previous';
const NEXT = 'checkpoint.next';

const big = z.string().regex(/^\d{1,20}$/u);

/** One file of the checkpoint; several generations of one path stand in order, oldest first. */
export interface CheckpointEntry {
  readonly input: string;
  /** The path it is collected as. */
  readonly path: string;
  /** Its last known name. */
  readonly name: string;
  readonly dev: string;
  readonly inode: string;
  readonly birthNs: string;
  readonly modifiedNs: string;
  /** Bytes from the start of the file that are acknowledged. */
  readonly offset: number;
  readonly headBytes: number;
  readonly headHash: string;
  /** Hash of the up to 1024 bytes before `offset`, empty when it was never known. */
  readonly tailHash: string;
  /** Of the generation, 32 hex digits: the server remembers under it what it has. Never used for other content. */
  readonly writerKey: string;
}

export interface Checkpoint {
  readonly savedMs: number;
  /** Inputs that have run: files that appear while the agent is down are read from their start. */
  readonly inputs: readonly string[];
  readonly entries: readonly CheckpointEntry[];
  /** Number of the first file of acknowledgements that counts on top of it, see `ack-log.ts`. */
  readonly acks: number;
}

const entrySchema: z.ZodType<CheckpointEntry> = z.object({
  input: z.string(),
  path: z.string(),
  name: z.string(),
  dev: big,
  inode: big,
  birthNs: big,
  modifiedNs: big,
  offset: z.int().min(0),
  headBytes: z.int().min(0),
  headHash: z.string(),
  tailHash: z.string(),
  writerKey: z.string().regex(/^[0-9a-f]{32}$/u),
});

const checkpointSchema: z.ZodType<Checkpoint> = z.object({
  savedMs: z.number(),
  inputs: z.array(z.string()),
  entries: z.array(entrySchema),
  acks: z.int().min(0),
});

export type LoadedCheckpoint =
  | { readonly kind: 'absent' }
  /** There is one, but no generation of it can be used. */
  | { readonly kind: 'damaged' }
  | { readonly kind: 'loaded'; readonly checkpoint: Checkpoint; readonly fallback: boolean };

/** One entry as JSON, or undefined when it is none. */
export function parseCheckpointEntry(json: string): CheckpointEntry | undefined {
  try {
    return entrySchema.parse(JSON.parse(json));
  } catch {
    return undefined;
  }
}

/** The bytes of a checkpoint file. */
export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  const body = Buffer.from(`${JSON.stringify(checkpoint)}\n`);
  const hash = createHash('sha256').update(body).digest('hex');
  return Buffer.concat([Buffer.from(`${MAGIC} ${VERSION} ${hash}\n`), body]);
}

/** Errors: CheckpointInvalid for any byte that is not as written. */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  const newline = bytes.indexOf(0x0a);
  const first = Buffer.from(bytes.subarray(0, Math.max(0, newline))).toString('latin1');
  const match = /^sluice-logtail-checkpoint (\d{1,6}) ([0-9a-f]{64})$/u.exec(first);
  if (match === null) throw new AppError('CheckpointInvalid', 'cannot read the first line');
  if (Number(match[1]) > VERSION)
    throw new AppError('CheckpointInvalid', 'the checkpoint is of a newer version');
  const body = bytes.subarray(newline + 1);
  if (createHash('sha256').update(body).digest('hex') !== match[2])
    throw new AppError('CheckpointInvalid', 'the checksum does not match');
  try {
    return checkpointSchema.parse(JSON.parse(Buffer.from(body).toString('utf8')));
  } catch (cause) {
    throw new AppError('CheckpointInvalid', 'cannot read the body', { cause });
  }
}

export class CheckpointStore {
  readonly #directory: string;
  readonly #files: Files;

  constructor(options: { readonly directory: string }, collaborators: { readonly files: Files }) {
    this.#directory = options.directory;
    this.#files = collaborators.files;
  }

  /** Never fails for damage; errors of the disk other than an absent file pass through. */
  async load(): Promise<LoadedCheckpoint> {
    let damaged = false;
    // The one being written when the machine stopped is whole if its checksum says so, and the newest then.
    for (const name of [CURRENT, NEXT, PREVIOUS]) {
      try {
        const bytes = await this.#read(`${this.#directory}/${name}`);
        return {
          kind: 'loaded',
          checkpoint: decodeCheckpoint(bytes),
          fallback: name !== CURRENT,
        };
      } catch (error) {
        const code = errorCode(error);
        if (code === 'CheckpointInvalid') damaged = true;
        else if (code !== 'ENOENT') throw error;
      }
    }
    return { kind: damaged ? 'damaged' : 'absent' };
  }

  /** Durable when it resolves; when it rejects, the one before or this one is in force. */
  async save(checkpoint: Checkpoint): Promise<void> {
    const next = `${this.#directory}/${NEXT}`;
    await this.#files.remove(next).catch(ignoreAbsent);
    const handle = await this.#files.open(next, 'create');
    try {
      await handle.write([encodeCheckpoint(checkpoint)], 0);
      await handle.sync();
    } finally {
      await handle.close();
    }
    const current = `${this.#directory}/${CURRENT}`;
    await this.#files.rename(current, `${this.#directory}/${PREVIOUS}`).catch(ignoreAbsent);
    await this.#files.rename(next, current);
    await this.#files.syncDirectory(this.#directory);
  }

  async #read(path: string): Promise<Uint8Array> {
    const handle = await this.#files.open(path, 'read');
    try {
      const size = await handle.size();
      if (size > CHECKPOINT_BYTES_MAX)
        throw new AppError('CheckpointInvalid', 'the checkpoint is too large');
      const buffer = new Uint8Array(size);
      return buffer.subarray(0, await handle.read(buffer, 0));
    } finally {
      await handle.close();
    }
  }
}

function ignoreAbsent(error: unknown): void {
  if (errorCode(error) !== 'ENOENT') throw error;
}
