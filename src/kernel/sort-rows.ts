/**
 * The order of rows by (time, nanosecond part, arrival): a stable least-significant-digit radix sort over
 * 16-bit digits. Returns row numbers in the new order, or undefined when the rows are in order already.
 */
export function timeOrder(times: Uint32Array, timeNs: Uint32Array): Uint32Array | undefined {
  if (isOrdered(times, timeNs)) return undefined;
  let order = new Uint32Array(times.length);
  let spare = new Uint32Array(times.length);
  for (let row = 0; row < order.length; row++) order[row] = row;
  for (const [keys, shift] of [
    [timeNs, 0],
    [timeNs, 16],
    [times, 0],
    [times, 16],
  ] as const) {
    if (sortDigit(keys, shift, { order, into: spare })) [order, spare] = [spare, order];
  }
  return order;
}

function isOrdered(times: Uint32Array, timeNs: Uint32Array): boolean {
  for (let row = 1; row < times.length; row++) {
    if (times[row]! < times[row - 1]!) return false;
    if (times[row] === times[row - 1] && timeNs[row]! < timeNs[row - 1]!) return false;
  }
  return true;
}

/** One pass; false when all rows have the same digit and nothing was moved. */
function sortDigit(
  keys: Uint32Array,
  shift: number,
  rows: { readonly order: Uint32Array; readonly into: Uint32Array },
): boolean {
  const { order, into } = rows;
  const starts = new Uint32Array(65_537);
  for (const key of keys) starts[((key >>> shift) & 0xffff) + 1]!++;
  if (starts.includes(keys.length, 1)) return false;
  for (let digit = 0; digit < 65_536; digit++) starts[digit + 1]! += starts[digit]!;
  for (const row of order) into[starts[(keys[row]! >>> shift) & 0xffff]!++] = row;
  return true;
}
