import { describe, expect, it } from 'vitest';
import { allCommands } from '../../../src/commands/index.js';
import { Args } from '../../../src/resp/args.js';
import type { Call } from '../../../src/server/api/call.js';
import type { CommandSpec, KeySpec } from '../../../src/server/api/command.js';
import { CommandBit } from '../../../src/server/api/command-table.js';
import { keyPositions, legacyKeyRange, takesKeys } from '../../../src/server/api/keys.js';
import { CommandTableImpl, commandCategories } from '../../../src/server/command-table.js';
import { LatencyHistogramImpl } from '../../../src/server/latency-histogram.js';
import { NameTable } from '../../../src/server/name-table.js';
import { RateSampler } from '../../../src/server/rate-sampler.js';

function spec(part: Partial<CommandSpec>): CommandSpec {
  return {
    name: 'test',
    summary: '',
    since: '1.0.0',
    group: 'generic',
    complexity: '',
    arity: -1,
    flags: [],
    reply: 'any',
    run: () => {},
    ...part,
  };
}

function found<T>(table: NameTable<T>, name: string): T | undefined {
  const bytes = Buffer.from(`>>${name}\r\n`, 'latin1');
  return table.find(bytes, 2, name.length);
}

describe('a name table', () => {
  const words = 'a b ab ba get set del mget mset hget zset getset setget client|list x-y x_y'.split(
    ' ',
  );
  const table = new NameTable(words.map((word) => [word, word]));

  it('finds each name in any case', () => {
    for (const word of words) {
      expect(found(table, word)).toBe(word);
      expect(found(table, word.toUpperCase())).toBe(word);
    }
  });

  it('does not find what merely resembles a name', () => {
    for (const word of ['', 'ge', 'gett', 'gat', 'g\x05t', 'x\ry', 'x\x0dy', 'x\x7fy', 'GEU']) {
      expect(found(table, word)).toBeUndefined();
    }
    expect(found(table, 'get'.repeat(100))).toBeUndefined();
  });

  it('follows additions and removals', () => {
    const changing = new NameTable<number>();
    for (let i = 0; i < 300; i++) changing.set(`Name${i}`, i);
    changing.delete('NAME7');
    expect(found(changing, 'nAME299')).toBe(299);
    expect(found(changing, 'name7')).toBeUndefined();
  });
});

describe('the command table', () => {
  const table = new CommandTableImpl(allCommands);

  it('finds every command and subcommand by its name', () => {
    for (const command of table.all) {
      const name = Buffer.from(command.fullName.toUpperCase());
      expect(table.find(name, 0, name.length)).toBe(command);
      for (const [word, sub] of command.subcommands ?? []) {
        expect(table.byName(`${command.fullName}|${word.toUpperCase()}`)).toBe(sub);
        expect(table.findSubcommand(command, Buffer.from(word), 0, word.length)).toBe(sub);
      }
    }
    expect(table.byName('nosuch')).toBeUndefined();
    expect(table.byName('get|x')).toBeUndefined();
  });

  it('renames a command, which keeps its own name in reports', () => {
    const renamed = new CommandTableImpl(allCommands);
    expect(renamed.rename('CONFIG', 'secret')).toBeUndefined();
    expect(renamed.byName('config')).toBeUndefined();
    expect(renamed.byName('SECRET')?.fullName).toBe('config');
    expect(renamed.byName('secret|get')?.fullName).toBe('config|get');
    expect(renamed.byOriginalName('config')?.fullName).toBe('config');
    expect(renamed.rename('get', '')).toBeUndefined();
    expect(renamed.byName('get')).toBeUndefined();
    expect(renamed.all).toHaveLength(table.all.length - 1);
    expect(renamed.rename('nosuch', 'x')).toBe('No such command in rename-command');
    expect(renamed.rename('set', 'mset')).toBe('Target command name already exists');
    expect(renamed.byName('set')?.fullName).toBe('set');
  });

  it('knows limits of arguments and flags as bits', () => {
    const get = table.byName('get')!;
    const set = table.byName('set')!;
    expect([get.minArgs, get.maxArgs, set.minArgs]).toEqual([2, 2, 3]);
    expect(set.maxArgs).toBeGreaterThan(1e9);
    expect(get.bits).toBe(CommandBit.Readonly | CommandBit.Fast);
  });

  it('forgets its counters on resetStats', () => {
    const get = new CommandTableImpl(allCommands).byName('get')!;
    get.calls = 3;
    get.recordLatency(5, 1);
    get.resetStats();
    expect([get.calls, get.latency]).toEqual([0, undefined]);
  });

  it('refuses what is no subcommand of a container', () => {
    const client = table.byName('client')!;
    const call = { command: client, args: Args.from(['client', 'nosuch']) } as unknown as Call;
    expect(() => client.run(call)).toThrow(
      expect.objectContaining({ text: "ERR unknown subcommand 'nosuch'. Try CLIENT HELP." }),
    );
  });
});

describe('ACL categories', () => {
  it('follow from the group and the flags, in the order of Redis', () => {
    expect(commandCategories(spec({ group: 'string', flags: ['write', 'fast'] }))).toEqual([
      'write',
      'string',
      'fast',
    ]);
    expect(commandCategories(spec({ group: 'server', flags: ['admin', 'blocking'] }))).toEqual([
      'admin',
      'slow',
      'blocking',
      'dangerous',
    ]);
  });

  it('count a script as no read', () => {
    expect(commandCategories(spec({ group: 'scripting', flags: ['readonly'] }))).toEqual([
      'slow',
      'scripting',
    ]);
  });

  it('can take back the one of the group, and a mere container has none', () => {
    const wait = spec({ categories: ['-keyspace', 'connection'] });
    expect(commandCategories(wait)).toEqual(['slow', 'connection']);
    expect(commandCategories({ ...spec({ group: 'pubsub' }), run: undefined })).toEqual(['slow']);
  });
});

describe('key specs', () => {
  const range = (index: number, lastKey: number, step = 1, limit = 0): KeySpec => ({
    flags: ['RO'],
    begin: { index },
    find: { lastKey, step, limit },
  });
  const counted: KeySpec = {
    flags: ['RO'],
    begin: { index: 1 },
    find: { keyNumIndex: 0, firstKey: 1, step: 1 },
  };
  const behind = (keyword: string, from: number): KeySpec => ({
    flags: ['RO'],
    begin: { keyword, from },
    find: { lastKey: -1, step: 1, limit: 2 },
  });
  const positions = (keys: readonly KeySpec[], words: string, rest: Partial<CommandSpec> = {}) =>
    keyPositions(spec({ keys, ...rest }), Args.from(words.split(' '))).map(({ index }) => index);

  it.each([
    ['one key', [range(1, 0)], 'c k v', [1]],
    ['all arguments', [range(1, -1)], 'c a b c', [1, 2, 3]],
    ['all but the last', [range(1, -2)], 'c a b t', [1, 2]],
    ['every second', [range(1, -1, 2)], 'c a 1 b 2', [1, 3]],
    ['a count before them', [counted], 'c 2 a b x', [1 + 1, 3]],
    ['a count of none', [counted], 'c 0 x', []],
    ['a count too big', [counted], 'c 9 a b', []],
    ['a count that is none', [counted], 'c x a b', []],
    ['half of what follows a word', [behind('STREAMS', 1)], 'c x streams a b 1 2', [3, 4]],
    ['no such word', [behind('STREAMS', 1)], 'c x a b', []],
    ['a word searched from the end', [behind('KEYS', -2)], 'c KEYS x KEYS a b', [4]],
    ['several specs', [range(1, 0), range(3, -1)], 'c d AND a b', [1, 3, 4]],
    ['a range beyond the arguments', [range(2, 0)], 'c a', []],
  ])('find %s', (_name, keys, words, expected) => {
    expect(positions(keys, words)).toEqual(expected);
  });

  it("leave arguments alone that are no keys, and ask the command where they can't tell", () => {
    const notKey: KeySpec = { ...range(1, 0), flags: ['not_key'] };
    const getKeys = () => [{ index: 7, flags: ['RW' as const] }];
    expect(positions([notKey], 'c k')).toEqual([]);
    expect(takesKeys(spec({ keys: [notKey] }))).toBe(false);
    const incomplete: KeySpec = { ...range(1, 0), flags: ['RO', 'incomplete'] };
    const variable: KeySpec = { ...range(1, 0), flags: ['RW', 'variable_flags'] };
    expect(positions([incomplete], 'c k', { getKeys })).toEqual([7]);
    expect(positions([variable], 'c k', { getKeys })).toEqual([7]);
    expect(positions([{ ...counted, begin: 'unknown' }], 'c k', { getKeys })).toEqual([7]);
  });

  it('become the three numbers that old clients know', () => {
    expect(legacyKeyRange()).toEqual({ first: 0, last: 0, step: 0, movable: false });
    expect(legacyKeyRange([range(1, -1, 2)])).toEqual({
      first: 1,
      last: -1,
      step: 2,
      movable: false,
    });
    const joined = legacyKeyRange([range(1, 0), range(2, 0)]);
    expect(joined).toEqual({ first: 1, last: 2, step: 1, movable: false });
    const apart = legacyKeyRange([range(1, 0), range(4, 0)]);
    expect(apart).toEqual({ first: 1, last: 1, step: 1, movable: true });
    expect(legacyKeyRange([counted])).toEqual({ first: 0, last: 0, step: 0, movable: true });
  });
});

describe('a latency histogram', () => {
  it('tells percentiles by the upper limit of their bucket, as HdrHistogram', () => {
    const histogram = new LatencyHistogramImpl();
    histogram.record(1, 98);
    histogram.record(391, 1);
    histogram.record(0.2, 1);
    expect(histogram.count).toBe(100);
    expect(histogram.percentile(0)).toBe(0.2);
    expect(histogram.percentile(50)).toBe(1.003);
    expect(histogram.percentile(99)).toBe(1.003);
    expect(histogram.percentile(99.9)).toBe(391.167);
    expect(histogram.percentile(100)).toBe(391.167);
  });

  it('keeps every value within its limits to two digits', () => {
    for (let usec = 0.001; usec < 2e6; usec *= 1.13) {
      const histogram = new LatencyHistogramImpl();
      histogram.record(usec, 1);
      const kept = Math.min(Math.max(Math.round(usec * 1000) / 1000, 0.001), 1e6);
      const told = histogram.percentile(50);
      expect(told).toBeGreaterThanOrEqual(kept);
      expect(told).toBeLessThanOrEqual(kept * 1.008);
    }
  });

  it('counts what took at most so long', () => {
    const histogram = new LatencyHistogramImpl();
    histogram.record(1, 2);
    histogram.record(100, 3);
    expect(histogram.cumulative()).toEqual([
      { usec: 1, count: 2 },
      { usec: 132, count: 5 },
    ]);
  });
});

describe('a rate sampler', () => {
  it('tells the mean rate of the last 16 samples', () => {
    const sampler = new RateSampler();
    for (let i = 1; i <= 40; i++) sampler.sample(i * 50, i * 0.1);
    expect(sampler.mean).toBeCloseTo(500);
    sampler.reset();
    expect(sampler.mean).toBe(0);
  });
});
