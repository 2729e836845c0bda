import { describe, expect, it } from 'vitest';
import { allCommands } from '../../../../src/commands/index.js';
import { CommandFormat } from '../../../../src/persistence/aof/command-format.js';
import { EntryCommands } from '../../../../src/persistence/aof/entry-commands.js';
import { ChunkWriter } from '../../../../src/persistence/rdb/chunk-writer.js';
import { readCommands, writeCommands } from '../../../support/aof-file.js';
import { HandlerRig } from '../../../support/handler-rig.js';
import { digestOf, facts, fullRig } from '../rdb-support.js';

/** A rig in which these commands have run. */
function replay(file: Uint8Array): HandlerRig {
  const { commands, verdict } = readCommands(file);
  expect(verdict).toEqual({ kind: 'whole' });
  const rig = new HandlerRig(allCommands);
  for (const command of commands) {
    if (command[0]!.toString() === 'SELECT') continue;
    const reply = rig.run(command);
    expect(reply, command.slice(0, 4).map(String).join(' ')).not.toMatch(/^-/);
  }
  return rig;
}

/** The commands for the rig's keys, as text. */
function texts(rig: HandlerRig): string[] {
  const { commands } = readCommands(writeCommands(rig.keyspace));
  return commands.map((args) => args.map((arg) => arg.toString('latin1')).join(' '));
}

function rigOf(...requests: string[]): HandlerRig {
  const rig = new HandlerRig(allCommands);
  for (const request of requests) rig.run(request);
  return rig;
}

describe('a keyspace as commands', () => {
  it.each([1, 1000, 1 << 20])('comes back as it was, in steps of %i bytes', (stepBytes) => {
    const rig = fullRig();
    const copy = replay(writeCommands(rig.keyspace, stepBytes));
    expect(facts(copy.keyspace)).toEqual(facts(rig.keyspace));
    expect(digestOf(copy.keyspace)).toBe(digestOf(rig.keyspace));
    const info = 'XINFO STREAM stream:big FULL COUNT 1000';
    expect(copy.run(info).replace(/:1[67]\d{11}\r\n/g, '')).toBe(
      rig.run(info).replace(/:1[67]\d{11}\r\n/g, ''),
    );
  });

  it('is the same whatever the steps', () => {
    const { keyspace } = fullRig();
    expect(writeCommands(keyspace, 1).equals(writeCommands(keyspace))).toBe(true);
  });

  it('gives members in pieces of 64', () => {
    const members = Array.from({ length: 130 }, (_, i) => `m${i}`);
    const rig = rigOf(`RPUSH list ${members.join(' ')}`, `SADD set ${members.join(' ')}`);
    const { commands } = readCommands(writeCommands(rig.keyspace));
    expect(commands.map((args) => `${args[0]} ${args[1]} ${args.length - 2}`)).toEqual([
      'SELECT 0 0',
      'RPUSH list 64',
      'RPUSH list 64',
      'RPUSH list 2',
      'SADD set 64',
      'SADD set 64',
      'SADD set 2',
    ]);
  });

  it('says when keys and fields of hashes are due', () => {
    const rig = rigOf(
      'SET string v PXAT 1800000000001',
      'HSET hash a 1 b 2 c 3',
      'HPEXPIREAT hash 1800000000002 FIELDS 1 b',
      'PEXPIREAT hash 1800000000003',
    );
    expect(texts(rig)).toEqual([
      'SELECT 0',
      'SET string v',
      'PEXPIREAT string 1800000000001',
      'HMSET hash b 2 a 1 c 3',
      'HPEXPIREAT hash 1800000000002 FIELDS 1 b',
      'PEXPIREAT hash 1800000000003',
    ]);
    expect(facts(replay(writeCommands(rig.keyspace)).keyspace)).toEqual(facts(rig.keyspace));
  });

  it('says when fields of a big hash are due', () => {
    const rig = rigOf(
      ...Array.from({ length: 600 }, (_, i) => `HSET hash field:${i} ${i}`),
      'HPEXPIREAT hash 1800000000002 FIELDS 2 field:7 field:599',
      'SET last v',
    );
    const file = writeCommands(rig.keyspace, 100);
    expect(facts(replay(file).keyspace)).toEqual(facts(rig.keyspace));
    const { commands } = readCommands(file);
    expect(commands.filter((args) => `${args[0]}` === 'HPEXPIREAT')).toHaveLength(2);
  });

  it('gives a stream its counters, groups and pending entries', () => {
    const rig = rigOf(
      'XADD s 1-1 a b',
      'XADD s 2-1 a b c d',
      'XDEL s 1-1',
      'XGROUP CREATE s g 0 ENTRIESREAD 1',
      'XREADGROUP GROUP g Alice COUNT 1 STREAMS s >',
      'XGROUP CREATECONSUMER s g Bob',
    );
    expect(texts(rig)).toEqual([
      'SELECT 0',
      'XADD s 2-1 a b c d',
      'XSETID s 2-1 ENTRIESADDED 2 MAXDELETEDID 1-1',
      'XGROUP CREATE s g 2-1 ENTRIESREAD 2',
      'XCLAIM s g Alice 0 2-1 TIME 1700000000000 RETRYCOUNT 1 JUSTID FORCE',
      'XGROUP CREATECONSUMER s g Bob',
    ]);
  });

  it('makes a stream without entries, too', () => {
    const rig = rigOf('XGROUP CREATE s g $ MKSTREAM');
    expect(texts(rig)).toEqual([
      'SELECT 0',
      'XADD s MAXLEN 0 0-1 x y',
      'XSETID s 0-0 ENTRIESADDED 0 MAXDELETEDID 0-0',
      'XGROUP CREATE s g 0-0 ENTRIESREAD -1',
    ]);
    const copy = replay(writeCommands(rig.keyspace));
    expect(copy.run('XINFO STREAM s')).toBe(rig.run('XINFO STREAM s'));
  });

  it('names the database whenever it is another', () => {
    const rig = rigOf('SET a 1');
    rig.keyspace.swap(0, 9);
    rig.run('SET b 2');
    expect(texts(rig)).toEqual(['SELECT 0', 'SET b 2', 'SELECT 9', 'SET a 1']);
  });

  it('begins with the time and with libraries of functions', () => {
    const out = new ChunkWriter();
    const functions = [Buffer.from('#!lua name=l\n')];
    new CommandFormat({ functions, timestamp: 1_700_000_000 }).begin(out);
    const file = out.take();
    expect(file.toString()).toMatch(/^#TS:1700000000\r\n\*3\r\n/);
    expect(readCommands(file).commands.map((args) => args.map(String))).toEqual([
      ['FUNCTION', 'LOAD', '#!lua name=l\n'],
    ]);
  });

  it('can be finished at once in the middle of a collection', () => {
    const rig = fullRig();
    const db = rig.keyspace.databases[0]!;
    const key = Buffer.from('hash:big');
    const e = db.find(key, 0, key.length, 0);
    const out = new ChunkWriter();
    const encoder = new EntryCommands(out);
    encoder.begin(db, e);
    expect(encoder.step(500)).toBe(false);
    expect(encoder.isDone).toBe(false);
    encoder.finish();
    expect(encoder.isDone).toBe(true);
    expect(replay(out.take()).run('HLEN hash:big')).toBe(':5000\r\n');
  });
});
