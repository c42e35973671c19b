/** Geohash of a point: bits of longitude and latitude in turn, five to a letter (http://geohash.org). */
import { AppError } from '#base/app-error.ts';
import { REAL, TEXT, udf, type UdfFamily } from './scalar-udf.ts';

const LETTERS = '0123456789bcdefghjkmnpqrstuvwxyz';
/** As the service: about a metre. */
const LENGTH = 10;

export const GEOHASH: UdfFamily = {
  functions: [
    udf('sls_geohash', [REAL, REAL], TEXT, geohash),
    udf('sls_geohash_text', [TEXT], TEXT, (text) => {
      const [latitude = '', longitude = '', ...rest] = text
        .split(',', 3)
        .map((part) => part.trim());
      const isPoint = latitude !== '' && longitude !== '' && rest.length === 0;
      return isPoint ? geohash(Number(latitude), Number(longitude)) : null;
    }),
  ],
  macros: `
CREATE MACRO geohash(point) AS sls_geohash_text(point),
  (latitude, longitude) AS sls_geohash(latitude::DOUBLE, longitude::DOUBLE);
`,
};

function geohash(latitude: number, longitude: number): string | null {
  if (Number.isNaN(latitude) || Number.isNaN(longitude)) return null;
  if (Math.abs(latitude) > 90 || Math.abs(longitude) > 180)
    throw new AppError(
      'ParameterInvalid',
      'latitude must be within [-90, 90] and longitude within [-180, 180]',
    );
  let [north, south, east, west] = [90, -90, 180, -180];
  let hash = '';
  for (let letter = 0; letter < LENGTH; letter++) {
    let bits = 0;
    for (let bit = 0; bit < 5; bit++) {
      // The first bit of all is one of longitude, and a letter has an odd number of them.
      const isLongitude = (letter + bit) % 2 === 0;
      const middle = isLongitude ? (east + west) / 2 : (north + south) / 2;
      const isUpper = (isLongitude ? longitude : latitude) >= middle;
      bits = bits * 2 + (isUpper ? 1 : 0);
      if (isLongitude) [east, west] = isUpper ? [east, middle] : [middle, west];
      else [north, south] = isUpper ? [north, middle] : [middle, south];
    }
    hash += LETTERS.charAt(bits);
  }
  return hash;
}
