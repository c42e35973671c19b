import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { errorCode } from '#base/app-error.ts';
import { compress, decompress } from '#protocol/compression.ts';
import {
  encodeLogGroup,
  inspectLogGroup,
  LOG_GROUP_LIMITS,
  type LogGroupSummary,
} from '#protocol/log-group.ts';
import { inspectLz4Group } from './inspect-kernel.ts';

/** What the protocol says of the block; undefined when it refuses it. */
function twin(block: Uint8Array, rawBytes: number): LogGroupSummary | undefined {
  try {
    return inspectLogGroup(decompress('lz4', block, rawBytes, rawBytes));
  } catch (error) {
    expect(errorCode(error)).toMatch(/^(?:PostBody|Invalid)/u);
    return undefined;
  }
}

function bothSay(block: Uint8Array, rawBytes: number): LogGroupSummary | undefined {
  const found = inspectLz4Group(block, rawBytes, LOG_GROUP_LIMITS);
  // An empty block is no block; the protocol takes it for an empty body.
  if (rawBytes > 0) expect(found).toEqual(twin(block, rawBytes));
  return found;
}

const text = fc.string({ unit: 'grapheme', maxLength: 200 });
const repeated = fc
  .tuple(text, fc.integer({ min: 1, max: 3000 }))
  .map(([part, count]) => part.repeat(count).slice(0, 5000));
const logs = fc.array(
  fc.record({
    time: fc.integer({ min: 1, max: 0xffff_ffff }),
    timeNs: fc.integer({ min: 0, max: 999_999_999 }),
    contents: fc.array(fc.record({ key: text, value: fc.oneof(text, repeated) }), { maxLength: 5 }),
  }),
  { maxLength: 5 },
);
const tag = fc.record({ key: fc.string({ minLength: 1 }), value: text });
const group = fc
  .record({ logs, topic: text, source: text, tags: fc.array(tag, { maxLength: 3 }) })
  .map(encodeLogGroup);

describe('inspecting a group in the kernel', () => {
  test('says of any group what the protocol says', () => {
    fc.assert(
      fc.property(group, (raw) => {
        bothSay(compress('lz4', raw), raw.length);
      }),
      { numRuns: 300 },
    );
  });

  test('takes what the protocol takes of damaged groups, and nothing else', () => {
    fc.assert(
      fc.property(group, fc.nat(), fc.nat({ max: 255 }), (raw, place, byte) => {
        if (raw.length === 0) return;
        const damaged = raw.slice();
        damaged[place % raw.length] = byte;
        bothSay(compress('lz4', damaged), raw.length);
      }),
      { numRuns: 500 },
    );
  });

  test('takes what the protocol takes of damaged blocks, and nothing else', () => {
    fc.assert(
      fc.property(group, fc.nat(), fc.nat({ max: 255 }), fc.boolean(), (raw, place, byte, cut) => {
        const block = compress('lz4', raw).slice();
        if (block.length === 0) return;
        block[place % block.length] = byte;
        bothSay(cut ? block.subarray(0, place % block.length) : block, raw.length);
      }),
      { numRuns: 500 },
    );
  });

  test('refuses another size than the block has', () => {
    const contents = [{ key: 'a', value: 'b'.repeat(10_000) }];
    const raw = encodeLogGroup({ logs: [{ time: 7, contents }], topic: '', source: '', tags: [] });
    const block = compress('lz4', raw);
    expect(bothSay(block, raw.length)).toEqual({ logCount: 1, minTime: 7, maxTime: 7 });
    expect(bothSay(block, raw.length - 1)).toBeUndefined();
    expect(bothSay(block, raw.length + 1)).toBeUndefined();
  });

  test('gives the memory of a large body back', () => {
    const contents = [{ key: 'a', value: 'b'.repeat(1_000_000) }];
    const many = Array.from({ length: 40 }, () => ({ time: 9, contents }));
    const raw = encodeLogGroup({ logs: many, topic: '', source: '', tags: [] });
    for (let i = 0; i < 3; i++)
      expect(bothSay(compress('lz4', raw), raw.length)?.logCount).toBe(40);
  });
});
