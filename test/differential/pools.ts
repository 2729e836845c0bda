/**
 * The values on which servers trip, by sort: what values.ts draws from beside random ones.
 *
 * All are plain data. Integers stand around 2^31, 2^53, 2^63 and other limits; what is almost a
 * number differs from one in a single way; lengths stand around the limits of encodings.
 */

export const ODD_KEYS: readonly Buffer[] = [
  '',
  '\0',
  ' ',
  'a b',
  '\r\n',
  '\xff\xfe\x00\x80',
  '*?[a]\\',
  '"quoted"',
  '{tag}rest',
  'STRING:0',
  '123',
  '-1',
  'k'.repeat(64),
  'l'.repeat(300),
  'm'.repeat(5000),
].map(latin1);

export const SMALL_INTEGERS = [
  -100, -10, -3, -2, -1, 0, 1, 2, 3, 4, 5, 9, 10, 11, 42, 99, 100, 999, 1000,
];

export const LIMIT_INTEGERS = [
  ...[7, 8, 15, 16, 31, 32, 53, 62, 63, 64].flatMap((bits) => around(2n ** BigInt(bits))),
  ...[31, 53, 63].flatMap((bits) => around(-(2n ** BigInt(bits)))),
  ...around(10_000n),
  ...around(9_223_372_036_854_775n),
  -9_223_372_036_854_775n,
  10n ** 20n,
  -(10n ** 20n),
  10n ** 40n,
].map(String);

export const ALMOST_INTEGERS = [
  '',
  '-',
  '+',
  '+1',
  '-0',
  '00',
  '01',
  '-01',
  ' 1',
  '1 ',
  '1\0',
  '\t1',
  '1.0',
  '1e2',
  '0x10',
  '1_000',
  '1,000',
  'one',
  'nan',
  'inf',
  'v1',
  '(1',
  '0'.repeat(30),
];

export const DOUBLES = [
  '0',
  '-0',
  '0.0',
  '1',
  '-1',
  '1.5',
  '-1.5',
  '3.0',
  '3.14159265358979323846264338327950288',
  '0.1',
  '0.2',
  '-0.3',
  '.5',
  '5.',
  '+2',
  '007.25',
  '100',
  '1e5',
  '1E5',
  '1e+5',
  '1E-7',
  '5.0e3',
  '1e17',
  '1e18',
  '1e19',
  '1e21',
  '1e100',
  '1e308',
  '1.7976931348623157e308',
  '1e309',
  '1e400',
  '-1e400',
  '1e4932',
  '1e5000',
  '1e-5000',
  '2.2250738585072014e-308',
  '4.9e-324',
  '1e-17',
  '1e-20',
  '0.00000000000000001',
  '123456789.123456789123456789',
  '9007199254740993',
  '9223372036854775807',
  '18446744073709551615',
  '18446744073709551616.5',
  '99999999999999999999',
  '0x10',
  '0x1p3',
  '0x1.8p-1',
  'inf',
  '-inf',
  '+inf',
  'INF',
  'Infinity',
  '-infinity',
];

export const ALMOST_DOUBLES = [
  '',
  ' 1',
  '1 ',
  '1.5 ',
  '\n1',
  '1.5.2',
  '1e',
  '1e+',
  'e5',
  '.',
  '-',
  '--1',
  '1,5',
  '1_0',
  'nan',
  '-nan',
  'NaN(1)',
  'infx',
  'abc',
  '1\0',
  '0x',
  '1'.repeat(400),
];

export const PATTERNS = [
  '*',
  '**',
  '?*',
  'string:*',
  '*:[0-3]',
  '[^a]*',
  '[a-',
  '[a',
  '[z-a]*',
  '[\\]]',
  '\\*?\\[a]\\\\',
  '\\',
  '*\\',
  '',
  '*a*b*',
  '*[!',
  '?',
  '\xff*',
  'STRING:?',
  '*1*2*3*4*',
].map(latin1);

/** What patterns are made of at random: parts of keys, and all that is special. */
export const PATTERN_PARTS = [
  ...['string', 'str', 'ing:', 's', 't', ':', '0', '1', '2', 'A', 'k', 'l', '\xff'],
  ...[
    '*',
    '*',
    '?',
    '[',
    '[^',
    ']',
    '[0-2]',
    '[^0-1]',
    '[a-z]',
    '[5-0]',
    '[\\]s]',
    '[^\\0]',
    '-',
    '\\',
    '\\*',
  ],
];

export const WORDS = [
  'a',
  'b',
  'name',
  'my name',
  'default',
  'foobared',
  '',
  'line\nbreak',
  '\x7f',
  'caf\xc3\xa9',
  'x'.repeat(200),
].map(latin1);

/** Lengths of long values, shortest first: around embstr's limit, a size class's, large ones. */
export const VALUE_LENGTHS = [
  19, 20, 21, 31, 32, 43, 44, 45, 46, 63, 64, 65, 127, 128, 255, 256, 1000,
];
export const LONG_LENGTHS = [4095, 4096, 4097, 16_384, 70_000];
export const MEBIBYTE = 2 ** 20;

export const MEMBERS = [
  'a',
  'b',
  'c',
  'd',
  'e',
  'field',
  '1',
  '2',
  '3',
  '-5',
  '1.5',
  '',
  '\0\xff',
].map(latin1);

export function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

function around(n: bigint): bigint[] {
  return [n - 1n, n, n + 1n];
}
