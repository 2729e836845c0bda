/**
 * C's `%.<precision>g`: a number rounded to so many significant digits, written without trailing
 * zeros; with an exponent of at least two digits if it is below 10^-4 or has more digits in front
 * of the point than the precision: `0.1`, `-0`, `100000`, `1e+20`, `1.5e-05`.
 *
 * JavaScript's toExponential gives the digits, but for one thing: it rounds ties up, and C rounds
 * them to the even digit. A tie is a double that has one digit more than asked for, a 5, and none
 * behind it: 0.5 at no digit, 2.5 at one. Its exact value is short, so a look at 100 digits tells
 * a tie from every other double; only a number whose shortest name already ends in that 5 is
 * looked at.
 *
 * Lua's tostring is `%.14g` of every number, and most of those are integers or have few digits:
 * there JavaScript's own name of the number is the answer.
 */

/** Up to here the shortest name of a double with so many digits is its exact value, if that is as short. */
const MAX_EXACT_DIGITS = 15;
/** The most digits that toExponential gives. */
const MAX_JS_DIGITS = 101;
/** By precision: integers below it have no exponent. */
const WHOLE_BELOW = Float64Array.from({ length: MAX_EXACT_DIGITS + 1 }, (_, i) => 10 ** i);

/**
 * @param precision digits, 1 to 100
 * @returns 'inf', '-inf' and 'nan' for what has no digits
 */
export function formatG(n: number, precision: number): string {
  const size = Math.abs(n);
  if (Number.isInteger(n)) {
    if (size < WHOLE_BELOW[Math.min(precision, MAX_EXACT_DIGITS)]!) {
      return n === 0 && Object.is(n, -0) ? '-0' : String(n);
    }
  } else if (precision <= MAX_EXACT_DIGITS && size >= 1e-4 && size < 1e15) {
    const name = String(n);
    // One character is the point; a minus sign or a zero in front of it makes this too careful.
    if (name.length <= precision + 1) return name;
  } else if (!Number.isFinite(n)) {
    return Number.isNaN(n) ? 'nan' : n < 0 ? '-inf' : 'inf';
  }
  return (n < 0 ? '-' : '') + layOut(roundTo(size, precision), precision);
}

/** From `d.ddde±x`. */
function layOut(rounded: string, precision: number): string {
  const at = rounded.indexOf('e');
  const exponent = Number(rounded.slice(at + 1));
  const digits = rounded[0] + rounded.slice(2, at).replace(/0+$/, '');
  if (exponent >= -4 && exponent < precision) return withoutExponent(digits, exponent);
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
  const power = String(Math.abs(exponent)).padStart(2, '0');
  return `${digits[0]}${fraction}e${exponent < 0 ? '-' : '+'}${power}`;
}

/** d.ddd × 10^exponent without an exponent. */
function withoutExponent(digits: string, exponent: number): string {
  if (exponent < 0) return `0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const fraction = digits.slice(exponent + 1);
  return fraction === '' ? whole : `${whole}.${fraction}`;
}

/** The digits as `d.ddde±x`; ties go to the even digit. */
function roundTo(n: number, precision: number): string {
  if (mayBeTie(n, precision)) {
    const exact = n.toExponential(MAX_JS_DIGITS - 1);
    const at = exact.indexOf('e');
    const kept = precision === 1 ? 1 : precision + 1;
    const beyond = exact.slice(precision + 1, at);
    const isEven = exact.charCodeAt(kept - 1) % 2 === 0;
    if (isEven && /^50*$/.test(beyond)) return exact.slice(0, kept) + exact.slice(at);
  }
  return n.toExponential(precision - 1);
}

function mayBeTie(n: number, precision: number): boolean {
  if (precision >= MAX_EXACT_DIGITS) return precision < MAX_JS_DIGITS - 1;
  const shortest = n.toExponential();
  const at = shortest.indexOf('e');
  return at === precision + 2 && shortest.charCodeAt(at - 1) === 53;
}
