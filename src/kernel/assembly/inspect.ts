/**
 * Looks at a log group on its way in: decodes its LZ4 block, walks it once, checks and counts. Wrapper:
 * `#kernel/inspect-kernel.ts`, twin: `inspectLogGroup` of `#protocol/log-group.ts`. What is refused here the twin looks at
 * again, as only it says why.
 */
import { inspectWalk } from './build/walk';
import * as walk from './build/walk';
import { lz4Decode } from './lz4';

/** Whether the block is a sound group of so many raw bytes; `raw` gets them. Both have 64 bytes of slack. */
export function inspectLz4(
  block: usize,
  blockBytes: usize,
  raw: usize,
  rawBytes: usize,
  keyBytesMax: u32,
  valueBytesMax: u32,
): bool {
  if (!lz4Decode(block, blockBytes, raw, rawBytes)) return false;
  return inspectWalk(raw, rawBytes, keyBytesMax, valueBytesMax);
}

/** Of the last group. */
export function inspectLogCount(): u32 {
  return walk.inspectedLogs;
}

/** Unix seconds. */
export function inspectMinTime(): u32 {
  return walk.inspectedMinTime;
}

export function inspectMaxTime(): u32 {
  return walk.inspectedMaxTime;
}
