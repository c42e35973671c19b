/**
 * For tests: random index configurations and logs for SQL, and the columns that a configuration makes of them. Few values,
 * so that groups and joins meet, and what is awkward about each: numbers that are none, fields that are missing or empty,
 * names that must be quoted or that the engine uses itself, broken JSON, logs that are equal, times over two days.
 */
import * as fc from 'fast-check';
import { DEFAULT_TOKENS, type IndexConfig, type KeyIndex } from '#protocol/index-config.ts';
import type { FixtureLog } from '../search/segment-fixture.ts';

/** Seconds that logs of `sqlLogs` may have: from here, two days. */
export const FIRST_TIME = 1_699_990_000;
export const LOG_SECONDS: number = 2 * 86_400;

export type PlainType = 'long' | 'double' | 'text';

/** A column of the relation `log`, by rules of this file's own (sls-query §3.2). */
export interface PlainColumn {
  /** As answers spell it. */
  readonly name: string;
  readonly field: string;
  /** Members below a JSON field. */
  readonly path: readonly string[];
  readonly type: PlainType;
  /** Whether `select *` leaves it out. */
  readonly isAlias: boolean;
  /** Whether numbers are so large that computing with them overflows. */
  readonly isBig: boolean;
  /** Whether sums do not depend on the order of their numbers. */
  readonly isExact: boolean;
  readonly isJson: boolean;
}

const texts: fc.Arbitrary<string> = fc.constantFrom(
  'ab',
  'Ab',
  'b',
  '',
  'a-b/c',
  'x1 y2',
  "it's",
  'null',
  ' ab ',
  '7',
  '1.5',
  'é日志',
  '用户🙂登录',
  'a,b,,c',
  '%_\\',
  'line\nline',
  'x'.repeat(70),
  '日'.repeat(30),
);
const longs: fc.Arbitrary<string> = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -5, max: 12 }).map(String) },
  fc.constantFrom('', '12.5', 'abc', ' 5', '007', '+5', '1e3', '200', '404', '-0', '0x10', '1_000'),
);
const doubles: fc.Arbitrary<string> = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -40, max: 400 }).map((n) => String(n / 4)) },
  fc.constantFrom(
    '',
    '.5',
    '5.',
    '1e1',
    '2.5E-1',
    'x',
    ' 1',
    '1,5',
    'NaN',
    'inf',
    '12000000',
    '-3',
  ),
);
const bigs: fc.Arbitrary<string> = fc.constantFrom(
  '9223372036854775807',
  '-9223372036854775808',
  '9223372036854775808',
  '9007199254740993',
  '9007199254740992',
  '0',
);
const scalar: fc.Arbitrary<unknown> = fc.oneof(
  texts,
  fc.integer({ min: -3, max: 9 }),
  fc.constantFrom(true, false, null, 0.5, 'long', 17),
);
const json: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .record({ a: scalar, b: fc.oneof(fc.record({ c: scalar }), scalar) }, { requiredKeys: [] })
      .map((value) => JSON.stringify(value)),
  },
  fc.constantFrom('', 'ab', '{"a":"ab"', '[1,{"a":2}]', '7', '{"a":[1,2],"b":{"c":{"d":1}}}'),
);

/** Fields of logs, and what they may be indexed as. `code` numbers are small, `cost` numbers quarters. */
const FIELDS: Readonly<
  Record<string, readonly [fc.Arbitrary<string>, readonly KeyIndex['type'][]]>
> = {
  msg: [texts, ['text']],
  path: [texts, ['text', 'text', 'long', 'json']],
  code: [longs, ['long', 'long', 'long', 'text', 'double']],
  cost: [doubles, ['double', 'double', 'text']],
  big: [bigs, ['long', 'text']],
  ctx: [json, ['json', 'json', 'text']],
  '__tag__:host': [texts, ['text']],
  order: [texts, ['text', 'long']],
  rows: [longs, ['long', 'text']],
  file_index: [longs, ['text', 'long']],
  日志: [texts, ['text']],
  'a b"c': [texts, ['text']],
};

/** Logs that differ in `id` at least, which no configuration leaves out. */
export const sqlLogs: fc.Arbitrary<readonly FixtureLog[]> = fc
  .array(
    fc.tuple(
      fc.record(
        {
          __time__: fc.oneof(
            fc.integer({ min: FIRST_TIME, max: FIRST_TIME + LOG_SECONDS - 1 }),
            fc.integer({ min: 0, max: 4 }).map((n) => FIRST_TIME + n * 36_000),
          ),
          __source__: fc.constantFrom('', 'ab', '10.0.0.1'),
          __topic__: fc.constantFrom('', 'b', 'B'),
          ...Object.fromEntries(Object.entries(FIELDS).map(([name, [values]]) => [name, values])),
        },
        { requiredKeys: ['__time__'] },
      ),
      fc.constantFrom(1, 1, 1, 2),
    ),
    { minLength: 1, maxLength: 24, size: 'max' },
  )
  .map((list) =>
    list
      .flatMap(([log, times]) => Array.from({ length: times }, () => log))
      .map((log, i) => ({ ...(log as FixtureLog), id: String(i + 1) })),
  );

function keyOf(name: string, types: readonly KeyIndex['type'][]): fc.Arbitrary<KeyIndex> {
  const json_keys = fc.record(
    {
      a: fc.record({ type: fc.constantFrom('text' as const, 'long'), doc_value: fc.boolean() }),
      'b.c': fc.record({
        type: fc.constantFrom('text' as const, 'long', 'double'),
        doc_value: fc.constant(true),
        alias: fc.constantFrom('', `below_${name}`),
      }),
    },
    { requiredKeys: [] },
  );
  return fc
    .record({
      type: fc.constantFrom(...types),
      token: fc.constantFrom(DEFAULT_TOKENS, [], [' ', '/']),
      caseSensitive: fc.boolean(),
      chn: fc.constant(false),
      doc_value: fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, fc.constant(false)),
      alias: fc.constant(''),
      json_keys,
    })
    .map(({ json_keys: paths, ...key }) =>
      key.type === 'json' ? { ...key, index_all: true, json_keys: paths } : key,
    );
}

const ALIASES = ['', '', 'second', 'Group', '别名', 'limit'] as const;

/** Configurations with the column `id`; at most one alias each. */
export const sqlConfigs: fc.Arbitrary<IndexConfig> = fc
  .record({
    line: fc.constantFrom(undefined, { token: DEFAULT_TOKENS, caseSensitive: false, chn: false }),
    keys: fc.record(
      Object.fromEntries(
        Object.entries(FIELDS).map(([name, [, types]]) => [name, keyOf(name, types)]),
      ),
      { requiredKeys: ['msg', 'code', 'cost'] },
    ),
    id: keyOf('id', ['long']),
    alias: fc.tuple(fc.nat(20), fc.constantFrom(...ALIASES)),
    max_text_len: fc.constantFrom(64, 2048),
  })
  .map(({ line, keys, id, alias: [at, alias], max_text_len }) => {
    const names = Object.keys(keys);
    const aliased = names[at % names.length]!;
    const all: Record<string, KeyIndex> = { ...keys, id: { ...id, doc_value: true } };
    all[aliased] = { ...all[aliased]!, alias };
    return { line, keys: all, max_text_len };
  });

const TYPES: Readonly<Record<string, PlainType>> = { long: 'long', double: 'double' };

/** The columns of a configuration in their order, `__time__` first. */
export function plainColumns({ keys = {} }: IndexConfig): readonly PlainColumn[] {
  const columns: PlainColumn[] = [];
  const aliases: PlainColumn[] = [];
  const add = (
    { name, field, path = [] }: { name: string; field: string; path?: readonly string[] },
    { type, alias = '' }: { readonly type: string; readonly alias?: string | undefined },
  ): void => {
    const plainType = TYPES[type] ?? 'text';
    const column = {
      name,
      field,
      path,
      type: plainType,
      isAlias: false,
      isBig: field === 'big',
      isExact: plainType === 'double' && field !== 'big',
      isJson: type === 'json',
    };
    columns.push(column);
    if (alias !== '') aliases.push({ ...column, name: alias, isAlias: true });
  };
  add({ name: '__time__', field: '__time__' }, { type: 'long' });
  add({ name: '__source__', field: '__source__' }, { type: 'text' });
  add({ name: '__topic__', field: '__topic__' }, { type: 'text' });
  for (const [field, key] of Object.entries(keys)) {
    if (key.doc_value) add({ name: field, field }, key);
    for (const [path, sub] of Object.entries(key.json_keys ?? {}))
      if (sub.doc_value === true)
        add({ name: `${field}.${path}`, field, path: path.split('.') }, sub);
  }
  return [...columns, ...aliases];
}
