/**
 * What tells one file's content from another's: a hash of its head and a hash of the bytes before an offset. The
 * second one catches a file that was truncated and has grown past the old offset again.
 */
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { CHUNK_BYTES, LONG_LINE_SCAN_BYTES, SIGNATURE_BYTES } from './limits.ts';

/** Hash of the first `bytes` (≤ 1024) of a file; `bytes` 0 says nothing. */
export interface HeadSignature {
  readonly bytes: number;
  readonly hash: string;
}

export const NO_HEAD: HeadSignature = { bytes: 0, hash: '' };

/** 64 bits of SHA-256, 16 lower-case hex digits. */
export function hashBytes(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}

/** Reads until `length` bytes or the end of the file; the result is as long as what was there. */
export async function readAt(
  handle: FileHandle,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(buffer, done, length - done, offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return buffer.subarray(0, done);
}

/** The signature that a file has now. */
export async function readHead(handle: FileHandle): Promise<HeadSignature> {
  const head = await readAt(handle, 0, SIGNATURE_BYTES);
  return { bytes: head.length, hash: hashBytes(head) };
}

/** Whether the file still begins as it did when `head` was taken. */
export async function headMatches(handle: FileHandle, head: HeadSignature): Promise<boolean> {
  if (head.bytes === 0) return true;
  const now = await readAt(handle, 0, head.bytes);
  return now.length === head.bytes && hashBytes(now) === head.hash;
}

/** Hash of the up to 1024 bytes before `offset`, undefined when the file is shorter than that. */
export async function tailHash(handle: FileHandle, offset: number): Promise<string | undefined> {
  const length = Math.min(SIGNATURE_BYTES, offset);
  const bytes = await readAt(handle, offset - length, length);
  return bytes.length === length ? hashBytes(bytes) : undefined;
}

/** A NUL before the last other byte of the head. NULs at its end are room that a writer has not filled yet. */
export function looksBinary(head: Uint8Array): boolean {
  let end = head.length;
  while (end > 0 && head[end - 1] === 0) end--;
  let start = 0;
  while (start < end && head[start] === 0) start++;
  return head.subarray(start, end).includes(0);
}

/**
 * How many pieces of one cut line stand before `offset`; 0 when the line before it was not cut. A piece is as long as a
 * chunk, or up to three bytes shorter. `before` are some bytes right before the offset.
 */
export async function piecesBefore(
  handle: FileHandle,
  offset: number,
  before: Uint8Array,
): Promise<number> {
  if (before.includes(0x0a)) return 0;
  let lineStart = offset;
  while (lineStart > 0 && offset - lineStart < LONG_LINE_SCAN_BYTES) {
    const from = Math.max(0, lineStart - CHUNK_BYTES);
    const bytes = await readAt(handle, from, lineStart - from);
    const newline = bytes.lastIndexOf(0x0a);
    lineStart = from + newline + 1;
    if (newline >= 0) break;
  }
  const length = offset - lineStart;
  const count = Math.ceil(length / CHUNK_BYTES);
  return length >= count * (CHUNK_BYTES - 3) ? count : 0;
}

/** The head of a file that nothing was read of yet. One with NULs may be room that is still to be filled. */
export async function firstHead(handle: FileHandle): Promise<HeadSignature> {
  const head = await readAt(handle, 0, SIGNATURE_BYTES);
  return head.includes(0) ? NO_HEAD : { bytes: head.length, hash: hashBytes(head) };
}
