/**
 * Amounts of memory as people write and read them.
 *
 * In a config file `1k` is 1000 bytes and `1kb` is 1024, likewise m/mb and g/gb, in any case:
 *
 *     parseMemory('64mb') = 67108864      formatMemory(67108864) = '64mb'
 *     parseMemory('1K')   = 1000          formatMemory(1000)     = '1000'
 *
 * formatMemory uses the largest binary unit that divides the amount, so it loses nothing and
 * parseMemory reads it back. humanBytes rounds to two decimals, for INFO's `*_human` fields.
 *
 * Sources: memtoull (util.c), rewriteConfigFormatMemory (config.c), bytesToHuman (server.c).
 */

const KB = 1024;
const MB = 1024 * KB;
const GB = 1024 * MB;

const UNITS: ReadonlyMap<string, bigint> = new Map([
  ['', 1n],
  ['b', 1n],
  ['k', 1000n],
  ['kb', BigInt(KB)],
  ['m', 1_000_000n],
  ['mb', BigInt(MB)],
  ['g', 1_000_000_000n],
  ['gb', BigInt(GB)],
]);

/** Redis copies the digits into a buffer of 128 bytes. */
const MAX_DIGITS = 127;
const UINT64_MAX = 2n ** 64n - 1n;

/**
 * Reads an amount of memory.
 *
 * Two oddities are Redis's: a missing number counts as 0 (`kb`, the empty text), and an amount
 * beyond 64 bits loses its upper bits once multiplied (its digits alone stop at 2^64-1).
 *
 * @param text digits and one of `b k kb m mb g gb`, or no unit, in any case; no sign, no blank
 * @returns bytes (above 2^53 the nearest double), or undefined if the text is none
 */
export function parseMemory(text: string): number | undefined {
  const parts = /^(\d*)([a-z]*)$/i.exec(text);
  if (parts === null) return undefined;
  const [, digits = '', unit = ''] = parts;
  const multiplier = UNITS.get(unit.toLowerCase());
  if (multiplier === undefined || digits.length > MAX_DIGITS) return undefined;
  const count = BigInt(digits);
  const amount = (count > UINT64_MAX ? UINT64_MAX : count) * multiplier;
  return Number(BigInt.asUintN(64, amount));
}

/** The amount as CONFIG REWRITE writes it: `1gb`, `64mb`, `3kb`, or plain bytes. */
export function formatMemory(bytes: number): string {
  if (bytes !== 0) {
    if (bytes % GB === 0) return `${bytes / GB}gb`;
    if (bytes % MB === 0) return `${bytes / MB}mb`;
    if (bytes % KB === 0) return `${bytes / KB}kb`;
  }
  return `${bytes}`;
}

/**
 * The amount rounded for people, as INFO's used_memory_human: `512B`, `1.02M`.
 *
 * @param bytes an integer, at least 0
 */
export function humanBytes(bytes: number): string {
  let value = bytes;
  let unit = 'B';
  for (const larger of 'KMGTP') {
    if (value < 1024) break;
    value /= 1024;
    unit = larger;
  }
  if (unit === 'B' || value >= 1024) return `${BigInt(bytes)}B`;
  return `${twoDecimals(value)}${unit}`;
}

/**
 * C's `%.2f` of a positive number below 1024. It differs from toFixed on a tie only: C rounds to
 * the even digit, toFixed up. A tie is a multiple of 1/8 with an odd numerator; .375 and .875 go
 * up either way.
 */
export function twoDecimals(value: number): string {
  const eighths = (value * 8) % 8;
  const isTieToEven = eighths === 1 || eighths === 5;
  return (isTieToEven ? value - 0.005 : value).toFixed(2);
}
