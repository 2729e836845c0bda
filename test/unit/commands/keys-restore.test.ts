import { describe, expect, it } from 'vitest';
import { allCommands } from '../../../src/commands/index.js';
import { Crc64 } from '../../../src/persistence/crc64.js';
import type { ServerApi } from '../../../src/server/api/server.js';
import { Persistence } from '../../../src/server/persistence/persistence.js';
import type { RdbSaves } from '../../../src/server/persistence/rdb-saves.js';
import { HandlerRig, RIG_START_MS } from '../../support/handler-rig.js';

function makeRig(options: Record<string, string | number> = {}): HandlerRig {
  const rig = new HandlerRig(allCommands, options as object);
  const server = rig.call.server as { -readonly [K in keyof ServerApi]: ServerApi[K] };
  server.persistence = new Persistence({
    config: server.config,
    log: { verbose: () => {} } as unknown as ServerApi['log'],
    rdb: undefined as unknown as RdbSaves,
  });
  Object.assign(rig.call.client, { user: { name: 'default', skipsSanitizing: false } });
  return rig;
}

/** The value of a key as DUMP gives it. */
function dump(rig: HandlerRig, key: string): Buffer {
  const reply = Buffer.from(rig.run(`DUMP ${key}`), 'latin1');
  return reply.subarray(reply.indexOf('\r\n') + 2, reply.length - 2);
}

/** A payload of these bytes with a footer that is right. */
function sealed(...body: number[]): Buffer {
  const bytes = Buffer.from([...body, 9, 0, ...Array(8).fill(0)]);
  const crc = new Crc64();
  crc.update(bytes, 0, bytes.length - 8);
  crc.write(bytes, bytes.length - 8);
  return bytes;
}

describe('DUMP and RESTORE', () => {
  it('make a key of a value again', () => {
    const rig = makeRig();
    rig.run('SET key value');
    const payload = dump(rig, 'key');
    expect(payload.subarray(0, -8).toString('latin1')).toBe('\0\x05value\x09\0');
    expect(rig.run(['RESTORE', 'copy', '0', payload])).toBe('+OK\r\n');
    expect(rig.events).toEqual(['n new copy', 'g restore copy']);
    expect(rig.run('GET copy')).toBe('$5\r\nvalue\r\n');
    expect(rig.run('DUMP nothing')).toBe('$-1\r\n');
  });

  it('a time to live is relative or absolute, and propagated as absolute', () => {
    const rig = makeRig();
    rig.run('SET key v');
    const payload = dump(rig, 'key');
    rig.run(['RESTORE', 'a', '5000', payload]);
    expect(rig.expiry('a')).toBe(BigInt(RIG_START_MS) + 5000n);
    const text = payload.toString('latin1');
    expect(rig.propagated).toEqual([`RESTORE a ${RIG_START_MS + 5000} ${text} ABSTTL`]);
    rig.run(['RESTORE', 'b', '1800000000000', payload, 'ABSTTL']);
    expect(rig.expiry('b')).toBe(1_800_000_000_000n);
    expect(rig.propagated).toEqual([`RESTORE b 1800000000000 ${text} ABSTTL`]);
  });

  it('a key that would be due at once is not made, and one that is replaced goes', () => {
    const rig = makeRig();
    rig.run('SET key v');
    const payload = dump(rig, 'key');
    expect(rig.run(['RESTORE', 'new', '1', payload, 'ABSTTL'])).toBe('+OK\r\n');
    expect([rig.propagated, rig.events]).toEqual([[], []]);
    expect(rig.run(['RESTORE', 'key', '1', payload, 'ABSTTL', 'REPLACE'])).toBe('+OK\r\n');
    expect(rig.propagated).toEqual(['DEL key']);
    expect(rig.events).toEqual(['g del key']);
    expect(rig.run('EXISTS key')).toBe(':0\r\n');
  });

  it('REPLACE is needed for a key that is there', () => {
    const rig = makeRig();
    rig.run('SET key v');
    rig.run('RPUSH list a');
    const payload = dump(rig, 'key');
    expect(rig.run(['RESTORE', 'list', '0', payload])).toBe(
      '-BUSYKEY Target key name already exists.\r\n',
    );
    expect(rig.run(['RESTORE', 'list', '0', payload, 'REPLACE'])).toBe('+OK\r\n');
    expect(rig.run('GET list')).toBe('$1\r\nv\r\n');
  });

  it('IDLETIME and FREQ set how the key was used', () => {
    const rig = makeRig();
    rig.run('SET key v');
    const payload = dump(rig, 'key');
    const db = rig.keyspace.databases[0]!;
    db.clock = Math.floor(RIG_START_MS / 1000) & 0xffffff;
    rig.run(['RESTORE', 'idle', '0', payload, 'IDLETIME', '1000']);
    expect(rig.run('OBJECT IDLETIME idle')).toBe(':1000\r\n');
    const counting = makeRig({ 'maxmemory-policy': 'allkeys-lfu' });
    counting.run(['RESTORE', 'used', '0', payload, 'FREQ', '100']);
    expect(counting.run('OBJECT FREQ used')).toBe(':100\r\n');
  });

  it('refuse wrong arguments, payloads and what is in them, in Redis’s words', () => {
    const rig = makeRig();
    rig.run('SET key v');
    const payload = dump(rig, 'key');
    const error = (...rest: (string | Buffer)[]) => rig.run(['RESTORE', 'k', ...rest]);
    expect(error('-1', payload)).toBe('-ERR Invalid TTL value, must be >= 0\r\n');
    expect(error('x', payload)).toBe('-ERR value is not an integer or out of range\r\n');
    expect(error('0', payload, 'IDLETIME', '-1')).toBe(
      '-ERR Invalid IDLETIME value, must be >= 0\r\n',
    );
    expect(error('0', payload, 'FREQ', '256')).toBe(
      '-ERR Invalid FREQ value, must be >= 0 and <= 255\r\n',
    );
    expect(error('0', payload, 'FREQ', '1', 'IDLETIME', '1')).toBe('-ERR syntax error\r\n');
    const damaged = Buffer.from(payload);
    damaged[2]! ^= 1;
    const wrongFooter = '-ERR DUMP payload version or checksum are wrong\r\n';
    expect(error('0', damaged)).toBe(wrongFooter);
    expect(error('0', 'short')).toBe(wrongFooter);
    for (const body of [[], [99], [0, 5, 97], [10, 1, 0], [2, 0], [16, 3, 1, 2, 3], [247, 1, 2]]) {
      expect(error('0', sealed(...body)), body.join()).toBe('-ERR Bad data format\r\n');
    }
    expect(rig.run('EXISTS k')).toBe(':0\r\n');
  });

  it('a set that was let in with a member twice still gives each once in SDIFF and SUNION', () => {
    const rig = makeRig();
    // A listpack of a, b, b: 7 bytes of frame, 3 per member.
    const listpack = [16, 0, 0, 0, 3, 0, 0x81, 0x61, 2, 0x81, 0x62, 2, 0x81, 0x62, 2, 0xff];
    expect(rig.run(['RESTORE', 'set', '0', sealed(20, 16, ...listpack)])).toBe('+OK\r\n');
    expect(rig.run('SCARD set')).toBe(':3\r\n');
    expect(rig.run('SDIFF set')).toBe('*2\r\n$1\r\na\r\n$1\r\nb\r\n');
    expect(rig.run('SUNION set')).toBe('*2\r\n$1\r\na\r\n$1\r\nb\r\n');
  });

  it('DEBUG SET-SKIP-CHECKSUM-VALIDATION lets damaged payloads in', () => {
    const rig = makeRig({ 'enable-debug-command': 'yes' });
    rig.run('SET key v');
    const payload = dump(rig, 'key');
    payload[2] = 119;
    rig.run('DEBUG SET-SKIP-CHECKSUM-VALIDATION 1');
    expect(rig.run(['RESTORE', 'k', '0', payload])).toBe('+OK\r\n');
    expect(rig.run('GET k')).toBe('$1\r\nw\r\n');
  });
});
