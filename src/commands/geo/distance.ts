/**
 * Distances on a sphere, in metres: the haversine formula.
 *
 * The sphere has Earth's quadratic mean radius, so a distance is up to 0.5 % wrong; the order of
 * operations is Redis's, for the same last bits.
 */
import { asin, cos, sin } from './trigonometry.js';

export const EARTH_RADIUS_METRES = 6372797.560856;
const RADIANS_PER_DEGREE = Math.PI / 180;

export function toRadians(degrees: number): number {
  return degrees * RADIANS_PER_DEGREE;
}

export function toDegrees(radians: number): number {
  return radians / RADIANS_PER_DEGREE;
}

/** Along a meridian. Latitudes in degrees. */
export function latitudeDistance(lat1: number, lat2: number): number {
  return EARTH_RADIUS_METRES * Math.abs(toRadians(lat2) - toRadians(lat1));
}

/** All in degrees. NaN, by rounding, for some places exactly opposite to each other. */
export function distance(lon1: number, lat1: number, lon2: number, lat2: number): number {
  const v = sin((toRadians(lon2) - toRadians(lon1)) / 2);
  if (v === 0) return latitudeDistance(lat1, lat2);
  const from = toRadians(lat1);
  const to = toRadians(lat2);
  const u = sin((to - from) / 2);
  const a = u * u + cos(from) * cos(to) * v * v;
  return 2 * EARTH_RADIUS_METRES * asin(Math.sqrt(a));
}
