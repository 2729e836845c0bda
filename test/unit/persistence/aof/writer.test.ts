import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { AofReader } from '../../../../src/persistence/aof/reader.js';
import { AofWriter, type FsyncPolicy } from '../../../../src/persistence/aof/writer.js';
import { Args } from '../../../../src/resp/args.js';
import { FakeDisk, failure } from './fake-disk.js';

const PATH = '/a.1.incr.aof';
const SELECT = '*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n';
const SET = '*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n';

let disk: FakeDisk;
let seconds: number;
let saving: boolean;
let offset: number;
let logged: string[];
let ended: string[];
let writer: AofWriter;

beforeEach(() => open('everysec'));

function open(policy: FsyncPolicy): void {
  disk = new FakeDisk();
  seconds = 1000;
  saving = false;
  offset = 0;
  logged = [];
  ended = [];
  writer = new AofWriter({
    files: disk,
    clock: { seconds: () => seconds, micros: () => 0 },
    log: (_level, message) => logged.push(message),
    fatal: (message) => ended.push(message),
    isSaving: () => saving,
    replicationOffset: () => offset,
  });
  writer.policy = policy;
  expect(writer.open(disk.open(PATH, 'fresh'), 0)).toBe(true);
  disk.syncFolder('/');
  disk.log.length = 0;
}

function set(): void {
  writer.append(0, Args.from(['SET', 'k', 'v']));
  offset += SET.length;
}

function onDisk(): string {
  return disk.synced(PATH)!.toString('latin1');
}

describe('appendfsync always', () => {
  beforeEach(() => open('always'));

  test('has what was appended on the disk when flush returns, with one write and one sync', () => {
    set();
    set();
    expect(disk.log).toEqual([]);
    expect(writer.flush()).toBe(true);
    expect(disk.log).toEqual([`write ${PATH}`, `sync ${PATH}`]);
    expect(onDisk()).toBe(SELECT + SET + SET);
    expect(writer.syncedReplicationOffset).toBe(offset);
    writer.flush();
    expect(disk.log.length).toBe(2);
  });

  test('ends the server when a write fails, for its reply is promised', () => {
    disk.nextWrites.push('ENOSPC');
    set();
    expect(writer.flush()).toBe(false);
    expect(ended).toEqual([
      "Can't recover from AOF write error when the AOF fsync policy is 'always'. Exiting...",
    ]);
    expect(logged).toEqual(['Error writing to the AOF file: No space left on device']);
  });

  test('ends the server when a sync fails', () => {
    disk.before = (name) => {
      if (name === 'sync') throw failure('EIO');
    };
    set();
    expect(writer.flush()).toBe(false);
    expect(ended).toEqual([
      "Can't persist AOF for fsync error when the AOF fsync policy is 'always': Input/output error. Exiting...",
    ]);
  });

  test('set at run time syncs what another thread has not done yet', () => {
    open('everysec');
    set();
    seconds++;
    writer.flush();
    expect(writer.pendingSyncs).toBe(1);
    writer.policy = 'always';
    expect(writer.flush()).toBe(true);
    expect(onDisk()).toBe(SELECT + SET);
  });
});

describe('appendfsync everysec', () => {
  test('writes with each flush and syncs once a second, on another thread', () => {
    set();
    writer.flush();
    expect(disk.log).toEqual([`write ${PATH}`]);
    seconds++;
    set();
    writer.flush();
    expect(disk.log).toEqual([`write ${PATH}`, `write ${PATH}`, `syncLater ${PATH}`]);
    const reached = offset;
    expect(writer.syncedReplicationOffset).toBe(0);
    disk.laterSyncs[0]!();
    expect(writer.syncedReplicationOffset).toBe(reached);
    expect(onDisk()).toBe(SELECT + SET + SET);
  });

  test('syncs the last writes, even if none follow', () => {
    set();
    writer.flush();
    seconds++;
    writer.flush();
    disk.laterSyncs[0]!();
    expect(onDisk()).toBe(SELECT + SET);
    seconds++;
    writer.flush();
    expect(disk.laterSyncs.length).toBe(1);
  });

  test('keeps bytes back for 2 s while a sync takes long, then writes and counts a delay', () => {
    set();
    seconds++;
    writer.flush();
    set();
    expect(writer.flush()).toBe(false);
    expect(writer.isPostponed).toBe(true);
    seconds++;
    expect(writer.flush()).toBe(false);
    expect(disk.text(PATH)).toBe(SELECT + SET);
    seconds++;
    expect(writer.flush()).toBe(true);
    expect(writer.isPostponed).toBe(false);
    expect(disk.text(PATH)).toBe(SELECT + SET + SET);
    expect(writer.delayedSyncs).toBe(1);
    expect(logged[0]).toMatch(/^Asynchronous AOF fsync is taking too long/);
  });

  test('writes what was kept back as soon as the sync is done, or at once if it has to', () => {
    set();
    seconds++;
    writer.flush();
    set();
    writer.flush();
    disk.laterSyncs[0]!();
    expect(disk.text(PATH)).toBe(SELECT + SET + SET);
    seconds++;
    writer.flush();
    set();
    expect(writer.flush(true)).toBe(true);
    expect(writer.delayedSyncs).toBe(0);
  });

  test('reports a sync that fails until one succeeds', () => {
    set();
    seconds++;
    writer.flush();
    disk.laterSyncs[0]!(failure('EIO'));
    expect(writer.isFailing).toBe(true);
    expect(writer.failure).toBe('Input/output error');
    expect(logged).toEqual(['Fail to fsync the AOF file: Input/output error']);
    seconds++;
    writer.flush();
    disk.laterSyncs[1]!();
    expect(writer.isFailing).toBe(false);
  });

  test('does not sync while a worker writes, if no-appendfsync-on-rewrite says so', () => {
    writer.spares = true;
    saving = true;
    set();
    seconds++;
    writer.flush();
    expect(disk.laterSyncs.length).toBe(0);
    saving = false;
    writer.flush();
    expect(disk.laterSyncs.length).toBe(1);
  });
});

describe('a write that fails', () => {
  beforeEach(() => open('no'));

  test('is tried again, and the server refuses writes meanwhile', () => {
    disk.nextWrites.push('ENOSPC', 'ENOSPC');
    set();
    expect(writer.flush()).toBe(false);
    expect(writer.isWriteFailing).toBe(true);
    seconds += 5;
    writer.flush();
    expect(logged).toEqual(['Error writing to the AOF file: No space left on device']);
    expect(writer.flush()).toBe(true);
    expect(writer.isFailing).toBe(false);
    expect(logged[1]).toBe('AOF write error looks solved, Redis can write again.');
    expect(disk.text(PATH)).toBe(SELECT + SET);
  });

  test('in the middle is cut back, so that the file ends with a whole command', () => {
    set();
    writer.flush();
    set();
    disk.nextWrites.push(7, 3, 'ENOSPC');
    expect(writer.flush()).toBe(false);
    expect(disk.text(PATH)).toBe(SELECT + SET);
    expect(logged).toEqual([
      `Short write while writing to the AOF file: (nwritten=10, expected=${SET.length})`,
    ]);
    expect(writer.flush()).toBe(true);
    expect(disk.text(PATH)).toBe(SELECT + SET + SET);
    expect(writer.incrSize).toBe((SELECT + SET + SET).length);
  });

  test('that can not be cut back is gone on with where it stopped, in the same file', () => {
    disk.before = (name) => {
      if (name === 'truncate') throw failure('EIO');
    };
    disk.nextWrites.push(7, 'ENOSPC', 'ENOSPC');
    set();
    writer.flush();
    const fd = disk.open('/a.2.incr.aof', 'fresh');
    expect(writer.open(fd, 0)).toBe(false);
    expect(writer.flush()).toBe(true);
    expect(disk.text(PATH)).toBe(SELECT + SET);
    expect(writer.open(fd, 0)).toBe(true);
  });
});

describe('another file', () => {
  test('begins with its database; the one before is synced and closed on another thread', () => {
    set();
    writer.flush();
    const fd = disk.open('/a.2.incr.aof', 'fresh');
    writer.open(fd, 0);
    set();
    writer.flush();
    expect(disk.text('/a.2.incr.aof')).toBe(SELECT + SET);
    expect(disk.log).not.toContain(`close ${PATH}`);
    disk.laterSyncs[0]!();
    expect(disk.log).toContain(`close ${PATH}`);
    expect(onDisk()).toBe(SELECT + SET);
  });

  test('waits for no sync of the one before, and is synced after it', () => {
    set();
    seconds++;
    writer.flush();
    set();
    writer.open(disk.open('/a.2.incr.aof', 'fresh'), 0);
    expect(disk.text(PATH)).toBe(SELECT + SET + SET);
    set();
    seconds++;
    expect(writer.flush()).toBe(true);
    for (let i = 0; i < disk.laterSyncs.length; i++) disk.laterSyncs[i]!();
    expect(disk.laterSyncs.length).toBe(3);
    expect(onDisk()).toBe(SELECT + SET + SET);
    expect(writer.syncedReplicationOffset).toBe(offset);
  });

  test('is not needed to close: what there is gets written and synced', () => {
    set();
    writer.close();
    expect(onDisk()).toBe(SELECT + SET);
    expect(writer.isOpen).toBe(false);
    expect(writer.flush()).toBe(true);
  });

  test('MULTI and EXEC stand around the commands of a transaction', () => {
    writer.multi();
    set();
    writer.exec();
    writer.flush();
    expect(disk.text(PATH)).toBe(`*1\r\n$5\r\nMULTI\r\n${SELECT}${SET}*1\r\n$4\r\nEXEC\r\n`);
  });
});

describe('whatever the disk does', () => {
  const step = fc.oneof(
    fc.constantFrom('set', 'set', 'flush', 'second', 'sync', 'badsync', 'switch', 'force'),
    fc.constantFrom<number | string>(0, 1, 9, 30, 'ENOSPC', 'EIO'),
  );

  test('the files hold the commands in their order, once, and nothing that a write has left half', () => {
    const policy = fc.constantFrom<FsyncPolicy>('everysec', 'no');
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), policy, (steps, how) => {
        open(how);
        let appended = 0;
        let files = 1;
        const paths = [PATH];
        const endSync = (error?: unknown) => disk.laterSyncs.shift()?.(error);
        for (const one of steps) {
          if (typeof one === 'number' || one === 'ENOSPC' || one === 'EIO')
            disk.nextWrites.push(one);
          if (one === 'set') writer.append(0, Args.from(['INCRBY', 'k', String(appended++)]));
          if (one === 'flush' || one === 'force') writer.flush(one === 'force');
          if (one === 'second') seconds++;
          if (one === 'sync') endSync();
          if (one === 'badsync') endSync(failure('EIO'));
          if (one === 'switch') {
            const path = `/a.${++files}.incr.aof`;
            expect(writer.open(disk.open(path, 'fresh'), 0)).toBe(true);
            paths.push(path);
          }
          for (const path of paths) expect(verdict(path)).toBe('whole');
        }
        disk.nextWrites.length = 0;
        writer.flush(true);
        expect(paths.flatMap(numbers)).toEqual(Array.from({ length: appended }, (_, i) => i));
        expect(writer.incrSize).toBe(disk.get(paths.at(-1)!)!.length);
      }),
      { numRuns: 200, seed: 4 },
    );
  });

  test('with always, everything flushed is there after a power failure', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('set', 'flush', 'switch'), { maxLength: 40 }),
        (steps) => {
          open('always');
          let appended = 0;
          let promised = 0;
          const paths = [PATH];
          for (const one of steps) {
            if (one === 'set') writer.append(0, Args.from(['INCRBY', 'k', String(appended++)]));
            if (one === 'flush' && writer.flush()) promised = appended;
            if (one === 'switch') {
              paths.push(`/a.${paths.length + 1}.incr.aof`);
              const fd = disk.open(paths.at(-1)!, 'fresh');
              disk.syncFolder('/');
              writer.open(fd, 0);
            }
          }
          disk.crash();
          expect(paths.flatMap(numbers).length).toBeGreaterThanOrEqual(promised);
        },
      ),
      { numRuns: 100, seed: 5 },
    );
  });

  function readerOf(path: string): AofReader {
    const content = disk.get(path)!;
    return new AofReader(
      (buf, off, len, at) => content.copy(buf, off, at, at + len),
      0,
      content.length,
    );
  }

  function verdict(path: string): string {
    const reader = readerOf(path);
    while (reader.next());
    return reader.verdict!.kind;
  }

  function numbers(path: string): number[] {
    const reader = readerOf(path);
    const found: number[] = [];
    while (reader.next()) {
      if (reader.offset === 0) expect(reader.args.text(0)).toBe('SELECT');
      if (reader.args.is(0, 'INCRBY')) found.push(reader.args.int(2));
    }
    return found;
  }
});
