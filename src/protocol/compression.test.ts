import { randomBytes } from 'node:crypto';
import { gzipSync, zstdCompressSync } from 'node:zlib';

import { describe, expect, test } from 'vitest';

import { errorCode } from '#base/app-error.ts';
import { MIB } from '#base/units.ts';
import { compress, decompress, parseBodyRawSize, parseCompressionType } from './compression.ts';
import type { CompressionType } from './compression-type.ts';

const CODECS: readonly CompressionType[] = ['lz4', 'deflate', 'gzip', 'zstd'];
const TEXT = Buffer.from('GET /index.html 200 '.repeat(5000));

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    return errorCode(error);
  }
  return 'nothing thrown';
}

/** Magic, descriptor without content size, window descriptor, one last raw block of one byte. */
function zstdFrame(windowLog: number): Uint8Array {
  return Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, (windowLog - 10) << 3, 9, 0, 0, 0x61);
}

describe.each(CODECS)('%s', (type) => {
  test.each([
    ['repetitive text', TEXT],
    ['random bytes', randomBytes(100_000)],
    ['one byte', Buffer.from('a')],
    ['nothing', Buffer.alloc(0)],
  ])('gives back %s', (_name, raw) => {
    const packed = compress(type, raw);
    expect(Buffer.from(decompress(type, packed, raw.length, MIB)).equals(raw)).toBe(true);
  });

  test('compresses repetitive text', () => {
    expect(compress(type, TEXT).length).toBeLessThan(TEXT.length / 20);
  });

  test('refuses a declared size that is one too small or one too large', () => {
    const packed = compress(type, TEXT);
    for (const declared of [TEXT.length - 1, TEXT.length + 1, 0, 1]) {
      expect(codeOf(() => decompress(type, packed, declared, MIB))).toBe('PostBodyUncompressError');
    }
  });

  test('refuses truncated and foreign bytes', () => {
    const packed = compress(type, TEXT);
    const cut = packed.subarray(0, packed.length - 3);
    expect(codeOf(() => decompress(type, cut, TEXT.length, MIB))).toBe('PostBodyUncompressError');
    const foreign = randomBytes(64);
    expect(codeOf(() => decompress(type, foreign, 64, MIB))).toBe('PostBodyUncompressError');
    expect(codeOf(() => decompress(type, new Uint8Array(), 5, MIB))).toBe(
      'PostBodyUncompressError',
    );
  });

  test('refuses a declared size beyond the limit before decompressing', () => {
    expect(codeOf(() => decompress(type, new Uint8Array(), 1025, 1024))).toBe('PostBodyTooLarge');
  });

  test('accepts a body of exactly the limit', () => {
    const packed = compress(type, TEXT);
    expect(decompress(type, packed, TEXT.length, TEXT.length).length).toBe(TEXT.length);
  });
});

describe('decompress', () => {
  test('reads the all-literal LZ4 block of the specification', () => {
    const bodyB = Buffer.from(
      '0a1e08ebb99acd0612160a07546573744b6579120b54657374436f6e74656e741a00220e31302e3233302e3230312e313137',
      'hex',
    );
    const bodyC = Buffer.concat([Buffer.from('f023', 'hex'), bodyB]);
    expect(Buffer.from(decompress('lz4', bodyC, 50, MIB)).equals(bodyB)).toBe(true);
  });

  test('returns an uncompressed body as it is, whatever size was declared', () => {
    expect(decompress('none', TEXT, 0, MIB)).toBe(TEXT);
    expect(codeOf(() => decompress('none', TEXT, undefined, TEXT.length - 1))).toBe(
      'PostBodyTooLarge',
    );
  });

  test('an LZ4 body needs its raw size, the other ones do not', () => {
    expect(codeOf(() => decompress('lz4', compress('lz4', TEXT), undefined, MIB))).toBe(
      'MissingBodyRawSize',
    );
    for (const type of ['deflate', 'gzip', 'zstd'] as const) {
      expect(decompress(type, compress(type, TEXT), undefined, MIB).length).toBe(TEXT.length);
      expect(codeOf(() => decompress(type, compress(type, TEXT), undefined, 1000))).toBe(
        'PostBodyUncompressError',
      );
    }
  });

  test('a bomb does not grow past its declared size', () => {
    const zeros = Buffer.alloc(64 * MIB);
    for (const bomb of [
      ['gzip', gzipSync(zeros)] as const,
      ['zstd', zstdCompressSync(zeros)] as const,
    ]) {
      const before = process.memoryUsage().arrayBuffers;
      expect(codeOf(() => decompress(bomb[0], bomb[1], 100, 10 * MIB))).toBe(
        'PostBodyUncompressError',
      );
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * MIB);
    }
  });

  test('zstd frames carry their content size', () => {
    // RFC 8878 §3.1.1.1: the two high bits of the descriptor, or the single-segment bit, announce the size.
    for (const raw of [TEXT, Buffer.from('a')]) {
      const descriptor = compress('zstd', raw)[4] ?? 0;
      expect(descriptor & 0b1110_0000).not.toBe(0);
    }
  });

  test('refuses a zstd frame with a window beyond the bound', () => {
    expect(Buffer.from(decompress('zstd', zstdFrame(25), 1, MIB)).toString()).toBe('a');
    expect(codeOf(() => decompress('zstd', zstdFrame(26), 1, MIB))).toBe('PostBodyUncompressError');
  });
});

describe('headers', () => {
  test('compress types are known in any case and unknown ones refused', () => {
    expect(
      ['lz4', 'LZ4', ' deflate', 'zstd', 'gzip', '', undefined].map(parseCompressionType),
    ).toEqual(['lz4', 'lz4', 'deflate', 'zstd', 'gzip', 'none', 'none']);
    expect(codeOf(() => parseCompressionType('snappy'))).toBe('InvalidCompressType');
    expect(codeOf(() => parseCompressionType('none'))).toBe('InvalidCompressType');
  });

  test('raw sizes are decimal integers', () => {
    expect(parseBodyRawSize(undefined)).toBe(undefined);
    expect(parseBodyRawSize('')).toBe(undefined);
    expect(parseBodyRawSize('0')).toBe(0);
    expect(parseBodyRawSize('10485760')).toBe(10485760);
    for (const text of ['-1', '1.5', 'abc', '1e3', '9'.repeat(16)]) {
      expect(codeOf(() => parseBodyRawSize(text))).toBe('InvalidBodyRawSize');
    }
  });
});
