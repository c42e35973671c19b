import { describe, expect, test } from 'vitest';
import { errorCode } from '#base/app-error.ts';
import { must } from '#base/assert.ts';
import { GEOMETRY_POINTS_MAX } from '../limits.ts';
import { GEOMETRIES } from './geometries.ts';

function call(name: string, ...values: readonly (string | number)[]): unknown {
  const udf = GEOMETRIES.functions.find((one) => one.name === `sls_st_${name}`);
  return must(udf, name).call(values);
}

const SQUARE = 'POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))';
const HOLED = 'POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 2 1, 2 2, 1 2, 1 1))';
const BOW_TIE = 'POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))';
const COLLECTION = 'GEOMETRYCOLLECTION (POINT (2 3), LINESTRING (2 3, 3 4))';

describe('one geometry', () => {
  test.each([
    ['astext', 'point( 1   2 )', 'POINT (1 2)'],
    ['astext', 'POINT (1e3 -0.5)', 'POINT (1000 -0.5)'],
    ['astext', 'MULTIPOINT (0 0, 1 2)', 'MULTIPOINT ((0 0), (1 2))'],
    ['astext', COLLECTION, COLLECTION],
    ['astext', 'LINESTRING EMPTY', 'LINESTRING EMPTY'],
    ['astext', ' point empty ', 'POINT EMPTY'],
    ['astext', 'POINT Z (1 2 3)', 'POINT Z (1 2 3)'],
    ['boundary', SQUARE, 'LINESTRING (0 0, 4 0, 4 4, 0 4, 0 0)'],
    ['boundary', 'LINESTRING (0 0, 1 0, 1 1, 0 0)', 'MULTIPOINT EMPTY'],
    ['envelope', 'POINT (1 2)', 'POINT (1 2)'],
    ['exteriorring', HOLED, 'LINESTRING (0 0, 4 0, 4 4, 0 4, 0 0)'],
    ['exteriorring', 'POLYGON EMPTY', null],
    ['centroid', SQUARE, 'POINT (2 2)'],
    ['centroid', 'POINT EMPTY', 'POINT EMPTY'],
    ['startpoint', 'LINESTRING EMPTY', null],
    ['area', HOLED, 15],
    ['area', 'POINT (1 2)', 0],
    ['length', 'MULTILINESTRING ((0 0, 3 4), (0 0, 0 1))', 6],
    ['x', 'POINT EMPTY', null],
    ['xmax', COLLECTION, 3],
    ['ymin', 'POINT EMPTY', null],
    ['coorddim', 'POINT Z (1 2 3)', 3n],
    ['coorddim', 'POINT EMPTY', 2n],
    ['dimension', SQUARE, 2n],
    ['dimension', 'GEOMETRYCOLLECTION EMPTY', 0n],
    ['numpoints', SQUARE, 5n],
    ['numinteriorring', SQUARE, 0n],
    ['numinteriorring', HOLED, 1n],
    ['isclosed', 'LINESTRING EMPTY', false],
    ['isclosed', 'MULTILINESTRING ((0 0, 1 0, 0 0), (0 0, 1 1))', false],
    ['isempty', COLLECTION, false],
    ['isring', 'LINESTRING (0 0, 2 2, 2 0, 0 2, 0 0)', false],
  ])('st_%s of %s is %s', (name, text, wanted) => {
    expect(call(name, text)).toBe(wanted);
  });
});

describe('two geometries', () => {
  test.each([
    ['contains', SQUARE, 'POINT (0 0)', false],
    ['contains', SQUARE, 'POINT (9 9)', false],
    ['contains', HOLED, 'POINT (1.5 1.5)', false],
    ['within', SQUARE, SQUARE, true],
    ['within', SQUARE, 'POINT (1 1)', false],
    ['crosses', 'LINESTRING (-1 1, 5 1)', SQUARE, true],
    ['disjoint', SQUARE, 'POINT (4 4)', false],
    ['equals', 'POINT (1 1)', 'POINT (1.0 1)', true],
    ['equals', 'POINT (1 1)', 'POINT (1 2)', false],
    ['intersects', SQUARE, 'POINT (4 4)', true],
    ['overlaps', SQUARE, SQUARE, false],
    ['touches', SQUARE, 'POINT (4 4)', true],
    ['touches', SQUARE, 'POINT (1 1)', false],
    ['distance', SQUARE, 'POINT (7 8)', 5],
    ['distance', SQUARE, 'POINT EMPTY', null],
    ['intersection', SQUARE, 'POINT (9 9)', 'POINT EMPTY'],
    ['difference', SQUARE, SQUARE, 'POLYGON EMPTY'],
    ['union', 'POINT (0 0)', 'POINT (1 1)', 'MULTIPOINT ((0 0), (1 1))'],
    ['symdifference', 'POINT (0 0)', 'POINT (0 0)', 'POINT EMPTY'],
  ])('st_%s of %s and %s is %s', (name, a, b, wanted) => {
    expect(call(name, a, b)).toBe(wanted);
  });

  test('st_relate compares with a pattern', () => {
    expect(call('relate', SQUARE, 'POINT (1 1)', 't*****ff*')).toBe(true);
    expect(call('relate', SQUARE, 'POINT (9 9)', 'T*****FF*')).toBe(false);
  });

  test('st_buffer keeps the distance', () => {
    const round = String(call('buffer', 'POINT (0 0)', 2));
    expect(call('distance', round, 'POINT (5 0)')).toBe(3);
    expect(call('area', String(call('buffer', SQUARE, 0)))).toBe(16);
  });
});

function points(count: number): string {
  return `MULTIPOINT (${Array.from({ length: count }, (_, i) => `${i} 0`).join()})`;
}

function zigzag(count: number, along: 'x' | 'y'): string {
  const points = Array.from({ length: count }, (_, i) => [i, i % 2 === 0 ? 0 : count] as const);
  return `LINESTRING (${points.map(([a, b]) => (along === 'x' ? `${a} ${b}` : `${b} ${a}`)).join()})`;
}

describe('what is refused', () => {
  test.each([
    '',
    'foo',
    'POINT',
    'POINT (1',
    'POINT (1 2',
    'POINT (1 2) x',
    'POINT (1 2)(',
    'POINT (1 2))',
    'POINT (1 2), POINT (1 2)',
    'POINT (a b)',
    'POINT (NaN 2)',
    'LINESTRING (1 1)',
    'POLYGON ((0 0, 1 1))',
    'POLYGON ((0 0, 1 1, 1 0, 0 1, 2 2))',
    'SRID=4326;POINT (1 2)',
    `${'GEOMETRYCOLLECTION('.repeat(3000)}POINT (1 2)${')'.repeat(3000)}`,
    'POINT EMPTY)',
    '\u0000',
  ])('%j, which is no geometry', (text) => {
    expect(() => call('astext', text)).toThrow('not a geometry in well-known text');
  });

  test.each([
    ['x', [SQUARE], 'st_x needs a Point, this is a Polygon'],
    ['length', [SQUARE], 'st_length needs a LineString, this is a Polygon'],
    ['polygon', ['POINT (1 2)'], 'st_polygon needs a Polygon, this is a Point'],
    ['boundary', [COLLECTION], 'does not take a GeometryCollection'],
    ['union', [SQUARE, COLLECTION], 'st_union does not take a GeometryCollection'],
    ['union', [BOW_TIE, SQUARE], 'geometry is invalid'],
    ['buffer', [SQUARE, -1], 'st_buffer needs a distance'],
    ['buffer', [SQUARE, Number.NaN], 'st_buffer needs a distance'],
    ['point', [Infinity, 1], 'st_point needs numbers'],
    ['relate', [SQUARE, SQUARE, 'T'], 'st_relate needs a pattern'],
  ])('st_%s(%j): %s', (name, values, message) => {
    expect(() => call(name, ...values)).toThrow(message);
  });

  test('more points and characters than there may be', () => {
    expect(call('numpoints', points(GEOMETRY_POINTS_MAX))).toBe(BigInt(GEOMETRY_POINTS_MAX));
    expect(() => call('numpoints', points(GEOMETRY_POINTS_MAX + 1))).toThrow('too large');
    expect(() => call('isempty', `POINT (1 ${' '.repeat(70_000)}2)`)).toThrow('too large');
  });

  test.each(['intersection', 'union', 'symdifference', 'contains'])(
    'st_%s of lines that cross too often',
    (name) => {
      expect(() => call(name, zigzag(100, 'x'), zigzag(100, 'y'))).toThrow('too entangled');
      expect(() => call(name, zigzag(10, 'x'), zigzag(10, 'y'))).not.toThrow();
    },
  );

  test('a buffer around a line that crosses itself too often', () => {
    const knot = `${zigzag(100, 'x').slice(0, -1)},${zigzag(100, 'y').slice('LINESTRING ('.length)}`;
    expect(() => call('buffer', knot, 1)).toThrow('too entangled');
    expect(() => call('isring', `${knot.slice(0, -1)}, 0 0)`)).toThrow('too entangled');
  });

  test('every refusal is an error of the user', () => {
    for (const text of ['POINT (1', zigzag(2000, 'x'), SQUARE])
      try {
        call('x', text);
        expect.unreachable();
      } catch (error) {
        expect(errorCode(error)).toBe('ParameterInvalid');
      }
  });
});
