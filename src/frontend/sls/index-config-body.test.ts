import { describe, expect, test } from 'vitest';
import { DEFAULT_TOKENS } from '#protocol/index-config.ts';
import type { JsonObject } from './parameters.ts';
import { parseIndexConfig } from './index-config-body.ts';

const LINE = { token: [' '] };
const LONG = { type: 'long' };
const many = (count: number): JsonObject =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, LONG]));

function parse(body: JsonObject): unknown {
  return parseIndexConfig(body, JSON.stringify(body).length);
}

describe('what clients leave out', () => {
  test('is filled in', () => {
    const body = {
      line: { token: DEFAULT_TOKENS },
      keys: { msg: { type: 'text' }, n: LONG, ctx: { type: 'json', json_keys: { a: LONG } } },
    };
    const flags = { caseSensitive: false, chn: false };
    const key = { ...flags, doc_value: false, alias: '' };
    expect(parse(body)).toEqual({
      line: { token: DEFAULT_TOKENS, ...flags },
      keys: {
        msg: { type: 'text', token: [], ...key },
        n: { type: 'long', ...key },
        ctx: {
          type: 'json',
          token: [],
          ...key,
          index_all: false,
          max_depth: -1,
          json_keys: { a: { type: 'long', doc_value: false, alias: '' } },
        },
      },
      max_text_len: 2048,
    });
  });

  test('null is left out as well', () => {
    expect(parse({ line: LINE, keys: null, max_text_len: null })).toMatchObject({
      max_text_len: 2048,
    });
  });
});

test('unknown members are kept at every level', () => {
  const body = {
    line: { ...LINE, auto_key_detect: true },
    keys: {
      v: { type: 'text', embedding: 'model', vector_index: { dim: 3 } },
      j: { type: 'json', json_keys: { a: { type: 'text', note: 1 } } },
    },
    scan_index: true,
    all_keys: false,
    log_reduce: true,
    log_reduce_white_list: ['v'],
    log_reduce_black_list: [],
  };
  expect(parse(body)).toMatchObject(body);
});

test('members that only answers have are not stored', () => {
  const body = { line: LINE, ttl: 7, index_mode: 'v2', storage: 'pg', lastModifyTime: 5 };
  expect(Object.keys(parse(body) as object)).toEqual(['line', 'max_text_len']);
});

const WRONG: readonly (readonly [string, JsonObject, string])[] = [
  ['neither line nor keys', { ttl: 7 }, 'required fields line/keys are lacking or of error format'],
  ['line as a list', { line: [] }, 'required fields line/keys'],
  ['keys as a text', { keys: 'a' }, 'required fields line/keys'],
  ['a line without token', { line: {} }, 'line config must has token'],
  ['tokens of two characters', { line: { token: ['ab'] } }, 'not a list of single characters'],
  ['an empty token', { line: { token: [''] } }, 'not a list of single characters'],
  ['token as a text', { line: { token: ', ' } }, 'not a list of strings'],
  [
    'include and exclude lists',
    { line: { ...LINE, include_keys: ['a'], exclude_keys: ['b'] } },
    'include_keys and exclude_keys cannot be used together',
  ],
  ['a flag as a text', { line: { ...LINE, chn: 'true' } }, 'chn is not true or false'],
  ['a key without type', { keys: { a: {} } }, 'key config must has type'],
  ['an unknown type', { keys: { a: { type: 'int' } } }, 'type of "a" is not text, long, double or'],
  ['a key that is no object', { keys: { a: 'text' } }, 'key config of "a" is not an object'],
  ['an empty name', { keys: { '': LONG } }, 'is not 1 to 128 bytes long'],
  ['a long name', { keys: { ['é'.repeat(65)]: LONG } }, 'is not 1 to 128 bytes long'],
  ['too many keys', { keys: many(2001) }, 'keys has more than 2000 entries'],
  ['json below json', { keys: { j: { type: 'json', json_keys: { a: { type: 'json' } } } } }, '"a"'],
  ['max_depth 1.5', { keys: { j: { type: 'json', max_depth: 1.5 } } }, 'max_depth'],
  ['max_depth -2', { keys: { j: { type: 'json', max_depth: -2 } } }, 'max_depth'],
  ['max_text_len 63', { line: LINE, max_text_len: 63 }, 'max_text_len is not from 64 to 16384'],
  ['max_text_len 16385', { line: LINE, max_text_len: 16_385 }, 'max_text_len is not from'],
  ['max_text_len as a text', { line: LINE, max_text_len: '2048' }, 'max_text_len is not from'],
  [
    'both lists of clustering',
    { line: LINE, log_reduce_white_list: ['a'], log_reduce_black_list: ['b'] },
    'cannot be used together',
  ],
  ['log_reduce as a number', { line: LINE, log_reduce: 1 }, 'log_reduce is not true or false'],
  [
    'an alias that is a field',
    { keys: { a: { ...LONG, alias: 'B' }, b: LONG } },
    'duplicate column conflicts',
  ],
  [
    'an alias twice',
    { keys: { a: { ...LONG, alias: 'x' }, b: { ...LONG, alias: 'x' } } },
    'duplicate column conflicts',
  ],
  [
    'an alias that is reserved',
    { keys: { a: { ...LONG, alias: '__time__' } } },
    'duplicate column',
  ],
  [
    'an alias that is a sub-key',
    { keys: { a: { ...LONG, alias: 'j.n' }, j: { type: 'json', json_keys: { n: LONG } } } },
    'duplicate column conflicts',
  ],
  [
    'a field named as a sub-key',
    { keys: { 'j.n': LONG, j: { type: 'json', json_keys: { n: LONG } } } },
    'duplicate column conflicts',
  ],
  ['more than 64 KB', { line: LINE, note: 'x'.repeat(65_536) }, 'larger than 65536 bytes'],
];

test.each(WRONG)('%s is refused', (_name, body, message) => {
  expect(() => parse(body)).toThrow(
    expect.objectContaining({
      code: 'IndexInfoInvalid',
      message: expect.stringContaining(message),
    }),
  );
});

test.each([
  ['the bounds of max_text_len', { line: LINE, max_text_len: 64 }],
  ['the other bound', { line: LINE, max_text_len: 16_384 }],
  ['no delimiters', { line: { token: [] } }],
  ['delimiters beyond ASCII', { line: { token: ['，', '🙂'] } }],
  ['an empty list beside the other', { line: { ...LINE, include_keys: ['a'], exclude_keys: [] } }],
  ['fields that differ in case', { keys: { a: LONG, A: LONG } }],
  ['an alias for a reserved field', { keys: { __topic__: { type: 'text', alias: 'topic' } } }],
  ['an alias as the field itself', { keys: { a: { ...LONG, alias: 'a' } } }],
])('%s is accepted', (_name, body) => {
  expect(() => parse(body)).not.toThrow();
});
