/**
 * LogGroupList, the body of a PullLogs answer: field 1 (0x0a), length-delimited, once a group. The groups
 * are copied as they are stored; nothing inside them is decoded.
 */
import { malformed, varintBytes, WireReader, WireWriter } from './wire.ts';

const LIST_GROUP = 0x0a;

/** Bytes that `encodeLogGroupList` adds to a group of this size; for bounding an answer before it is built. */
export function logGroupListOverhead(groupBytes: number): number {
  return 1 + varintBytes(groupBytes);
}

/** The body for decompressed groups, in order. */
export function encodeLogGroupList(groups: readonly Uint8Array[]): Uint8Array {
  let total = 0;
  for (const group of groups) total += logGroupListOverhead(group.length) + group.length;
  const out = new WireWriter(total);
  for (const group of groups) out.bytesField(LIST_GROUP, group);
  return out.finish();
}

/** The groups of a body, as views of it. Errors: PostBodyInvalid. */
export function decodeLogGroupList(bytes: Uint8Array): readonly Uint8Array[] {
  const reader = new WireReader(bytes);
  const end = bytes.length;
  const groups: Uint8Array[] = [];
  while (reader.position < end) {
    const key = reader.key(end);
    if (key === LIST_GROUP) {
      const groupEnd = reader.bytesEnd(end);
      groups.push(bytes.subarray(reader.position, groupEnd));
      reader.position = groupEnd;
    } else {
      if (key >>> 3 === 1) throw malformed('wrong wire type');
      reader.skip(key, end);
    }
  }
  return groups;
}
