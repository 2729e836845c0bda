/**
 * The cells to search for all places within a shape: the one its middle lies in, and those of its
 * eight neighbours that the shape may reach into.
 *
 *     +----+----+----+
 *     | nw | n  | ne |      Cells are chosen as small as they can be so that
 *     +----+----+----+      these nine hold the whole shape: a circle's radius
 *     | w  | *  | e  |      is at most one cell's side.
 *     +----+----+----+
 *     | sw | s  | se |
 *     +----+----+----+
 *
 * Toward the poles cells get narrower (in metres), so larger ones are taken there. Which cells
 * there are, and in which order, decides what COUNT n ANY finds; both are Redis's.
 */
import { EARTH_RADIUS_METRES, toDegrees, toRadians } from './distance.js';
import { boundsOf, type Cell, type CellBounds, cellOf, MAX_STEP, neighbour } from './geohash.js';
import type { Shape } from './shape.js';

/** Half of the map's width, in metres. */
const MERCATOR_MAX = 20037726.37;

/** Where each cell lies from the middle one: columns east, rows north; in order of search. */
const DIRECTIONS: readonly (readonly [east: number, north: number])[] = [
  [0, 0],
  [0, 1],
  [0, -1],
  [1, 0],
  [-1, 0],
  [1, 1],
  [-1, 1],
  [1, -1],
  [-1, -1],
];

/** The cells to search. The same cell may come twice, but not one after the other. */
export function cellsCovering(shape: Shape): Cell[] {
  const { longitude, latitude } = shape;
  const limits = boundingBox(shape);
  let step = estimateStep(shape.radius, latitude);
  if (step > 1 && !isCovered(cellOf(longitude, latitude, step), limits)) step--;
  const middle = cellOf(longitude, latitude, step);
  const bounds = boundsOf(middle);
  const cells: Cell[] = [];
  for (const [east, north] of DIRECTIONS) {
    if (step >= 2 && isOutOfReach(bounds, limits, east, north)) continue;
    const cell = neighbour(middle, east, north);
    // On coarse maps neighbours meet on the other side. Redis compares each with the one before,
    // other than the middle.
    const before = cells.length > 1 ? cells[cells.length - 1]! : undefined;
    if (before !== undefined && isSame(before, cell)) continue;
    cells.push(cell);
  }
  return cells;
}

/**
 * Limits of a shape in degrees. On the side of the pole, a degree of longitude is shorter: there
 * the shape's width is measured.
 */
export function boundingBox(shape: Shape): CellBounds {
  const { longitude, latitude } = shape;
  const height = toDegrees(shape.halfHeight / EARTH_RADIUS_METRES);
  const edge = latitude < 0 ? latitude - height : latitude + height;
  const width = toDegrees(shape.halfWidth / EARTH_RADIUS_METRES / Math.cos(toRadians(edge)));
  return {
    minLongitude: longitude - width,
    maxLongitude: longitude + width,
    minLatitude: latitude - height,
    maxLatitude: latitude + height,
  };
}

/** How many cuts make cells of about the radius. @param radius in metres */
function estimateStep(radius: number, latitude: number): number {
  if (radius === 0) return MAX_STEP;
  let step = 1;
  for (let metres = radius; metres < MERCATOR_MAX; metres *= 2) step++;
  step -= 2;
  const fromEquator = Math.abs(latitude);
  if (fromEquator > 80) step -= 2;
  else if (fromEquator > 66) step--;
  return Math.max(1, Math.min(MAX_STEP, step));
}

/** Whether a cell's neighbours reach the limits on all sides (limits may be NaN: then they do). */
function isCovered(cell: Cell, limits: CellBounds): boolean {
  return !(
    boundsOf(neighbour(cell, 0, 1)).maxLatitude < limits.maxLatitude ||
    boundsOf(neighbour(cell, 0, -1)).minLatitude > limits.minLatitude ||
    boundsOf(neighbour(cell, 1, 0)).maxLongitude < limits.maxLongitude ||
    boundsOf(neighbour(cell, -1, 0)).minLongitude > limits.minLongitude
  );
}

/** Whether the shape ends before the neighbour in this direction. */
function isOutOfReach(
  middle: CellBounds,
  limits: CellBounds,
  east: number,
  north: number,
): boolean {
  return (
    (north < 0 && middle.minLatitude < limits.minLatitude) ||
    (north > 0 && middle.maxLatitude > limits.maxLatitude) ||
    (east < 0 && middle.minLongitude < limits.minLongitude) ||
    (east > 0 && middle.maxLongitude > limits.maxLongitude)
  );
}

function isSame(a: Cell, b: Cell): boolean {
  return a.longitude === b.longitude && a.latitude === b.latitude;
}
