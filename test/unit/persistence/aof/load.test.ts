import { describe, expect, test } from 'vitest';
import { AofLoad } from '../../../../src/persistence/aof/load.js';
import { Manifest } from '../../../../src/persistence/aof/manifest.js';
import { ManifestStore } from '../../../../src/persistence/aof/manifest-store.js';
import { Args } from '../../../../src/resp/args.js';
import { FakeDisk } from './fake-disk.js';

const MANIFEST = Manifest.EMPTY.withNextBase('a', 'rdb').withNextIncr('a').withNextIncr('a');
const [BASE, FIRST, LAST] = MANIFEST.parts.map((file) => `/dir/${file.name}`) as [
  string,
  string,
  string,
];
const ping = Args.from(['PING']).encode().toString();
const set = Args.from(['SET', 'k', 'v']).encode().toString();

/** Reads RDB data of 9 bytes. */
function newPreamble() {
  return {
    offset: 0,
    fault: undefined,
    read() {
      this.offset = 9;
      return 'done' as const;
    },
    end: () => 'fault' as const,
  };
}

function load(disk: FakeDisk, loadTruncated = true, manifest = MANIFEST, filename = 'a') {
  const logged: string[] = [];
  const one = new AofLoad({
    files: disk,
    store: new ManifestStore(disk, '/', 'dir', filename),
    manifest,
    loadTruncated,
    newPreamble,
    log: (_level, message) => logged.push(message),
    micros: () => 0,
  });
  const steps: string[] = [];
  for (;;) {
    const step = one.step();
    if (step === 'end') break;
    steps.push(step === 'command' ? one.args.text(0) : step === 'file' ? one.fileName : step);
    expect(one.bytesRead).toBeLessThanOrEqual(one.sizes.total);
  }
  return { steps, logged, result: one.result, bytesRead: one.bytesRead, total: one.sizes.total };
}

function disk(base: string, first: string, last: string): FakeDisk {
  const made = new FakeDisk();
  made.put(BASE, base);
  made.put(FIRST, first);
  made.put(LAST, last);
  return made;
}

describe('loading an append-only log', () => {
  test('goes through base and incr files in their order', () => {
    const { steps, logged, result, bytesRead, total } = load(disk('REDIS0011', ping, set + set));
    expect(steps).toEqual([
      'a.1.base.rdb',
      'preamble',
      'a.1.incr.aof',
      'PING',
      'a.2.incr.aof',
      'SET',
      'SET',
    ]);
    expect(result).toBe('loaded');
    expect(bytesRead).toBe(total);
    expect(logged).toEqual([
      'Reading RDB base file on AOF loading...',
      'DB loaded from base file a.1.base.rdb: 0.000 seconds',
      'DB loaded from incr file a.1.incr.aof: 0.000 seconds',
      'DB loaded from incr file a.2.incr.aof: 0.000 seconds',
    ]);
  });

  test('of a file of 4.0 to 6.2 reads commands behind RDB data', () => {
    const old = new FakeDisk();
    old.put('/dir/a', `REDIS0009${ping}`);
    const { steps, logged } = load(old, true, Manifest.upgraded('a'));
    expect(steps).toEqual(['a', 'preamble', 'PING']);
    expect(logged.slice(0, 2)).toEqual([
      'Reading RDB preamble from AOF file...',
      'Reading the remaining AOF tail...',
    ]);
  });

  test('cuts the last file back where a crash has left half a command', () => {
    const files = disk('REDIS0011', ping, `${set}*3\r\n$3\r\nSE`);
    expect(load(files).result).toBe('truncated');
    expect(files.text(LAST)).toBe(set);
    expect(load(files).result).toBe('loaded');
  });

  test('fails, and changes nothing, where that is not allowed or not the last file', () => {
    const torn = `${set}*3\r\n$3\r\nSE`;
    for (const [files, loadTruncated, message] of [
      [
        disk('REDIS0011', ping, torn),
        false,
        /^Unexpected end of file reading the append only file a\.2/,
      ],
      [
        disk('REDIS0011', torn, ping),
        true,
        /^Fatal error: the truncated file is not the last file$/,
      ],
    ] as const) {
      const before = [FIRST, LAST].map((path) => files.text(path));
      const { result, logged } = load(files, loadTruncated);
      expect(result).toBe('failed');
      expect(logged.at(-1)).toMatch(message);
      expect([FIRST, LAST].map((path) => files.text(path))).toEqual(before);
    }
  });

  test('cuts nothing off in which there are commands: a length was damaged', () => {
    const damaged = set + set.replace('$1\r\nv', '$9000\r\nv') + set.repeat(20);
    const files = disk('REDIS0011', ping, damaged);
    const { result, logged } = load(files);
    expect(result).toBe('failed');
    expect(logged.at(-2)).toBe(
      `At offset ${set.length} of a.2.incr.aof: a length goes beyond the end of the file, yet commands follow`,
    );
    expect(files.text(LAST)).toBe(damaged);
  });

  test('fails before anything is read if a file is missing', () => {
    const files = new FakeDisk();
    files.put(BASE, 'REDIS0011');
    const { steps, result, logged } = load(files);
    expect([steps, result]).toEqual([[], 'failed']);
    expect(logged[0]).toMatch(/^Unable to obtain the AOF file a\.1\.incr\.aof length/);
  });

  test('of empty files finds nothing; an empty one among others is fine', () => {
    expect(load(disk('', '', '')).result).toBe('empty');
    expect(load(disk('REDIS0011', '', '')).result).toBe('loaded');
  });

  test('closes every file it has opened', () => {
    const files = disk('REDIS0011', ping, 'damage');
    expect(load(files).result).toBe('failed');
    const count = (name: string) =>
      files.log.filter((entry) => entry.startsWith(`${name} `)).length;
    expect(count('close')).toBe(count('open'));
  });
});
