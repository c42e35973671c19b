/** MySQL patterns of `date_format` and `date_parse` as those of `strftime` (sls-query §3.7). */
import { AppError } from '#base/app-error.ts';

const PATTERNS: Readonly<Record<string, string>> = {
  c: '%-m',
  e: '%-d',
  k: '%-H',
  h: '%I',
  l: '%-I',
  i: '%M',
  s: '%S',
  M: '%B',
  W: '%A',
  T: '%H:%M:%S',
  r: '%I:%M:%S %p',
  v: '%V',
  x: '%G',
  V: '%U',
};
const REFUSED = /^[UuXD]$/;
const SAME = /^[YymdHISfpjwab%]$/;

/** Letters that mean nothing stay what they are. Errors: ParameterInvalid for patterns the service refuses. */
export function strftimeFormat(format: string): string {
  return format.replaceAll(/%([\s\S])?/g, (pair, letter: string | undefined) => {
    if (letter === undefined) return '%%';
    if (REFUSED.test(letter))
      throw new AppError('ParameterInvalid', `%${letter} not supported in date format string`);
    if (Object.hasOwn(PATTERNS, letter)) return PATTERNS[letter] ?? pair;
    return SAME.test(letter) ? pair : letter;
  });
}
