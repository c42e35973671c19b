import { describe, expect, test } from 'vitest';

import { errorCode } from '#base/app-error.ts';
import { decodeLogPackageList, encodeLogPackageList, type LogPackage } from './log-package-list.ts';

function codeOf(hex: string, packagesMax: number = 10): string | undefined {
  try {
    decodeLogPackageList(Buffer.from(hex.replaceAll(' ', ''), 'hex'), packagesMax);
  } catch (error) {
    return errorCode(error);
  }
  return 'nothing thrown';
}

describe('log package list', () => {
  test('survives a round trip with every compression of the message', () => {
    const packages: readonly LogPackage[] = [
      { data: Uint8Array.of(1, 2, 3), rawBytes: 300, compression: 'lz4' },
      { data: new Uint8Array(), rawBytes: 0, compression: 'none' },
      { data: Uint8Array.of(4), rawBytes: undefined, compression: 'deflate' },
      { data: new Uint8Array(1000), rawBytes: 0x7fffffff, compression: 'zstd' },
    ];
    expect(decodeLogPackageList(encodeLogPackageList(packages), 4)).toEqual(packages);
  });

  test('a package that names no compression is LZ4', () => {
    const bytes = Buffer.from('0a050a01611032', 'hex');
    expect(decodeLogPackageList(bytes, 1)).toEqual([
      { data: Buffer.from('a'), rawBytes: 50, compression: 'lz4' },
    ]);
  });

  test.each([
    ['a package without data', '0a021032', 'PostBodyInvalid'],
    ['a negative raw size', '0a0e 0a0161 10 ffffffffffffffffff01', 'PostBodyInvalid'],
    ['an unknown compression', '0a05 0a0161 1804', 'InvalidCompressType'],
    ['a truncated package', '0a05 0a0161', 'PostBodyInvalid'],
    ['data as varint', '0a02 0801', 'PostBodyInvalid'],
    ['packages as varint', '0801', 'PostBodyInvalid'],
  ])('refuses %s', (_name, hex, code) => {
    expect(codeOf(hex)).toBe(code);
  });

  test('refuses more packages than allowed', () => {
    expect(codeOf('0a030a0161'.repeat(10))).toBe('nothing thrown');
    expect(codeOf('0a030a0161'.repeat(11))).toBe('PostBodyTooLarge');
  });

  test('has no gzip', () => {
    expect(() =>
      encodeLogPackageList([{ data: new Uint8Array(), rawBytes: 0, compression: 'gzip' }]),
    ).toThrow('gzip is unsupported');
  });
});
