/** Random streams of requests, whole and broken, and random ways to cut them. */
import type { CommandSpec } from '../../src/server/api/command.js';
import type { Random } from '../differential/random.js';
import { encodeCommand } from '../support/resp-client.js';

export interface Stream {
  bytes: Buffer;
  chunks: Buffer[];
}

/** What protocols are made of, and what breaks them. */
const PIECES = [
  ...['*', '$', '\r', '\n', '\r\n', '\0', '-', '0', '1', '9', ' ', '"', "'", '\\', '\xff', '\v'],
  ...[
    '*0\r\n',
    '*-1\r\n',
    '*1\r\n',
    '*3\r\n',
    '$0\r\n\r\n',
    '$-1\r\n',
    '$3\r\nGET\r\n',
    'PING\r\n',
  ],
  ...['*2147483648\r\n', '$536870913\r\n', '$99999999999999999999\r\n', '*01\r\n', 'ECHO "a b"\n'],
];

/** Words that commands have as arguments, and numbers at the limits. */
const WORDS = [
  ...['key', 'other', 'field', '', 'EX', 'PX', 'NX', 'XX', 'GET', 'KEEPTTL', 'MATCH', 'COUNT'],
  ...['TYPE', 'ID', 'HELP', 'ENCODING', 'WITHMATCHLEN', 'LEN', 'IDX', 'DB', 'REPLACE', '*', '?*'],
  ...['0', '1', '-1', '10', '-0', '01', '1.5', '1e3', 'inf', '-inf', 'nan', '9007199254740993'],
  ...['9223372036854775807', '-9223372036854775808', '9223372036854775808', '1048577'],
];

/** Requests that every server answers alike, each with one reply; one in three is an ECHO. */
export function plainRequest(random: Random, token: string): Buffer {
  switch (random.below(9)) {
    case 0:
      return encodeCommand(['PING']);
    case 1:
      return encodeCommand(['PING', token]);
    case 2:
      return encodeCommand(['SET', `k${random.below(5)}`, randomBytes(random, 200)]);
    case 3:
      return encodeCommand(['GET', `k${random.below(5)}`]);
    case 4:
      return Buffer.from(`${random.chance(0.5) ? 'PING' : `ECHO ${token}`}\r\n`);
    case 5:
      return encodeCommand([randomBytes(random, 10), token, 'x']);
    default:
      return encodeCommand(['ECHO', token]);
  }
}

/** A request of any command, with arguments that are right now and then. */
export function anyRequest(random: Random, specs: readonly CommandSpec[]): Buffer {
  const spec = specs[random.below(specs.length)]!;
  const words: (string | Buffer)[] = [spec.name];
  const sub = spec.subcommands?.[random.below(spec.subcommands.length)];
  if (sub !== undefined) words.push(sub.name);
  const arity = (sub ?? spec).arity;
  let left = Math.abs(arity) - words.length + (arity < 0 ? random.below(5) : 0);
  if (random.chance(0.05)) left += random.between(-1, 1);
  for (; left > 0; left--) words.push(anyWord(random));
  return encodeCommand(words);
}

function anyWord(random: Random): string | Buffer {
  if (random.chance(0.1)) return randomBytes(random, 300);
  if (random.chance(0.2)) return String(random.between(-20, 2000));
  return WORDS[random.below(WORDS.length)]!;
}

function randomBytes(random: Random, maxLength: number): Buffer {
  const bytes = Buffer.alloc(random.below(maxLength + 1));
  for (let i = 0; i < bytes.length; i++) bytes[i] = random.below(256);
  return bytes;
}

/** Changes a few places of a stream. */
export function mutate(random: Random, stream: Buffer): Buffer {
  let mutated = stream;
  for (let left = random.below(6); left > 0; left--) mutated = mutateOnce(random, mutated);
  return mutated;
}

function mutateOnce(random: Random, stream: Buffer): Buffer {
  const at = random.below(stream.length + 1);
  const head = stream.subarray(0, at);
  const end = Math.min(stream.length, at + random.between(1, 20));
  switch (random.below(5)) {
    case 0: {
      const flipped = Buffer.from(stream);
      if (at < flipped.length) flipped[at] = flipped[at]! ^ (1 << random.below(8));
      return flipped;
    }
    case 1:
      return Buffer.concat([head, stream.subarray(end)]);
    case 2:
      return Buffer.concat([head, stream.subarray(at, end), stream.subarray(at)]);
    case 3:
      return Buffer.concat([head, randomBytes(random, 8), stream.subarray(at)]);
    default: {
      const piece = Buffer.from(PIECES[random.below(PIECES.length)]!, 'latin1');
      return Buffer.concat([head, piece, stream.subarray(random.chance(0.5) ? at : end)]);
    }
  }
}

/** Cuts a stream in pieces: one, a few, or many. */
export function cut(random: Random, bytes: Buffer): Buffer[] {
  const longest = [bytes.length, 1000, 100, 10][random.below(4)]!;
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + random.between(1, Math.max(1, longest)));
    chunks.push(bytes.subarray(at, end));
    at = end;
  }
  return chunks;
}
