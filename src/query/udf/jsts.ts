/**
 * The parts of JSTS that geometry functions use, with types for them. The library is loaded by the first call: it
 * takes some 100 ms and 15 MB, and most query processes never meet a geometry.
 */
import { createRequire } from 'node:module';

export interface Coordinate {
  readonly x: number;
  readonly y: number;
  /** NaN without a third dimension. */
  readonly z: number;
}

export interface Envelope {
  getMinX(): number;
  getMaxX(): number;
  getMinY(): number;
  getMaxY(): number;
}

export interface Geometry {
  /** `Point`, `LineString`, `MultiPolygon`, … */
  getGeometryType(): string;
  getArea(): number;
  getLength(): number;
  getNumPoints(): number;
  /** -1 for an empty collection. */
  getDimension(): number;
  getCoordinate(): Coordinate | null;
  getCoordinates(): readonly Coordinate[];
  getNumGeometries(): number;
  getGeometryN(index: number): Geometry;
  getEnvelope(): Geometry;
  getEnvelopeInternal(): Envelope;
  isEmpty(): boolean;
}

export interface LineString extends Geometry {
  isClosed(): boolean;
  getStartPoint(): Geometry;
  getEndPoint(): Geometry;
}

export interface Polygon extends Geometry {
  getExteriorRing(): LineString;
  getNumInteriorRing(): number;
}

export type Relation =
  | 'contains'
  | 'crosses'
  | 'disjoint'
  | 'equalsTopo'
  | 'intersects'
  | 'overlaps'
  | 'touches';

export type Overlay = 'difference' | 'intersection' | 'symDifference' | 'union';

type PairCall<T> = (a: Geometry, b: Geometry) => T;

export interface Jsts {
  readonly WKTReader: new () => { read(text: string): Geometry };
  readonly WKTWriter: new () => { write(geometry: Geometry): string };
  readonly RelateOp: Readonly<Record<Relation, PairCall<boolean>>> & {
    relate(a: Geometry, b: Geometry): { matches(pattern: string): boolean };
  };
  readonly SnapIfNeededOverlayOp: Readonly<Record<Overlay, PairCall<Geometry>>>;
  readonly BufferOp: { bufferOp(geometry: Geometry, distance: number): Geometry };
  readonly DistanceOp: { distance: PairCall<number> };
  readonly BoundaryOp: { getBoundary(geometry: Geometry): Geometry };
  readonly Centroid: { getCentroid(geometry: Geometry): Coordinate | null };
  readonly IsSimpleOp: { isSimple(geometry: Geometry): boolean };
}

let loaded: Jsts | undefined;

/** Synchronous, since DuckDB waits for what a function returns. */
export function jsts(): Jsts {
  loaded ??= load();
  return loaded;
}

function load(): Jsts {
  const require = createRequire(import.meta.url);
  // The packages' own types are made of its JavaScript and say little.
  const modules = {
    WKTReader: require('jsts/org/locationtech/jts/io/WKTReader.js'),
    WKTWriter: require('jsts/org/locationtech/jts/io/WKTWriter.js'),
    RelateOp: require('jsts/org/locationtech/jts/operation/relate/RelateOp.js'),
    SnapIfNeededOverlayOp: require('jsts/org/locationtech/jts/operation/overlay/snap/SnapIfNeededOverlayOp.js'),
    BufferOp: require('jsts/org/locationtech/jts/operation/buffer/BufferOp.js'),
    DistanceOp: require('jsts/org/locationtech/jts/operation/distance/DistanceOp.js'),
    BoundaryOp: require('jsts/org/locationtech/jts/operation/BoundaryOp.js'),
    Centroid: require('jsts/org/locationtech/jts/algorithm/Centroid.js'),
    IsSimpleOp: require('jsts/org/locationtech/jts/operation/IsSimpleOp.js'),
  } satisfies Record<keyof Jsts, unknown> as Record<keyof Jsts, { readonly default: unknown }>;
  return Object.fromEntries(
    Object.entries(modules).map(([name, module]) => [name, module.default]),
  ) as unknown as Jsts;
}
