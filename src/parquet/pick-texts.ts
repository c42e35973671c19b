/** The texts of single rows of a page. */
import { must } from '#base/assert.ts';
import type { ByteStrings } from './column-chunk.ts';
import type { Integers } from './delta-codec.ts';
import { countBits } from './hybrid-codec.ts';
import { printIntegers } from './number-texts.ts';
import type { DataPage } from './page-reader.ts';

/** Rows of the page, ascending; undefined where a row has no such field. The texts may be views of the page. */
export function pickTexts(
  page: DataPage,
  rows: readonly number[],
  chunk: { readonly dictionary: ByteStrings | undefined; readonly scale: number },
): readonly (Uint8Array | undefined)[] {
  const values = valuesOf(page, rows);
  if (page.values.kind === 'integers') {
    const wanted = values.filter((value) => value !== undefined);
    const texts = printIntegers(pickIntegers(page.values.integers, wanted), chunk.scale);
    let at = 0;
    return values.map((value) => (value === undefined ? undefined : textOf(texts, at++)));
  }
  if (page.values.kind === 'strings') {
    const { strings } = page.values;
    return values.map((value) => (value === undefined ? undefined : textOf(strings, value)));
  }
  const { ids } = page.values;
  const dictionary = must(chunk.dictionary, 'a chunk with ids has a dictionary');
  return values.map((value) =>
    value === undefined ? undefined : textOf(dictionary, must(ids[value], 'an id for each value')),
  );
}

/** Number of the value of each row. */
function valuesOf({ present }: DataPage, rows: readonly number[]): (number | undefined)[] {
  if (present === undefined) return [...rows];
  let counted = 0;
  let value = 0;
  return rows.map((row) => {
    value += countBits(present, counted, row);
    counted = row;
    return (present[row >>> 3]! & (1 << (row & 7))) === 0 ? undefined : value;
  });
}

function pickIntegers(integers: Integers, wanted: readonly number[]): Integers {
  if (integers instanceof Float64Array)
    return Float64Array.from(wanted, (value) => integers[value]!);
  return BigInt64Array.from(wanted, (value) => integers[value]!);
}

function textOf({ arena, starts, ends }: ByteStrings, entry: number): Uint8Array {
  return arena.subarray(starts[entry], ends[entry]);
}
