/**
 * Log times of the rows of a segment, in the `.idx` file.
 *
 *   times              packed stream (`idx-codec.ts`), for each run of rows with the same second: varint
 *                      seconds since the run before (the first: since 1970);
 *                      packed stream, for each run: varint rows − 1
 *   nanosecond parts   varint unit u (1, 1000 or 1 000 000), then a packed stream, row by row: varint part / u,
 *                      in a row with the same second as the row before minus the part / u of that one
 */
import { ByteReader, ByteWriter } from '#kernel/byte-writer.ts';
import { readPacked, writePacked } from './idx-codec.ts';

/** `times`: Unix seconds by row, ascending. `level`: as that of `writePacked`. */
export function encodeTimes(times: Uint32Array, level: number): Uint8Array {
  const seconds = new ByteWriter(4096);
  const rows = new ByteWriter(4096);
  let previous = 0;
  for (let row = 0; row < times.length;) {
    const start = row;
    const time = times[start]!;
    while (row < times.length && times[row] === time) row++;
    seconds.varint(time - previous);
    rows.varint(row - start - 1);
    previous = time;
  }
  const out = new ByteWriter(4096);
  writePacked(seconds.view(), level, out);
  writePacked(rows.view(), level, out);
  return out.view();
}

/** Throws a RangeError, or what zstd throws, when the bytes are not so many times. */
export function decodeTimes(bytes: Uint8Array, rowCount: number): Uint32Array {
  const reader = new ByteReader(bytes);
  const seconds = new ByteReader(readPacked(reader));
  const rows = new ByteReader(readPacked(reader));
  const times = new Uint32Array(rowCount);
  let time = 0;
  let row = 0;
  while (!seconds.atEnd) {
    time += seconds.varint();
    const end = row + rows.varint() + 1;
    if (end > rowCount || time > 0xffff_ffff) throw new RangeError('time column is too long');
    times.fill(time, row, end);
    row = end;
  }
  if (row !== rowCount || !rows.atEnd || !reader.atEnd)
    throw new RangeError('time column has a wrong size');
  return times;
}

/** Parts below 1e9 by row, ascending among rows of the same second. Undefined when all are 0. `level`: as above. */
export function encodeTimeNs(
  times: Uint32Array,
  timeNs: Uint32Array,
  level: number,
): Uint8Array | undefined {
  let unit = 1_000_000;
  let any = 0;
  for (const part of timeNs) {
    any |= part;
    while (unit > 1 && part % unit !== 0) unit /= 1000;
  }
  if (any === 0) return undefined;
  const parts = new ByteWriter(timeNs.length * 2 + 16);
  for (let row = 0; row < timeNs.length; row++) {
    const isSame = row > 0 && times[row] === times[row - 1];
    parts.varint((timeNs[row]! - (isSame ? timeNs[row - 1]! : 0)) / unit);
  }
  const out = new ByteWriter(parts.length + 16);
  out.varint(unit);
  writePacked(parts.view(), level, out);
  return out.view();
}

/** Throws as `decodeTimes`. */
export function decodeTimeNs(bytes: Uint8Array, times: Uint32Array): Uint32Array {
  const reader = new ByteReader(bytes);
  const unit = reader.varint();
  const parts = new ByteReader(readPacked(reader));
  const timeNs = new Uint32Array(times.length);
  for (let row = 0; row < timeNs.length; row++) {
    const isSame = row > 0 && times[row] === times[row - 1];
    const part = parts.varint() * unit + (isSame ? timeNs[row - 1]! : 0);
    if (part >= 1e9) throw new RangeError('nanosecond part is too large');
    timeNs[row] = part;
  }
  if (!parts.atEnd || !reader.atEnd) throw new RangeError('nanosecond parts have a wrong size');
  return timeNs;
}
