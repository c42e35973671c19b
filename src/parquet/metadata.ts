/**
 * The structures of a Parquet file (parquet.thrift of parquet-format), as far as this room writes and reads them:
 *
 *   "PAR1", column chunks of each row group, offset index of each chunk, footer (FileMetaData),
 *   u32 length of the footer, "PAR1"
 *
 * Columns are flat: `__time__` (INT64, required), `__time_ns_part__` (INT32, optional), then the log's (optional).
 * A chunk is an optional dictionary page and data pages (version 1) with a CRC-32 each.
 */
import { ByteReader, ByteWriter } from '#kernel/byte-writer.ts';
import type { ColumnType } from './column-chunk.ts';
import { COLUMNS_READ_MAX, GROUP_ROWS_READ_MAX } from './limits.ts';
import {
  readStruct,
  writeStruct,
  type ThriftField,
  type ThriftStruct,
  type ThriftValue,
} from './thrift.ts';

export const MAGIC: Uint8Array = new TextEncoder().encode('PAR1');
/** The length of the footer and the magic. */
export const TRAILER_BYTES = 8;

export const TIME_COLUMN = '__time__';
export const TIME_NS_COLUMN = '__time_ns_part__';

export const ENCODING = {
  plain: 0,
  rle: 3,
  delta: 5,
  deltaLength: 6,
  dictionary: 8,
} as const;

export type Codec = 'none' | 'zstd';

const CODEC_ZSTD = 6;
const TYPE_INT32 = 1;
const TYPE_INT64 = 2;
const TYPE_BYTES = 6;
const DECIMAL_PRECISION = 18;
const CREATED_BY = 'sluice version 0.1.0';

/** A column of the logs; the two fixed ones stand before them in the file. */
export interface ParquetColumn {
  readonly name: string;
  readonly type: ColumnType;
}

export type FixedType = { readonly kind: 'time' } | { readonly kind: 'timeNs' };

export interface Statistics {
  readonly nullCount: number;
  /** Plain encoded; absent: unknown, or no value. */
  readonly min: Uint8Array | undefined;
  readonly max: Uint8Array | undefined;
  readonly isMinExact: boolean;
  readonly isMaxExact: boolean;
}

/** A page: where it is, its header included, and its first row in the row group. */
export interface PagePlace {
  readonly offset: number;
  readonly length: number;
  readonly firstRow: number;
}

export interface ChunkInfo {
  readonly codec: Codec;
  readonly encoding: number;
  readonly rowCount: number;
  /** Place of all its pages, and of the dictionary page, which is the first when there is one. */
  readonly offset: number;
  readonly length: number;
  readonly uncompressedBytes: number;
  readonly dictionaryLength: number;
  readonly statistics: Statistics;
}

export interface ReadChunkInfo extends ChunkInfo {
  readonly indexOffset: number;
  readonly indexLength: number;
}

export interface WrittenChunk extends ChunkInfo {
  readonly pages: readonly PagePlace[];
}

export interface GroupInfo<Chunk> {
  readonly rowCount: number;
  /** The two fixed columns, then the others. */
  readonly chunks: readonly Chunk[];
}

export interface FileInfo {
  readonly columns: readonly ParquetColumn[];
  readonly groups: readonly GroupInfo<ReadChunkInfo>[];
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const NO_FIELDS: readonly ThriftField[] = [];

/** Offset indexes, footer and trailer, as they stand behind the chunks; `offset` is where they begin. */
export function encodeTail(
  columns: readonly ParquetColumn[],
  groups: readonly GroupInfo<WrittenChunk>[],
  offset: number,
): Uint8Array {
  const out = new ByteWriter();
  const placed = groups.map(({ rowCount, chunks }) => ({
    rowCount,
    chunks: chunks.map((chunk) => {
      const indexOffset = offset + out.length;
      writeStruct(offsetIndex(chunk.pages), out);
      return { ...chunk, indexOffset, indexLength: offset + out.length - indexOffset };
    }),
  }));
  const start = out.length;
  writeStruct(fileMetaData({ columns, groups: placed }), out);
  out.u32(out.length - start);
  out.bytes(MAGIC);
  return out.view();
}

function offsetIndex(pages: readonly PagePlace[]): readonly ThriftField[] {
  const locations = pages.map(({ offset, length, firstRow }): ThriftField[] => [
    { id: 1, kind: 'i64', value: offset },
    { id: 2, kind: 'i32', value: length },
    { id: 3, kind: 'i64', value: firstRow },
  ]);
  return [{ id: 1, kind: 'structs', value: locations }];
}

function fileMetaData({ columns, groups }: FileInfo): readonly ThriftField[] {
  const names = [TIME_COLUMN, TIME_NS_COLUMN, ...columns.map(({ name }) => name)];
  const types = [{ kind: 'time' } as const, { kind: 'timeNs' } as const].map(
    (type): FixedType | ColumnType => type,
  );
  for (const { type } of columns) types.push(type);
  const elements = names.map((name, i) => schemaElement(name, types[i]!));
  const root: readonly ThriftField[] = [
    { id: 4, kind: 'binary', value: encoder.encode('schema') },
    { id: 5, kind: 'i32', value: names.length },
  ];
  const paths = names.map((name) => encoder.encode(name));
  const rowCount = groups.reduce((sum, group) => sum + group.rowCount, 0);
  return [
    { id: 1, kind: 'i32', value: 1 },
    { id: 2, kind: 'structs', value: [root, ...elements] },
    { id: 3, kind: 'i64', value: rowCount },
    { id: 4, kind: 'structs', value: groups.map((group) => rowGroup(group, paths, types)) },
    { id: 6, kind: 'binary', value: encoder.encode(CREATED_BY) },
    {
      id: 7,
      kind: 'structs',
      value: names.map(() => [{ id: 1, kind: 'struct', value: NO_FIELDS }]),
    },
  ];
}

function physicalType(type: FixedType | ColumnType): number {
  if (type.kind === 'timeNs') return TYPE_INT32;
  return type.kind === 'text' ? TYPE_BYTES : TYPE_INT64;
}

function schemaElement(name: string, type: FixedType | ColumnType): readonly ThriftField[] {
  const fields: ThriftField[] = [
    { id: 1, kind: 'i32', value: physicalType(type) },
    { id: 3, kind: 'i32', value: type.kind === 'time' ? 0 : 1 },
    { id: 4, kind: 'binary', value: encoder.encode(name) },
  ];
  if (type.kind === 'text') {
    const isString: ThriftField = { id: 1, kind: 'struct', value: NO_FIELDS };
    fields.push({ id: 6, kind: 'i32', value: 0 }, { id: 10, kind: 'struct', value: [isString] });
  } else if (type.kind === 'decimal') {
    const decimal: readonly ThriftField[] = [
      { id: 1, kind: 'i32', value: type.scale },
      { id: 2, kind: 'i32', value: DECIMAL_PRECISION },
    ];
    fields.push(
      { id: 6, kind: 'i32', value: 5 },
      { id: 7, kind: 'i32', value: type.scale },
      { id: 8, kind: 'i32', value: DECIMAL_PRECISION },
      { id: 10, kind: 'struct', value: [{ id: 5, kind: 'struct', value: decimal }] },
    );
  }
  return fields;
}

function rowGroup(
  group: GroupInfo<ReadChunkInfo>,
  paths: readonly Uint8Array[],
  types: readonly (FixedType | ColumnType)[],
): readonly ThriftField[] {
  const { chunks, rowCount } = group;
  const sum = (sizeOf: (chunk: ChunkInfo) => number): number =>
    chunks.reduce((total, chunk) => total + sizeOf(chunk), 0);
  const columns = chunks.map((chunk, i) => columnChunk(chunk, paths[i]!, physicalType(types[i]!)));
  return [
    { id: 1, kind: 'structs', value: columns },
    { id: 2, kind: 'i64', value: sum((chunk) => chunk.uncompressedBytes) },
    { id: 3, kind: 'i64', value: rowCount },
    { id: 5, kind: 'i64', value: chunks[0]?.offset ?? 0 },
    { id: 6, kind: 'i64', value: sum((chunk) => chunk.length) },
  ];
}

function columnChunk(chunk: ReadChunkInfo, path: Uint8Array, type: number): readonly ThriftField[] {
  const hasDictionary = chunk.dictionaryLength > 0;
  const encodings = [...(hasDictionary ? [ENCODING.plain] : []), ENCODING.rle, chunk.encoding];
  const metaData: ThriftField[] = [
    { id: 1, kind: 'i32', value: type },
    { id: 2, kind: 'i32s', value: encodings },
    { id: 3, kind: 'binaries', value: [path] },
    { id: 4, kind: 'i32', value: chunk.codec === 'zstd' ? CODEC_ZSTD : 0 },
    { id: 5, kind: 'i64', value: chunk.rowCount },
    { id: 6, kind: 'i64', value: chunk.uncompressedBytes },
    { id: 7, kind: 'i64', value: chunk.length },
    { id: 9, kind: 'i64', value: chunk.offset + chunk.dictionaryLength },
  ];
  if (hasDictionary) metaData.push({ id: 11, kind: 'i64', value: chunk.offset });
  metaData.push({ id: 12, kind: 'struct', value: statisticsFields(chunk.statistics) });
  return [
    { id: 2, kind: 'i64', value: 0 },
    { id: 3, kind: 'struct', value: metaData },
    { id: 4, kind: 'i64', value: chunk.indexOffset },
    { id: 5, kind: 'i32', value: chunk.indexLength },
  ];
}

function statisticsFields(statistics: Statistics): readonly ThriftField[] {
  const { nullCount, min, max, isMinExact, isMaxExact } = statistics;
  const fields: ThriftField[] = [{ id: 3, kind: 'i64', value: nullCount }];
  if (max !== undefined) fields.push({ id: 5, kind: 'binary', value: max });
  if (min !== undefined) fields.push({ id: 6, kind: 'binary', value: min });
  if (max !== undefined) fields.push({ id: 7, kind: 'bool', value: isMaxExact });
  if (min !== undefined) fields.push({ id: 8, kind: 'bool', value: isMinExact });
  return fields;
}

/** Throws a RangeError for bytes that are no footer of this room. */
export function decodeFooter(bytes: Uint8Array): FileInfo {
  const file = readStruct(new ByteReader(bytes));
  const schema = listOf(file, 2).map(asStruct);
  const columns = schema.slice(3).map(readColumn);
  if (schema.length < 3 || schema.length > COLUMNS_READ_MAX)
    throw new RangeError('schema has a wrong size');
  const groups = listOf(file, 4).map((one) => readGroup(asStruct(one), columns.length + 2));
  return { columns, groups };
}

function readColumn(element: ThriftStruct): ParquetColumn {
  const name = decoder.decode(bytesOf(element, 4));
  if (numberOf(element, 1) === TYPE_BYTES) return { name, type: { kind: 'text' } };
  if (numberOf(element, 1) !== TYPE_INT64) throw new RangeError('type of a column is unknown');
  if (!element.has(6)) return { name, type: { kind: 'long' } };
  return { name, type: { kind: 'decimal', scale: numberOf(element, 7) } };
}

function readGroup(group: ThriftStruct, columnCount: number): GroupInfo<ReadChunkInfo> {
  const rowCount = countOf(group, 3);
  if (rowCount > GROUP_ROWS_READ_MAX) throw new RangeError('row group is too large');
  const chunks = listOf(group, 1).map((one) => readChunk(asStruct(one), rowCount));
  if (chunks.length !== columnCount) throw new RangeError('row group has a wrong size');
  return { rowCount, chunks };
}

function readChunk(chunk: ThriftStruct, rowCount: number): ReadChunkInfo {
  const meta = asStruct(must(chunk, 3));
  const dataOffset = countOf(meta, 9);
  const offset = meta.has(11) ? countOf(meta, 11) : dataOffset;
  const encoding = listOf(meta, 2).at(-1);
  const codec = numberOf(meta, 4);
  if (codec !== 0 && codec !== CODEC_ZSTD) throw new RangeError('codec is unknown');
  if (typeof encoding !== 'number' || countOf(meta, 5) !== rowCount || offset > dataOffset)
    throw new RangeError('column chunk is wrong');
  return {
    codec: codec === 0 ? 'none' : 'zstd',
    encoding,
    rowCount,
    offset,
    length: countOf(meta, 7),
    uncompressedBytes: countOf(meta, 6),
    dictionaryLength: dataOffset - offset,
    statistics: readStatistics(asStruct(must(meta, 12))),
    indexOffset: countOf(chunk, 4),
    indexLength: countOf(chunk, 5),
  };
}

function readStatistics(statistics: ThriftStruct): Statistics {
  const binary = (id: number): Uint8Array | undefined => {
    const value = statistics.get(id);
    return value instanceof Uint8Array ? value : undefined;
  };
  return {
    nullCount: countOf(statistics, 3),
    max: binary(5),
    min: binary(6),
    isMaxExact: statistics.get(7) === true,
    isMinExact: statistics.get(8) === true,
  };
}

/** Throws a RangeError for bytes that are no offset index. */
export function decodeOffsetIndex(bytes: Uint8Array): readonly PagePlace[] {
  return listOf(readStruct(new ByteReader(bytes)), 1).map((one) => {
    const place = asStruct(one);
    return {
      offset: countOf(place, 1),
      length: countOf(place, 2),
      firstRow: countOf(place, 3),
    };
  });
}

export interface PageHeader {
  readonly kind: 'data' | 'dictionary';
  readonly valueCount: number;
  readonly encoding: number;
  readonly uncompressedBytes: number;
  readonly storedBytes: number;
  /** CRC-32 of the stored bytes. */
  readonly crc: number;
}

export function writePageHeader(header: PageHeader, out: ByteWriter): void {
  const isData = header.kind === 'data';
  const own: ThriftField[] = [
    { id: 1, kind: 'i32', value: header.valueCount },
    { id: 2, kind: 'i32', value: header.encoding },
  ];
  if (isData)
    own.push(
      { id: 3, kind: 'i32', value: ENCODING.rle },
      { id: 4, kind: 'i32', value: ENCODING.rle },
    );
  writeStruct(
    [
      { id: 1, kind: 'i32', value: isData ? 0 : 2 },
      { id: 2, kind: 'i32', value: header.uncompressedBytes },
      { id: 3, kind: 'i32', value: header.storedBytes },
      { id: 4, kind: 'i32', value: header.crc | 0 },
      { id: isData ? 5 : 7, kind: 'struct', value: own },
    ],
    out,
  );
}

/** Throws a RangeError for bytes that are no page header. */
export function readPageHeader(reader: ByteReader): PageHeader {
  const header = readStruct(reader);
  const isData = numberOf(header, 1) === 0;
  const own = asStruct(must(header, isData ? 5 : 7));
  return {
    kind: isData ? 'data' : 'dictionary',
    valueCount: countOf(own, 1),
    encoding: numberOf(own, 2),
    uncompressedBytes: countOf(header, 2),
    storedBytes: countOf(header, 3),
    crc: numberOf(header, 4) >>> 0,
  };
}

function must(struct: ThriftStruct, id: number): ThriftValue {
  const value = struct.get(id);
  if (value === undefined) throw new RangeError('a field is missing');
  return value;
}

function asStruct(value: ThriftValue): ThriftStruct {
  if (!(value instanceof Map)) throw new RangeError('a field has a wrong type');
  return value as ThriftStruct;
}

function listOf(struct: ThriftStruct, id: number): readonly ThriftValue[] {
  const value = must(struct, id);
  if (!Array.isArray(value)) throw new RangeError('a field has a wrong type');
  return value as readonly ThriftValue[];
}

function bytesOf(struct: ThriftStruct, id: number): Uint8Array {
  const value = must(struct, id);
  if (!(value instanceof Uint8Array)) throw new RangeError('a field has a wrong type');
  return value;
}

function numberOf(struct: ThriftStruct, id: number): number {
  const value = must(struct, id);
  if (typeof value !== 'number') throw new RangeError('a field has a wrong type');
  return value;
}

function countOf(struct: ThriftStruct, id: number): number {
  const value = numberOf(struct, id);
  if (value < 0) throw new RangeError('a number is negative');
  return value;
}
