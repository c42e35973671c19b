/**
 * Geometry functions (sls-query §3.8; OGC Simple Features, SQL/MM part 3). Geometries are texts, in the plane; what a
 * function gives is a text again. x is the longitude, y the latitude.
 */
import { AppError, errorCode } from '#base/app-error.ts';
import { checkCrossings, readGeometry, writeGeometry } from './geometry.ts';
import {
  jsts,
  type Geometry,
  type LineString,
  type Overlay,
  type Polygon,
  type Relation,
} from './jsts.ts';
import {
  REAL,
  TEXT,
  TRUTH,
  udf,
  WHOLE,
  type ScalarUdf,
  type UdfFamily,
  type UdfType,
} from './scalar-udf.ts';

/** What a function of one geometry gives; its name without `st_`. */
type Facts<T> = Readonly<Record<string, (geometry: Geometry) => T | null>>;

const TEXTS: Facts<string> = {
  astext: writeGeometry,
  geometryfromtext: writeGeometry,
  linefromtext: (geometry) => writeGeometry(only(geometry, 'st_linefromtext', LINE)),
  polygon: (geometry) => writeGeometry(only(geometry, 'st_polygon', POLYGON)),
  boundary: (geometry) =>
    writeGeometry(jsts().BoundaryOp.getBoundary(simple(geometry, 'st_boundary'))),
  envelope: (geometry) => writeGeometry(geometry.getEnvelope()),
  exteriorring: (geometry) => {
    const polygon = polygonOf(geometry, 'st_exteriorring');
    return polygon.isEmpty() ? null : writeGeometry(polygon.getExteriorRing());
  },
  centroid: (geometry) => {
    const centre = jsts().Centroid.getCentroid(geometry);
    return centre === null ? 'POINT EMPTY' : `POINT (${centre.x} ${centre.y})`;
  },
  startpoint: (geometry) => endOf(lineOf(geometry, 'st_startpoint'), 'getStartPoint'),
  endpoint: (geometry) => endOf(lineOf(geometry, 'st_endpoint'), 'getEndPoint'),
};

const NUMBERS: Facts<number> = {
  area: (geometry) => geometry.getArea(),
  length: (geometry) => only(geometry, 'st_length', LINES).getLength(),
  x: (geometry) => only(geometry, 'st_x', POINT).getCoordinate()?.x ?? null,
  y: (geometry) => only(geometry, 'st_y', POINT).getCoordinate()?.y ?? null,
  xmax: (geometry) => ofEnvelope(geometry, 'getMaxX'),
  xmin: (geometry) => ofEnvelope(geometry, 'getMinX'),
  ymax: (geometry) => ofEnvelope(geometry, 'getMaxY'),
  ymin: (geometry) => ofEnvelope(geometry, 'getMinY'),
};

const COUNTS: Facts<number> = {
  coorddim: (geometry) => {
    const point = geometry.getCoordinate();
    return point !== null && !Number.isNaN(point.z) ? 3 : 2;
  },
  dimension: (geometry) => Math.max(0, geometry.getDimension()),
  numpoints: (geometry) => geometry.getNumPoints(),
  numinteriorring: (geometry) => {
    const polygon = polygonOf(geometry, 'st_numinteriorring');
    return polygon.isEmpty() ? null : polygon.getNumInteriorRing();
  },
};

const TESTS: Facts<boolean> = {
  isclosed: (geometry) => isClosed(only(geometry, 'st_isclosed', LINES)),
  isempty: (geometry) => geometry.isEmpty(),
  isring: (geometry) => {
    const line = lineOf(geometry, 'st_isring');
    return isClosed(line) && isSimple(line);
  },
};

/** True or false for two geometries; `st_within` is `st_contains` the other way round. */
const RELATIONS: Readonly<Record<string, Relation>> = {
  contains: 'contains',
  crosses: 'crosses',
  disjoint: 'disjoint',
  equals: 'equalsTopo',
  intersects: 'intersects',
  overlaps: 'overlaps',
  touches: 'touches',
};

const OVERLAYS: Readonly<Record<string, Overlay>> = {
  difference: 'difference',
  intersection: 'intersection',
  symdifference: 'symDifference',
  union: 'union',
};

const UNARY = [TEXTS, NUMBERS, COUNTS, TESTS].flatMap((facts) => Object.keys(facts));
const BINARY = ['within', 'distance', ...Object.keys(RELATIONS), ...Object.keys(OVERLAYS)];

export const GEOMETRIES: UdfFamily = {
  functions: [
    ...unary(TEXTS, TEXT, (value) => value),
    ...unary(NUMBERS, REAL, (value) => value),
    ...unary(COUNTS, WHOLE, BigInt),
    ...unary(TESTS, TRUTH, (value) => value),
    ...Object.entries(RELATIONS).map(([name, relation]) =>
      binary(name, TRUTH, (a, b) => jsts().RelateOp[relation](a, b)),
    ),
    binary('within', TRUTH, (a, b) => jsts().RelateOp.contains(b, a)),
    ...Object.entries(OVERLAYS).map(([name, overlay]) =>
      binary(name, TEXT, (a, b) => {
        for (const geometry of [a, b]) simple(geometry, `st_${name}`);
        return writeGeometry(jsts().SnapIfNeededOverlayOp[overlay](a, b));
      }),
    ),
    binary('distance', REAL, (a, b) =>
      a.isEmpty() || b.isEmpty() ? null : jsts().DistanceOp.distance(a, b),
    ),
    udf('sls_st_point', [REAL, REAL], TEXT, (x, y) => `POINT (${finite(x)} ${finite(y)})`),
    udf('sls_st_relate', [TEXT, TEXT, TEXT], TRUTH, relate),
    udf('sls_st_buffer', [TEXT, REAL], TEXT, buffer),
  ],
  macros: [
    ...UNARY.map((name) => `CREATE MACRO st_${name}(g) AS sls_st_${name}(g::VARCHAR);`),
    ...BINARY.map(
      (name) => `CREATE MACRO st_${name}(a, b) AS sls_st_${name}(a::VARCHAR, b::VARCHAR);`,
    ),
    'CREATE MACRO st_point(x, y) AS sls_st_point(x::DOUBLE, y::DOUBLE);',
    'CREATE MACRO st_relate(a, b, p) AS sls_st_relate(a::VARCHAR, b::VARCHAR, p::VARCHAR);',
    'CREATE MACRO st_buffer(g, d) AS sls_st_buffer(g::VARCHAR, d::DOUBLE);',
  ].join('\n'),
};

function unary<T, U>(facts: Facts<T>, type: UdfType<U>, write: (value: T) => U): ScalarUdf[] {
  return Object.entries(facts).map(([name, fact]) =>
    udf(`sls_st_${name}`, [TEXT], type, (text) => {
      const value = attempt(() => fact(readGeometry(text)));
      return value === null ? null : write(value);
    }),
  );
}

function binary<T>(
  name: string,
  type: UdfType<T>,
  call: (a: Geometry, b: Geometry) => T | null,
): ScalarUdf {
  return udf(`sls_st_${name}`, [TEXT, TEXT], type, (first, second) => {
    const a = readGeometry(first);
    const b = readGeometry(second);
    checkCrossings([a, b]);
    return attempt(() => call(a, b));
  });
}

/** Compares the nine intersections of inside, edge and outside with a pattern such as `T*F**F***`. */
function relate(first: string, second: string, pattern: string): boolean {
  if (!/^[TF*012]{9}$/i.test(pattern))
    throw refuse('st_relate needs a pattern of 9 characters out of T, F, *, 0, 1, 2');
  const a = readGeometry(first);
  const b = readGeometry(second);
  checkCrossings([a, b]);
  return attempt(() => jsts().RelateOp.relate(a, b).matches(pattern.toUpperCase()));
}

function buffer(text: string, distance: number): string {
  const geometry = readGeometry(text);
  if (!Number.isFinite(distance) || distance < 0)
    throw refuse('st_buffer needs a distance of 0 or more');
  checkCrossings([geometry]);
  return attempt(() => writeGeometry(jsts().BufferOp.bufferOp(geometry, distance)));
}

/** What the library throws is about shapes that it cannot compute with, such as a polygon that crosses itself. */
function attempt<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (errorCode(error) !== undefined) throw error;
    throw refuse('geometry is invalid, it may cross itself');
  }
}

const POINT = ['Point'] as const;
const LINE = ['LineString', 'LinearRing'] as const;
const LINES = [...LINE, 'MultiLineString'] as const;
const POLYGON = ['Polygon'] as const;

function only(geometry: Geometry, name: string, types: readonly string[]): Geometry {
  const type = geometry.getGeometryType();
  if (types.includes(type)) return geometry;
  throw refuse(`${name} needs a ${types[0] ?? ''}, this is a ${type}`);
}

function simple(geometry: Geometry, name: string): Geometry {
  if (geometry.getGeometryType() !== 'GeometryCollection') return geometry;
  throw refuse(`${name} does not take a GeometryCollection`);
}

function polygonOf(geometry: Geometry, name: string): Polygon {
  return only(geometry, name, POLYGON) as Polygon;
}

function lineOf(geometry: Geometry, name: string): LineString {
  return only(geometry, name, LINE) as LineString;
}

function endOf(line: LineString, end: 'getStartPoint' | 'getEndPoint'): string | null {
  return line.isEmpty() ? null : writeGeometry(line[end]());
}

function ofEnvelope(
  geometry: Geometry,
  side: 'getMinX' | 'getMaxX' | 'getMinY' | 'getMaxY',
): number | null {
  return geometry.isEmpty() ? null : geometry.getEnvelopeInternal()[side]();
}

/** An empty line is closed nowhere. */
function isClosed(geometry: Geometry): boolean {
  const lines = Array.from({ length: geometry.getNumGeometries() }, (_, i) =>
    geometry.getGeometryN(i),
  ) as LineString[];
  return !geometry.isEmpty() && lines.every((line) => line.isClosed());
}

function isSimple(geometry: Geometry): boolean {
  checkCrossings([geometry]);
  return jsts().IsSimpleOp.isSimple(geometry);
}

function finite(value: number): number {
  if (Number.isFinite(value)) return value;
  throw refuse('st_point needs numbers');
}

function refuse(message: string): AppError {
  return new AppError('ParameterInvalid', message);
}
