/** Numbers as geo commands spell them: C's `%f` with a fixed number of decimals, ties to even. */

/** Decimals of coordinates, distances, and of coordinates in error texts. */
const COORDINATE_DECIMALS = 17;
const DISTANCE_DECIMALS = 4;
const ERROR_DECIMALS = 6;
/** What C makes of a distance that is not a number. */
const NO_DISTANCE = '-922337203685477.5808';
/** From here on, JavaScript spells numbers with an exponent. */
const EXPONENT_FROM = 1e21;

/** A coordinate, without trailing zeros: `13.36138933897018433`. */
export function coordinateText(degrees: number): string {
  const text = fixed(degrees, COORDINATE_DECIMALS);
  let end = text.length;
  while (text.charCodeAt(end - 1) === ZERO) end--;
  if (text.charCodeAt(end - 1) === POINT) end--;
  const short = text.slice(0, end);
  return short === '-0' ? '0' : short;
}

/** A distance: `166274.1516`. It is scaled before it is rounded, as Redis does it. */
export function distanceText(units: number): string {
  if (Number.isNaN(units)) return NO_DISTANCE;
  const scaled = roundHalfEven(units * 10 ** DISTANCE_DECIMALS);
  const digits = String(scaled).padStart(DISTANCE_DECIMALS + 1, '0');
  return `${digits.slice(0, -DISTANCE_DECIMALS)}.${digits.slice(-DISTANCE_DECIMALS)}`;
}

/** A coordinate in an error text: `200.000000`. */
export function errorText(degrees: number): string {
  if (!Number.isFinite(degrees)) return degrees > 0 ? 'inf' : '-inf';
  if (Math.abs(degrees) < EXPONENT_FROM) return fixed(degrees, ERROR_DECIMALS);
  return `${BigInt(degrees)}.${'0'.repeat(ERROR_DECIMALS)}`;
}

const ZERO = 48;
const POINT = 46;

/** `%.*f`: as toFixed, which rounds ties away from zero. */
function fixed(n: number, decimals: number): string {
  const halves = n * 2 ** (decimals + 1);
  // Only a multiple of 2^-(decimals + 1) ends in a 5 one place behind.
  const mayBeTie = Number.isInteger(halves) && !Number.isInteger(halves / 2);
  const text = mayBeTie ? n.toFixed(decimals + 1) : n.toFixed(decimals);
  if (!mayBeTie) return Object.is(n, -0) ? `-${text}` : text;
  const isEven = text.charCodeAt(text.length - 2) % 2 === 0;
  return isEven ? text.slice(0, -1) : n.toFixed(decimals);
}

function roundHalfEven(n: number): number {
  const whole = Math.floor(n);
  const part = n - whole;
  if (part !== 0.5) return part < 0.5 ? whole : whole + 1;
  return whole % 2 === 0 ? whole : whole + 1;
}
