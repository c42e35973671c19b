/** Functions in JavaScript take any arguments of their types: a value, null or an error for the user, and never anything else. */
import {
  DuckDBListType,
  DuckDBMapType,
  DuckDBStructType,
  DuckDBTimestampValue,
  DuckDBTypeId,
  blobValue,
  listValue,
  mapValue,
  structValue,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { errorCode } from '#base/app-error.ts';
import { UDFS } from './registry.ts';

const BIGINT_MAX = 2n ** 63n - 1n;

/** Texts that mean something to some function, and others. */
const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom('', 'KB', 'yb', '%Y-%m-%d', '%', '%%x', 'a=1&b', '&', '=', '1.5d', '-0', 'zero'),
  fc.tuple(fc.double(), fc.constantFrom('ns', 'd', 'EB', '', ' s ')).map((parts) => parts.join('')),
  fc.tuple(fc.double(), fc.double()).map((parts) => parts.join(',')),
  fc.tuple(fc.double(), fc.double()).map((parts) => `POINT (${parts.join(' ')})`),
  fc.constantFrom('LINESTRING (0 0, 2 2)', 'POLYGON ((0 0, 4 0, 4 4, 0 0))', 'POINT EMPTY'),
  fc
    .array(fc.constantFrom(...'YymcdeHkhIlisSfpTrMbWajwvxV%U -'.split('')), { maxLength: 8 })
    .map((letters) => letters.map((letter) => `%${letter}`).join('')),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
);

const SCALARS: ReadonlyMap<DuckDBTypeId, fc.Arbitrary<DuckDBValue>> = new Map<
  DuckDBTypeId,
  fc.Arbitrary<DuckDBValue>
>([
  [DuckDBTypeId.VARCHAR, texts],
  [DuckDBTypeId.DOUBLE, fc.double()],
  [
    DuckDBTypeId.BIGINT,
    fc.oneof(
      fc.bigInt({ min: -3n, max: 70n }),
      fc.bigInt({ min: -BIGINT_MAX - 1n, max: BIGINT_MAX }),
    ),
  ],
  [DuckDBTypeId.HUGEINT, fc.bigInt({ min: -(2n ** 127n), max: 2n ** 127n - 1n })],
  [DuckDBTypeId.BLOB, fc.uint8Array({ maxLength: 200 }).map((bytes) => blobValue(bytes))],
  [
    DuckDBTypeId.TIMESTAMP,
    fc
      .bigInt({ min: -BIGINT_MAX, max: BIGINT_MAX })
      .map((micros) => new DuckDBTimestampValue(micros)),
  ],
]);

function valuesOf(type: DuckDBType): fc.Arbitrary<DuckDBValue> {
  if (type instanceof DuckDBListType) {
    const items = fc.option(valuesOf(type.valueType), { freq: 10 });
    return fc.array(items, { maxLength: 40 }).map((list) => listValue(list));
  }
  if (type instanceof DuckDBMapType) {
    const entry = fc.record({
      key: valuesOf(type.keyType),
      value: fc.option(valuesOf(type.valueType)),
    });
    return fc.array(entry, { maxLength: 10 }).map((entries) => mapValue(entries));
  }
  if (type instanceof DuckDBStructType) {
    const fields = type.entryTypes.map((field) => fc.option(valuesOf(field), { freq: 10 }));
    return fc
      .tuple(...fields)
      .map((values) =>
        structValue(
          Object.fromEntries(type.entryNames.map((name, i) => [name, values[i] ?? null])),
        ),
      );
  }
  const scalar = SCALARS.get(type.typeId);
  if (scalar === undefined) throw new Error(`no values for ${type.toString()}`);
  return scalar;
}

describe('any arguments', () => {
  test.each(UDFS.map((udf) => [udf.name, udf] as const))('%s', (_name, { parameters, call }) => {
    const values = fc.tuple(...parameters.map(({ type }) => valuesOf(type)));
    fc.assert(
      fc.property(values, (arguments_) => {
        try {
          expect(call(arguments_)).not.toBeUndefined();
        } catch (error) {
          expect(errorCode(error)).toBe('ParameterInvalid');
        }
      }),
      { numRuns: 500 },
    );
  });
});
