/** What names a part of an answer: nothing that its value depends on may be missing. */
import { createHash } from 'node:crypto';
import type { SegmentMatch } from '../search/match-segment.ts';
import type { PartPlan } from './answer-plan.ts';
import type { Relation } from './relation.ts';

/** The same for statements that ask parts for the same. */
export function partKey({ ofRows }: PartPlan, { spec, columns, textBytesMax }: Relation): string {
  const used = spec.usedNames === undefined ? undefined : new Set(spec.usedNames);
  const read = columns.filter(({ name }) => used?.has(name.toLowerCase()) !== false);
  return digest(JSON.stringify([ofRows, spec.shiftSeconds, textBytesMax, read]));
}

/** A segment, which never changes, and the rows of it. */
export function rowsKey({ reader, isFull, firstRow, endRow, ranks }: SegmentMatch): string {
  const { words } = ranks.rows;
  const rows = isFull
    ? `${firstRow}-${endRow}`
    : digest(new Uint8Array(words.buffer, words.byteOffset, words.byteLength));
  return `${reader.info.id} ${rows}`;
}

function digest(data: string | Uint8Array): string {
  return createHash('sha1').update(data).digest('base64');
}
