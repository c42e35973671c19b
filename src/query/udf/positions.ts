/**
 * Which elements of an array are equal, by their texts: DuckDB has no way to tell that keeps their order and does not compare
 * each with all others, and a function here can only take elements of one type. The prelude picks the elements.
 */
import { TEXT, WHOLE, listOf, udf, type UdfFamily } from './scalar-udf.ts';

export const POSITIONS: UdfFamily = {
  functions: [
    udf('sls_first_positions', [listOf(TEXT)], listOf(WHOLE), (keys) =>
      groups(keys).map(([first = 0n]) => first),
    ),
    udf('sls_position_groups', [listOf(TEXT)], listOf(listOf(WHOLE)), groups),
  ],
  macros: '',
};

/** Positions from 1, in the order of the first of each group. */
function groups(keys: readonly (string | null)[]): readonly (readonly bigint[])[] {
  const byKey = new Map<string | null, bigint[]>();
  for (const [i, key] of keys.entries()) {
    const positions = byKey.get(key);
    if (positions === undefined) byKey.set(key, [BigInt(i + 1)]);
    else positions.push(BigInt(i + 1));
  }
  return [...byKey.values()];
}
