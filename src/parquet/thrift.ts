/**
 * Thrift's compact protocol (thrift-compact-protocol.md of Apache Thrift), as far as Parquet's structures need it:
 *
 *   struct    fields, then 0x00. Field: u8 (id − id before) << 4 | type when the difference is 1–15, else u8 type
 *             and the zigzag varint of the id; then the value. A boolean has its value in the type (1 true, 2 false).
 *   integer   zigzag varint          binary   varint length, bytes
 *   list      u8 size << 4 | type, or 0xf0 | type and the varint of a size above 14; then the elements
 */
import type { ByteReader, ByteWriter } from '#kernel/byte-writer.ts';
import { THRIFT_DEPTH_MAX } from './limits.ts';

const TRUE = 1;
const FALSE = 2;
const BYTE = 3;
const I16 = 4;
const I32 = 5;
const I64 = 6;
const BINARY = 8;
const LIST = 9;
const STRUCT = 12;
const LONG_LIST = 15;

/** A field to write. Integers are safe integers below 2^52. */
export type ThriftField =
  | { readonly id: number; readonly kind: 'i32' | 'i64'; readonly value: number }
  | { readonly id: number; readonly kind: 'bool'; readonly value: boolean }
  | { readonly id: number; readonly kind: 'binary'; readonly value: Uint8Array }
  | { readonly id: number; readonly kind: 'struct'; readonly value: readonly ThriftField[] }
  | { readonly id: number; readonly kind: 'i32s'; readonly value: readonly number[] }
  | { readonly id: number; readonly kind: 'binaries'; readonly value: readonly Uint8Array[] }
  | {
      readonly id: number;
      readonly kind: 'structs';
      readonly value: readonly (readonly ThriftField[])[];
    };

/** A value as it is read. Integers beyond 2^53 are a RangeError. */
export type ThriftValue = number | boolean | Uint8Array | readonly ThriftValue[] | ThriftStruct;
export type ThriftStruct = ReadonlyMap<number, ThriftValue>;

const TYPES: Readonly<Record<Exclude<ThriftField['kind'], 'bool'>, number>> = {
  i32: I32,
  i64: I64,
  binary: BINARY,
  struct: STRUCT,
  i32s: LIST,
  binaries: LIST,
  structs: LIST,
};

/** Fields must come in ascending order of their ids. */
export function writeStruct(fields: readonly ThriftField[], out: ByteWriter): void {
  let last = 0;
  for (const field of fields) {
    const type = field.kind === 'bool' ? (field.value ? TRUE : FALSE) : TYPES[field.kind];
    const step = field.id - last;
    if (step > 0 && step < 16) out.u8((step << 4) | type);
    else {
      out.u8(type);
      writeInteger(field.id, out);
    }
    last = field.id;
    writeValue(field, out);
  }
  out.u8(0);
}

function writeValue(field: ThriftField, out: ByteWriter): void {
  if (field.kind === 'i32' || field.kind === 'i64') writeInteger(field.value, out);
  else if (field.kind === 'binary') writeBinary(field.value, out);
  else if (field.kind === 'struct') writeStruct(field.value, out);
  else if (field.kind === 'i32s') {
    writeListHead(field.value.length, I32, out);
    for (const one of field.value) writeInteger(one, out);
  } else if (field.kind === 'binaries') {
    writeListHead(field.value.length, BINARY, out);
    for (const one of field.value) writeBinary(one, out);
  } else if (field.kind === 'structs') {
    writeListHead(field.value.length, STRUCT, out);
    for (const one of field.value) writeStruct(one, out);
  }
}

function writeInteger(value: number, out: ByteWriter): void {
  out.varint(value < 0 ? -2 * value - 1 : 2 * value);
}

function writeBinary(bytes: Uint8Array, out: ByteWriter): void {
  out.varint(bytes.length);
  out.bytes(bytes);
}

function writeListHead(size: number, type: number, out: ByteWriter): void {
  if (size < LONG_LIST) out.u8((size << 4) | type);
  else {
    out.u8((LONG_LIST << 4) | type);
    out.varint(size);
  }
}

/** Throws a RangeError for bytes that are no structure. Binaries are views of the bytes. */
export function readStruct(reader: ByteReader, depth: number = 0): ThriftStruct {
  if (depth > THRIFT_DEPTH_MAX) throw new RangeError('structure is too deep');
  const fields = new Map<number, ThriftValue>();
  let id = 0;
  for (;;) {
    const head = reader.u8();
    if (head === 0) return fields;
    const type = head & 15;
    id = head >>> 4 === 0 ? readInteger(reader) : id + (head >>> 4);
    fields.set(id, readValue(reader, type, depth));
  }
}

function readValue(reader: ByteReader, type: number, depth: number): ThriftValue {
  if (type === TRUE || type === FALSE) return type === TRUE;
  if (type === BYTE) return reader.u8();
  if (type === I16 || type === I32 || type === I64) return readInteger(reader);
  if (type === BINARY) return reader.take(reader.varint());
  if (type === STRUCT) return readStruct(reader, depth + 1);
  if (type === LIST) return readList(reader, depth + 1);
  throw new RangeError('type of a field is unknown');
}

function readList(reader: ByteReader, depth: number): readonly ThriftValue[] {
  if (depth > THRIFT_DEPTH_MAX) throw new RangeError('structure is too deep');
  const head = reader.u8();
  const size = head >>> 4 === LONG_LIST ? reader.varint() : head >>> 4;
  const type = head & 15;
  // Every element takes a byte at least, so a false size ends at the end of the bytes.
  const values: ThriftValue[] = [];
  for (let i = 0; i < size; i++)
    values.push(
      type === TRUE || type === FALSE ? reader.u8() === TRUE : readValue(reader, type, depth),
    );
  return values;
}

function readInteger(reader: ByteReader): number {
  const coded = reader.varint();
  if (!Number.isSafeInteger(coded)) throw new RangeError('integer is too large');
  return coded % 2 === 0 ? coded / 2 : -(coded + 1) / 2;
}
