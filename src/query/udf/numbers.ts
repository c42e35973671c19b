/** Whole numbers in other bases, shifts of 64 bits, and the angle between sparse vectors. */
import { AppError } from '#base/app-error.ts';
import { REAL, TEXT, WHOLE, mapOf, udf, type UdfFamily } from './scalar-udf.ts';

const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz';
/** 64 binary digits and a sign. */
const DIGITS_MAX = 65;

const VECTOR = mapOf(TEXT, REAL);

export const NUMBERS: UdfFamily = {
  functions: [
    udf('sls_to_base', [WHOLE, WHOLE], TEXT, (value, base) => value.toString(checkBase(base))),
    udf('sls_from_base', [TEXT, WHOLE], WHOLE, fromBase),
    udf('sls_left_shift', [WHOLE, WHOLE], WHOLE, (value, bits) =>
      bits < 0n || bits > 63n ? 0n : BigInt.asIntN(64, value << bits),
    ),
    udf('sls_cosine_similarity', [VECTOR, VECTOR], REAL, cosine),
  ],
  macros: `
CREATE MACRO to_base(x, base) AS sls_to_base(x, base);
CREATE MACRO from_base(s, base) AS sls_from_base(s, base);
CREATE MACRO bitwise_left_shift(x, n) AS sls_left_shift(x, n);
CREATE MACRO cosine_similarity(a, b) AS
  sls_cosine_similarity(a::MAP(VARCHAR, DOUBLE), b::MAP(VARCHAR, DOUBLE));
`,
};

function checkBase(base: bigint): number {
  if (base < 2n || base > 36n)
    throw new AppError('ParameterInvalid', 'radix must be between 2 and 36');
  return Number(base);
}

function fromBase(text: string, base: bigint): bigint {
  const digits = DIGITS.slice(0, checkBase(base));
  const number = text.toLowerCase();
  const unsigned = number.replace(/^[-+]/, '').replace(/^0+(?=.)/, '');
  let value = unsigned === '' || unsigned.length > DIGITS_MAX ? undefined : 0n;
  for (const digit of value === undefined ? '' : unsigned) {
    const worth = digits.indexOf(digit);
    value = worth < 0 || value === undefined ? undefined : value * base + BigInt(worth);
  }
  if (value !== undefined && number.startsWith('-')) value = -value;
  if (value === undefined || BigInt.asIntN(64, value) !== value)
    throw new AppError(
      'ParameterInvalid',
      `not a valid base-${base} number: ${text.slice(0, DIGITS_MAX)}`,
    );
  return value;
}

type Vector = readonly (readonly [string, number | null])[];

/** Null when a vector has no length. */
function cosine(left: Vector, right: Vector): number | null {
  const others = new Map(right);
  let product = 0;
  for (const [key, value] of left) product += (value ?? 0) * (others.get(key) ?? 0);
  const length = Math.sqrt(squares(left) * squares(right));
  return length === 0 ? null : product / length;
}

function squares(vector: Vector): number {
  return vector.reduce((sum, [, value]) => sum + (value ?? 0) ** 2, 0);
}
