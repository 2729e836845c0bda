/**
 * Geohashes: a place on Earth as one number, in which near places mostly share their first bits.
 *
 * The map is cut in half by turns, east-west and north-south; each cut adds a bit that says which
 * half. After n cuts in each direction, longitude and latitude are integers of n bits each, the
 * numbers of a column and a row of cells, and the hash interleaves their bits:
 *
 *     longitude  1 0 1 1             row 11, column 6 of 16 x 16:
 *     latitude    0 1 1 0            hash 10 01 11 10
 *
 * A geo index is a sorted set whose scores are such hashes with 26 cuts, 52 bits, which a double
 * holds exactly. All cells of one larger cell have scores in one range. (G. M. Morton, 1966;
 * G. Niemeyer, geohash.org.)
 *
 * The map is web Mercator's (EPSG:3857): poles are cut off. A place on the very eastern or northern
 * edge gets the number behind the last, 2^n, and so a hash of up to 54 bits, as in Redis.
 *
 * Hashes are handled in halves of 13 cuts, 26 bits each; only damaged scores take BigInt.
 */

export const LONGITUDE_MIN = -180;
export const LONGITUDE_MAX = 180;
export const LATITUDE_MIN = -85.05112878;
export const LATITUDE_MAX = 85.05112878;

/** Cuts of a score's hash in each direction. */
export const MAX_STEP = 26;
const LONGITUDE_SCALE = LONGITUDE_MAX - LONGITUDE_MIN;
const LATITUDE_SCALE = LATITUDE_MAX - LATITUDE_MIN;
const CELLS = 2 ** MAX_STEP;
/** Cuts in a half of a hash, the same for masks, and the weight of the upper half. */
const HALF_STEP = 13;
const HALF_MASK = 0x1fff;
const HALF_UNIT = 2 ** 26;

/** A cell: column and row of a map with 2^step of each. */
export interface Cell {
  readonly longitude: number;
  readonly latitude: number;
  readonly step: number;
}

/** Limits of a cell, in degrees. */
export interface CellBounds {
  readonly minLongitude: number;
  readonly maxLongitude: number;
  readonly minLatitude: number;
  readonly maxLatitude: number;
}

/** What `decode` found last, in degrees. */
export let longitude = 0;
export let latitude = 0;

export function isOnMap(lon: number, lat: number): boolean {
  return lon >= LONGITUDE_MIN && lon <= LONGITUDE_MAX && lat >= LATITUDE_MIN && lat <= LATITUDE_MAX;
}

/** The cell that a place of the map lies in. */
export function cellOf(lon: number, lat: number, step: number): Cell {
  const cells = 2 ** step;
  return {
    longitude: Math.floor(((lon - LONGITUDE_MIN) / LONGITUDE_SCALE) * cells),
    latitude: Math.floor(((lat - LATITUDE_MIN) / LATITUDE_SCALE) * cells),
    step,
  };
}

/** The cell so many columns east and rows north; the map goes round in both directions. */
export function neighbour(cell: Cell, east: number, north: number): Cell {
  const mask = 2 ** cell.step - 1;
  return {
    longitude: east === 0 ? cell.longitude : (cell.longitude + east) & mask,
    latitude: north === 0 ? cell.latitude : (cell.latitude + north) & mask,
    step: cell.step,
  };
}

export function boundsOf(cell: Cell): CellBounds {
  const cells = 2 ** cell.step;
  return {
    minLongitude: LONGITUDE_MIN + (cell.longitude / cells) * LONGITUDE_SCALE,
    maxLongitude: LONGITUDE_MIN + ((cell.longitude + 1) / cells) * LONGITUDE_SCALE,
    minLatitude: LATITUDE_MIN + (cell.latitude / cells) * LATITUDE_SCALE,
    maxLatitude: LATITUDE_MIN + ((cell.latitude + 1) / cells) * LATITUDE_SCALE,
  };
}

/** The least score within a cell; the next cell's (in order of hashes) is `cellScores` more. */
export function firstScore(cell: Cell): number {
  return interleave(cell.longitude, cell.latitude) * cellScores(cell);
}

/** How many scores a cell has. */
export function cellScores(cell: Cell): number {
  return 4 ** (MAX_STEP - cell.step);
}

/** The score of a place of the map: its hash, if that has more than 53 bits the nearest double. */
export function encode(lon: number, lat: number): number {
  const cell = cellOf(lon, lat, MAX_STEP);
  return interleave(cell.longitude, cell.latitude);
}

/** As `encode`, all digits. */
export function encodeText(lon: number, lat: number): string {
  const hash = encode(lon, lat);
  if (Number.isSafeInteger(hash)) return String(hash);
  const cell = cellOf(lon, lat, MAX_STEP);
  const high = BigInt(upperHalf(cell.longitude, cell.latitude));
  return String(high * BigInt(HALF_UNIT) + BigInt(lowerHalf(cell.longitude, cell.latitude)));
}

/** Sets `longitude` and `latitude` to the middle of a score's cell. */
export function decode(score: number): void {
  if (score >= 0 && score < 2 ** 52) {
    const hash = Math.floor(score);
    const low = hash % HALF_UNIT;
    const high = (hash - low) / HALF_UNIT;
    setMiddle(
      squash(low >>> 1) | (squash(high >>> 1) << HALF_STEP),
      squash(low) | (squash(high) << HALF_STEP),
    );
  } else decodeDamaged(score);
}

/** The usual 11 characters of a place: the map from pole to pole, 52 bits, the last one padding. */
export function geohashText(lon: number, lat: number): string {
  const column = Math.floor(((lon - LONGITUDE_MIN) / LONGITUDE_SCALE) * CELLS);
  const row = Math.floor(((lat + 90) / 180) * CELLS);
  let text = '';
  let letter = 0;
  for (let bit = 2 * MAX_STEP - 1; bit >= 2; bit--) {
    const source = (bit & 1) === 1 ? column : row;
    letter = (letter << 1) | ((source >>> (bit >>> 1)) & 1);
    if ((bit - 2) % 5 !== 0) continue;
    text += ALPHABET[letter]!;
    letter = 0;
  }
  return `${text}0`;
}

const ALPHABET = '0123456789bcdefghjkmnpqrstuvwxyz';

function interleave(column: number, row: number): number {
  return upperHalf(column, row) * HALF_UNIT + lowerHalf(column, row);
}

function upperHalf(column: number, row: number): number {
  return spread(row >>> HALF_STEP) | (spread(column >>> HALF_STEP) << 1);
}

function lowerHalf(column: number, row: number): number {
  return spread(row & HALF_MASK) | (spread(column & HALF_MASK) << 1);
}

/** Puts a zero before each of 14 bits. */
function spread(bits: number): number {
  let n = (bits | (bits << 8)) & 0x00ff00ff;
  n = (n | (n << 4)) & 0x0f0f0f0f;
  n = (n | (n << 2)) & 0x33333333;
  return (n | (n << 1)) & 0x55555555;
}

/** Takes every second of 32 bits, the lowest first. */
function squash(bits: number): number {
  let n = bits & 0x55555555;
  n = (n | (n >>> 1)) & 0x33333333;
  n = (n | (n >>> 2)) & 0x0f0f0f0f;
  n = (n | (n >>> 4)) & 0x00ff00ff;
  return (n | (n >>> 8)) & 0xffff;
}

function setMiddle(column: number, row: number): void {
  const west = LONGITUDE_MIN + (column / CELLS) * LONGITUDE_SCALE;
  const east = LONGITUDE_MIN + (((column + 1) >>> 0) / CELLS) * LONGITUDE_SCALE;
  const south = LATITUDE_MIN + (row / CELLS) * LATITUDE_SCALE;
  const north = LATITUDE_MIN + (((row + 1) >>> 0) / CELLS) * LATITUDE_SCALE;
  longitude = Math.max(LONGITUDE_MIN, Math.min(LONGITUDE_MAX, (west + east) / 2));
  latitude = Math.max(LATITUDE_MIN, Math.min(LATITUDE_MAX, (south + north) / 2));
}

/** A score that is no hash of a cell within the map: ZADD's, or one of the map's very edge. */
function decodeDamaged(score: number): void {
  const bits = asUint64(score);
  const low = Number(bits & 0xffffffffn);
  const high = Number(bits >> 32n);
  setMiddle(
    (squash(low >>> 1) | (squash(high >>> 1) << 16)) >>> 0,
    (squash(low) | (squash(high) << 16)) >>> 0,
  );
}

/** A double as C on x86-64 makes an unsigned integer of it. */
function asUint64(score: number): bigint {
  if (score >= 2 ** 64) return 0n;
  if (!(score >= -(2 ** 63))) return 2n ** 63n;
  return BigInt.asUintN(64, BigInt(Math.trunc(score)));
}
