import { describe, expect, it } from 'vitest';
import { allCommands } from '../../../src/commands/index.js';
import { WARM_MAX } from '../../../src/datastructs/dict.js';
import { Keyspace } from '../../../src/keyspace/keyspace.js';
import { Kind } from '../../../src/keyspace/kinds.js';
import { DictSet } from '../../../src/keyspace/set/dict-set.js';
import { RequestReader } from '../../../src/resp/request-reader.js';
import { CommandTableImpl } from '../../../src/server/command-table.js';
import { MemberWarmer } from '../../../src/server/execution/member-warmer.js';

const keyspace = new Keyspace({ databases: 1, random: () => 0.5, debugArena: true });
const db = keyspace.databases[0]!;
const commands = new CommandTableImpl(allCommands);
const warmer = new MemberWarmer();

/** Members 0 … 9 in a hashtable. */
function addSet(name: string): void {
  const key = Buffer.from(name);
  const set = DictSet.create(db.arena, db.hasher, 10);
  for (let i = 0; i < 10; i++) set.add(Buffer.from(String(i)), 0, 1, 0);
  db.addObjectKey(key, 0, key.length, 0, Kind.SetDict, set);
}

/** Parses requests, hashes their keys as the batch does, and warms. */
function warm(text: string): RequestReader {
  const reader = new RequestReader();
  const bytes = Buffer.from(text);
  reader.parse(bytes, 0, bytes.length, true);
  const batch = Array.from({ length: reader.count }, (_, i) => {
    const at = reader.first[i]!;
    if (reader.argc[i]! > 1) {
      reader.hashes[at + 1] = db.hasher.hash(
        reader.buf,
        reader.offs[at + 1]!,
        reader.lens[at + 1]!,
      );
    }
    return commands.find(reader.buf, reader.offs[at]!, reader.lens[at]!);
  });
  warmer.warm(reader, batch, db);
  return reader;
}

/** Arguments from the third on whose hash is known. */
function hashed(reader: RequestReader, request: number): number {
  const at = reader.first[request]!;
  const hashes = reader.hashes.subarray(at + 2, at + reader.argc[request]!);
  return hashes.filter((hash) => hash !== 0).length;
}

describe('Warming members', () => {
  addSet('s');
  addSet('t');

  it('hashes those that requests on hash tables name, and keeps the hashes', () => {
    const reader = warm('SADD s 1 22 3\r\nSISMEMBER s 4\r\nSREM t 5 6\r\nSCARD s\r\nPING\r\n');
    expect([0, 1, 2, 3].map((i) => hashed(reader, i))).toEqual([3, 1, 2, 0]);
    const at = reader.first[0]! + 3;
    expect(reader.hashes[at]).toBe(db.hasher.hash(Buffer.from('22'), 0, 2));
  });

  it('leaves other values, missing keys and requests too short alone', () => {
    const key = Buffer.from('str');
    db.addString(key, 0, 3, 0, key, 0, 3);
    const reader = warm('SADD str 1 2\r\nSADD none 1 2\r\nSADD s\r\nSADD\r\nNONSENSE s 1\r\n');
    expect([0, 1, 2, 3, 4].map((i) => hashed(reader, i))).toEqual([0, 0, 0, 0, 0]);
  });

  it('takes more members than fit its table at a time', () => {
    const members = Array.from({ length: WARM_MAX + 100 }, (_, i) => i % 20);
    const multibulk = ['SADD', 's', ...members].map((arg) => `$${`${arg}`.length}\r\n${arg}\r\n`);
    const reader = warm(`*${multibulk.length}\r\n${multibulk.join('')}`);
    expect(hashed(reader, 0)).toBe(WARM_MAX + 100);
  });
});
