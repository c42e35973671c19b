/** Texts of key-value pairs as maps. */
import { AppError } from '#base/app-error.ts';
import { TEXT, listOf, mapOf, udf, type UdfFamily } from './scalar-udf.ts';

export const TEXT_MAPS: UdfFamily = {
  functions: [
    udf('split_to_map', [TEXT, TEXT, TEXT], mapOf(TEXT, TEXT), (text, entry, pair) => [
      ...new Map(pairs(text, entry, pair)),
    ]),
    udf('split_to_multimap', [TEXT, TEXT, TEXT], mapOf(TEXT, listOf(TEXT)), (text, entry, pair) => {
      const map = new Map<string, string[]>();
      for (const [key, value] of pairs(text, entry, pair)) {
        const values = map.get(key);
        if (values === undefined) map.set(key, [value]);
        else values.push(value);
      }
      return [...map];
    }),
  ],
  macros: '',
};

/** A part without the second delimiter is a key with an empty value. */
function pairs(text: string, entry: string, pair: string): [string, string][] {
  if (entry === '' || pair === '' || entry === pair)
    throw new AppError('ParameterInvalid', 'delimiters must not be empty and must differ');
  if (text === '') return [];
  return text.split(entry).map((part) => {
    const at = part.indexOf(pair);
    return at < 0 ? [part, ''] : [part.slice(0, at), part.slice(at + pair.length)];
  });
}
