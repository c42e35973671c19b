import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileTokenizer, hashBytes, type Tokenizer, type TokenizerOptions } from './tokenizer.ts';

const DEFAULT_TOKENS = Array.from(`, '";=()[]{}?@&<>/:\n\t\r`);
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const DEFAULTS: TokenizerOptions = { token: DEFAULT_TOKENS, caseSensitive: false, chn: false };

/** The terms of the byte path, with their hashes checked. */
function scanned(tokenizer: Tokenizer, bytes: Uint8Array): string[] {
  const terms: string[] = [];
  tokenizer.scan(bytes, 0, bytes.length, {
    term(term, length, hash) {
      expect(hash).toBe(hashBytes(term, 0, length));
      terms.push(decoder.decode(term.subarray(0, length)));
    },
  });
  return terms;
}

function cut(options: Partial<TokenizerOptions>, text: string): string[] {
  const tokenizer = compileTokenizer({ ...DEFAULTS, ...options });
  const terms = tokenizer.cut(text);
  expect(scanned(tokenizer, encoder.encode(text))).toEqual(terms);
  return terms;
}

describe('tokenizer', () => {
  test('cuts at the default delimiters and drops empty parts', () => {
    expect(cut({}, ' GET /api/v1/user?id=7, "x"\n')).toEqual([
      'get',
      'api',
      'v1',
      'user',
      'id',
      '7',
      'x',
    ]);
    expect(cut({}, ',, ;')).toEqual([]);
    expect(cut({}, '')).toEqual([]);
  });

  test('keeps dots, dashes and underscores inside a term', () => {
    expect(cut({}, 'index.html 10.0.0.1 foo-bar and_or 50%')).toEqual([
      'index.html',
      '10.0.0.1',
      'foo-bar',
      'and_or',
      '50%',
    ]);
  });

  test('takes the whole value as one term without delimiters', () => {
    expect(cut({ token: [] }, 'A b,C')).toEqual(['a b,c']);
    expect(cut({ token: [''], caseSensitive: true }, '/Var/Log/a.log')).toEqual(['/Var/Log/a.log']);
  });

  test('folds only when it is not case-sensitive', () => {
    expect(cut({ caseSensitive: true }, 'Disk ÄÖ')).toEqual(['Disk', 'ÄÖ']);
    expect(cut({}, 'Disk ÄÖ ΟΔΟΣ ΣΑ İ Ｆｕｌｌ')).toEqual([
      'disk',
      'äö',
      'οδος',
      'σα',
      'i̇',
      'ｆｕｌｌ',
    ]);
  });

  test('segments Han runs by dictionary and leaves other runs whole', () => {
    expect(cut({ chn: true }, '用户登录失败')).toEqual(['用户', '登录', '失败']);
    expect(cut({ chn: true }, 'ID用户x登录 Y')).toEqual(['id', '用户', 'x', '登录', 'y']);
  });

  test('keeps a Han run as one term without segmentation', () => {
    expect(cut({}, '用户登录失败，系统 正常')).toEqual(['用户登录失败，系统', '正常']);
  });

  test('cuts at delimiters of more than one byte', () => {
    expect(cut({ token: ['，', 'é', '😀', '|'] }, 'a，bécèd😀e|f😁')).toEqual([
      'a',
      'b',
      'cèd',
      'e',
      'f😁',
    ]);
  });

  test('keeps a byte order mark and replaces lone surrogates', () => {
    expect(cut({}, '\ufeffa \ud800b')).toEqual(['\ufeffa', '\ufffdb']);
  });

  test('searches a value up to 512 KB, at a character boundary', () => {
    const size = 512 * 1024;
    expect(cut({}, `${'x'.repeat(size - 2)} yz`).map((term) => term.length)).toEqual([size - 2, 1]);
    expect(cut({ token: [] }, `x${'字'.repeat(size)}`).map((term) => term.length)).toEqual([
      1 + Math.floor((size - 1) / 3),
    ]);
  });

  test('gives the same terms for bytes and for strings', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({
        unit: fc.constantFrom(...Array.from('aAzZ ,;:é我用户登录失败Σσßİı，。😀Ⓐⓐ\ufeff々ー')),
      }),
    );
    const options = fc.record({
      token: fc.oneof(
        fc.constant(DEFAULT_TOKENS),
        fc.array(fc.constantFrom(' ', ',', 'é', '，', '😀', 'A', '', '我')),
      ),
      caseSensitive: fc.boolean(),
      chn: fc.boolean(),
    });
    fc.assert(
      fc.property(options, text, (given, value) => void cut(given, value)),
      { numRuns: 2000 },
    );
  });
});
