/** Clustering of logs (sls-query §4.7) as functions: the shape of each log, then patterns of all shapes with their counts. */
import {
  logPatterns,
  signatureOf,
  WILDCARD,
  type LogPattern,
  type ShapeCount,
} from './log-patterns.ts';
import { logShape } from './log-shape.ts';
import { listOf, rowOf, TEXT, udf, WHOLE, type UdfFamily } from './scalar-udf.ts';

/** The most frequent shapes, and how many logs there are in all. */
const SHAPES = listOf(rowOf({ n: WHOLE, s: TEXT }));
const COMMON = { pattern: TEXT, signature: WHOLE, origin_signatures: listOf(WHOLE), count: WHOLE };
const PATTERNS = listOf(rowOf(COMMON));
const COMPARED = listOf(rowOf({ ...COMMON, count_compare: WHOLE, diff: WHOLE }));

type Shapes = readonly ({ readonly n: bigint | null; readonly s: string | null } | null)[];

export const LOG_REDUCE: UdfFamily = {
  functions: [
    udf('sls_log_shape', [TEXT], TEXT, logShape),
    udf('sls_log_reduce', [WHOLE, SHAPES, WHOLE], PATTERNS, (precision, shapes, total) => {
      const now = countsOf(shapes, total, false);
      return logPatterns(Number(precision), now.shapes).concat(restOf(now.rest, 0)).map(common);
    }),
    udf(
      'sls_log_reduce_compared',
      [WHOLE, listOf(rowOf({ shapes: SHAPES, total: WHOLE }))],
      COMPARED,
      (precision, [first, second]) => {
        const now = countsOf(first?.shapes ?? [], first?.total ?? 0n, false);
        const before = countsOf(second?.shapes ?? [], second?.total ?? 0n, true);
        return logPatterns(Number(precision), [...now.shapes, ...before.shapes])
          .concat(restOf(now.rest, before.rest))
          .map((one) => ({
            ...common(one),
            count_compare: BigInt(one.countBefore),
            diff: BigInt(one.count - one.countBefore),
          }));
      },
    ),
  ],
  macros: '',
};

function countsOf(
  list: Shapes,
  total: bigint,
  isBefore: boolean,
): { readonly shapes: readonly ShapeCount[]; readonly rest: number } {
  const shapes = list.map((one) => {
    const count = Number(one?.n ?? 0n);
    const shape = one?.s ?? '';
    return isBefore ? { shape, count: 0, countBefore: count } : { shape, count, countBefore: 0 };
  });
  const sum = shapes.reduce((all, { count, countBefore }) => all + count + countBefore, 0);
  return { shapes, rest: Number(total) - sum };
}

/** Logs of shapes that were too many to look at, so that counts add up. */
function restOf(count: number, countBefore: number): readonly LogPattern[] {
  if (count === 0 && countBefore === 0) return [];
  const signature = signatureOf(WILDCARD);
  return [{ pattern: WILDCARD, count, countBefore, signature, originSignatures: [] }];
}

function common(one: LogPattern): {
  readonly pattern: string;
  readonly signature: bigint;
  readonly origin_signatures: readonly bigint[];
  readonly count: bigint;
} {
  const { pattern, signature, originSignatures } = one;
  return { pattern, signature, origin_signatures: originSignatures, count: BigInt(one.count) };
}
