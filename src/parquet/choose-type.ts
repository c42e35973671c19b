/** Chooses how a column is stored from all of its values. */
import type { ColumnChunk, ColumnType } from './column-chunk.ts';
import { NOT_A_NUMBER, scaleOf } from './number-texts.ts';

const TEXT: ColumnType = { kind: 'text' };
const LONG: ColumnType = { kind: 'long' };

/**
 * The type that gives every text of the chunks back as it was: `long` or `decimal` when all of them allow it. Values
 * are looked at until the first one that does not; of chunks with ids the distinct ones only. A column without any
 * value is text.
 */
export function chooseType(chunks: Iterable<ColumnChunk | undefined>): ColumnType {
  let scale: number | undefined;
  for (const chunk of chunks) {
    if (chunk === undefined) continue;
    const { arena, starts, ends } = chunk.strings;
    const count = chunk.ids === undefined ? chunk.valueCount : starts.length;
    for (let i = 0; i < count; i++) {
      const found = scaleOf(arena, starts[i]!, ends[i]!);
      if (found === NOT_A_NUMBER || (scale !== undefined && found !== scale)) return TEXT;
      scale = found;
    }
  }
  if (scale === undefined) return TEXT;
  return scale === 0 ? LONG : { kind: 'decimal', scale };
}

/** The type that holds the values of all: theirs when they agree, else text. */
export function commonType(types: readonly ColumnType[]): ColumnType {
  const [first, ...others] = types;
  if (first === undefined || !others.every((type) => isSameType(first, type))) return TEXT;
  return first;
}

export function isSameType(a: ColumnType, b: ColumnType): boolean {
  return a.kind === b.kind && scaleOfType(a) === scaleOfType(b);
}

/** Fraction digits; 0 for integers, −1 for texts. */
export function scaleOfType(type: ColumnType): number {
  return type.kind === 'decimal' ? type.scale : type.kind === 'long' ? 0 : -1;
}
