/**
 * Checks log groups that come in as LZ4 blocks in the kernel, in one instance for the thread, which ends when a body left
 * it large. What it refuses has to be looked at again by who can say why (`#protocol/log-group.ts`).
 */
import { instantiateKernel, type KernelExports } from './kernel-module.ts';
import { INSPECT_KERNEL_BYTES_MAX } from './limits.ts';

interface InspectExports extends KernelExports {
  inspectLz4(...args: readonly number[]): number;
  inspectLogCount(): number;
  inspectMinTime(): number;
  inspectMaxTime(): number;
}

export interface InspectLimits {
  readonly keyBytesMax: number;
  readonly valueBytesMax: number;
}

/** Times are Unix seconds, 0 when the group holds no log. */
export interface InspectedGroup {
  readonly logCount: number;
  readonly minTime: number;
  readonly maxTime: number;
}

/** Copies and loads go by whole vectors. */
const SLACK_BYTES = 64;

let open: InspectExports | undefined;

/** Undefined: the block does not decode to so many bytes, or they are no sound group. */
export function inspectLz4Group(
  block: Uint8Array,
  rawBytes: number,
  { keyBytesMax, valueBytesMax }: InspectLimits,
): InspectedGroup | undefined {
  const kernel = (open ??= instantiateKernel() as InspectExports);
  const mark = kernel.heapMark();
  try {
    const blockAt = kernel.reserve(block.length + SLACK_BYTES);
    const rawAt = kernel.reserve(rawBytes + SLACK_BYTES);
    if (blockAt === 0 || rawAt === 0) return undefined;
    new Uint8Array(kernel.memory.buffer, blockAt >>> 0, block.length).set(block);
    const places = [blockAt, block.length, rawAt, rawBytes] as const;
    if (kernel.inspectLz4(...places, keyBytesMax, valueBytesMax) === 0) return undefined;
    const logCount = kernel.inspectLogCount() >>> 0;
    const minTime = logCount === 0 ? 0 : kernel.inspectMinTime() >>> 0;
    return { logCount, minTime, maxTime: kernel.inspectMaxTime() >>> 0 };
  } finally {
    kernel.release(mark);
    if (kernel.memory.buffer.byteLength > INSPECT_KERNEL_BYTES_MAX) open = undefined;
  }
}
