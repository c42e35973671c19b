/**
 * Functions of the service's SQL that are written in JavaScript: what one is, and how DuckDB gets to know it.
 *
 * DuckDB calls them on the only JavaScript thread of its process, which no interrupt stops; so each must end soon for
 * any arguments, with memory in proportion to them. What one throws fails the statement with the error's message.
 */
import {
  BIGINT,
  BLOB,
  BOOLEAN,
  DOUBLE,
  DuckDBBlobValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBScalarFunction,
  DuckDBStructValue,
  DuckDBTimestampValue,
  HUGEINT,
  LIST,
  MAP,
  STRUCT,
  TIMESTAMP,
  VARCHAR,
  blobValue,
  listValue,
  mapValue,
  structValue,
  type DuckDBConnection,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import { assert } from '#base/assert.ts';

/** How values of a DuckDB type look in JavaScript; never for null. */
export interface UdfType<T> {
  readonly type: DuckDBType;
  readonly read: (value: DuckDBValue) => T;
  readonly write: (value: T) => DuckDBValue;
}

/** Takes and gives values of its types; null in any argument gives null without a call. */
export interface ScalarUdf {
  /** `sls_…`: users reach it through a macro or a rewrite. */
  readonly name: string;
  readonly parameters: readonly UdfType<unknown>[];
  readonly returns: DuckDBType;
  readonly call: (values: readonly DuckDBValue[]) => DuckDBValue;
}

/** Functions of one subject and the macros that give them the names and the forms that users know. */
export interface UdfFamily {
  readonly functions: readonly ScalarUdf[];
  /** SQL statements; they may use macros of the prelude. */
  readonly macros: string;
}

function plain<T extends DuckDBValue>(type: DuckDBType): UdfType<T> {
  return { type, read: (value) => value as T, write: (value) => value };
}

export const TEXT: UdfType<string> = plain(VARCHAR);
export const REAL: UdfType<number> = plain(DOUBLE);
export const WHOLE: UdfType<bigint> = plain(BIGINT);
export const HUGE: UdfType<bigint> = plain(HUGEINT);
export const TRUTH: UdfType<boolean> = plain(BOOLEAN);
export const BYTES: UdfType<Uint8Array> = {
  type: BLOB,
  read: (value) => {
    assert(value instanceof DuckDBBlobValue, 'a blob');
    return value.bytes;
  },
  write: (value) => blobValue(value),
};
/** Wall time in microseconds since 1970. */
export const TIME: UdfType<bigint> = {
  type: TIMESTAMP,
  read: (value) => {
    assert(value instanceof DuckDBTimestampValue, 'a timestamp');
    return value.micros;
  },
  write: (value) => new DuckDBTimestampValue(value),
};

/** Nulls stay where they are. */
export function listOf<T>(item: UdfType<T>): UdfType<readonly (T | null)[]> {
  return {
    type: LIST(item.type),
    read: (value) => {
      assert(value instanceof DuckDBListValue, 'a list');
      return value.items.map((entry) => (entry === null ? null : item.read(entry)));
    },
    write: (value) => listValue(value.map((entry) => (entry === null ? null : item.write(entry)))),
  };
}

/** Fields by name; nulls stay where they are. */
export function rowOf<T extends Readonly<Record<string, unknown>>>(fields: {
  readonly [K in keyof T]: UdfType<T[K]>;
}): UdfType<{ readonly [K in keyof T]: T[K] | null }> {
  const types: readonly (readonly [string, UdfType<unknown>])[] = Object.entries(fields);
  return {
    type: STRUCT(Object.fromEntries(types.map(([name, { type }]) => [name, type]))),
    read: (value) => {
      assert(value instanceof DuckDBStructValue, 'a row');
      const entries = types.map(([name, type]) => {
        const field = value.entries[name] ?? null;
        return [name, field === null ? null : type.read(field)];
      });
      return Object.fromEntries(entries) as { readonly [K in keyof T]: T[K] | null };
    },
    write: (row) =>
      structValue(
        Object.fromEntries(
          types.map(([name, type]) => [name, row[name] === null ? null : type.write(row[name])]),
        ),
      ),
  };
}

/** Entries in order; keys are distinct and not null. */
export function mapOf<K, V>(
  key: UdfType<K>,
  item: UdfType<V>,
): UdfType<readonly (readonly [K, V | null])[]> {
  return {
    type: MAP(key.type, item.type),
    read: (value) => {
      assert(value instanceof DuckDBMapValue, 'a map');
      return value.entries.map((entry) => [
        key.read(entry.key),
        entry.value === null ? null : item.read(entry.value),
      ]);
    },
    write: (value) =>
      mapValue(
        value.map(([entryKey, entry]) => ({
          key: key.write(entryKey),
          value: entry === null ? null : item.write(entry),
        })),
      ),
  };
}

/** A function of those types; it may give null. */
export function udf<A extends unknown[], R>(
  name: string,
  parameters: readonly [...{ [K in keyof A]: UdfType<A[K]> }],
  returns: UdfType<R>,
  call: (...values: A) => R | null,
): ScalarUdf {
  const types: readonly UdfType<unknown>[] = parameters;
  return {
    name,
    parameters: types,
    returns: returns.type,
    call: (values) => {
      const result = call(...(types.map((type, i) => type.read(values[i] ?? null)) as A));
      return result === null ? null : returns.write(result);
    },
  };
}

/** Makes the functions known to all connections of the database. */
export function registerUdfs(connection: DuckDBConnection, functions: readonly ScalarUdf[]): void {
  for (const { name, parameters, returns, call } of functions)
    connection.registerScalarFunction(
      DuckDBScalarFunction.create({
        name,
        parameterTypes: parameters.map(({ type }) => type),
        returnType: returns,
        mainFunction: (_info, input, output) => {
          const columns = parameters.map((_type, i) => input.getColumnVector(i));
          for (let row = 0; row < input.rowCount; row++) {
            const values = columns.map((column) => column.getItem(row));
            output.setItem(row, values.includes(null) ? null : call(values));
          }
          output.flush();
        },
      }),
    );
}
