/**
 * The request reader, bytes in and requests out: every stream is read whole, split in two at every
 * byte, and byte by byte, and must give the same requests, at the same byte, and the same error.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { INLINE_MAX_SIZE, RequestProgress, RequestReader } from '../../src/resp/request-reader.js';

interface Outcome {
  /** Each request as its arguments, latin1. */
  requests: string[][];
  /** After how many bytes of the stream each request was known. */
  knownAt: number[];
  error: string | undefined;
  errorAt: number | undefined;
  /** Bytes that belong to no request yet. */
  pending: number;
}

interface Rules {
  authenticated?: boolean;
  maxBulkLength?: number;
  /** Called with each request as it "runs"; may change the rules for what follows. */
  onRequest?: (request: string[], rules: Rules) => void;
}

/** Reads chunks as a connection does: keeps what is unfinished, asks when it is worth asking. */
function read(chunks: Iterable<Buffer>, rules: Rules = {}): Outcome {
  const reader = new RequestReader();
  const progress = new RequestProgress();
  const outcome: Outcome = {
    requests: [],
    knownAt: [],
    error: undefined,
    errorAt: undefined,
    pending: 0,
  };
  let kept: Buffer = Buffer.alloc(0);
  let needed = 0;
  let fed = 0;
  for (const chunk of chunks) {
    fed += chunk.length;
    kept = Buffer.concat([kept, chunk]);
    if (kept.length < needed) continue;
    // Stale bytes behind the end must not be looked at.
    const buf = Buffer.concat([kept, Buffer.from('\r\n$1\r\n*1\r\n$4\r\nPING\r\n')]);
    let at = 0;
    while (at < kept.length) {
      if (rules.maxBulkLength !== undefined) reader.maxBulkLength = rules.maxBulkLength;
      reader.parse(buf, at, kept.length, rules.authenticated ?? true, progress);
      expect(reader.consumed).toBeGreaterThanOrEqual(at);
      expect(reader.consumed).toBeLessThanOrEqual(kept.length);
      at = reader.consumed;
      if (reader.count === 0) break;
      expect(reader.error).toBeUndefined();
      // The rules may be changed by a request only where the batch ends with it.
      for (const request of requestsOf(reader)) {
        outcome.requests.push(request);
        outcome.knownAt.push(fed);
        rules.onRequest?.(request, rules);
      }
    }
    needed = reader.needed;
    kept = kept.subarray(at);
    if (reader.error !== undefined) {
      outcome.error = reader.error;
      outcome.errorAt = fed;
      return outcome;
    }
    if (kept.length > 0) {
      expect(needed === 0 || needed > kept.length).toBe(true);
      expect(reader.room === 0 || reader.room >= needed - 1).toBe(true);
    }
  }
  outcome.pending = kept.length;
  return outcome;
}

function requestsOf(reader: RequestReader): string[][] {
  const requests: string[][] = [];
  for (let i = 0; i < reader.count; i++) {
    const request: string[] = [];
    for (let k = 0; k < reader.argc[i]!; k++) {
      const at = reader.first[i]! + k;
      const off = reader.offs[at]!;
      expect(reader.hashes[at]).toBe(0);
      request.push(reader.buf.toString('latin1', off, off + reader.lens[at]!));
    }
    requests.push(request);
  }
  // As warming does; the next parse must not keep them.
  reader.hashes.fill(7);
  return requests;
}

const bytes = (text: string) => Buffer.from(text, 'latin1');
const whole = (stream: string, rules?: Rules) => read([bytes(stream)], rules);

function* byteByByte(stream: string): Generator<Buffer> {
  const all = bytes(stream);
  for (let i = 0; i < all.length; i++) yield all.subarray(i, i + 1);
}

function encode(request: readonly (string | Buffer)[]): string {
  const args = request.map((arg) => (typeof arg === 'string' ? arg : arg.toString('latin1')));
  return `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join('')}`;
}

/** Splits `stream` at every byte and compares with what it gives whole. */
function expectSameHoweverCut(stream: string, rules: () => Rules = () => ({})): Outcome {
  const reference = read(byteByByte(stream), rules());
  const told = { requests: reference.requests, error: reference.error, pending: reference.pending };
  expect(whole(stream, rules())).toMatchObject(told);
  const all = bytes(stream);
  for (let cut = 1; cut < all.length; cut++) {
    expect(read([all.subarray(0, cut), all.subarray(cut)], rules())).toMatchObject(told);
  }
  return reference;
}

const LONG = 'x'.repeat(1234);
const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, i) => i)).toString('latin1');

describe('RESP requests', () => {
  const requests: [string, string[]][] = [
    ['one argument', ['PING']],
    ['an empty argument', ['ECHO', '']],
    ['nothing but empty arguments', ['', '', '']],
    ['arguments of 9, 10, 99 and 100 bytes', ['x'.repeat(9), 'y'.repeat(10), LONG.slice(0, 99)]],
    ['an argument of 100 bytes', ['SET', 'key', LONG.slice(0, 100)]],
    ['a longer argument', ['SET', 'key', LONG]],
    ['arguments that look like protocol', ['SET', '*1\r\n$4\r\nPING\r\n', '\r\n']],
    ['every byte there is', ['SET', 'key', EVERY_BYTE]],
    ['nine arguments', 'a b c d e f g h i'.split(' ')],
    ['ten arguments', 'a b c d e f g h i j'.split(' ')],
    ['a hundred arguments', Array.from({ length: 100 }, (_, i) => `arg${i}`)],
  ];

  it.each(requests)('with %s are the same however they are cut', (_name, request) => {
    const stream = encode(request);
    const outcome = expectSameHoweverCut(stream);
    expect(outcome.requests).toEqual([request]);
    expect(outcome.knownAt).toEqual([stream.length]);
  });

  it('in a pipeline are known each at its last byte', () => {
    const stream = requests.map(([, request]) => encode(request)).join('');
    const outcome = read(byteByByte(stream));
    expect(outcome.requests).toEqual(requests.map(([, request]) => request));
    let at = 0;
    expect(outcome.knownAt).toEqual(requests.map(([, r]) => (at += encode(r).length)));
  });

  it('need no CRLF behind an argument, only two bytes', () => {
    expect(whole('*2\r\n$3\r\nGETxx$1\r\nkyy').requests).toEqual([['GET', 'k']]);
  });

  it('need no LF behind a length, only one byte', () => {
    expect(whole('*2\rx$3\ryGET\r\n$1\rzk\r\n').requests).toEqual([['GET', 'k']]);
    expect(whole(`*10\rx${'$1\r\na\r\n'.repeat(10)}`).requests).toEqual([Array(10).fill('a')]);
    expect(whole(`*1\r\n$100\rx${LONG.slice(0, 100)}\r\n`).requests).toEqual([
      [LONG.slice(0, 100)],
    ]);
  });

  it.each(['*0\r\n', '*-1\r\n', '*-10\r\n', '*-1073741824\r\n', '*-9223372036854775808\r\n'])(
    'without arguments (%j) are passed over without a reply',
    (empty) => {
      const outcome = expectSameHoweverCut(`${empty}*1\r\n$4\r\nPING\r\n${empty}`);
      expect(outcome).toMatchObject({ requests: [['PING']], error: undefined, pending: 0 });
    },
  );

  it('come in batches of at most 256, in order', () => {
    const all = Array.from({ length: 1000 }, (_, i) => ['ECHO', String(i)]);
    expect(whole(all.map(encode).join('')).requests).toEqual(all);
    const reader = new RequestReader();
    const stream = bytes(all.map(encode).join(''));
    reader.parse(stream, 0, stream.length, true);
    expect(reader.count).toBe(256);
    expect(stream.toString('latin1', reader.begin[255]!, reader.consumed)).toBe(encode(all[255]!));
  });

  it('of many arguments close the batch before them', () => {
    const all = [['PING'], Array(4000).fill('a'), ['PING'], Array(4000).fill('b'), ['PING']];
    expect(whole(all.map(encode).join('')).requests).toEqual(all);
    const full = Array.from({ length: 70 }, () => Array(64).fill('v'));
    expect(whole(full.map(encode).join('')).requests).toEqual(full);
  });

  it('say how many bytes to wait and to make room for', () => {
    const reader = new RequestReader();
    const stream = bytes('*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1000\r\nvvv');
    reader.parse(stream, 0, stream.length, true);
    expect(reader.needed).toBe(stream.length - 3 + 1002);
    expect(reader.room).toBe(reader.needed);
    // Behind an argument that is under way, the next line is worth a look at its first byte.
    const middle = bytes('*3\r\n$3\r\nSET\r\n$1000\r\n');
    reader.parse(middle, 0, middle.length, true);
    expect(reader.needed).toBe(middle.length + 1002 + 1);
    expect(reader.room).toBeGreaterThan(middle.length + 1002);
  });
});

describe('a request of more arguments than the tables hold', () => {
  const huge = ['MSET', ...Array.from({ length: 20_000 }, (_, i) => `argument:${i}`)];
  const stream = encode(huge);

  it('is read in chunks of any size, between other requests', () => {
    const between = `${encode(['PING'])}${stream}${encode(['ECHO', 'x'])}`;
    for (const size of [1000, 4096, 65_536, stream.length - 1, between.length]) {
      const all = bytes(between);
      const chunks: Buffer[] = [];
      for (let at = 0; at < all.length; at += size) chunks.push(all.subarray(at, at + size));
      const outcome = read(chunks);
      expect(outcome.requests).toHaveLength(3);
      expect(outcome.requests[1]).toEqual(huge);
      expect(outcome.pending).toBe(0);
    }
  });

  it('is looked through once, not from its beginning with every read', () => {
    const reader = new RequestReader();
    const progress = new RequestProgress();
    const buf = bytes(stream);
    let last = 0;
    for (let end = 1000; end < buf.length; end += 1000) {
      reader.parse(buf, 0, end, true, progress);
      expect(reader.count).toBe(0);
      expect(progress.scanned).toBeGreaterThan(last);
      last = progress.scanned;
    }
    reader.parse(buf, 0, buf.length, true, progress);
    expect(reader.count).toBe(1);
    expect(progress.left).toBe(0);
  });

  it('tells a broken length as soon as it is there', () => {
    const broken = `*20000\r\n${'$1\r\na\r\n'.repeat(10)}$x\r\n`;
    const outcome = read(byteByByte(`${broken}$1\r\na\r\n`));
    expect(outcome.error).toBe('Protocol error: invalid bulk length');
    expect(outcome.errorAt).toBe(broken.length);
  });

  it('leaves no large tables behind', () => {
    const reader = new RequestReader();
    const buf = bytes(stream);
    reader.parse(buf, 0, buf.length, true);
    expect(reader.offs.length).toBe(huge.length);
    reader.parse(bytes('PING\r\n'), 0, 6, true);
    expect(reader.offs.length).toBeLessThan(huge.length);
  });
});

describe('inline requests', () => {
  const lines: [string, string[][]][] = [
    ['PING\r\n', [['PING']]],
    ['PING\n', [['PING']]],
    ['  SET\tkey   value \r\n', [['SET', 'key', 'value']]],
    ['\r\n', []],
    ['\n\n\r\n', []],
    [' \t\v\f\r \r\n', []],
    // Redis: VT and FF are passed over before a word, and belong to it within.
    ['\v\fa\vb\fc \vd\r\n', [['a\vb\fc', 'd']]],
    ['a\rb\r\r\n', [['a', 'b']]],
    ['SET k \xff\xe9\r\n', [['SET', 'k', '\xff\xe9']]],
    ['SET k "a b"\r\n', [['SET', 'k', 'a b']]],
    ['SET k "\\x41\\n\\r\\t\\b\\a\\"\\q"\n', [['SET', 'k', 'A\n\r\t\b\x07"q']]],
    ["SET k 'it\\'s \\x41'\r\n", [['SET', 'k', "it's \\x41"]]],
    ['SET k ab"cd" \'\'\r\n', [['SET', 'k', 'abcd', '']]],
    ['""\r\n', [['']]],
    ['GET a\r\n*1\r\n$4\r\nPING\r\nGET "b c"\r\nGET d\r\n', []],
  ];
  lines[lines.length - 1]![1] = [['GET', 'a'], ['PING'], ['GET', 'b c'], ['GET', 'd']];

  it.each(lines)('%j are the same however they are cut', (stream, requests) => {
    const outcome = expectSameHoweverCut(stream);
    expect(outcome).toMatchObject({ requests, error: undefined, pending: 0 });
  });

  it('may be 64 KiB long with their LF, and no longer', () => {
    const longest = `${'x'.repeat(INLINE_MAX_SIZE)}\n`;
    expect(whole(longest).requests).toEqual([[longest.slice(0, -1)]]);
    const tooLong = 'x'.repeat(INLINE_MAX_SIZE + 1);
    expect(whole(tooLong.slice(1))).toMatchObject({ error: undefined, pending: INLINE_MAX_SIZE });
    const error = 'Protocol error: too big inline request';
    expect(whole(tooLong).error).toBe(error);
    expect(whole(`${tooLong}\n`).error).toBe(error);
    expect(whole(`PING\r\n${tooLong}\n`)).toMatchObject({ requests: [['PING']], error });
  });

  it('may have more words than the tables hold', () => {
    const words = Array(30_000).fill('w') as string[];
    expect(whole(`${words.join(' ')}\r\n`).requests).toEqual([words]);
    expect(whole(`PING\n${words.join(' ')}\r\nPING\n`).requests).toEqual([
      ['PING'],
      words,
      ['PING'],
    ]);
    const quoted = [...words.slice(0, 15_000), 'a b'];
    expect(whole(`${words.slice(0, 15_000).join(' ')} "a b"\n`).requests).toEqual([quoted]);
  });

  it('with a NUL byte never end, as in Redis', () => {
    expect(whole('PING\0\r\nPING\r\n')).toMatchObject({ requests: [], pending: 13 });
    expect(whole(`PING\0\n${'x'.repeat(INLINE_MAX_SIZE)}`).error).toBe(
      'Protocol error: too big inline request',
    );
  });
});

describe('broken requests', () => {
  const broken: [stream: string, error: string][] = [
    ['*x\r\n', 'invalid multibulk length'],
    ['*\r\n', 'invalid multibulk length'],
    ['*+1\r\n', 'invalid multibulk length'],
    ['*01\r\n', 'invalid multibulk length'],
    ['*-\r\n', 'invalid multibulk length'],
    ['*-0\r\n', 'invalid multibulk length'],
    ['* 1\r\n', 'invalid multibulk length'],
    ['*1 \r\n', 'invalid multibulk length'],
    ['*1a\r\n', 'invalid multibulk length'],
    ['*2147483648\r\n', 'invalid multibulk length'],
    ['*3000000000\r\n', 'invalid multibulk length'],
    ['*9223372036854775808\r\n', 'invalid multibulk length'],
    ['*-9223372036854775809\r\n', 'invalid multibulk length'],
    ['*1\r\nfoo\r\n', "expected '$', got 'f'"],
    ['*3\r\n$3\r\nSET\r\n$1\r\nx\r\nfooz\r\n', "expected '$', got 'f'"],
    ['*1\r\n*1\r\n', "expected '$', got '*'"],
    ['*1\r\n\r\n', "expected '$', got '\r'"],
    ['*1\r\n\n\r\n', "expected '$', got '\n'"],
    ['*1\r\n$-1\r\n', 'invalid bulk length'],
    ['*1\r\n$-10\r\n', 'invalid bulk length'],
    ['*1\r\n$\r\n', 'invalid bulk length'],
    ['*1\r\n$x\r\n', 'invalid bulk length'],
    ['*1\r\n$1x\r\n', 'invalid bulk length'],
    ['*1\r\n$1 \r\n', 'invalid bulk length'],
    ['*1\r\n$01\r\n', 'invalid bulk length'],
    ['*1\r\n$00\r\n', 'invalid bulk length'],
    ['*1\r\n$-0\r\n', 'invalid bulk length'],
    ['*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$2000000000\r\n', 'invalid bulk length'],
    ['*1\r\n$536870913\r\n', 'invalid bulk length'],
    ['*1\r\n$99999999999999999999\r\n', 'invalid bulk length'],
    ['SET "k\r\n', 'unbalanced quotes in request'],
    ["SET 'k\r\n", 'unbalanced quotes in request'],
    ['SET "k"x\r\n', 'unbalanced quotes in request'],
    ['SET "k\\"\r\n', 'unbalanced quotes in request'],
  ];

  it.each(broken)('%j are told as such, however they are cut', (stream, error) => {
    const outcome = expectSameHoweverCut(stream);
    expect(outcome).toMatchObject({ requests: [], error: `Protocol error: ${error}` });
    expect(outcome.errorAt).toBe(stream.length);
  });

  it.each(broken)('%j are told after the requests before them', (stream, error) => {
    const outcome = expectSameHoweverCut(`${encode(['SET', 'k', LONG])}PING\r\n${stream}`);
    expect(outcome.requests).toEqual([['SET', 'k', LONG], ['PING']]);
    expect(outcome.error).toBe(`Protocol error: ${error}`);
  });

  it('wait for the CR of a line and one more byte', () => {
    for (const prefix of ['*', '*x', '*1\r\nx', '*1\r\n$', '*1\r\n$x', '*1\r\n$x\r', '*x\r']) {
      expect(whole(prefix)).toMatchObject({ requests: [], error: undefined });
    }
  });

  it.each([
    ['*', 'too big mbulk count string'],
    ['*\0', 'too big mbulk count string'],
    ['*1\0\r\n', 'too big mbulk count string'],
    ['*1\r\n$', 'too big bulk count string'],
    ['*1\r\n$\0', 'too big bulk count string'],
    ['*1\r\nx', 'too big bulk count string'],
    ['*1\r\n$\0\r\n', 'too big bulk count string'],
    ['*5000\r\n$', 'too big bulk count string'],
    ['\0', 'too big inline request'],
  ])('%j and a flood behind it end at 64 KiB', (start, error) => {
    const line = start.slice(start.lastIndexOf('\r\n$') < 0 ? 0 : start.lastIndexOf('\r\n$') + 2);
    const lineStart = start.startsWith('*1\r\nx') ? 4 : start.length - line.length;
    const full = `${start}${'0'.repeat(INLINE_MAX_SIZE)}`.slice(0, lineStart + INLINE_MAX_SIZE);
    expect(whole(full).error).toBeUndefined();
    expect(whole(`${full}0`).error).toBe(`Protocol error: ${error}`);
    expect(read([bytes(full), bytes('0')]).error).toBe(`Protocol error: ${error}`);
  });

  it('take the limit on an argument from proto-max-bulk-len', () => {
    const maxBulkLength = 1024 * 1024;
    const at = (size: number) => whole(`*1\r\n$${size}\r\n`, { maxBulkLength }).error;
    expect(at(maxBulkLength)).toBeUndefined();
    expect(at(maxBulkLength + 1)).toBe('Protocol error: invalid bulk length');
    // Offsets are 32-bit integers, whatever the directive says.
    const huge = whole('*1\r\n$4000000000\r\n', { maxBulkLength: 2 ** 40 });
    expect(huge.error).toBe('Protocol error: invalid bulk length');
  });

  it('may have been allowed by a request ahead of them', () => {
    const stream = `CONFIG\r\n*1\r\n$2000\r\n${'x'.repeat(2000)}\r\n`;
    const rules = (): Rules => ({
      maxBulkLength: 1000,
      onRequest: (request, all) => {
        if (request[0] === 'CONFIG') all.maxBulkLength = 2000;
      },
    });
    expect(expectSameHoweverCut(stream, rules).requests).toHaveLength(2);
    expect(whole(stream, { maxBulkLength: 1000 }).error).toContain('invalid bulk length');
  });
});

describe('a client that has not authenticated', () => {
  const unknown = () => ({ authenticated: false });

  it('may send ten arguments of 16384 bytes, and no more', () => {
    const ten = encode(Array(10).fill('a'));
    expect(whole(ten, unknown()).requests).toHaveLength(1);
    const eleven = '*11\r\n';
    expect(expectSameHoweverCut(eleven, unknown).error).toBe(
      'Protocol error: unauthenticated multibulk length',
    );
    expect(whole(encode(['x'.repeat(16384)]), unknown()).requests).toHaveLength(1);
    expect(expectSameHoweverCut('*2\r\n$4\r\nAUTH\r\n$16385\r\n', unknown).error).toBe(
      'Protocol error: unauthenticated bulk length',
    );
  });

  it('hears of a bad length first', () => {
    expect(whole('*2147483648\r\n', unknown()).error).toContain('invalid multibulk length');
    expect(whole('*1\r\n$536870913\r\n', unknown()).error).toContain('invalid bulk length');
  });

  it('may send more behind an AUTH in the same pipeline', () => {
    const long = ['MSET', ...Array(20).fill(LONG)];
    const rules = (): Rules => ({
      authenticated: false,
      onRequest: (request, all) => {
        if (request[0] === 'AUTH') all.authenticated = true;
      },
    });
    const stream =
      encode(['AUTH', 'password']) + encode(long) + encode(['SET', 'x'.repeat(20_000)]);
    expect(whole(stream, rules()).requests).toHaveLength(3);
    const failed = whole(encode(['PING']) + encode(long), unknown());
    expect(failed.requests).toEqual([['PING']]);
    expect(failed.error).toBe('Protocol error: unauthenticated multibulk length');
  });
});

describe('for any bytes', () => {
  const arg = fc.uint8Array({ maxLength: 150 }).map((a) => Buffer.from(a));
  const request = fc.array(arg, { minLength: 1, maxLength: 12 });

  it('what was sent is what is read, cut anywhere', () => {
    fc.assert(
      fc.property(
        fc.array(request, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 40 }),
        (requests, sizes) => {
          const stream = bytes(requests.map(encode).join(''));
          const outcome = read(cut(stream, sizes));
          expect(outcome.requests).toEqual(requests.map((r) => r.map((a) => a.toString('latin1'))));
          expect(outcome).toMatchObject({ error: undefined, pending: 0 });
        },
      ),
    );
  });

  it('the outcome does not hang on where they are cut', () => {
    const token = fc.constantFrom(
      ...['*', '$', '1', '2', '0', '-', '\r\n', '\r', '\n', '\0', 'a', ' ', '"', "'", '\\'],
      ...['*1\r\n', '*2\r\n', '$1\r\na\r\n', '$3\r\nSET\r\n', '$10\r\n0123456789\r\n', 'PING\r\n'],
    );
    fc.assert(
      fc.property(
        fc.array(token, { maxLength: 40 }).map((tokens) => tokens.join('')),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        (stream, sizes) => {
          const reference = read(byteByByte(stream));
          const { requests, error } = reference;
          expect(whole(stream)).toMatchObject({ requests, error });
          expect(read(cut(bytes(stream), sizes))).toMatchObject({ requests, error });
        },
      ),
      { numRuns: 2000 },
    );
  });
});

/** Cuts in pieces of these sizes, over and over. */
function* cut(stream: Buffer, sizes: readonly number[]): Generator<Buffer> {
  let at = 0;
  for (let i = 0; at < stream.length; i++) {
    const size = sizes[i % sizes.length]!;
    yield stream.subarray(at, at + size);
    at += size;
  }
}
