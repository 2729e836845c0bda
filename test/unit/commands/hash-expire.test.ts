/** Deadlines of fields: the commands of Redis 7.4 and 8.0 for them, over both encodings. */
import * as fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { hashCommands } from '../../../src/commands/hash/index.js';
import { keyCommands } from '../../../src/commands/keys/index.js';
import { expireFieldsIn } from '../../../src/keyspace/hash/expire-fields.js';
import { HandlerRig, RIG_START_MS } from '../../support/handler-rig.js';

const NOW = RIG_START_MS;
const COMMANDS = [...hashCommands, ...keyCommands];

function ints(...numbers: number[]): string {
  return `*${numbers.length}\r\n${numbers.map((n) => `:${n}\r\n`).join('')}`;
}

function bulks(...texts: (string | null)[]): string {
  const parts = texts.map((t) => (t === null ? '$-1\r\n' : `$${t.length}\r\n${t}\r\n`));
  return `*${texts.length}\r\n${parts.join('')}`;
}

/** The elements of an array of strings, sorted. */
function sorted(reply: string): string[] {
  return reply
    .split('\r\n')
    .filter((line, i) => i > 0 && line !== '' && !line.startsWith('$'))
    .sort();
}

describe.each([
  ['listpackex', {}],
  ['hashtable', { 'hash-max-listpack-entries': 0 }],
])('with %s', (encoding, options) => {
  let rig: HandlerRig;
  const run = (request: string) => rig.run(request);

  beforeEach(() => {
    rig = new HandlerRig(COMMANDS, options);
    run('HSET h a 1 b 2 c 3');
  });

  describe('HEXPIRE and its relatives', () => {
    it('take a time in four forms, and say of each field what became of it', () => {
      expect(run('HEXPIRE h 10 FIELDS 2 a x')).toBe(ints(1, -2));
      expect(run('HPEXPIRE h 1500 FIELDS 1 b')).toBe(ints(1));
      expect(run(`HEXPIREAT h ${NOW / 1000 + 20} FIELDS 1 c`)).toBe(ints(1));
      expect(run('HPEXPIRETIME h FIELDS 4 a b c x')).toBe(
        ints(NOW + 10_000, NOW + 1500, NOW + 20_000, -2),
      );
      expect(run(`HPEXPIREAT h ${NOW + 7} FIELDS 1 c`)).toBe(ints(1));
      expect(run('HPTTL h FIELDS 3 a b c')).toBe(ints(10_000, 1500, 7));
      expect(run('HTTL h FIELDS 3 a b c')).toBe(ints(10, 2, 1));
      expect(run('HEXPIRETIME h FIELDS 1 b')).toBe(ints(NOW / 1000 + 2));
      expect(rig.encoding('h')).toBe(encoding);
    });

    it('answer for each field of a hash that is not there', () => {
      expect(run('HEXPIRE no 10 FIELDS 2 a b')).toBe(ints(-2, -2));
      expect(run('HTTL no FIELDS 1 a')).toBe(ints(-2));
      expect(run('HPERSIST no FIELDS 1 a')).toBe(ints(-2));
      expect(run('HGETEX no FIELDS 1 a')).toBe(bulks(null));
      expect(run('HGETDEL no FIELDS 2 a b')).toBe(bulks(null, null));
    });

    it('obey NX, XX, GT and LT, to which no deadline is infinite', () => {
      run('HEXPIRE h 100 FIELDS 1 a');
      expect(run('HEXPIRE h 50 NX FIELDS 2 a b')).toBe(ints(0, 1));
      expect(run('HEXPIRE h 60 XX FIELDS 2 b c')).toBe(ints(1, 0));
      expect(run('HEXPIRE h 80 GT FIELDS 3 a b c')).toBe(ints(0, 1, 0));
      expect(run('HEXPIRE h 90 LT FIELDS 3 a b c')).toBe(ints(1, 0, 1));
      expect(run('HTTL h FIELDS 3 a b c')).toBe(ints(90, 80, 90));
    });

    it('are propagated as the instant, for the fields that got it', () => {
      run('HEXPIRE h 10 FIELDS 3 a x b');
      expect(rig.propagated).toEqual([`HPEXPIREAT h ${NOW + 10_000} FIELDS 2 a b`]);
      expect(rig.events).toEqual(['h hexpire h']);
      run('HPEXPIRE h 70 NX FIELDS 2 a c');
      expect(rig.propagated).toEqual([`HPEXPIREAT h ${NOW + 70} NX FIELDS 1 c`]);
      run('HEXPIRE h 10 NX FIELDS 2 a x');
      expect([rig.propagated, rig.events]).toEqual([[], []]);
    });

    it('remove fields at once whose time has passed, and the hash with the last', () => {
      expect(run(`HPEXPIREAT h ${NOW} FIELDS 3 a x b`)).toBe(ints(2, -2, 2));
      expect(rig.propagated).toEqual(['HDEL h a', 'HDEL h b']);
      expect(rig.events).toEqual(['h hdel h']);
      expect(run('HPEXPIRE h 0 FIELDS 1 c')).toBe(ints(2));
      expect(rig.events).toEqual(['h hdel h', 'g del h']);
      expect(run('EXISTS h')).toBe(':0\r\n');
    });

    it('refuse what is no time, list or number of fields', () => {
      const missing = 'Mandatory argument FIELDS is missing or not at the right position';
      const mismatch = 'The `numfields` parameter must match the number of arguments';
      const errors: Record<string, string> = {
        'HEXPIRE h x FIELDS 1 a': 'value is not an integer or out of range',
        'HEXPIRE h -1 FIELDS 1 a': 'invalid expire time, must be >= 0',
        [`HEXPIRE h ${2 ** 46} FIELDS 1 a`]: "invalid expire time in 'hexpire' command",
        [`HPEXPIRE h ${2 ** 46 - NOW} FIELDS 1 a`]: "invalid expire time in 'hpexpire' command",
        [`HPEXPIREAT h ${2 ** 46} FIELDS 1 a`]: "invalid expire time in 'hpexpireat' command",
        'HEXPIRE h 1 NY FIELDS 1 a': missing,
        'HEXPIRE h 1 NX XX FIELDS 1 a': missing,
        'HEXPIRE h 1 FIELDS 0 a': 'Parameter `numFields` should be greater than 0',
        'HEXPIRE h 1 FIELDS x a': 'Parameter `numFields` should be greater than 0',
        'HEXPIRE h 1 FIELDS 2 a': mismatch,
        'HEXPIRE h 1 NX FIELDS 1 a b': mismatch,
        'HTTL h FIELD 1 a': missing,
        'HTTL h FIELDS 0 a': 'Number of fields must be a positive integer',
        'HTTL h FIELDS 2 a': mismatch,
        'HPERSIST h FIELDS 2 a': mismatch,
        'HGETDEL h FIELDS 2 a': mismatch,
        'HGETEX h EX 1 FIELDS 2 a': mismatch,
        'HGETEX h EX -1 FIELDS 1 a': 'invalid expire time, must be >= 0',
        'HGETEX h EX 1 FIELDS': "wrong number of arguments for 'hgetex' command",
      };
      for (const [request, text] of Object.entries(errors)) {
        expect([request, run(request)]).toEqual([request, `-ERR ${text}\r\n`]);
      }
      const at = 2 ** 46 - 1;
      expect(run(`HPEXPIREAT h ${at} FIELDS 1 a`)).toBe(ints(1));
      expect(run('HPEXPIRETIME h FIELDS 1 a')).toBe(ints(at));
    });
  });

  it('HPERSIST takes deadlines away', () => {
    run('HEXPIRE h 10 FIELDS 2 a b');
    const { dirty } = rig;
    expect(run('HPERSIST h FIELDS 4 a b c x')).toBe(ints(1, 1, -1, -2));
    expect(rig.dirty - dirty).toBe(1);
    expect(rig.events).toEqual(['h hpersist h']);
    expect(run('HTTL h FIELDS 2 a b')).toBe(ints(-1, -1));
    run('HPERSIST h FIELDS 1 a');
    expect([rig.events, rig.propagated]).toEqual([[], []]);
  });

  it('HSET takes a deadline away, HINCRBY and HINCRBYFLOAT keep it', () => {
    run('HEXPIRE h 10 FIELDS 3 a b c');
    run('HSET h a 5');
    run('HINCRBY h b 1');
    run('HINCRBYFLOAT h c 0.5');
    expect(rig.propagated).toEqual(['HSETEX h KEEPTTL FIELDS 1 c 3.5']);
    expect(run('HTTL h FIELDS 3 a b c')).toBe(ints(-1, 10, 10));
    expect(run('HMGET h a b c')).toBe(bulks('5', '3', '3.5'));
  });

  it('RENAME and COPY keep deadlines', () => {
    run('HEXPIRE h 10 FIELDS 1 a');
    run('COPY h copy');
    run('RENAME h moved');
    expect(run('HTTL copy FIELDS 2 a b')).toBe(ints(10, -1));
    expect(run('HTTL moved FIELDS 2 a b')).toBe(ints(10, -1));
    rig.now += 10_001;
    const db = rig.keyspace.databases[0]!;
    expect(expireFieldsIn(rig.keyspace, db, rig.now, () => 0, 1)).toBe(true);
    expect([run('HLEN copy'), run('HLEN moved')]).toEqual([':2\r\n', ':2\r\n']);
  });

  describe('a field that is due', () => {
    beforeEach(() => {
      run('HPEXPIRE h 5 FIELDS 2 a b');
      rig.now += 6;
    });

    it('is not there for those who read it, who remove it', () => {
      expect(run('HLEN h')).toBe(':3\r\n');
      expect(run('HGET h a')).toBe('$-1\r\n');
      expect(rig.events).toEqual(['h hexpired h']);
      expect(rig.expiredFields).toEqual(['HDEL h a']);
      expect([run('HLEN h'), run('HEXISTS h b'), run('HLEN h')]).toEqual([
        ':2\r\n',
        ':0\r\n',
        ':1\r\n',
      ]);
      expect(rig.keyspace.expiredFields).toBe(2);
    });

    it('is left out by those who read all', () => {
      expect(run('HGETALL h')).toBe(bulks('c', '3'));
      expect(run('HKEYS h')).toBe(bulks('c'));
      expect(run('HVALS h')).toBe(bulks('3'));
      expect(sorted(run('HSCAN h 0'))).toEqual(['*2', '0', '3', 'c']);
      expect(run('HTTL h FIELDS 2 a c')).toBe(ints(-2, -1));
      expect(run('HPERSIST h FIELDS 1 a')).toBe(ints(-2));
      expect(run('HLEN h')).toBe(':3\r\n');
    });

    it('is told of once by HMGET, and goes with the hash if it is the last', () => {
      run('HDEL h c');
      expect(run('HMGET h a c b')).toBe(bulks(null, null, null));
      expect(rig.events).toEqual(['h hexpired h', 'g del h']);
      expect(rig.expiredFields).toEqual(['HDEL h a', 'HDEL h b']);
      expect(run('EXISTS h')).toBe(':0\r\n');
    });

    it('begins anew with HINCRBY and HSETNX, also if it was the last', () => {
      expect(run('HINCRBY h a 5')).toBe(':5\r\n');
      expect(run('HTTL h FIELDS 1 a')).toBe(ints(-1));
      run('HDEL h a c');
      expect(run('HSETNX h b 7')).toBe(':1\r\n');
      expect(rig.events).toEqual(['h hexpired h', 'g del h', 'n new h', 'h hset h']);
      expect(run('HGETALL h')).toBe(bulks('b', '7'));
    });

    it('is counted by HDEL', () => {
      expect(run('HDEL h a')).toBe(':1\r\n');
    });

    it('is never drawn by HRANDFIELD, which removes all that are', () => {
      expect(run('HRANDFIELD h 5')).toBe(bulks('c'));
      expect(rig.events).toEqual(['h hexpired h']);
      expect(run('HLEN h')).toBe(':1\r\n');
      expect(run('HRANDFIELD h')).toBe('$1\r\nc\r\n');
    });

    it('stays, unseen, while expiry is held', () => {
      rig.keyspace.expiryHeld = true;
      expect(run('HGET h a')).toBe('$-1\r\n');
      expect(run('HMGET h a c')).toBe(bulks(null, '3'));
      expect(run('HLEN h')).toBe(':3\r\n');
      expect([rig.events, rig.expiredFields]).toEqual([[], []]);
    });

    it('is gone for HEXPIRE, HGETEX and HGETDEL too', () => {
      expect(run('HEXPIRE h 10 FIELDS 2 a c')).toBe(ints(-2, 1));
      expect(rig.events).toEqual(['h hexpired h', 'h hexpire h']);
      expect(run('HGETDEL h FIELDS 2 b c')).toBe(bulks(null, '3'));
      expect(rig.events).toEqual(['h hexpired h', 'h hdel h', 'g del h']);
      expect(run('EXISTS h')).toBe(':0\r\n');
    });
  });

  describe('HGETEX', () => {
    it('returns values and sets, keeps or takes away deadlines', () => {
      expect(run('HGETEX h EX 10 FIELDS 3 a x b')).toBe(bulks('1', null, '2'));
      expect(rig.propagated).toEqual([`HPEXPIREAT h ${NOW + 10_000} FIELDS 2 a b`]);
      expect(rig.events).toEqual(['h hexpire h']);
      expect(run('HGETEX h FIELDS 1 a')).toBe(bulks('1'));
      expect([rig.propagated, rig.events]).toEqual([[], []]);
      expect(run('HGETEX h PERSIST FIELDS 2 a c')).toBe(bulks('1', '3'));
      expect(rig.propagated).toEqual(['HPERSIST h FIELDS 1 a']);
      expect(rig.events).toEqual(['h hpersist h']);
      run(`HGETEX h PXAT ${NOW + 5} FIELDS 1 c`);
      expect(run('HPTTL h FIELDS 3 a b c')).toBe(ints(-1, 10_000, 5));
    });

    it('removes fields whose time has passed', () => {
      expect(run('HGETEX h PX 0 FIELDS 2 a b')).toBe(bulks('1', '2'));
      expect(rig.propagated).toEqual(['HDEL h a', 'HDEL h b']);
      expect(rig.events).toEqual(['h hdel h']);
      expect(run('HLEN h')).toBe(':1\r\n');
    });
  });

  it('HGETDEL returns values and removes the fields', () => {
    expect(run('HGETDEL h FIELDS 3 a x a')).toBe(bulks('1', null, null));
    expect(rig.propagated).toEqual(['HDEL h a']);
    expect(rig.events).toEqual(['h hdel h']);
    expect(run('HGETDEL h FIELDS 2 b c')).toBe(bulks('2', '3'));
    expect(rig.events).toEqual(['h hdel h', 'g del h']);
  });

  describe('HSETEX', () => {
    it('sets values and deadlines', () => {
      expect(run('HSETEX h EX 10 FIELDS 2 a 7 new 8')).toBe(':1\r\n');
      expect(rig.propagated).toEqual([`HSETEX h PXAT ${NOW + 10_000} FIELDS 2 a 7 new 8`]);
      expect(rig.events).toEqual(['h hset h', 'h hexpire h']);
      expect(run('HTTL h FIELDS 3 a new b')).toBe(ints(10, 10, -1));
      run('HSETEX h KEEPTTL FIELDS 2 a 8 b 9');
      expect(run('HTTL h FIELDS 2 a b')).toBe(ints(10, -1));
      run('HSETEX h FIELDS 1 a 9');
      expect(run('HTTL h FIELDS 1 a')).toBe(ints(-1));
      expect(run('HMGET h a b new')).toBe(bulks('9', '9', '8'));
    });

    it('sets all or none with FNX and FXX', () => {
      expect(run('HSETEX h FNX FIELDS 2 new 1 a 2')).toBe(':0\r\n');
      expect(run('HSETEX h FXX FIELDS 2 new 1 a 2')).toBe(':0\r\n');
      expect([rig.events, rig.propagated]).toEqual([[], []]);
      expect(run('HSETEX h FNX FIELDS 2 new 1 newer 2')).toBe(':1\r\n');
      expect(run('HSETEX h FXX PX 5 FIELDS 1 a 2')).toBe(':1\r\n');
      expect(run('HSETEX no FXX FIELDS 1 a 2')).toBe(':0\r\n');
      expect(run('EXISTS no')).toBe(':0\r\n');
      rig.now += 6;
      expect(run('HSETEX h FXX FIELDS 1 a 2')).toBe(':0\r\n');
      expect(rig.events).toEqual(['h hexpired h']);
      expect(run('HSETEX h FNX FIELDS 1 a 2')).toBe(':1\r\n');
    });

    it('makes a hash, and removes it if its time has passed', () => {
      expect(run('HSETEX i EX 10 FIELDS 2 a 1 a 2')).toBe(':1\r\n');
      expect(rig.events).toEqual(['n new i', 'h hset i', 'h hexpire i']);
      expect(run('HGETALL i')).toBe(bulks('a', '2'));
      expect(run('HSETEX j PXAT 1 FIELDS 1 a 1')).toBe(':1\r\n');
      expect(rig.propagated).toEqual(['HDEL j a']);
      expect(rig.events).toEqual(['n new j', 'h hset j', 'h hdel j', 'g del j']);
      expect(run('EXISTS j')).toBe(':0\r\n');
    });

    it('refuses options that it does not know or that exclude each other', () => {
      const lifetimes = 'Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified';
      const errors: Record<string, string> = {
        'HSETEX h EX 1 PX 1 FIELDS 1 a 1': lifetimes,
        'HSETEX h KEEPTTL EX 1 FIELDS 1 a 1': lifetimes,
        'HSETEX h FNX FXX FIELDS 1 a 1': 'Only one of FXX or FNX arguments can be specified',
        'HSETEX h NX FIELDS 1 a 1': 'unknown argument: NX',
        'HSETEX h FIELDS 0 a 1': 'invalid number of fields',
        'HSETEX h FIELDS 1 a 1 b': "wrong number of arguments for 'hsetex' command",
        'HSETEX h FIELDS 2 a 1': "wrong number of arguments for 'hsetex' command",
        'HSETEX h FNX KEEPTTL FNX EX': 'Only one of FXX or FNX arguments can be specified',
        'HSETEX h FNX FNX EX 1': 'Only one of FXX or FNX arguments can be specified',
        'HSETEX h FNX EX 5 PX': lifetimes,
        'HSETEX h EX -5 FIELDS 1 a 1': 'invalid expire time, must be >= 0',
      };
      for (const [request, text] of Object.entries(errors)) {
        expect([request, run(request)]).toEqual([request, `-ERR ${text}\r\n`]);
      }
    });
  });
});

const fieldName = fc.constantFrom('a', 'b', 'c', 'd', '17', '-3');
const condition = fc.constantFrom('', ' NX', ' XX', ' GT', ' LT');
/** How long a field lives, in ms; 0: it is due at once. */
const lifetime = fc.constantFrom(0, 1, 5, 10, 1000);
const request = fc.oneof(
  fc.tuple(fieldName, fc.nat(200)).map(([f, v]) => `HSET h ${f} ${v}`),
  fc.tuple(fieldName, fc.nat(9)).map(([f, v]) => `HINCRBY h ${f} ${v}`),
  fc.tuple(fieldName, fieldName).map(([f, g]) => `HMGET h ${f} ${g}`),
  fc.tuple(fieldName, fieldName).map(([f, g]) => `HDEL h ${f} ${g}`),
  fc.tuple(fieldName, fieldName).map(([f, g]) => `HGETDEL h FIELDS 2 ${f} ${g}`),
  fc
    .tuple(lifetime, condition, fieldName, fieldName)
    .map(([ms, c, f, g]) => `HPEXPIRE h ${ms}${c} FIELDS 2 ${f} ${g}`),
  fc.tuple(lifetime, fieldName).map(([ms, f]) => `HGETEX h PX ${ms} FIELDS 1 ${f}`),
  fc
    .tuple(fc.constantFrom('', ' FNX', ' FXX'), lifetime, fieldName, fieldName)
    .map(([c, ms, f, g]) => `HSETEX h${c} PX ${ms} FIELDS 2 ${f} 1 ${g} 2`),
  fieldName.map((f) => `HSETEX h KEEPTTL FIELDS 1 ${f} 5`),
  fieldName.map((f) => `HPERSIST h FIELDS 1 ${f}`),
  fieldName.map((f) => `HPTTL h FIELDS 1 ${f}`),
  fc.constantFrom('HGETALL h', 'HKEYS h', 'HLEN h', 'HRANDFIELD h 10', 'EXISTS h'),
);
const time = fc.constantFrom(0, 0, 0, 1, 3, 10);

describe('hashes with deadlines', () => {
  it('answer, notify and propagate the same in every encoding', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(request, time), { maxLength: 40 }), (requests) => {
        const rigs = [
          new HandlerRig(COMMANDS),
          new HandlerRig(COMMANDS, { 'hash-max-listpack-entries': 0 }),
          new HandlerRig(COMMANDS, { 'hash-max-listpack-entries': 2 }),
        ];
        for (const [words, ms] of requests) {
          const told = rigs.map((rig) => {
            rig.now += ms;
            const raw = rig.run(words);
            // A hash has no order.
            const reply = /ALL|KEYS|RAND/.test(words) ? sorted(raw).join() : raw;
            const { propagated, events, expiredFields, dirty } = rig;
            return { words, reply, propagated, events, expired: [...expiredFields].sort(), dirty };
          });
          expect(told[1]).toEqual(told[0]);
          expect(told[2]).toEqual(told[0]);
        }
      }),
      { numRuns: 150 },
    );
  });
});
