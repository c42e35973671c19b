/** The failure flag of a build, and the arena that its values and names lie in. */
import { reserve } from '../memory';
import { SLACK } from './bytes';

/** Set when a block is full or the input is malformed; the build is over then. */
export let failed: bool = false;

/** Where the next bytes of the arena go. */
export let arenaUsed: usize = 0;
export let arenaStart: usize = 0;
let arenaLimit: usize = 0;

/** Longest scratch text: a searchable value in which every byte became three. */
export const SCRATCH_BYTES: usize = 2 * 1024 * 1024;
/** Terms that the host hands over. */
export let hostScratch: usize = 0;

export function fail(): void {
  failed = true;
}

export function clearFailure(): void {
  failed = false;
}

/** Takes a block, with slack behind it. */
export function block(bytes: usize): usize {
  const at = reserve(bytes + SLACK);
  if (at == 0) failed = true;
  return at;
}

export function stateReserve(rawBytes: usize): void {
  failed = false;
  // One byte that is not UTF-8 becomes the three of U+FFFD.
  const bytes = rawBytes * 4 + 1024 * 1024;
  arenaStart = block(bytes);
  arenaLimit = arenaStart + bytes;
  hostScratch = block(SCRATCH_BYTES);
}

export function stateBegin(): void {
  failed = false;
  arenaUsed = arenaStart;
}

/** Room for so many bytes at the end of the arena; 0 when it is full. */
export function arenaAppend(bytes: usize): usize {
  if (bytes > arenaLimit - arenaUsed) {
    failed = true;
    return 0;
  }
  const at = arenaUsed;
  arenaUsed += bytes;
  return at;
}

/** Gives back what was appended after `mark`. */
export function arenaReset(mark: usize): void {
  arenaUsed = mark;
}
