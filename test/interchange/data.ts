/**
 * A data set with every type in every encoding, odd bytes and times to live, as commands that any
 * server from Redis 7.0 on understands.
 */
import type { Arg } from '../support/resp-client.js';

/** Bytes that break what takes them for text. */
const ODD = [
  '',
  '\0',
  '\r\n$-1\r\n',
  '\xff\xfe\x80',
  '-0',
  '007',
  '9223372036854775808',
  'ä'.repeat(40),
].map((text) => Buffer.from(text, 'latin1'));

const INTEGERS = [
  0, 12, 13, -1, 127, -128, 128, 4095, -4096, 32767, -32768, 65536, 8388607, -8388608,
]
  .map(String)
  .concat(['2147483647', '-2147483648', '2147483648', '9007199254740993', '-9223372036854775808']);

/** Far enough in the future for any test. */
const LATER_MS = 4_000_000_000_123;

export function everything(): Arg[][] {
  return [
    ...strings(),
    ...lists(),
    ...sets(),
    ...zsets(),
    ...hashes(),
    ...streams(),
    ...deadlines(),
  ];
}

function strings(): Arg[][] {
  const texts: Arg[] = [
    ...ODD,
    ...INTEGERS,
    'a'.repeat(44),
    'a'.repeat(45),
    'abc'.repeat(1000),
    noise(5000),
    noise(70_000),
    'long and repetitive '.repeat(20_000),
  ];
  return [
    ...texts.map((text, i): Arg[] => ['SET', `string:${i}`, text]),
    ...ODD.map((key, i): Arg[] => ['SET', Buffer.concat([Buffer.from('odd:'), key]), `${i}`]),
    ['SET', '', 'the empty key'],
    ['SET', '12345', 'a key that is a number'],
    ['SET', 'k'.repeat(300), 'a long key'],
    ['SETRANGE', 'holes', '100', 'x'],
    ['APPEND', 'raw', 'short'],
  ];
}

function lists(): Arg[][] {
  const small: Arg[] = ['RPUSH', 'list:small', ...ODD, ...INTEGERS];
  const big: Arg[][] = range(40).map((i) => [
    'RPUSH',
    'list:big',
    ...range(50).map((n) => `element ${i * 50 + n} ${'x'.repeat(n)}`),
  ]);
  const wide: Arg[][] = range(4).map((i) => ['RPUSH', 'list:wide', noise(9000 + i), 'between']);
  return [small, ...big, ...wide, ['RPUSH', 'list:numbers', ...range(3000).map(String)]];
}

function sets(): Arg[][] {
  return [
    ['SADD', 'set:16', ...range(10).map(String)],
    ['SADD', 'set:32', '1', '100000', '-100000'],
    ['SADD', 'set:64', '1', '10000000000', '-9223372036854775808', '9223372036854775807'],
    ['SADD', 'set:intset:full', ...range(512).map((n) => String(n * 7))],
    ['SADD', 'set:listpack', ...ODD, ...INTEGERS],
    ['SADD', 'set:integers', ...range(2000).map((n) => String(n * 1_000_003))],
    ['SADD', 'set:table', ...range(1000).map((n) => `member:${n}`)],
    ['SADD', 'set:long', 'm'.repeat(65), noise(300)],
  ];
}

function zsets(): Arg[][] {
  const scores = ['0', '-0', '1.5', '-1e300', '5e-324', 'inf', '-inf', '0.1', '3.0000000000000004'];
  const small = [...scores, ...INTEGERS].flatMap((score, i) => [score, `member:${i}`]);
  const equal = [...ODD].flatMap((member) => ['1', member]);
  const big = range(3000).flatMap((n) => [String(Math.sin(n) * 1e6), `member:${n}`]);
  return [
    ['ZADD', 'zset:small', ...small],
    ['ZADD', 'zset:equal', ...equal],
    ['ZADD', 'zset:big', ...big],
    ['ZADD', 'zset:long', '1', 'm'.repeat(65), '2', noise(200)],
  ];
}

function hashes(): Arg[][] {
  const odd = ODD.flatMap((field, i) => [field, ODD[(i + 3) % ODD.length]!]);
  const numbers = INTEGERS.flatMap((n) => [n, n]);
  const big = range(5000).flatMap((n) => [`field:${n}`, `value ${n} ${'y'.repeat(n % 50)}`]);
  return [
    ['HSET', 'hash:odd', ...odd],
    ['HSET', 'hash:numbers', ...numbers],
    ['HSET', 'hash:big', ...big],
    ['HSET', 'hash:wide', 'field', 'v'.repeat(65), 'other', noise(500)],
  ];
}

function streams(): Arg[][] {
  const entries: Arg[][] = range(450).map((n) => [
    'XADD',
    'stream:big',
    `${1_700_000_000_000 + n * 3}-${n % 4}`,
    'name',
    `visitor ${n}`,
    ...(n % 7 === 0 ? ['extra', noise(20)] : []),
  ]);
  return [
    ...entries,
    ['XDEL', 'stream:big', '1700000000000-0', '1700000000030-2', '1700000001347-1'],
    ['XADD', 'stream:odd', '18446744073709551615-18446744073709551614', ...ODD],
    ['XADD', 'stream:empty', '5-5', 'a', 'b'],
    ['XDEL', 'stream:empty', '5-5'],
    ['XGROUP', 'CREATE', 'stream:big', 'readers', '0'],
    ['XGROUP', 'CREATE', 'stream:big', 'late', '$', 'ENTRIESREAD', '12'],
    ['XGROUP', 'CREATE', 'stream:groups', 'alone', '$', 'MKSTREAM'],
    ['XREADGROUP', 'GROUP', 'readers', 'Alice', 'COUNT', '120', 'STREAMS', 'stream:big', '>'],
    ['XREADGROUP', 'GROUP', 'readers', 'Bob', 'COUNT', '30', 'STREAMS', 'stream:big', '>'],
    ['XACK', 'stream:big', 'readers', '1700000000009-3', '1700000000012-0'],
    ['XCLAIM', 'stream:big', 'readers', 'Bob', '0', '1700000000015-1', 'RETRYCOUNT', '7'],
  ];
}

function deadlines(): Arg[][] {
  return [
    ['SET', 'later:string', 'x', 'PXAT', LATER_MS],
    ['RPUSH', 'later:list', 'x'],
    ['PEXPIREAT', 'later:list', LATER_MS + 1],
    ['SELECT', '9'],
    ['SET', 'in another database', 'y'],
    ['HSET', 'later:hash', 'f', 'v'],
    ['PEXPIREAT', 'later:hash', LATER_MS + 2],
    ['SELECT', '0'],
  ];
}

/** Bytes that no compression makes shorter, the same ones every time. */
function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = length | 1;
  for (let i = 0; i < length; i++) {
    state = Math.imul(state, 1_664_525) + 1_013_904_223;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
