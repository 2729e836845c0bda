/**
 * What a search looks for: all within a circle or a box around a place.
 *
 * A box is as wide as it says in every latitude; its sides are meridian arcs only near its middle.
 *
 * A search looks at several times as many places as it finds. So a shape knows how many degrees it
 * reaches at most in each direction, a little more than that in fact, and most places outside are
 * left out by two comparisons, without trigonometry.
 */
import {
  distance,
  EARTH_RADIUS_METRES,
  latitudeDistance,
  toDegrees,
  toRadians,
} from './distance.js';
import { LATITUDE_MAX } from './geohash.js';

export interface Shape {
  /** The middle, in degrees. */
  readonly longitude: number;
  readonly latitude: number;
  /** Metres of the unit that the sizes, and replies, are in. */
  readonly unitMetres: number;
  readonly kind: 'circle' | 'box';
  /** A circle's radius, or half of a box's width and height, in metres. */
  readonly radius: number;
  readonly halfWidth: number;
  readonly halfHeight: number;
  /** No place within the shape is farther away than that, in degrees. */
  readonly longitudeReach: number;
  readonly latitudeReach: number;
}

/** Degrees that a reach is too long by: far more than rounding can make of any distance. */
const REACH_SLACK = 1e-4;

/** Where a search's middle is, in degrees. */
export interface Place {
  readonly longitude: number;
  readonly latitude: number;
}

/** @param radius in units */
export function circle(place: Place, radius: number, unitMetres: number): Shape {
  const metres = radius * unitMetres;
  const angle = metres / EARTH_RADIUS_METRES;
  const ratio = Math.sin(angle) / Math.cos(toRadians(place.latitude));
  const holdsPole = !(toRadians(Math.abs(place.latitude)) + angle < Math.PI / 2);
  return {
    longitude: place.longitude,
    latitude: place.latitude,
    unitMetres,
    kind: 'circle',
    radius: metres,
    halfWidth: metres,
    halfHeight: metres,
    longitudeReach: holdsPole ? Number.POSITIVE_INFINITY : reach(Math.asin(ratio)),
    latitudeReach: reach(angle),
  };
}

/** @param width in units, as is the height */
export function box(place: Place, width: number, height: number, unitMetres: number): Shape {
  const halfWidth = (width * unitMetres) / 2;
  const halfHeight = (height * unitMetres) / 2;
  const angle = halfHeight / EARTH_RADIUS_METRES;
  // Where the box is nearest to a pole, its width is most degrees.
  const edge = Math.min(toRadians(LATITUDE_MAX), toRadians(Math.abs(place.latitude)) + angle);
  const ratio = Math.sin(halfWidth / EARTH_RADIUS_METRES / 2) / Math.cos(edge);
  const goesAround = !(halfWidth < Math.PI * EARTH_RADIUS_METRES && ratio < 1);
  return {
    longitude: place.longitude,
    latitude: place.latitude,
    unitMetres,
    kind: 'box',
    radius: Math.sqrt((width / 2) * (width / 2) + (height / 2) * (height / 2)) * unitMetres,
    halfWidth,
    halfHeight,
    longitudeReach: goesAround ? Number.POSITIVE_INFINITY : reach(2 * Math.asin(ratio)),
    latitudeReach: reach(angle),
  };
}

function reach(angle: number): number {
  return toDegrees(angle) + REACH_SLACK;
}

/** What `distanceWithin` answers for a place outside. */
export const OUTSIDE = -1;

/** How far a place is from the shape's middle, in metres; OUTSIDE if it is not within the shape. */
export function distanceWithin(shape: Shape, longitude: number, latitude: number): number {
  if (Math.abs(latitude - shape.latitude) > shape.latitudeReach) return OUTSIDE;
  const degrees = Math.abs(longitude - shape.longitude);
  if (Math.min(degrees, 360 - degrees) > shape.longitudeReach) return OUTSIDE;
  if (shape.kind === 'circle') {
    const metres = distance(shape.longitude, shape.latitude, longitude, latitude);
    return metres > shape.radius ? OUTSIDE : metres;
  }
  if (latitudeDistance(latitude, shape.latitude) > shape.halfHeight) return OUTSIDE;
  const across = distance(longitude, latitude, shape.longitude, latitude);
  if (across > shape.halfWidth) return OUTSIDE;
  return distance(shape.longitude, shape.latitude, longitude, latitude);
}
