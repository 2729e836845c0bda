import { beforeEach, describe, expect, it } from 'vitest';
import { streamCommands } from '../../../src/commands/stream/index.js';
import type { Stream } from '../../../src/keyspace/stream/stream.js';
import { HandlerRig, RIG_START_MS } from '../../support/handler-rig.js';

let rig: HandlerRig;

beforeEach(() => {
  rig = new HandlerRig(streamCommands);
});

/** A stream `s` with entries 1-0 to n-0 and a group `g` that has got none of them. */
function fill(n: number): void {
  for (let i = 1; i <= n; i++) rig.run(`XADD s ${i}-0 f v${i}`);
  rig.run('XGROUP CREATE s g 0');
}

function bulk(text: string): string {
  return `$${text.length}\r\n${text}\r\n`;
}

function entry(id: string, ...words: string[]): string {
  return `*2\r\n${bulk(id)}*${words.length}\r\n${words.map(bulk).join('')}`;
}

describe('XADD', () => {
  it('makes an ID of the clock, and propagates it', () => {
    expect(rig.run('XADD s * f v')).toBe(bulk(`${RIG_START_MS}-0`));
    expect(rig.propagated).toEqual([`XADD s ${RIG_START_MS}-0 f v`]);
    expect(rig.events).toEqual(['n new s', 't xadd s']);
    expect(rig.run('XADD s * f v')).toBe(bulk(`${RIG_START_MS}-1`));
    rig.now -= 5000;
    expect(rig.run('XADD s * f v')).toBe(bulk(`${RIG_START_MS}-2`));
    expect(rig.encoding('s')).toBe('stream');
  });

  it('makes the second part of an ID whose first is given', () => {
    expect(rig.run('XADD s 0-* f v')).toBe(bulk('0-1'));
    expect(rig.run('XADD s 7-* f v')).toBe(bulk('7-0'));
    expect(rig.propagated).toEqual(['XADD s 7-0 f v']);
    expect(rig.run('XADD s 7-18446744073709551615 f v')).toBe(bulk('7-18446744073709551615'));
    expect(rig.run('XADD s 7-* f v')).toBe(
      '-ERR The ID specified in XADD is equal or smaller than the target stream top item\r\n',
    );
  });

  it('takes IDs of 64 bits in both parts, up to the last one', () => {
    const last = '18446744073709551615-18446744073709551615';
    rig.run('XADD s 9007199254740993-9007199254740993 f v');
    expect(rig.run(`XADD s ${last} f v`)).toBe(bulk(last));
    expect(rig.run('XADD s * f v')).toBe(
      '-ERR The stream has exhausted the last possible ID, unable to add more items\r\n',
    );
    expect(rig.run('XRANGE s (9007199254740993-9007199254740992 9007199254740993')).toBe(
      `*1\r\n${entry('9007199254740993-9007199254740993', 'f', 'v')}`,
    );
    expect(rig.run(`XRANGE s (${last} +`)).toBe('-ERR invalid start ID for the interval\r\n');
  });

  it('creates nothing when it may not, or fails', () => {
    expect(rig.run('XADD s NOMKSTREAM 1-1 f v')).toBe('$-1\r\n');
    expect(rig.run('XADD s 0-0 f v')).toBe(
      '-ERR The ID specified in XADD must be greater than 0-0\r\n',
    );
    expect(rig.run('XADD s 1-1 f')).toBe("-ERR wrong number of arguments for 'xadd' command\r\n");
    expect(rig.run('XADD s MAXLEN 5 LIMIT 10 1-1 f v')).toBe(
      '-ERR syntax error, LIMIT cannot be used without the special ~ option\r\n',
    );
    expect(rig.run('XADD s x f v')).toBe(
      '-ERR Invalid stream ID specified as stream command argument\r\n',
    );
    expect(rig.encoding('s')).toBe('none');
  });

  it('propagates what an approximate trim came to', () => {
    rig = new HandlerRig(streamCommands, { 'stream-node-max-entries': 4 });
    fill(9);
    rig.run('XADD s MAXLEN ~ 4 LIMIT 0 * f v');
    expect(rig.propagated).toEqual([`XADD s MAXLEN = 6 LIMIT 0 ${RIG_START_MS}-0 f v`]);
    expect(rig.events).toEqual(['t xadd s', 't xtrim s']);
    rig.run('XADD s MINID ~ 9-0 * f v');
    expect(rig.propagated).toEqual([`XADD s MINID = 9-0 ${RIG_START_MS}-1 f v`]);
    rig.run('XADD s MAXLEN = 2 * f v');
    expect(rig.propagated).toEqual([`XADD s MAXLEN = 2 ${RIG_START_MS}-2 f v`]);
    expect(rig.run('XLEN s')).toBe(':2\r\n');
  });
});

describe('XTRIM and XDEL', () => {
  it('count every entry as a change', () => {
    fill(10);
    const before = rig.dirty;
    expect(rig.run('XTRIM s MAXLEN 7')).toBe(':3\r\n');
    expect(rig.run('XDEL s 4-0 5-0 99-0')).toBe(':2\r\n');
    expect(rig.dirty - before).toBe(5);
    expect(rig.events).toEqual(['t xdel s']);
    expect(rig.run('XDEL s 6-0 bad')).toBe(
      '-ERR Invalid stream ID specified as stream command argument\r\n',
    );
    expect(rig.run('XRANGE s - 6')).toBe(`*1\r\n${entry('6-0', 'f', 'v6')}`);
    expect(rig.run('XREVRANGE s + - COUNT 1')).toBe(`*1\r\n${entry('10-0', 'f', 'v10')}`);
  });
});

describe('XREAD', () => {
  it('waits for all its keys, with the IDs that $ stood for', () => {
    fill(3);
    expect(rig.run('XREAD BLOCK 50 STREAMS s none $ $')).toBe('');
    const [wait] = rig.waits;
    expect(wait).toMatchObject({ keys: [4, 5], nullReply: 'array', onDeletion: false });
    expect(wait!.deadlineMs).toBe(RIG_START_MS + 50);
    expect([wait!.request!.text(6), wait!.request!.text(7)]).toEqual(['3-0', '0-0']);
    rig.call.canBlock = false;
    expect(rig.run('XREAD BLOCK 50 STREAMS s $')).toBe('*-1\r\n');
  });

  it('leaves streams out that have nothing new', () => {
    fill(3);
    rig.run('XADD t 5-0 a b');
    expect(rig.run('XREAD COUNT 1 STREAMS s none t 1 0 5')).toBe(
      `*1\r\n*2\r\n${bulk('s')}*1\r\n${entry('2-0', 'f', 'v2')}`,
    );
    rig.run('XDEL s 3-0');
    expect(rig.run('XREAD STREAMS s 2')).toBe('*-1\r\n');
    expect(rig.run('XREAD STREAMS s t 0')).toBe(
      "-ERR Unbalanced 'xread' list of streams: for each stream key an ID or '$' must be specified.\r\n",
    );
  });
});

describe('XREADGROUP', () => {
  it('propagates a claim for every entry that it delivers', () => {
    fill(3);
    expect(rig.run('XREADGROUP GROUP g alice COUNT 2 STREAMS s >')).toBe(
      `*1\r\n*2\r\n${bulk('s')}*2\r\n${entry('1-0', 'f', 'v1')}${entry('2-0', 'f', 'v2')}`,
    );
    const claim = (id: string) =>
      `XCLAIM s g alice 0 ${id} TIME ${RIG_START_MS} RETRYCOUNT 1 FORCE JUSTID LASTID ${id}`;
    expect(rig.propagated).toEqual([claim('1-0'), claim('2-0')]);
    expect(rig.events).toEqual(['t xgroup-createconsumer s']);
    expect(rig.run('XREADGROUP GROUP g alice STREAMS s 1-0')).toBe(
      `*1\r\n*2\r\n${bulk('s')}*1\r\n${entry('2-0', 'f', 'v2')}`,
    );
    expect(rig.propagated).toEqual([]);
    rig.now += 10;
    expect(rig.run('XPENDING s g - + 10 alice')).toBe(
      `*2\r\n*4\r\n${bulk('1-0')}${bulk('alice')}:10\r\n:1\r\n*4\r\n${bulk('2-0')}${bulk('alice')}:10\r\n:2\r\n`,
    );
  });

  it('propagates with NOACK the consumer and the last ID', () => {
    fill(2);
    rig.run('XREADGROUP GROUP g bob NOACK STREAMS s >');
    expect(rig.propagated).toEqual([
      'XGROUP CREATECONSUMER s g bob',
      'XGROUP SETID s g 2-0 ENTRIESREAD 2',
    ]);
    expect(rig.run('XPENDING s g')).toBe('*4\r\n:0\r\n$-1\r\n$-1\r\n*-1\r\n');
  });

  it('waits also for the key to go, and needs its group', () => {
    fill(0);
    rig.run('XGROUP CREATE s g $ MKSTREAM');
    expect(rig.run('XREADGROUP GROUP g c BLOCK 0 STREAMS s >')).toBe('');
    expect(rig.waits[0]).toMatchObject({ keys: [7], deadlineMs: 0, onDeletion: true });
    expect(rig.propagated).toEqual([]);
    expect(rig.run('XREADGROUP GROUP none c STREAMS s >')).toBe(
      "-NOGROUP No such key 's' or consumer group 'none' in XREADGROUP with GROUP option\r\n",
    );
  });
});

describe('XCLAIM and XAUTOCLAIM', () => {
  beforeEach(() => {
    fill(4);
    rig.run('XREADGROUP GROUP g alice STREAMS s >');
    rig.now += 100;
  });

  it('give entries that are idle for long enough to another consumer', () => {
    expect(rig.run('XCLAIM s g bob 101 1-0')).toBe('*0\r\n');
    expect(rig.run('XCLAIM s g bob 100 1-0 2-0 JUSTID')).toBe(`*2\r\n${bulk('1-0')}${bulk('2-0')}`);
    expect(rig.run('XPENDING s g')).toBe(
      `*4\r\n:4\r\n${bulk('1-0')}${bulk('4-0')}*2\r\n*2\r\n${bulk('alice')}${bulk('2')}*2\r\n${bulk('bob')}${bulk('2')}`,
    );
    expect(rig.run('XACK s g 1-0 3-0 9-0')).toBe(':2\r\n');
    expect(rig.run('XGROUP DELCONSUMER s g bob')).toBe(':1\r\n');
  });

  it('have deleted entries no longer pending, and tell', () => {
    rig.run('XDEL s 1-0 3-0');
    expect(rig.run('XAUTOCLAIM s g bob 0 - COUNT 3 JUSTID')).toBe(
      `*3\r\n${bulk('4-0')}*1\r\n${bulk('2-0')}*2\r\n${bulk('1-0')}${bulk('3-0')}`,
    );
    expect(rig.propagated.length).toBe(3);
    expect(rig.run('XAUTOCLAIM s g bob 0 4-0 COUNT 3 JUSTID')).toBe(
      `*3\r\n${bulk('0-0')}*1\r\n${bulk('4-0')}*0\r\n`,
    );
  });

  it('set what they are told to, exactly', () => {
    rig.run('XCLAIM s g bob 0 4-0 TIME 1000 RETRYCOUNT 9223372036854775807 LASTID 9-9 FORCE');
    expect(rig.propagated).toEqual([
      'XCLAIM s g bob 0 4-0 TIME 1000 RETRYCOUNT 9223372036854775807 FORCE JUSTID LASTID 9-9',
    ]);
    rig.run('XCLAIM s g bob 0 77-0 LASTID 10-0');
    expect(rig.propagated).toEqual(['XGROUP SETID s g 10-0 ENTRIESREAD 4']);
  });
});

describe('a stream', () => {
  it('gives all its blocks back with its key', () => {
    fill(50);
    rig.run('XREADGROUP GROUP g alice COUNT 30 STREAMS s >');
    rig.run('XGROUP CREATE s h 0');
    const db = rig.keyspace.databases[0]!;
    const e = db.find(Buffer.from('s'), 0, 1, 0);
    const stream = db.objectOf(e) as Stream;
    expect(stream.sharedBytes).toBeGreaterThan(1000);
    db.remove(e);
    expect(db.arena.leaks()).toEqual([]);
    expect(db.objectBytes).toBe(0);
  });

  it('answers what XSETID set', () => {
    fill(2);
    expect(rig.run('XSETID s 1-0')).toBe(
      '-ERR The ID specified in XSETID is smaller than the target stream top item\r\n',
    );
    rig.run('XSETID s 7-0 ENTRIESADDED 9223372036854775807 MAXDELETEDID 5-5');
    const info = rig.run('XINFO STREAM s');
    expect(info).toContain(`${bulk('last-generated-id')}${bulk('7-0')}`);
    expect(info).toContain(`${bulk('max-deleted-entry-id')}${bulk('5-5')}`);
    expect(info).toContain(`${bulk('entries-added')}:9223372036854775807\r\n`);
  });
});
