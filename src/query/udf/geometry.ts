/** Geometries as texts (WKT): reading within bounds, and the work that a function over them may take. */
import { AppError } from '#base/app-error.ts';
import {
  GEOMETRIES_KEPT_MAX,
  GEOMETRY_CHARS_MAX,
  GEOMETRY_CROSSINGS_MAX,
  GEOMETRY_POINTS_MAX,
} from '../limits.ts';
import { jsts, type Coordinate, type Geometry } from './jsts.ts';

/** Parsed geometries by text; the one that was used last is the last one. */
const kept = new Map<string, Geometry>();

/** Errors: ParameterInvalid for what is no geometry, or one with too many points. */
export function readGeometry(text: string): Geometry {
  const known = kept.get(text);
  if (known !== undefined) {
    kept.delete(text);
    kept.set(text, known);
    return known;
  }
  if (text.length > GEOMETRY_CHARS_MAX) throw tooLarge();
  const geometry = parse(text);
  if (geometry.getNumPoints() > GEOMETRY_POINTS_MAX) throw tooLarge();
  kept.set(text, geometry);
  for (const oldest of kept.keys()) {
    if (kept.size <= GEOMETRIES_KEPT_MAX) break;
    kept.delete(oldest);
  }
  return geometry;
}

/** Rings are written as the lines that they are. */
export function writeGeometry(geometry: Geometry): string {
  const { WKTWriter } = jsts();
  return new WKTWriter().write(geometry).replaceAll('LINEARRING', 'LINESTRING');
}

function parse(text: string): Geometry {
  const { WKTReader } = jsts();
  // The reader takes anything behind the end, and reads nested collections by recursion.
  if (!/^\s*[a-z]/i.test(text) || !isClosed(text)) throw noGeometry(text);
  try {
    return new WKTReader().read(text);
  } catch {
    throw noGeometry(text);
  }
}

/** Whether the first parenthesis is closed by the last character, if there is one at all. */
function isClosed(text: string): boolean {
  let depth = 0;
  const end = text.trimEnd().length;
  for (let at = 0; at < end; at++) {
    const character = text[at];
    if (character === '(') depth++;
    if (character === ')' && --depth <= 0) return depth === 0 && at === end - 1;
  }
  return depth === 0 && /\bempty\s*$/i.test(text);
}

/**
 * Refuses geometries whose sides may cross so often that an overlay or a buffer takes seconds. Compares the boxes of
 * all pairs of sides that do not follow each other. Errors: ParameterInvalid.
 */
export function checkCrossings(geometries: readonly Geometry[]): void {
  const sides = geometries.flatMap(sidesOf);
  let count = 0;
  for (const [i, a] of sides.entries())
    for (let j = i + 2; j < sides.length; j++) {
      const b = sides[j];
      if (b === undefined || !isNear(a, b)) continue;
      if (++count > GEOMETRY_CROSSINGS_MAX)
        throw new AppError(
          'ParameterInvalid',
          `geometries are too entangled: their sides may cross ${GEOMETRY_CROSSINGS_MAX} times at most`,
        );
    }
}

interface Side {
  readonly minX: number;
  readonly maxX: number;
  readonly minY: number;
  readonly maxY: number;
}

function sidesOf(geometry: Geometry): Side[] {
  const points = geometry.getCoordinates();
  return points.slice(1).map((b, i) => sideOf(points[i] ?? b, b));
}

function sideOf(a: Coordinate, b: Coordinate): Side {
  return {
    minX: Math.min(a.x, b.x),
    maxX: Math.max(a.x, b.x),
    minY: Math.min(a.y, b.y),
    maxY: Math.max(a.y, b.y),
  };
}

function isNear(a: Side, b: Side): boolean {
  return a.minX <= b.maxX && b.minX <= a.maxX && a.minY <= b.maxY && b.minY <= a.maxY;
}

function tooLarge(): AppError {
  return new AppError(
    'ParameterInvalid',
    `geometry is too large: at most ${GEOMETRY_POINTS_MAX} points and ${GEOMETRY_CHARS_MAX} characters`,
  );
}

function noGeometry(text: string): AppError {
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return new AppError(
    'ParameterInvalid',
    `not a geometry in well-known text such as POINT (1 2): ${shown}`,
  );
}
