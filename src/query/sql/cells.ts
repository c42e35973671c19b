/** Cells of a SQL answer as the texts of the service, and the names of their types (sls-query §3.2). */
import {
  DuckDBBlobValue,
  DuckDBDecimalValue,
  DuckDBListType,
  DuckDBListValue,
  DuckDBMapType,
  DuckDBMapValue,
  DuckDBStructType,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTypeId,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import { zoneOffsetSeconds } from '../time-zone.ts';

const SECOND_US = 1_000_000n;
const NAMES: Readonly<Partial<Record<DuckDBTypeId, string>>> = {
  [DuckDBTypeId.BOOLEAN]: 'boolean',
  [DuckDBTypeId.FLOAT]: 'double',
  [DuckDBTypeId.DOUBLE]: 'double',
  [DuckDBTypeId.DECIMAL]: 'double',
  [DuckDBTypeId.VARCHAR]: 'varchar',
  [DuckDBTypeId.BLOB]: 'varbinary',
  [DuckDBTypeId.DATE]: 'date',
  [DuckDBTypeId.TIME]: 'time',
  [DuckDBTypeId.TIMESTAMP]: 'timestamp',
  [DuckDBTypeId.TIMESTAMP_TZ]: 'timestamp with time zone',
  [DuckDBTypeId.INTERVAL]: 'interval day to second',
  [DuckDBTypeId.SQLNULL]: 'unknown',
};

/** Presto types whose texts are JSON as they are. */
const BARE_TYPES: ReadonlySet<string> = new Set(['boolean', 'bigint', 'double', 'json']);

/** The Presto name of a type. Integers of every width are `bigint`. */
export function prestoType(type: DuckDBType): string {
  if (type.alias === 'JSON') return 'json';
  if (type instanceof DuckDBListType) return `array(${prestoType(type.valueType)})`;
  if (type instanceof DuckDBMapType)
    return `map(${prestoType(type.keyType)}, ${prestoType(type.valueType)})`;
  if (type instanceof DuckDBStructType) return `row(${type.entryTypes.map(prestoType).join(', ')})`;
  return NAMES[type.typeId] ?? 'bigint';
}

/**
 * Gives the fields of rows without names (`row(1, 'a')`) the names field0, field1, …, in place; whether there are any. The
 * client reads a row into an object, where fields without names would all be one.
 */
export function nameFields(type: DuckDBType): boolean {
  if (type instanceof DuckDBListType) return nameFields(type.valueType);
  if (type instanceof DuckDBMapType)
    return [type.keyType, type.valueType].map(nameFields).includes(true);
  if (!(type instanceof DuckDBStructType)) return false;
  const names = type.entryNames as string[];
  const isUnnamed = names.length > 0 && !names.some((name) => name !== '');
  if (isUnnamed) names.splice(0, names.length, ...names.map((_name, i) => `field${i}`));
  return type.entryTypes.map(nameFields).includes(true) || isUnnamed;
}

/** How the values of one column become texts. */
export type CellFormat = (value: DuckDBValue) => string;

/** The texts of a column's cells; null is the text `null`. */
export function cellFormat(type: DuckDBType, timeZone: string): CellFormat {
  const format = formatOfType(type, timeZone);
  return (value) => (value === null ? 'null' : format(value));
}

/** A double as Java prints it. */
export function doubleText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e7) {
    const text = String(value);
    return text.includes('.') ? text : `${text}.0`;
  }
  const [mantissa = '', exponent = ''] = value.toExponential().split('e');
  return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}E${exponent.replace('+', '')}`;
}

/** For values that are not null. */
function formatOfType(type: DuckDBType, timeZone: string): CellFormat {
  if (type instanceof DuckDBListType) {
    const item = nestedFormat(type.valueType, timeZone);
    return (value) =>
      value instanceof DuckDBListValue ? `[${value.items.map(item).join(',')}]` : String(value);
  }
  if (type instanceof DuckDBMapType) {
    const key = cellFormat(type.keyType, timeZone);
    const item = nestedFormat(type.valueType, timeZone);
    return (value) =>
      value instanceof DuckDBMapValue
        ? `{${value.entries.map((entry) => `${JSON.stringify(key(entry.key))}:${item(entry.value)}`).join(',')}}`
        : String(value);
  }
  if (type instanceof DuckDBStructType) {
    const formats = type.entryTypes.map((entryType) => nestedFormat(entryType, timeZone));
    return (value) =>
      value instanceof DuckDBStructValue
        ? `{${Object.entries(value.entries)
            .map(([name, item], i) => `${JSON.stringify(name)}:${formats[i]?.(item) ?? 'null'}`)
            .join(',')}}`
        : String(value);
  }
  return (value) => scalarText(value, type.typeId, timeZone);
}

/** Inside arrays, maps and rows: JSON. */
function nestedFormat(type: DuckDBType, timeZone: string): CellFormat {
  const format = cellFormat(type, timeZone);
  const isBare =
    BARE_TYPES.has(prestoType(type)) ||
    type instanceof DuckDBListType ||
    type instanceof DuckDBMapType ||
    type instanceof DuckDBStructType;
  return (value) => (value === null || isBare ? format(value) : JSON.stringify(format(value)));
}

function scalarText(value: DuckDBValue, typeId: DuckDBTypeId, timeZone: string): string {
  if (
    typeof value === 'number' &&
    (typeId === DuckDBTypeId.DOUBLE || typeId === DuckDBTypeId.FLOAT)
  )
    return doubleText(value);
  if (value instanceof DuckDBDecimalValue) return doubleText(value.toDouble());
  if (value instanceof DuckDBTimestampValue) return timestampText(value.micros);
  if (value instanceof DuckDBTimestampTZValue) {
    const offset = zoneOffsetSeconds(timeZone, Number(value.micros / SECOND_US));
    return `${timestampText(value.micros + BigInt(offset) * SECOND_US)} ${timeZone}`;
  }
  if (value instanceof DuckDBBlobValue) return Buffer.from(value.bytes).toString('base64');
  return String(value);
}

function timestampText(micros: bigint): string {
  const iso = new Date(Number(micros / 1000n)).toISOString();
  return iso.replace('T', ' ').replace('Z', '');
}
