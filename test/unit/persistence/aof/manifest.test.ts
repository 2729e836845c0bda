import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AofFile, Manifest, needsUpgrade } from '../../../../src/persistence/aof/manifest.js';
import { ManifestStore } from '../../../../src/persistence/aof/manifest-store.js';
import { ManifestFault, parseManifest } from '../../../../src/persistence/aof/parse-manifest.js';
import { FakeDisk, failure } from './fake-disk.js';

const NAME = 'appendonly.aof';

function parse(text: string): Manifest {
  const manifest = parseManifest(Buffer.from(text));
  if (manifest instanceof ManifestFault) throw new Error(manifest.reason);
  return manifest;
}

function fault(text: string | Uint8Array): readonly (string | number | undefined)[] {
  const manifest = parseManifest(Buffer.from(text));
  if (!(manifest instanceof ManifestFault)) throw new Error('it is fine');
  return [manifest.reason, manifest.lineNumber, manifest.line];
}

describe('a manifest', () => {
  test('names base, history and incr files, one per line', () => {
    const text =
      'file a.2.base.rdb seq 2 type b\nfile a.1.incr.aof seq 1 type h\n' +
      'file a.4.incr.aof seq 4 type i\nfile a.5.incr.aof seq 5 type i\n';
    const manifest = parse(text);
    expect(manifest.parts.map((file) => file.name)).toEqual([
      'a.2.base.rdb',
      'a.4.incr.aof',
      'a.5.incr.aof',
    ]);
    expect(manifest.deletable).toEqual(['a.1.incr.aof']);
    expect(manifest.format()).toBe(text);
  });

  test('may have comments, words in any case and order, and words of later versions', () => {
    const manifest = parse('# hello\nTYPE b new "x y" File "a b" seq 1\r\n');
    expect(manifest.base).toEqual({ name: 'a b', seq: 1, type: 'b' });
    expect(fault('file a seq 1 type b\vfile b seq 1 type i\n')[0]).toMatch(/^Invalid/);
  });

  test('of odd names comes back as it was', () => {
    const odd = fc.constantFrom(...'aZ09 \t\n\r\0\x07"\'#.-\x7fü€😀');
    const name = fc.string({ unit: odd, minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(name, fc.integer({ min: 1 }), (n, seq) => {
        const manifest = Manifest.of([{ name: n, seq, type: 'b' }]);
        expect(parse(manifest.format())).toEqual(manifest);
      }),
      { numRuns: 100, seed: 1 },
    );
  });

  test('that is wrong is refused with the reason, the line and its number', () => {
    const base = 'file b seq 1 type b\n';
    expect(fault('')).toEqual(['Found an empty AOF manifest', 0, undefined]);
    expect(fault(`${base}\n`)).toEqual(['Invalid AOF manifest file format', 2, '']);
    expect(fault(`# x\n${base}${base}`)).toEqual([
      'Found duplicate base file information',
      3,
      base.trim(),
    ]);
    expect(fault('file a/b seq 1 type b\n')[0]).toBe("File can't be a path, just a filename");
    expect(fault('file a\\b seq 1 type b\n')[0]).toBe("File can't be a path, just a filename");
    expect(fault('file a seq 1 type x\n')[0]).toBe('Unknown AOF file type');
    expect(fault('file a seq 2 type i\nfile b seq 2 type i\n')[0]).toBe(
      'Found a non-monotonic sequence number',
    );
    expect(fault('file a seq 0 type i\n')[0]).toBe('Invalid AOF manifest file format');
    expect(fault('file "a seq 1 type i\n')[0]).toBe('Invalid AOF manifest file format');
    expect(fault('file a seq 1 type i')).toEqual([
      'The AOF manifest file contains too long line',
      1,
      undefined,
    ]);
    expect(fault(`file ${'a'.repeat(1010)} seq 1 type i\n`)[0]).toBe(
      'The AOF manifest file contains too long line',
    );
    expect(fault('file a\0 seq 1 type i\n')[0]).toBe(
      'The AOF manifest file contains too long line',
    );
    expect(parseManifest(Buffer.from('file a seq 1 type x\n'))).toMatchObject({
      messages: [
        '\n*** FATAL AOF MANIFEST FILE ERROR ***\n',
        'Reading the manifest file, at line 1\n',
        ">>> 'file a seq 1 type x'\n",
        'Unknown AOF file type\n',
      ],
    });
  });

  test('of any bytes is read or refused, and never ends in an exception', () => {
    const word = fc.constantFrom(
      'file',
      'seq',
      'type',
      'a',
      '1',
      'b',
      'i',
      ' ',
      '\n',
      '"',
      '\0',
      '#',
      '\xff',
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 30 }), (words) => {
        parseManifest(Buffer.from(words.join(' '), 'latin1'));
      }),
      { numRuns: 500, seed: 2 },
    );
  });
});

describe('a rewrite', () => {
  test('begins with another incr file and ends with a base that makes the others history', () => {
    const before = parse(
      'file appendonly.aof.1.base.rdb seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n',
    );
    const during = before.withNextIncr(NAME);
    expect(during.lastIncr).toEqual({ name: 'appendonly.aof.2.incr.aof', seq: 2, type: 'i' });
    const after = during.withNextBase(NAME, 'aof').withIncrRewritten(1);
    expect(after.format()).toBe(
      'file appendonly.aof.2.base.aof seq 2 type b\n' +
        'file appendonly.aof.1.incr.aof seq 1 type h\n' +
        'file appendonly.aof.1.base.rdb seq 1 type h\n' +
        'file appendonly.aof.2.incr.aof seq 2 type i\n',
    );
    expect(after.deletable).toEqual(['appendonly.aof.1.incr.aof', 'appendonly.aof.1.base.rdb']);
    expect(after.withoutHistory().history).toEqual([]);
    expect(before.incr).toHaveLength(1);
  });

  test('never gives a number that a file to be deleted still has', () => {
    const manifest = parse(
      'file appendonly.aof.2.base.rdb seq 2 type b\nfile appendonly.aof.7.incr.aof seq 7 type h\nfile appendonly.aof.3.base.rdb seq 3 type h\n',
    );
    expect(manifest.withNextIncr(NAME).lastIncr?.seq).toBe(8);
    expect(manifest.withNextBase(NAME, 'rdb').base?.seq).toBe(4);
  });

  test('of any number keeps the manifest one that can be read', () => {
    const step = fc.constantFrom('incr', 'base', 'done', 'all', 'forget', 'restart');
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        let manifest = Manifest.EMPTY.withNextBase(NAME, 'rdb').withNextIncr(NAME);
        const named = new Set(manifest.parts.map((file) => file.name));
        const take = (next: Manifest, file: AofFile | undefined): void => {
          expect(named).not.toContain(file?.name);
          named.add(file!.name);
          manifest = next;
        };
        for (const one of steps) {
          if (one === 'incr')
            take(manifest.withNextIncr(NAME), manifest.withNextIncr(NAME).lastIncr);
          if (one === 'base')
            take(manifest.withNextBase(NAME, 'aof'), manifest.withNextBase(NAME, 'aof').base);
          if (one === 'done') manifest = manifest.withIncrRewritten(1);
          if (one === 'all') manifest = manifest.withIncrRewritten(0);
          if (one === 'forget') {
            for (const name of manifest.deletable) named.delete(name);
            manifest = manifest.withoutHistory();
          }
          if (one === 'restart') manifest = parse(manifest.format());
          expect(parse(manifest.format()).format()).toBe(manifest.format());
        }
      }),
      { numRuns: 200, seed: 3 },
    );
  });
});

describe('the manifest on disk', () => {
  const path = `/appendonlydir/${NAME}.manifest`;
  const store = (disk: FakeDisk) => new ManifestStore(disk, '/', 'appendonlydir', NAME);
  const old = Manifest.EMPTY.withNextBase(NAME, 'rdb').withNextIncr(NAME);
  const next = old.withNextIncr(NAME);

  test('is written beside the old one, synced, renamed over it, and the folder synced', () => {
    const disk = new FakeDisk();
    store(disk).store(old);
    const temp = `/appendonlydir/temp-${NAME}.manifest`;
    expect(disk.log).toEqual([
      `open ${temp}`,
      `write ${temp}`,
      `sync ${temp}`,
      `close ${temp}`,
      `rename ${path}`,
      'syncFolder /appendonlydir',
    ]);
  });

  test('is the old one or the new one, whole, whenever the machine stops or the disk fails', () => {
    for (const crashes of [false, true]) {
      for (let failing = 0; failing < 12; failing++) {
        const disk = new FakeDisk();
        disk.makeFolder('/appendonlydir');
        const manifests = store(disk);
        manifests.store(old);
        disk.nextWrites.push(10, 5);
        let operations = 0;
        disk.before = (name) => {
          if (operations++ === failing) throw failure(name === 'write' ? 'ENOSPC' : 'EIO');
        };
        let stored = true;
        try {
          manifests.store(next);
        } catch {
          stored = false;
        }
        disk.before = () => {};
        if (crashes) disk.crash();
        const found = manifests.load().format();
        expect(stored ? [next.format()] : [old.format(), next.format()]).toContain(found);
      }
    }
  });

  test('that fails to be written is told of in the words that Redis logs', () => {
    const disk = new FakeDisk();
    disk.nextWrites.push('ENOSPC');
    expect(() => store(disk).store(old)).toThrow(
      `Error trying to write the temporary AOF manifest file temp-${NAME}.manifest: No space left on device`,
    );
    disk.before = (name) => {
      if (name === 'rename') throw failure('EACCES');
    };
    expect(() => store(disk).store(old)).toThrow(
      `Error trying to rename the temporary AOF manifest file temp-${NAME}.manifest into ${NAME}.manifest: Permission denied`,
    );
  });

  test('is empty where there is none', () => {
    expect(store(new FakeDisk()).load()).toBe(Manifest.EMPTY);
  });

  test('that is missing, or has lost its last line, is missed', () => {
    const text = 'file a.2.base.rdb seq 2 type b\nfile a.4.incr.aof seq 4 type i\n';
    const disk = new FakeDisk();
    const store = new ManifestStore(disk, '/', 'dir', 'a');
    disk.makeFolder('/dir');
    disk.put('/dir/a.2.base.rdb', 'base');
    disk.put('/dir/a.4.incr.aof', 'data');
    disk.put('/dir/a.5.incr.aof', '');
    disk.put('/dir/a.3.base.rdb', 'a rewrite that was cut short');
    disk.put('/dir/a.3.incr.aof', 'to be deleted');
    const refused = () => store.refuseOrphans(store.load());
    expect(refused).toThrow('The AOF manifest file a.manifest is missing: there is a.2.base.rdb');
    disk.put('/dir/a.manifest', text);
    expect(refused).not.toThrow();
    disk.put('/dir/a.manifest', text.slice(0, text.indexOf('\n') + 1));
    expect(refused).toThrow('The AOF manifest file a.manifest lacks lines: there is a.3.incr.aof');
  });

  test('may be missing where a first start was cut short', () => {
    const disk = new FakeDisk();
    disk.makeFolder('/dir');
    disk.put('/dir/a.1.base.rdb', 'base');
    disk.put('/dir/a.1.incr.aof', '');
    disk.put('/dir/other.4.incr.aof', 'data of another');
    const store = new ManifestStore(disk, '/', 'dir', 'a');
    expect(() => store.refuseOrphans(store.load())).not.toThrow();
  });

  test('that is damaged is refused', () => {
    const disk = new FakeDisk();
    disk.makeFolder('/appendonlydir');
    disk.put(path, 'nonsense\n');
    expect(() => store(disk).load()).toThrow('Invalid AOF manifest file format, line 1');
  });
});

describe('the single file of a Redis before 7.0', () => {
  test('is moved into the folder, and found there if the move was cut short at any point', () => {
    for (let failing = 0; failing < 8; failing++) {
      const disk = new FakeDisk();
      disk.put(`/${NAME}`, 'content');
      const manifests = new ManifestStore(disk, '/', 'appendonlydir', NAME);
      let operations = 0;
      disk.before = (name, where) => {
        if (name !== 'mkdir' && operations++ === failing) throw failure(`EIO ${where}`);
      };
      try {
        manifests.upgrade();
      } catch {
        disk.before = () => {};
        const found = manifests.load();
        expect(manifests.needsUpgrade(found)).toBe(true);
        manifests.upgrade();
      }
      disk.before = () => {};
      expect(manifests.load().parts).toEqual([{ name: NAME, seq: 1, type: 'b' }]);
      expect(disk.text(`/appendonlydir/${NAME}`)).toBe('content');
      expect(manifests.needsUpgrade(manifests.load())).toBe(false);
    }
  });

  test('is left alone where the folder has other files', () => {
    const found = { hasOldFile: true, hasFolder: true, hasMovedFile: false };
    expect(needsUpgrade(parse('file x seq 1 type b\n'), NAME, found)).toBe(false);
    expect(needsUpgrade(Manifest.upgraded(NAME).withNextIncr(NAME), NAME, found)).toBe(false);
    expect(needsUpgrade(Manifest.upgraded(NAME), NAME, found)).toBe(true);
    expect(needsUpgrade(Manifest.EMPTY, NAME, { ...found, hasOldFile: false })).toBe(false);
  });
});
