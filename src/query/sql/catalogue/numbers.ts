/** Numbers, bits, units. */
export const NUMBERS: readonly (readonly [title: string, entries: string])[] = [
  [
    'Mathematics',
    String.raw`
abs(x) | without the sign | abs(-5) → 5
sign(x) | -1, 0 or 1 | sign(-5) → -1
sqrt(x) | square root; NaN below zero | sqrt(16) → 4.0
cbrt(x) | cube root | round(cbrt(27), 6) → 3.0
exp(x) | e to the power of x | exp(0) → 1.0
ln(x) | natural logarithm | ln(1) → 0.0
log2(x) | logarithm with base 2 | log2(8) → 3.0
log10(x) | logarithm with base 10 | log10(1000) → 3.0
log(x, b) | logarithm of x with base b | log(8, 2) → 3.0
power(x, y) / pow(x, y) | x to the power of y | power(2, 10) → 1024.0
pi() | π | pi() → 3.141592653589793
e() | e | round(e(), 6) → 2.718282
ceil(x) / ceiling(x) | rounded up | ceil(1.2) → 2.0
floor(x) | rounded down | floor(-1.2) → -2.0
round(x[, n]) | rounded to n decimals, half away from zero | round(-2.5) → -3.0
truncate(x[, n]) | cut to n decimals | truncate(3.987, 2) → 3.98
mod(a, b) | remainder with the sign of a; also a % b | mod(-7, 3) → -1
rand() / random([n]) | at least 0 and below 1, or an integer below n | random() < 1 → true
sin(x) | sine | sin(0) → 0.0
cos(x) | cosine | cos(0) → 1.0
tan(x) | tangent | tan(0) → 0.0
asin(x) | arc sine | asin(0) → 0.0
acos(x) | arc cosine | acos(1) → 0.0
atan(x) | arc tangent | atan(0) → 0.0
atan2(y, x) | angle of a point | atan2(0, 1) → 0.0
cosh(x) | hyperbolic cosine | cosh(0) → 1.0
sinh(x) | hyperbolic sine | sinh(0) → 0.0
tanh(x) | hyperbolic tangent | tanh(0) → 0.0
degrees(x) | degrees of an angle in radians | degrees(pi()) → 180.0
radians(x) | radians of an angle in degrees | radians(180) = pi() → true
is_nan(x) | whether it is not a number | is_nan(nan()) → true
is_finite(x) | whether it is finite | is_finite(1.0) → true
is_infinite(x) | whether it is infinite | is_infinite(infinity()) → true
infinity() | Infinity | infinity() → Infinity
nan() | NaN | nan() → NaN
to_base(n, b) | digits with base b (2 to 36) | to_base(255, 16) → ff
from_base(s, b) | number of digits with base b | from_base('ff', 16) → 255
width_bucket(x, low, high, n) | which of n equal buckets, 0 below, n + 1 above | width_bucket(5, 0, 10, 5) → 3
width_bucket(x, bins) | how many of the ascending bins are not above x | width_bucket(5, array[1.0, 4.0, 9.0]) → 2
greatest(a, …) | largest; null if any is null | greatest(1, 3) → 3
least(a, …) | smallest; null if any is null | least(1, 3) → 1
cosine_similarity(m1, m2) | cosine between sparse vectors | cosine_similarity(map(array['a'], array[1.0]), map(array['a'], array[2.0])) → 1.0
bit_count(x, bits) | ones in two's complement | bit_count(-7, 8) → 6
bitwise_and(a, b) | bitwise and | bitwise_and(12, 10) → 8
bitwise_or(a, b) | bitwise or | bitwise_or(12, 10) → 14
bitwise_xor(a, b) | bitwise exclusive or | bitwise_xor(12, 10) → 6
bitwise_not(a) | all bits turned | bitwise_not(0) → -1
bitwise_left_shift(x, n) | of 64 bits; what leaves is lost | bitwise_left_shift(1, 63) → -9223372036854775808
bitwise_right_shift(x, n) | of 64 bits; zeros come in | bitwise_right_shift(-8, 1) → 9223372036854775804
bitwise_right_shift_arithmetic(x, n) | of 64 bits; the sign comes in | bitwise_right_shift_arithmetic(-8, 1) → -4
`,
  ],
  [
    'Units',
    String.raw`
convert_data_size(x[, unit]) | text of a size in the best or the given unit, in steps of 1024 | convert_data_size('1200KB') → 1.17MB
format_data_size(bytes, unit) | text of a number of bytes | format_data_size(4619, 'KB') → 4.51KB
parse_data_size(x) | bytes of a text | parse_data_size('1024KB') → 1048576
to_data_size_B(x) | bytes | to_data_size_B('1KB') → 1024.0
to_data_size_KB(x) | KB | to_data_size_KB('1MB') → 1024.0
to_data_size_MB(x) | MB | to_data_size_MB('512KB') → 0.5
to_data_size_GB(x) | GB | to_data_size_GB('1TB') → 1024.0
to_data_size_TB(x) | TB | to_data_size_TB('1024GB') → 1.0
to_data_size_PB(x) | PB | to_data_size_PB('1048576GB') → 1.0
format_duration(seconds) | in words | format_duration(235) → 3 minutes, 55 seconds
human_readable_seconds(seconds) | in words, with weeks | human_readable_seconds(96) → 1 minute, 36 seconds
parse_duration(x) | text with a unit (ns us ms s m h d) as days and time | parse_duration('1340ms') → 0 00:00:01.340
to_days(x) | days of a text with a unit | to_days('172800s') → 2.0
to_hours(x) | hours | to_hours('1.2d') → 28.8
to_minutes(x) | minutes | to_minutes('1.5h') → 90.0
to_seconds(x) | seconds | to_seconds('1500ms') → 1.5
to_milliseconds(x) | milliseconds | to_milliseconds('2s') → 2000.0
to_microseconds(x) | microseconds | to_microseconds('3600ns') → 3.6
to_nanoseconds(x) | nanoseconds | to_nanoseconds('125ms') → 1.25E8
to_most_succinct_time_unit(x) | the same in the largest unit that is not below 1 | to_most_succinct_time_unit('1340ms') → 1.34s
`,
  ],
];
