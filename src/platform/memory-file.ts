/**
 * What one file of the modelled disk holds, and what of it would survive a loss of power.
 *
 * Changes are kept in order, each `pending` until a sync that covers it. A sync that failed leaves them
 * `doomed`: still readable, but no later sync makes them durable (Linux marks the pages clean; see
 * Rebello et al., "Can Applications Recover from fsync Failures?", USENIX ATC 2020).
 */
import type { Random } from './random.ts';

const SECTOR_BYTES = 512;

type ChangeState = 'pending' | 'durable' | 'doomed';

interface Change {
  readonly offset: number;
  /** Undefined for a cut of the file at `offset`. */
  readonly bytes: Uint8Array | undefined;
  state: ChangeState;
}

export class MemoryFile {
  readonly kind = 'file';
  modifiedMs: number = Date.now();
  #current = new GrowingBytes();
  #base = new GrowingBytes();
  #changes: Change[] = [];

  get sizeBytes(): number {
    return this.#current.length;
  }

  read(buffer: Uint8Array, offset: number): number {
    const found = this.#current.view(offset, offset + buffer.length);
    buffer.set(found);
    return found.length;
  }

  write(bytes: Uint8Array, offset: number): void {
    if (bytes.length === 0) return;
    this.#apply({ offset, bytes: bytes.slice(), state: 'pending' });
  }

  truncate(sizeBytes: number): void {
    this.#apply({ offset: sizeBytes, bytes: undefined, state: 'pending' });
  }

  sync(): void {
    this.#settle('durable');
    let settled = 0;
    while (this.#changes[settled]?.state === 'durable')
      applyChange(this.#base, this.#changes[settled++]!);
    this.#changes.splice(0, settled);
  }

  failSync(): void {
    this.#settle('doomed');
  }

  /** Flips the bits of `mask` in the byte at `offset`, on the medium itself. */
  corrupt(offset: number, mask: number): void {
    for (const bytes of [this.#current, this.#base]) bytes.flip(offset, mask);
    for (const change of this.#changes) {
      const index = offset - change.offset;
      if (change.bytes !== undefined && index >= 0 && index < change.bytes.length)
        change.bytes[index] = change.bytes[index]! ^ mask;
    }
  }

  /** The file after a loss of power: each unsynced change kept, lost or torn. */
  afterCrash(random: Random): MemoryFile {
    const survivor = new MemoryFile();
    const content = this.#base.copy();
    const fate = random.below(4);
    for (const change of this.#changes)
      if (change.state === 'durable' || fate === 0) applyChange(content, change);
      else if (fate !== 1) applyPart(content, change, random);
    survivor.#current = content;
    survivor.#base = content.copy();
    return survivor;
  }

  #apply(change: Change): void {
    this.modifiedMs = Date.now();
    this.#changes.push(change);
    applyChange(this.#current, change);
  }

  #settle(state: ChangeState): void {
    for (const change of this.#changes) if (change.state === 'pending') change.state = state;
  }
}

function applyChange(content: GrowingBytes, change: Change): void {
  if (change.bytes === undefined) content.resize(change.offset);
  else content.write(change.bytes, change.offset);
}

/** Keeps, loses or tears one change; a torn write may leave zeros where the size grew first. */
function applyPart(content: GrowingBytes, change: Change, random: Random): void {
  const { bytes, offset } = change;
  const fate = random.below(bytes === undefined ? 2 : 5);
  if (fate === 0) applyChange(content, change);
  if (fate <= 1 || bytes === undefined) return;
  if (fate === 2) {
    content.write(bytes.subarray(0, random.below(bytes.length)), offset);
    return;
  }
  const end = offset + bytes.length;
  if (fate === 3) content.resize(Math.max(content.length, end));
  let start = offset;
  while (start < end) {
    const sectorEnd = Math.min(end, start - (start % SECTOR_BYTES) + SECTOR_BYTES);
    if (random.below(2) === 0)
      content.write(bytes.subarray(start - offset, sectorEnd - offset), start);
    start = sectorEnd;
  }
}

/** Bytes that grow at the end, by doubling; gaps read as zeros. */
class GrowingBytes {
  #bytes = new Uint8Array(0);
  length = 0;

  view(start: number, end: number): Uint8Array {
    const clippedEnd = Math.min(end, this.length);
    return this.#bytes.subarray(Math.min(start, clippedEnd), clippedEnd);
  }

  write(bytes: Uint8Array, offset: number): void {
    if (bytes.length === 0) return;
    this.resize(Math.max(this.length, offset + bytes.length));
    this.#bytes.set(bytes, offset);
  }

  resize(length: number): void {
    if (length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(length, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, this.length));
      this.#bytes = grown;
    } else if (length < this.length) this.#bytes.fill(0, length, this.length);
    this.length = length;
  }

  flip(offset: number, mask: number): void {
    if (offset < this.length) this.#bytes[offset] = this.#bytes[offset]! ^ mask;
  }

  copy(): GrowingBytes {
    const copy = new GrowingBytes();
    copy.write(this.view(0, this.length), 0);
    return copy;
  }
}
