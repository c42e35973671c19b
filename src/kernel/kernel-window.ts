/**
 * The instance of a thread for short tasks on bytes that live outside the kernel: they are copied through a window of
 * fixed size, piece by piece, so that its memory does not grow. A copy costs far less than what is done with the bytes.
 */
import { must } from '#base/assert.ts';
import { instantiateKernel, type KernelExports } from './kernel-module.ts';
import { KERNEL_WINDOW_BYTES } from './limits.ts';

interface WindowExports extends KernelExports {
  crc32cUpdate(bytes: number, size: number, seed: number): number;
  bitsetCount(set: number, bytes: number): number;
  histogramAdd(...args: readonly number[]): void;
}

export interface KernelWindow {
  readonly kernel: WindowExports;
  /** Address of the window. */
  readonly at: number;
  /** Its bytes, valid until the next `reserve` of anybody. */
  readonly bytes: Uint8Array;
}

let opened: KernelWindow | undefined;

/** The thread's window. Its content is undefined. */
export function kernelWindow(): KernelWindow {
  // A memory that has grown leaves its old views without bytes.
  if (opened !== undefined && opened.bytes.length > 0) return opened;
  const kernel = opened?.kernel ?? (instantiateKernel() as WindowExports);
  const reserved = opened?.at ?? kernel.reserve(KERNEL_WINDOW_BYTES);
  const at = must(reserved || undefined, 'memory for the window');
  opened = { kernel, at, bytes: new Uint8Array(kernel.memory.buffer, at, KERNEL_WINDOW_BYTES) };
  return opened;
}
