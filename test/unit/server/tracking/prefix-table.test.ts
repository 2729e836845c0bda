import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PrefixTable } from '../../../../src/server/tracking/prefix-table.js';

type Table = PrefixTable<string, string>;

function told(table: Table, client?: string): [string, string[]][] {
  return table.takeDirty().map((prefix) => {
    const keys = prefix.keys(client);
    prefix.changed.clear();
    return [prefix.bytes.toString('latin1'), keys];
  });
}

function change(table: Table, key: string, by?: string): void {
  table.change(Buffer.from(key, 'latin1'), by);
}

describe('the table of prefixes', () => {
  it('tells each prefix once of the keys that begin with it, both in order', () => {
    const table: Table = new PrefixTable();
    for (const prefix of ['user:', 'item:', '']) table.join(Buffer.from(prefix), 'A');
    for (const key of ['user:2', 'item:1', 'user:1', 'user:2', 'x']) change(table, key, 'B');
    expect(told(table)).toEqual([
      ['', ['item:1', 'user:1', 'user:2', 'x']],
      ['item:', ['item:1']],
      ['user:', ['user:1', 'user:2']],
    ]);
    expect(table.isDirty).toBe(false);
    expect(told(table)).toEqual([]);
  });

  it('leaves out the keys that a client has changed last', () => {
    const table: Table = new PrefixTable();
    table.join(Buffer.alloc(0), 'A');
    change(table, 'mine', 'A');
    change(table, 'ours', 'A');
    change(table, 'ours', 'B');
    change(table, 'expired');
    expect(told(table, 'A')).toEqual([['', ['expired', 'ours']]]);
  });

  it('forgets a prefix, with its changes, when the last client leaves', () => {
    const table: Table = new PrefixTable();
    const prefix = table.join(Buffer.from('a'), 'A');
    expect(table.join(Buffer.from('a'), 'B')).toBe(prefix);
    change(table, 'ab', 'C');
    table.leave(prefix, 'A');
    expect(table.size).toBe(1);
    table.leave(prefix, 'B');
    expect(table.size).toBe(0);
    expect(told(table)).toEqual([]);
    table.join(Buffer.from('a'), 'B');
    expect(told(table)).toEqual([]);
  });

  it('finds the same prefixes as comparing each of them would', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', '\0', '\xff'), maxLength: 4 });
    fc.assert(
      fc.property(fc.uniqueArray(word), fc.uniqueArray(word), (prefixes, keys) => {
        const table: Table = new PrefixTable();
        for (const prefix of prefixes) table.join(Buffer.from(prefix, 'latin1'), 'A');
        for (const key of keys) change(table, key, 'B');
        const expected = [...prefixes]
          .sort()
          .map((prefix) => [prefix, keys.filter((key) => key.startsWith(prefix)).sort()])
          .filter(([, found]) => found!.length > 0);
        expect(told(table)).toEqual(expected);
      }),
      { seed: 5, numRuns: 200 },
    );
  });
});
