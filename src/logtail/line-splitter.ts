/** Cuts bytes into lines. Works on bytes, so text of any encoding and invalid UTF-8 pass unchanged. */

const NEWLINE = 0x0a;

export interface SplitLines {
  /** Views of the buffer, without the newline; a carriage return before it stays. */
  readonly lines: Uint8Array[];
  /** Position after the newline of the last line; where nothing was taken, `start`. */
  readonly next: number;
}

/** Takes whole lines of `buffer[start, end)`: at most `linesMax`, and no further line past `bytesMax`. */
export function splitLines(
  buffer: Uint8Array,
  range: { readonly start: number; readonly end: number },
  linesMax: number,
  bytesMax: number,
): SplitLines {
  const lines: Uint8Array[] = [];
  let next = range.start;
  while (lines.length < linesMax && next < range.end && next - range.start < bytesMax) {
    const newline = buffer.indexOf(NEWLINE, next);
    if (newline < 0 || newline >= range.end) break;
    if (lines.length > 0 && newline - range.start > bytesMax) break;
    lines.push(buffer.subarray(next, newline));
    next = newline + 1;
  }
  return { lines, next };
}

/**
 * Where to cut a line that is too long: at `end`, or up to three bytes before it so that a UTF-8 character stays whole.
 * Text that is not UTF-8 is cut at `end`.
 */
export function cutPosition(buffer: Uint8Array, start: number, end: number): number {
  for (let back = 1; back <= 4 && end - back > start; back++) {
    const byte = buffer[end - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte < 0x80 ? 1 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? end - back : end;
  }
  return end;
}

/** How many NULs stand at the start of `buffer[start, end)`. */
export function leadingNuls(buffer: Uint8Array, start: number, end: number): number {
  let position = start;
  while (position < end && buffer[position] === 0) position++;
  return position - start;
}

/** A line without the NULs at its end. A view. */
export function trimNuls(line: Uint8Array): Uint8Array {
  let end = line.length;
  while (end > 0 && line[end - 1] === 0) end--;
  return line.subarray(0, end);
}
