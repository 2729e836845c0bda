/** The reply writer, replies in and bytes out: both versions of the protocol, replies of any size. */
import { describe, expect, it } from 'vitest';
import { ReplyError } from '../../src/resp/reply-error.js';
import { ReplyWriter } from '../../src/resp/reply-writer.js';

/** The size of the shared buffer, which these tests mean to overflow. */
const SHARED = 256 * 1024;

function written(resp3: boolean, write: (reply: ReplyWriter) => void): string {
  const reply = new ReplyWriter();
  reply.open(resp3);
  write(reply);
  const { size } = reply;
  const bytes = Buffer.concat(reply.take());
  expect(bytes.length).toBe(size);
  return bytes.toString('latin1');
}

const resp2 = (write: (reply: ReplyWriter) => void) => written(false, write);
const resp3 = (write: (reply: ReplyWriter) => void) => written(true, write);

function bulk(reply: ReplyWriter, text: string): void {
  const bytes = Buffer.from(text, 'latin1');
  // Not at the start of its buffer, as arguments never are.
  reply.bulk(Buffer.concat([Buffer.from('ab'), bytes, Buffer.from('c')]), 2, bytes.length);
}

describe('each kind of reply', () => {
  const kinds: [name: string, (reply: ReplyWriter) => void, inResp2: string, inResp3: string][] = [
    ['OK', (r) => r.ok(), '+OK\r\n', '+OK\r\n'],
    ['a status', (r) => r.status('PONG'), '+PONG\r\n', '+PONG\r\n'],
    ['an empty status', (r) => r.status(''), '+\r\n', '+\r\n'],
    ['a digit', (r) => r.int(7), ':7\r\n', ':7\r\n'],
    ['zero', (r) => r.int(0), ':0\r\n', ':0\r\n'],
    ['an integer', (r) => r.int(10), ':10\r\n', ':10\r\n'],
    ['a negative integer', (r) => r.int(-1), ':-1\r\n', ':-1\r\n'],
    [
      'the largest safe integers',
      (r) => [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER].forEach((n) => void r.int(n)),
      ':9007199254740991\r\n:-9007199254740991\r\n',
      ':9007199254740991\r\n:-9007199254740991\r\n',
    ],
    [
      'a 64-bit integer',
      (r) => r.int64(-(2n ** 63n)),
      ':-9223372036854775808\r\n',
      ':-9223372036854775808\r\n',
    ],
    ['null', (r) => r.nil(), '$-1\r\n', '_\r\n'],
    ['the null array', (r) => r.nilArray(), '*-1\r\n', '_\r\n'],
    [
      'a bulk string',
      (r) => bulk(r, 'a\r\n\0\xff'),
      '$5\r\na\r\n\0\xff\r\n',
      '$5\r\na\r\n\0\xff\r\n',
    ],
    ['an empty bulk string', (r) => bulk(r, ''), '$0\r\n\r\n', '$0\r\n\r\n'],
    ['a text', (r) => r.bulkText('caf\xe9'), '$4\r\ncaf\xe9\r\n', '$4\r\ncaf\xe9\r\n'],
    ['a text as UTF-8', (r) => r.bulkUtf8('é'), '$2\r\n\xc3\xa9\r\n', '$2\r\n\xc3\xa9\r\n'],
    ['an integer as a bulk string', (r) => r.bulkInt(-120), '$4\r\n-120\r\n', '$4\r\n-120\r\n'],
    ['a double', (r) => r.double(3.25), '$4\r\n3.25\r\n', ',3.25\r\n'],
    ['a whole double', (r) => r.double(10), '$2\r\n10\r\n', ',10\r\n'],
    ['infinity', (r) => r.double(-Infinity), '$4\r\n-inf\r\n', ',-inf\r\n'],
    ['true', (r) => r.bool(true), ':1\r\n', '#t\r\n'],
    ['false', (r) => r.bool(false), ':0\r\n', '#f\r\n'],
    ['a big number', (r) => r.bigNumber('12345'), '$5\r\n12345\r\n', '(12345\r\n'],
    ['a verbatim text', (r) => r.verbatim('hé'), '$3\r\nh\xc3\xa9\r\n', '=7\r\ntxt:h\xc3\xa9\r\n'],
    ['markdown', (r) => r.verbatim('#', 'mkd'), '$1\r\n#\r\n', '=5\r\nmkd:#\r\n'],
    ['an array', (r) => r.array(12), '*12\r\n', '*12\r\n'],
    ['a map', (r) => r.map(7), '*14\r\n', '%7\r\n'],
    ['a set', (r) => r.set(3), '*3\r\n', '~3\r\n'],
    ['a push', (r) => r.push(3), '*3\r\n', '>3\r\n'],
    ['statuses', (r) => r.statuses(['a', 'b']), '*2\r\n+a\r\n+b\r\n', '*2\r\n+a\r\n+b\r\n'],
    [
      'texts',
      (r) => r.bulkTexts(['a', '']),
      '*2\r\n$1\r\na\r\n$0\r\n\r\n',
      '*2\r\n$1\r\na\r\n$0\r\n\r\n',
    ],
    ['an error', (r) => r.error('ERR no'), '-ERR no\r\n', '-ERR no\r\n'],
  ];

  it.each(kinds)('%s has its form in RESP2 and RESP3', (_name, write, inResp2, inResp3) => {
    expect(resp2(write)).toBe(inResp2);
    expect(resp3(write)).toBe(inResp3);
  });

  it('a bulk string tells its length in as many digits as it needs', () => {
    for (const length of [1, 9, 10, 11, 42, 95, 96, 97, 99, 100, 101, 999, 1000, 65_536, 65_537]) {
      const text = 'x'.repeat(length);
      expect(resp2((r) => bulk(r, text))).toBe(`$${length}\r\n${text}\r\n`);
      expect(resp2((r) => r.bulkText(text))).toBe(`$${length}\r\n${text}\r\n`);
    }
  });

  it('an attribute is RESP3 only, and stands before its reply', () => {
    const write = (r: ReplyWriter) => {
      r.attribute(1);
      r.status('ttl');
      r.int(9);
      r.ok();
    };
    expect(resp3(write)).toBe('|1\r\n+ttl\r\n:9\r\n+OK\r\n');
  });
});

describe('an error', () => {
  it('is one line: breaks are cut off its ends and blanks within', () => {
    expect(resp2((r) => r.error('ERR a\r\nb\nc\r\n\r\n'))).toBe('-ERR a  b c\r\n');
  });

  it('is counted, and told by its code', () => {
    const codes: string[] = [];
    const reply = new ReplyWriter((code) => codes.push(code));
    reply.open(false);
    reply.error('ERR syntax error');
    reply.error(new ReplyError('WRONGTYPE Operation'));
    reply.error('CUSTOM');
    reply.error(`${'X'.repeat(31)} too long for a code`);
    reply.wrongType();
    expect(codes).toEqual(['ERR', 'WRONGTYPE', 'ERR', 'ERR', 'WRONGTYPE']);
    expect(reply.errors).toBe(5);
  });
});

describe('an aggregate whose length comes later', () => {
  it('gets its header put before it', () => {
    const write = (r: ReplyWriter) => {
      r.ok();
      const begun = r.beginDeferred();
      r.int(1);
      r.int(2);
      r.endDeferred(begun, 'map', 1);
      r.ok();
    };
    expect(resp2(write)).toBe('+OK\r\n*2\r\n:1\r\n:2\r\n+OK\r\n');
    expect(resp3(write)).toBe('+OK\r\n%1\r\n:1\r\n:2\r\n+OK\r\n');
  });

  it('may be empty, and a set', () => {
    const write = (r: ReplyWriter) => r.endDeferred(r.beginDeferred(), 'set', 0);
    expect(resp2(write)).toBe('*0\r\n');
    expect(resp3(write)).toBe('~0\r\n');
  });

  it('may be nested', () => {
    const write = (r: ReplyWriter) => {
      const outer = r.beginDeferred();
      for (let i = 0; i < 3; i++) {
        const inner = r.beginDeferred();
        for (let k = 0; k < i; k++) r.int(k);
        r.endDeferred(inner, 'array', i);
      }
      r.endDeferred(outer, 'array', 3);
    };
    expect(resp2(write)).toBe('*3\r\n*0\r\n*1\r\n:0\r\n*2\r\n:0\r\n:1\r\n');
  });

  it('may be larger than the shared buffer, and hold large strings', () => {
    const text = 'x'.repeat(100_000);
    const item = `$100000\r\n${text}\r\n`;
    const write = (r: ReplyWriter) => {
      r.ok();
      const begun = r.beginDeferred();
      for (let i = 0; i < 9; i++) bulk(r, text);
      r.endDeferred(begun, 'array', 9);
      r.ok();
    };
    expect(resp2(write)).toBe(`+OK\r\n*9\r\n${item.repeat(9)}+OK\r\n`);
  });

  it('is right when it fills the buffer to the last byte', () => {
    for (let free = 0; free < 8; free++) {
      const filler = 'f'.repeat(SHARED - 186 - free);
      const text = 't'.repeat(180);
      const write = (r: ReplyWriter) => {
        const begun = r.beginDeferred();
        r.status(filler);
        r.status(text);
        r.endDeferred(begun, 'array', 2);
        r.ok();
      };
      expect(resp2(write)).toBe(`*2\r\n+${filler}\r\n+${text}\r\n+OK\r\n`);
    }
  });
});

describe('replies larger than the shared buffer', () => {
  it('are written whole and in order', () => {
    let expected = '';
    const write = (r: ReplyWriter) => {
      for (let i = 0; i < 4000; i++) {
        const text = String(i).repeat((i % 97) + 1);
        bulk(r, text);
        r.int(i);
        expected += `$${text.length}\r\n${text}\r\n:${i}\r\n`;
      }
    };
    expect(resp2(write)).toBe(expected);
  });

  it('hold strings of many MiB', () => {
    const text = 'v'.repeat(5_000_000);
    expect(resp2((r) => bulk(r, text))).toBe(`$5000000\r\n${text}\r\n`);
    expect(resp3((r) => r.verbatim(text))).toBe(`=5000004\r\ntxt:${text}\r\n`);
    expect(resp2((r) => r.status(text))).toBe(`+${text}\r\n`);
  });

  it('do not change when the bytes that they were written from do', () => {
    const reply = new ReplyWriter();
    reply.open(false);
    const source = Buffer.alloc(200_000, 'a');
    reply.bulk(source, 0, source.length);
    source.fill('b');
    expect(Buffer.concat(reply.take()).includes('b')).toBe(false);
  });

  it('are moved out in chunks worth their name, wherever they begin', () => {
    for (const before of [0, 100_000, SHARED / 2 + 1, SHARED - 100, SHARED - 10]) {
      const reply = new ReplyWriter();
      reply.open(false);
      reply.raw(Buffer.alloc(40_000, 'x'), 0, 40_000);
      for (let left = before - 40_000; left > 0; left -= 50_000) {
        reply.raw(Buffer.alloc(Math.min(50_000, left), 'x'), 0, Math.min(50_000, left));
      }
      const old = { buf: reply.buf, end: reply.pos };
      // The next client's replies of the same turn.
      reply.open(false);
      for (let i = 0; i < 100_000; i++) reply.int(1234);
      expect(reply.overflow.length).toBeLessThan(10);
      expect(Buffer.concat(reply.take()).toString('latin1')).toBe(':1234\r\n'.repeat(100_000));
      // … leave those before them alone.
      expect(old.buf.subarray(0, old.end).every((byte) => byte === 120)).toBe(true);
    }
  });
});

describe('truncating', () => {
  it('takes back what was written since', () => {
    const write = (r: ReplyWriter) => {
      r.ok();
      const mark = r.size;
      r.array(2);
      r.bulkText('half');
      r.truncate(mark);
      r.error('ERR no');
    };
    expect(resp2(write)).toBe('+OK\r\n-ERR no\r\n');
  });

  it('works across chunks that have been moved out since', () => {
    for (const before of [0, 1, 1000, 60_000, SHARED - 40, SHARED, SHARED * 3]) {
      for (const since of [0, 10, 70_000, SHARED * 2]) {
        const head = 'h'.repeat(before);
        const write = (r: ReplyWriter) => {
          const piece = Buffer.alloc(30_000, 'h');
          for (let left = before; left > 0; left -= 30_000) r.raw(piece, 0, Math.min(left, 30_000));
          const mark = r.size;
          bulk(r, 's'.repeat(since));
          bulk(r, 's');
          r.truncate(mark);
          r.ok();
        };
        expect(resp2(write)).toBe(`${head}+OK\r\n`);
      }
    }
  });

  it('gives up an aggregate that was under way, so that later replies can leave the buffer', () => {
    const reply = new ReplyWriter();
    reply.open(false);
    const mark = reply.size;
    reply.beginDeferred();
    for (let i = 0; i < 50_000; i++) reply.bulkText('0123456789');
    reply.truncate(mark);
    for (let i = 0; i < 200_000; i++) reply.bulkText('0123456789');
    expect(reply.overflow.length).toBeGreaterThan(1);
    expect(Buffer.concat(reply.take()).length).toBe(200_000 * 17);
  });
});

describe('the shared buffer', () => {
  it('holds the stretches of several clients one after the other', () => {
    const reply = new ReplyWriter();
    const stretches: Buffer[] = [];
    for (let i = 0; i < 3; i++) {
      reply.open(i === 1);
      reply.nil();
      stretches.push(reply.buf.subarray(reply.start, reply.pos));
    }
    expect(stretches.map(String)).toEqual(['$-1\r\n', '_\r\n', '$-1\r\n']);
    reply.rewind();
    expect(reply.pos).toBe(0);
  });

  it('has its size again after a turn that made it grow', () => {
    const reply = new ReplyWriter();
    reply.open(false);
    const begun = reply.beginDeferred();
    bulk(reply, 'x'.repeat(SHARED * 2));
    reply.endDeferred(begun, 'array', 1);
    expect(reply.buf.length).toBeGreaterThan(SHARED);
    reply.take();
    reply.rewind();
    expect(reply.buf.length).toBe(SHARED);
  });
});
