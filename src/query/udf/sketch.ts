/**
 * HyperLogLog sketches: how many distinct values there are, in 4 KB, with a standard error of 1.6 %.
 *
 * DuckDB hashes and keeps the distinct (register, rank) pairs of a group, of which there are few whatever comes; JavaScript
 * makes them a sketch. The estimator is Ertl's (arXiv:1702.01284, algorithm 6), which needs no tables of corrections.
 *
 * Sketch, as a varbinary: `HL`, version 1, then one byte a register: the largest rank, 0 for none.
 * Valid: 4096 registers of at most 53. Version history: 1.
 */
import { AppError } from '#base/app-error.ts';
import { BYTES, WHOLE, listOf, udf, type UdfFamily } from './scalar-udf.ts';

const REGISTER_BITS = 12;
const REGISTERS = 2 ** REGISTER_BITS;
/** Ranks are those of the hash's other bits, and one more for all zero. */
const RANK_MAX = 64 - REGISTER_BITS + 1;
const HEAD = [0x48, 0x4c, 1] as const;

export const SKETCHES: UdfFamily = {
  functions: [
    udf('sls_sketch', [listOf(WHOLE)], BYTES, sketchOf),
    udf('sls_sketch_merge', [listOf(BYTES)], BYTES, merge),
    udf('sls_sketch_size', [BYTES], WHOLE, (sketch) => BigInt(Math.round(estimate(sketch)))),
    udf('sls_sketch_empty', [], BYTES, () => emptySketch()),
  ],
  macros: `
CREATE MACRO sls_sketch_rank(h) AS CASE WHEN h & 4503599627370495 = 0 THEN 53
  ELSE 52 - floor(log2((h & 4503599627370495)::DOUBLE))::INTEGER END;
CREATE MACRO sls_sketch_item(x) AS CASE WHEN x IS NOT NULL
  THEN ((hash(x) >> 52) * 64 + sls_sketch_rank(hash(x)))::BIGINT END;
CREATE MACRO empty_approx_set() AS sls_sketch_empty();
`,
};

function emptySketch(): Uint8Array {
  const sketch = new Uint8Array(HEAD.length + REGISTERS);
  sketch.set(HEAD);
  return sketch;
}

/** From `register * 64 + rank`. */
function sketchOf(items: readonly (bigint | null)[]): Uint8Array | null {
  const sketch = emptySketch();
  let isEmpty = true;
  for (const item of items) {
    if (item === null) continue;
    isEmpty = false;
    const at = HEAD.length + (Number(item >> 6n) % REGISTERS);
    sketch[at] = Math.max(sketch[at] ?? 0, Number(item & 63n));
  }
  return isEmpty ? null : sketch;
}

function merge(sketches: readonly (Uint8Array | null)[]): Uint8Array | null {
  const merged = emptySketch();
  let isEmpty = true;
  for (const sketch of sketches) {
    if (sketch === null) continue;
    isEmpty = false;
    checkSketch(sketch);
    for (let i = HEAD.length; i < merged.length; i++)
      merged[i] = Math.max(merged[i] ?? 0, sketch[i] ?? 0);
  }
  return isEmpty ? null : merged;
}

function checkSketch(sketch: Uint8Array): void {
  const isSketch =
    sketch.length === HEAD.length + REGISTERS &&
    HEAD.every((byte, i) => sketch[i] === byte) &&
    sketch.subarray(HEAD.length).every((rank) => rank <= RANK_MAX);
  if (!isSketch) throw new AppError('ParameterInvalid', 'not a sketch of approx_set');
}

function estimate(sketch: Uint8Array): number {
  checkSketch(sketch);
  const counts = new Float64Array(RANK_MAX + 1);
  for (const rank of sketch.subarray(HEAD.length)) counts[rank] = (counts[rank] ?? 0) + 1;
  let sum = REGISTERS * tau(1 - (counts[RANK_MAX] ?? 0) / REGISTERS);
  for (let rank = RANK_MAX - 1; rank >= 1; rank--) sum = 0.5 * (sum + (counts[rank] ?? 0));
  sum += REGISTERS * sigma((counts[0] ?? 0) / REGISTERS);
  return (REGISTERS * REGISTERS) / (2 * Math.LN2 * sum);
}

function sigma(share: number): number {
  if (share === 1) return Infinity;
  let [x, y, z, before] = [share, 1, share, Number.NaN];
  while (z !== before) {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  }
  return z;
}

function tau(share: number): number {
  if (share === 0 || share === 1) return 0;
  let [x, y, z, before] = [share, 1, 1 - share, Number.NaN];
  while (z !== before) {
    x = Math.sqrt(x);
    before = z;
    y *= 0.5;
    z -= (1 - x) ** 2 * y;
  }
  return z / 3;
}
