import { beforeAll, describe, expect, it } from 'vitest';
import { LooseValue } from '../../../src/keyspace/loose-value.js';
import { LoadContext } from '../../../src/persistence/rdb/load-context.js';
import { PayloadWriter, readPayload } from '../../../src/persistence/rdb/payload.js';
import type { HandlerRig } from '../../support/handler-rig.js';
import { readRdb, writeRdb } from '../../support/rdb-file.js';
import { seeded } from '../../support/seeded.js';
import { emptyKeyspace, entryOf, smallRig } from './rdb-support.js';

describe('a damaged RDB file', () => {
  let rig: HandlerRig;
  let file: Buffer;

  beforeAll(() => {
    rig = smallRig();
    file = writeRdb(rig.keyspace);
  });

  it('is told by its checksum, whichever bit was flipped', () => {
    const random = seeded(1);
    for (let i = 0; i < 200; i++) {
      const damaged = Buffer.from(file);
      // Beyond the header: an older version would have no checksum.
      damaged[9 + random(file.length - 9)]! ^= 1 << random(8);
      expect(readRdb(emptyKeyspace(), damaged).fault).toBeDefined();
    }
  });

  it('names the place, the key and the reason', () => {
    const at = file.indexOf('list:listpack') + 'list:listpack'.length + 3;
    const damaged = Buffer.from(file);
    damaged[at]! += 1;
    const { fault } = readRdb(emptyKeyspace(), damaged);
    expect(fault).toMatchObject({ reason: 'Listpack integrity check failed.' });
    expect(fault!.key!.toString()).toBe('list:listpack');
    expect(fault!.offset).toBeGreaterThan(at);
    expect(fault!.offset).toBeLessThan(at + 30);
  });

  it('that was cut off is told wherever that was', () => {
    for (let length = 0; length < file.length; length++) {
      const cut = file.subarray(0, length);
      expect(readRdb(emptyKeyspace(), cut).fault).toBeDefined();
      const unknown = readRdb(emptyKeyspace(), cut, { totalBytes: undefined, chunkBytes: 100 });
      expect(unknown.fault).toBeDefined();
    }
  });

  it('of any content ends in a fault or in keys, and never otherwise', () => {
    const random = seeded(2);
    for (let i = 0; i < 600; i++) {
      const damaged = Buffer.from(file);
      for (let flips = 1 + random(3); flips > 0; flips--)
        damaged[random(file.length)] = random(256);
      const keyspace = emptyKeyspace();
      readRdb(keyspace, damaged, { checksSum: false, isDeep: random(2) === 0 });
      // What came in must be whole: another file can be made of it.
      writeRdb(keyspace);
    }
  });

  it('does not ask for more memory than it has bytes', () => {
    for (const type of [1, 2, 3, 4, 5, 14, 15, 18, 19, 21, 22, 24]) {
      const huge = Buffer.concat([
        Buffer.from('REDIS0012'),
        Buffer.from([type, 1, 107, ...(type === 24 ? Array(8).fill(0) : [])]),
        Buffer.from([0x81, 0, 0, 0, 0xff, 0, 0, 0, 0]),
        Buffer.alloc(50),
      ]);
      expect(readRdb(emptyKeyspace(), huge).fault?.reason).toMatch(/more than there can be/);
      const unknown = { totalBytes: undefined, chunkBytes: 40 };
      expect(readRdb(emptyKeyspace(), huge, unknown).fault).toBeDefined();
    }
    const string = Buffer.from([0, 1, 107, 0xc3, 5, 0x80, 0x7f, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5]);
    const file9 = Buffer.concat([Buffer.from('REDIS0009'), string]);
    expect(readRdb(emptyKeyspace(), file9).fault?.reason).toBe('Invalid LZF compressed string');
  });

  it('of another program, version or with unknown opcodes is refused', () => {
    const reason = (text: string) =>
      readRdb(emptyKeyspace(), Buffer.from(text, 'latin1')).fault?.reason;
    expect(reason('RESPD0009\xff')).toBe('this is no RDB file: it begins otherwise');
    expect(reason('REDIS0013\xff')).toBe('version 0013 of RDB is not known');
    expect(reason('REDIS0000\xff')).toBe('version 0000 of RDB is not known');
    expect(reason('REDIS0009\xf0')).toBe('240 is neither a type nor an opcode');
    expect(reason('REDIS0009\x08\x01k')).toBe('8 is neither a type nor an opcode');
    expect(reason('REDIS0009\xfe\x10')).toMatch(/database 16, and there are only 16/);
    expect(reason('REDIS0009\x07\x01k\x81\0\0\0\0\0\0\x04\x01')).toMatch(/module type 'AAAAAAAAB'/);
  });
});

describe('a damaged DUMP payload', () => {
  it('is refused, or gives a value that can be used', () => {
    const rig = smallRig();
    const db = rig.keyspace.databases[0]!;
    const random = seeded(3);
    const context = new LoadContext();
    const value = new LooseValue();
    const writer = new PayloadWriter();
    context.isDeep = true;
    const payloads: Buffer[] = [];
    for (let e = 1; e < db.dict.entryTop; e++) {
      if (db.dict.isUsed(e)) payloads.push(writer.write(db, e, false));
    }
    let accepted = 0;
    for (let i = 0; i < 1500; i++) {
      const damaged = Buffer.from(payloads[i % payloads.length]!);
      damaged[random(damaged.length - 10)] = random(256);
      const target = emptyKeyspace().databases[0]!;
      context.db = target;
      if (readPayload(damaged, 0, damaged.length, context, value) !== undefined) continue;
      accepted++;
      if (value.kind === 0) continue;
      const e = value.addTo(target, Buffer.from('key'), 0, 3, 0);
      writer.write(target, e, true);
      target.remove(e);
    }
    expect(accepted).toBeGreaterThan(50);
    expect(entryOf(db, 'int')).not.toBe(0);
  });
});
