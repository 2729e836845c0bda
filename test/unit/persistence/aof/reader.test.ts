import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CommandBuffer } from '../../../../src/persistence/aof/command-buffer.js';
import { AofFileReader, type PreambleReader } from '../../../../src/persistence/aof/file-reader.js';
import { cutBack, judgeLoad, partSizes } from '../../../../src/persistence/aof/load-outcome.js';
import { Manifest } from '../../../../src/persistence/aof/manifest.js';
import { AofReader, type AofVerdict } from '../../../../src/persistence/aof/reader.js';
import { Args } from '../../../../src/resp/args.js';
import { FakeDisk, failure } from './fake-disk.js';

function command(...words: string[]): string {
  return Args.from(words).encode().toString('latin1');
}

interface Read {
  commands: string[][];
  offsets: number[];
  verdict: AofVerdict;
  timestamp: number;
}

/** Reads a whole file. @param most bytes that one read gives */
function readAll(content: Buffer | string, most = Number.POSITIVE_INFINITY, from = 0): Read {
  const file = typeof content === 'string' ? Buffer.from(content, 'latin1') : content;
  const reader = new AofReader(
    (buf, off, len, position) => file.copy(buf, off, position, position + Math.min(len, most)),
    from,
    file.length,
  );
  const commands: string[][] = [];
  const offsets: number[] = [];
  while (reader.next()) {
    offsets.push(reader.offset);
    commands.push(Array.from({ length: reader.args.count }, (_, i) => reader.args.text(i)));
  }
  return { commands, offsets, verdict: reader.verdict!, timestamp: reader.timestamp };
}

const words = fc.array(
  fc.oneof(
    fc.string({ unit: 'binary-ascii', maxLength: 12 }),
    fc.integer({ min: 90, max: 1200 }).map((n) => 'x'.repeat(n)),
  ),
  { minLength: 1, maxLength: 12 },
);
const commands = fc.array(words, { maxLength: 20 });

describe('the commands of a file', () => {
  test('come back as they were written, however few bytes a read gives', () => {
    fc.assert(
      fc.property(commands, fc.integer({ min: 1, max: 50 }), (all, most) => {
        const text = all.map((one) => command(...one)).join('');
        const read = readAll(text, most);
        expect(read.commands).toEqual(all);
        expect(read.verdict.kind === 'whole' || all.some((one) => /^multi$/i.test(one[0]!))).toBe(
          true,
        );
        let at = 0;
        expect(read.offsets).toEqual(
          all.map((one) => (at += command(...one).length) - command(...one).length),
        );
      }),
      { numRuns: 150, seed: 1 },
    );
  });

  test('may be longer than a block, and more than a batch', () => {
    const big = 'v'.repeat(3_000_000);
    const many = Array.from({ length: 10_000 }, (_, i) => String(i));
    const all = [
      ['SET', 'a', big],
      ['RPUSH', ...many],
      ['SET', 'b', big],
      ...many.map((n) => ['INCR', n]),
    ];
    const text = all.map((one) => command(...one)).join('');
    for (const most of [777_777, Number.POSITIVE_INFINITY]) {
      const read = readAll(text, most);
      expect(read.verdict).toEqual({ kind: 'whole' });
      expect(read.commands.length).toBe(all.length);
      expect(read.commands[1]).toEqual(all[1]);
      expect(read.commands[2]![2]!.length).toBe(big.length);
      expect(read.commands.at(-1)).toEqual(['INCR', '9999']);
    }
  });

  test('may stand behind something else', () => {
    const read = readAll(`REDIS...${command('PING')}`, 3, 8);
    expect(read).toMatchObject({ commands: [['PING']], offsets: [8], verdict: { kind: 'whole' } });
  });

  test('may have annotations between them, of which those of time are known', () => {
    const read = readAll(
      `#TS:1700000000\r\n${command('PING')}# note\n${command('PING')}#TS:1700000001\r\n`,
      5,
    );
    expect(read.commands.length).toBe(2);
    expect(read.verdict).toEqual({ kind: 'whole' });
    expect(read.timestamp).toBe(1700000001);
  });
});

describe('a file that ends too early', () => {
  const text = [
    command('SELECT', '0'),
    command('SET', 'key', 'some value'),
    '#TS:12\r\n',
    command('MULTI'),
    command('INCR', 'n'),
    command('INCR', 'm'),
    command('EXEC'),
    command('DEL', 'key'),
  ];
  const whole = text.join('');
  /** Offsets at which it may end. */
  let at = 0;
  const ends = text.map((part) => (at += part.length));
  const fine = [0, ends[0]!, ends[1]!, ends[2]!, ends[6]!, ends[7]!];

  test('is torn, and right up to the last command outside of a MULTI, wherever it is cut', () => {
    for (let end = 0; end <= whole.length; end++) {
      const { verdict, commands: found } = readAll(whole.slice(0, end), 7);
      const last = Math.max(...fine.filter((point) => point <= end));
      if (end === last) {
        expect([end, verdict]).toEqual([end, { kind: 'whole' }]);
      } else {
        expect([end, verdict]).toMatchObject([end, { kind: 'torn', validUpTo: last }]);
        expect(readAll(whole.slice(0, last)).verdict).toEqual({ kind: 'whole' });
      }
      expect(found.length).toBeLessThanOrEqual(7);
    }
  });

  test('between MULTI and EXEC says so', () => {
    const cut = whole.slice(0, ends[5]!);
    expect(readAll(cut).verdict).toMatchObject({
      kind: 'torn',
      lacksExec: true,
      validUpTo: ends[2]!,
    });
  });

  test('takes no memory for lengths that go beyond its end', () => {
    expect(readAll('*2\r\n$2147483647\r\nabc').verdict).toMatchObject({
      kind: 'torn',
      validUpTo: 0,
    });
    expect(readAll(`${command('PING')}*2000000000\r\n$1\r\na\r\n`).verdict).toMatchObject({
      kind: 'torn',
      validUpTo: 14,
    });
  });
});

describe('a damaged file', () => {
  test('is bad at the place where it is', () => {
    const ping = command('PING');
    for (const [bytes, offset] of [
      ['hello', 0],
      ['\0\0\0', 0],
      ['*0\r\n', 0],
      ['*-1\r\n', 0],
      ['*x\r\n', 0],
      ['*1\n$1\r\na\r\n', 0],
      ['*1\r\n+OK\r\n', 4],
      ['*1\r\n$-1\r\n', 4],
      ['*1\r\n$01\r\na\r\n', 4],
      ['*1\r\n$1\r\nabc\r\n', 9],
      ['#TS:now\r\n', 0],
      [`#${'x'.repeat(2000)}`, 0],
      ['*99999999999\r\n', 0],
      ['*\r\n$1\r\na\r\n', 0],
    ] as const) {
      expect([bytes, readAll(ping + bytes).verdict]).toMatchObject([
        bytes,
        { kind: 'bad', validUpTo: 14, offset: 14 + offset },
      ]);
    }
  });

  test('of any kind gets a verdict, never an exception, and what is right before it is given', () => {
    fc.assert(
      fc.property(
        commands,
        fc.nat(),
        fc.integer({ min: 0, max: 255 }),
        fc.integer({ min: 1, max: 40 }),
        (all, where, byte, most) => {
          const bytes = Buffer.from(all.map((one) => command(...one)).join(''), 'latin1');
          if (bytes.length === 0) return;
          const at = where % bytes.length;
          bytes[at] = byte;
          const read = readAll(bytes, most);
          const before = readAll(bytes.subarray(0, at)).commands.length;
          expect(read.commands.slice(0, before)).toEqual(all.slice(0, before));
          if (read.verdict.kind === 'bad') expect(read.verdict.offset).toBeLessThan(bytes.length);
          if (read.verdict.kind !== 'whole' && read.verdict.kind !== 'unreadable') {
            expect(readAll(bytes.subarray(0, read.verdict.validUpTo)).verdict.kind).toBe('whole');
          }
        },
      ),
      { numRuns: 300, seed: 2 },
    );
  });

  test('that can not be read says why', () => {
    const error = failure('EIO');
    const reader = new AofReader(
      () => {
        throw error;
      },
      0,
      10,
    );
    expect(reader.next()).toBe(false);
    expect(reader.verdict).toEqual({ kind: 'unreadable', offset: 0, error });
  });
});

describe('what is written', () => {
  const text = (buffer: CommandBuffer) => buffer.bytes.toString('latin1', 0, buffer.length);

  test('names the database where it changes', () => {
    const buffer = new CommandBuffer();
    for (const [db, key] of [
      [0, 'a'],
      [0, 'b'],
      [3, 'c'],
      [-1, 'd'],
      [3, 'e'],
    ] as const) {
      buffer.append(db, Args.from(['DEL', key]), 5);
    }
    const found = readAll(text(buffer)).commands.map((one) => one.join(' '));
    expect(found).toEqual(['SELECT 0', 'DEL a', 'DEL b', 'SELECT 3', 'DEL c', 'DEL d', 'DEL e']);
  });

  test('names the database anew in another file, in front of what was left over', () => {
    const buffer = new CommandBuffer();
    buffer.append(2, Args.from(['DEL', 'a']), 5);
    buffer.drop(buffer.length);
    buffer.append(2, Args.from(['DEL', 'b']), 5);
    buffer.beginFile();
    buffer.append(2, Args.from(['DEL', 'c']), 5);
    const found = readAll(text(buffer)).commands.map((one) => one.join(' '));
    expect(found).toEqual(['SELECT 2', 'DEL b', 'SELECT 2', 'DEL c']);
  });

  test('tells the time once a second if asked to', () => {
    const buffer = new CommandBuffer();
    buffer.stampsTime = true;
    for (const now of [10, 10, 11]) buffer.appendWords(['PING'], now);
    expect(text(buffer)).toBe(
      `#TS:10\r\n${command('PING')}${command('PING')}#TS:11\r\n${command('PING')}`,
    );
  });

  test('is what was appended, of any size', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), words), { maxLength: 40 }),
        (all) => {
          const buffer = new CommandBuffer();
          for (const [db, one] of all) buffer.append(db, Args.from(one), 1);
          const found = readAll(text(buffer)).commands;
          let db = -1;
          const expected = all.flatMap(([on, one]) => {
            const select = on === db ? [] : [['SELECT', String(on)]];
            db = on;
            return [...select, one];
          });
          expect(found).toEqual(expected);
        },
      ),
      { numRuns: 100, seed: 3 },
    );
  });
});

describe('one file of several', () => {
  /** RDB data of so many bytes. */
  class Preamble implements PreambleReader {
    offset = 0;
    fault: PreambleReader['fault'] = undefined;
    constructor(private readonly bytes: number) {}
    read(chunk: Uint8Array) {
      this.offset = Math.min(this.bytes, this.offset + chunk.length);
      return this.offset === this.bytes ? ('done' as const) : ('more' as const);
    }
    end() {
      this.fault = { reason: 'the data end early', offset: this.offset, key: undefined };
      return 'fault' as const;
    }
  }

  function steps(content: string, preambleBytes = 9) {
    const disk = new FakeDisk();
    disk.put('/f', content);
    const file = new AofFileReader(disk, '/f', () => new Preamble(preambleBytes));
    const found: string[] = [];
    for (;;) {
      const step = file.step();
      found.push(step === 'command' ? file.args.text(0) : step);
      if (step !== 'end') continue;
      file.close();
      return { found, verdict: file.verdict! };
    }
  }

  test('is commands, or RDB data, or the one before the other, by its first bytes', () => {
    expect(steps(command('PING'))).toEqual({ found: ['PING', 'end'], verdict: { kind: 'whole' } });
    expect(steps('REDIS0011')).toEqual({ found: ['preamble', 'end'], verdict: { kind: 'whole' } });
    expect(steps(`REDIS0009${command('PING')}`)).toEqual({
      found: ['preamble', 'PING', 'end'],
      verdict: { kind: 'whole' },
    });
    expect(steps('')).toEqual({ found: ['end'], verdict: { kind: 'empty' } });
    expect(steps('REDIS', 9).verdict).toMatchObject({ kind: 'bad preamble' });
  });

  test('that is torn is cut back if it is the last one, and allowed', () => {
    const torn = { kind: 'torn', validUpTo: 14, offset: 14, reason: '', lacksExec: false } as const;
    const file = { name: 'f', isLast: true, isOldStyle: false };
    const outcome = judgeLoad(torn, file, true);
    expect(outcome).toMatchObject({ kind: 'cut back', size: 14 });
    expect(outcome.messages.map((m) => m.text)).toEqual([
      '!!! Warning: short read while loading the AOF file f!!!',
      '!!! Truncating the AOF f at offset 14 !!!',
    ]);
    const disk = new FakeDisk();
    disk.put('/f', `${command('PING')}*1\r`);
    cutBack(disk, '/f', 'f', 14);
    expect(disk.text('/f')).toBe(command('PING'));
    expect(judgeLoad(torn, file, false).kind).toBe('failed');
    expect(judgeLoad(torn, { ...file, isLast: false }, true).messages[0]!.text).toBe(
      'Fatal error: the truncated file is not the last file',
    );
    expect(judgeLoad({ ...torn, lacksExec: true }, file, true).messages[0]!.text).toBe(
      'Revert incomplete MULTI/EXEC transaction in AOF file f',
    );
  });

  test('that is bad stops the start, and says where', () => {
    const bad = { kind: 'bad', validUpTo: 0, offset: 7, reason: 'a command was expected' } as const;
    const { kind, messages } = judgeLoad(bad, { name: 'f', isLast: true, isOldStyle: false }, true);
    expect(kind).toBe('failed');
    expect(messages.map((m) => m.text)).toEqual([
      'At offset 7 of f: a command was expected',
      'Bad file format reading the append only file f: make a backup of your AOF file, then use ./redis-check-aof --fix <filename.manifest>',
    ]);
  });

  test('that is missing is named', () => {
    const disk = new FakeDisk();
    const manifest = Manifest.EMPTY.withNextBase('a', 'rdb').withNextIncr('a');
    disk.put('/a.1.base.rdb', '123');
    const pathOf = (name: string) => `/${name}`;
    expect(() => partSizes(disk, manifest, pathOf)).toThrow(
      'Unable to obtain the AOF file a.1.incr.aof length. stat: No such file or directory',
    );
    disk.put('/a.1.incr.aof', '4567');
    expect(partSizes(disk, manifest, pathOf)).toEqual({ total: 7, base: 3 });
  });
});
