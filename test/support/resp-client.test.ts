import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { encodeCommand, type Reply, ReplyDecoder, RespClient, showReply } from './resp-client.js';

const bulk = (text: string): Reply => ({ kind: 'bulk', bytes: Buffer.from(text) });

/** Every kind of reply, with the reply it must become. */
const samples: [string, Reply][] = [
  ['+OK\r\n', { kind: 'status', text: 'OK' }],
  ['+\r\n', { kind: 'status', text: '' }],
  ['-ERR no such key\r\n', { kind: 'error', text: 'ERR no such key' }],
  [':-9223372036854775808\r\n', { kind: 'integer', value: -9223372036854775808n }],
  ['$5\r\na\r\nbc\r\n', bulk('a\r\nbc')],
  ['$0\r\n\r\n', bulk('')],
  ['$-1\r\n', { kind: 'null-bulk' }],
  ['*-1\r\n', { kind: 'null-array' }],
  ['_\r\n', { kind: 'null' }],
  ['*0\r\n', { kind: 'array', items: [] }],
  [
    '*3\r\n$1\r\na\r\n*2\r\n:1\r\n*0\r\n$-1\r\n',
    {
      kind: 'array',
      items: [
        bulk('a'),
        {
          kind: 'array',
          items: [
            { kind: 'integer', value: 1n },
            { kind: 'array', items: [] },
          ],
        },
        { kind: 'null-bulk' },
      ],
    },
  ],
  ['#t\r\n', { kind: 'boolean', value: true }],
  ['#f\r\n', { kind: 'boolean', value: false }],
  [',3.10\r\n', { kind: 'double', text: '3.10' }],
  [',-inf\r\n', { kind: 'double', text: '-inf' }],
  [
    '(3492890328409238509324850943850943825024385\r\n',
    {
      kind: 'bignumber',
      text: '3492890328409238509324850943850943825024385',
    },
  ],
  ['!9\r\nSYNTAX no\r\n', { kind: 'bulk-error', bytes: Buffer.from('SYNTAX no') }],
  ['=8\r\ntxt:a\r\nb\r\n', { kind: 'verbatim', format: 'txt', bytes: Buffer.from('a\r\nb') }],
  [
    '%2\r\n$1\r\nk\r\n~1\r\n:7\r\n+x\r\n%0\r\n',
    {
      kind: 'map',
      entries: [
        [bulk('k'), { kind: 'set', items: [{ kind: 'integer', value: 7n }] }],
        [
          { kind: 'status', text: 'x' },
          { kind: 'map', entries: [] },
        ],
      ],
    },
  ],
  ['>2\r\n$7\r\nmessage\r\n_\r\n', { kind: 'push', items: [bulk('message'), { kind: 'null' }] }],
  [
    '|1\r\n+ttl\r\n:9\r\n*1\r\n:1\r\n',
    {
      kind: 'attribute',
      entries: [
        [
          { kind: 'status', text: 'ttl' },
          { kind: 'integer', value: 9n },
        ],
      ],
      of: { kind: 'array', items: [{ kind: 'integer', value: 1n }] },
    },
  ],
];
const stream = Buffer.from(samples.map(([bytes]) => bytes).join(''));
const expected = samples.map(([bytes, reply]) => ({ reply, raw: Buffer.from(bytes) }));

/** A Duplex whose other end is the test: what was written, and a way to answer. */
function fakeServer(): { duplex: Duplex; written: () => string; answer: (bytes: string) => void } {
  let written = '';
  const duplex = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      written += chunk.toString('latin1');
      done();
    },
  });
  return { duplex, written: () => written, answer: (bytes) => duplex.push(Buffer.from(bytes)) };
}

describe('the reply decoder', () => {
  it.each(samples)('reads %j as its own kind', (bytes, reply) => {
    expect(new ReplyDecoder().push(Buffer.from(bytes))).toEqual([
      { reply, raw: Buffer.from(bytes) },
    ]);
  });

  it('reads all kinds in one chunk, each with its own bytes', () => {
    expect(new ReplyDecoder().push(stream)).toEqual(expected);
  });

  it('reads the same when the stream is split in two at any byte', () => {
    for (let cut = 0; cut <= stream.length; cut++) {
      const decoder = new ReplyDecoder();
      const got = [...decoder.push(stream.subarray(0, cut)), ...decoder.push(stream.subarray(cut))];
      expect(got, `cut at ${cut}`).toEqual(expected);
      expect(decoder.pendingBytes).toBe(0);
    }
  });

  it('reads the same when every byte comes alone', () => {
    const decoder = new ReplyDecoder();
    const got = [];
    for (const byte of stream) got.push(...decoder.push(Buffer.of(byte)));
    expect(got).toEqual(expected);
  });

  it('reads replies larger than its first buffer, in chunks that fit nothing', () => {
    const body = 'x'.repeat(100_000);
    const bytes = Buffer.from(`*2\r\n$${body.length}\r\n${body}\r\n:1\r\n`.repeat(3));
    const decoder = new ReplyDecoder();
    const got = [];
    for (let i = 0; i < bytes.length; i += 777)
      got.push(...decoder.push(bytes.subarray(i, i + 777)));
    expect(got).toHaveLength(3);
    expect(Buffer.concat(got.map((one) => one.raw)).equals(bytes)).toBe(true);
    expect(got[2].reply).toEqual({
      kind: 'array',
      items: [bulk(body), { kind: 'integer', value: 1n }],
    });
  });

  it.each([
    ['\r\n'],
    ['hello\r\n'],
    [':abc\r\n'],
    ['$abc\r\n'],
    ['$-2\r\n'],
    ['$3\r\nabcd\r\n'],
    ['+OK\n'],
    ['\n'],
    ['#x\r\n'],
    ['=2\r\nab\r\n'],
  ])('refuses %j', (bytes) => {
    expect(() => new ReplyDecoder().push(Buffer.from(bytes))).toThrow(/The server sent/);
  });

  it('shows the three nulls as three different texts', () => {
    const shown = ['$-1\r\n', '*-1\r\n', '_\r\n'].map((bytes) =>
      showReply(new ReplyDecoder().push(Buffer.from(bytes))[0].reply),
    );
    expect(new Set(shown).size).toBe(3);
  });
});

describe('the client', () => {
  it('sends a command as an array of bulk strings, bytes untouched', () => {
    expect(encodeCommand(['SET', Buffer.of(0, 255), 12]).toString('latin1')).toBe(
      '*3\r\n$3\r\nSET\r\n$2\r\n\x00\xff\r\n$2\r\n12\r\n',
    );
  });

  it('answers pipelined requests in order and keeps pushes apart', async () => {
    const { duplex, written, answer } = fakeServer();
    const client = new RespClient(duplex);
    const replies = client.pipeline([
      ['GET', 'a'],
      ['GET', 'b'],
    ]);
    answer('$1\r\n1\r\n>1\r\n+news\r\n$1\r');
    answer('\n2\r\n');
    expect((await replies).map(({ reply }) => showReply(reply))).toEqual(['"1"', '"2"']);
    expect(written()).toBe('*2\r\n$3\r\nGET\r\n$1\r\na\r\n*2\r\n$3\r\nGET\r\n$1\r\nb\r\n');
    expect(showReply((await client.nextOutOfBand()).reply)).toBe('>[+news]');
    client.close();
  });

  it('hands out what nobody asked for to the next taker', async () => {
    const { duplex, answer } = fakeServer();
    const client = new RespClient(duplex);
    const next = client.nextOutOfBand();
    answer('*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nm\r\n');
    expect(showReply((await next).reply)).toBe('["message" "c" "m"]');
    client.close();
  });

  it('rejects what still waits when the server closes the connection', async () => {
    const { duplex } = fakeServer();
    const client = new RespClient(duplex);
    const reply = client.send('PING');
    duplex.push(null);
    await expect(reply).rejects.toThrow('closed the connection');
    await client.closed();
    await expect(client.send('PING')).rejects.toThrow('closed the connection');
  });

  it('rejects what waits, and closes, when the bytes are not RESP', async () => {
    const { duplex, answer } = fakeServer();
    const client = new RespClient(duplex);
    const reply = client.send('PING');
    answer('HTTP/1.1 400 Bad Request\r\n');
    await expect(reply).rejects.toThrow('The server sent');
    await client.closed();
  });
});
