/** All families of functions in JavaScript. A new one is a file beside this one and a line here. */
import { GEOHASH } from './geohash.ts';
import { GEOMETRIES } from './geometries.ts';
import type { DataFiles } from './data-files.ts';
import { HASHES } from './hashes.ts';
import { LOG_REDUCE } from './log-reduce.ts';
import { LOOKUP_MACROS, lookupFunctions } from './lookups.ts';
import { LINE_FIELDS } from './line-fields.ts';
import { NUMBERS } from './numbers.ts';
import { POSITIONS } from './positions.ts';
import type { ScalarUdf, UdfFamily } from './scalar-udf.ts';
import { SERIES } from './series.ts';
import { SKETCHES } from './sketch.ts';
import { TEXT_MAPS } from './text-maps.ts';
import { TIME_TEXTS } from './time-text.ts';
import { UNITS } from './units.ts';

const FAMILIES: readonly UdfFamily[] = [
  GEOHASH,
  GEOMETRIES,
  HASHES,
  LOG_REDUCE,
  LINE_FIELDS,
  NUMBERS,
  POSITIONS,
  SERIES,
  SKETCHES,
  TEXT_MAPS,
  TIME_TEXTS,
  UNITS,
];

/** Those that depend on nothing but their arguments. */
export const UDFS: readonly ScalarUdf[] = FAMILIES.flatMap(({ functions }) => functions);

export function allUdfs(files: DataFiles): readonly ScalarUdf[] {
  return [...UDFS, ...lookupFunctions(files)];
}

/** Statements for after the registration. */
export const UDF_MACROS: string = [...FAMILIES.map(({ macros }) => macros), LOOKUP_MACROS].join(
  '\n',
);
