/** Rewrites of the append-only file: when they begin, and what is on disk at each step. */
import { beforeEach, describe, expect, it } from 'vitest';
import { Manifest } from '../../../../src/persistence/aof/manifest.js';
import { Args } from '../../../../src/resp/args.js';
import type { RewriteRequest } from '../../../../src/server/api/append-only.js';
import { ManualClock } from '../../../../src/server/clock.js';
import { Config } from '../../../../src/server/config/config.js';
import type { DirectiveOptions } from '../../../../src/server/config/directives.js';
import { nodeFiles } from '../../../../src/server/config/node-files.js';
import type { BaseOutcome, BaseWriter } from '../../../../src/server/persistence/aof-rewriter.js';
import { AppendOnly } from '../../../../src/server/persistence/append-only.js';
import type { Propagation } from '../../../../src/server/propagation/propagation.js';
import { FakeDisk, failure } from '../../persistence/aof/fake-disk.js';

const DIR = process.cwd();
const FOLDER = `${DIR}/appendonlydir`;
const TEMP = `${DIR}/temp-rewriteaof-bg-7.aof`;

/** Somebody who writes bases, and says so when the test does. */
class StubBase implements BaseWriter {
  isBusy = false;
  canStart = true;
  private onEnd: ((outcome: BaseOutcome) => void) | undefined;

  start(_format: string, onEnd: (outcome: BaseOutcome) => void) {
    if (!this.canStart) return undefined;
    this.isBusy = true;
    this.onEnd = onEnd;
    return { pid: 7, stop: () => this.end() };
  }

  end(outcome?: BaseOutcome): void {
    this.ends(outcome);
    disk.finishSyncs();
  }

  /** … and the syncs that this leads to take their time. */
  ends(outcome?: BaseOutcome): void {
    const { onEnd } = this;
    this.isBusy = false;
    this.onEnd = undefined;
    if (outcome?.kind === 'written') disk.put(outcome.path, 'the base');
    if (outcome !== undefined) onEnd?.(outcome);
  }
}

let disk: FakeDisk;
let clock: ManualClock;
let config: Config;
let base: StubBase;
let log: string[];
let unit: { isInUnit: boolean; offset: number; isFed: boolean };
let appendOnly: AppendOnly;

function make(directives: DirectiveOptions = {}): void {
  disk = new FakeDisk();
  clock = new ManualClock(1_700_000_000_000);
  base = new StubBase();
  log = [];
  unit = { isInUnit: false, offset: 0, isFed: false };
  config = new Config({ workingDirectory: DIR, directories: nodeFiles() });
  for (const [name, value] of Object.entries(directives)) {
    config.initialize(name as 'databases', value as number);
  }
  const line = (message: string) => void log.push(message);
  appendOnly = new AppendOnly({
    clock,
    config,
    files: disk,
    log: { debug: line, verbose: line, notice: line, warning: line },
    propagation: {
      get isInUnit() {
        return unit.isInUnit;
      },
      get offset() {
        return unit.offset;
      },
      feed: (_sink: unknown, isFed: boolean) => {
        unit.isFed = isFed;
      },
      settle() {},
    } as unknown as Propagation,
    base,
    saveBase: (path) => {
      disk.put(path, 'empty');
      return true;
    },
    timesWrites: () => false,
    onLatency() {},
    sleep() {},
    onFatal() {},
    onHealth() {},
    onFed() {},
    scheduleTurn() {},
  });
}

function begin(): void {
  expect(appendOnly.file.begin(Manifest.EMPTY, { total: 0, base: 0 })).toBeUndefined();
  log.length = 0;
}

async function rewrite(): Promise<RewriteRequest> {
  const answer = appendOnly.rewrite();
  disk.finishSyncs();
  return await answer;
}

function tend(): void {
  appendOnly.tend(false);
  disk.finishSyncs();
}

function append(word: string): void {
  unit.offset++;
  appendOnly.file.command(0, Args.from(['SET', 'k', word]));
  appendOnly.flush();
}

function manifest(): string[] {
  return (disk.text(`${FOLDER}/appendonly.aof.manifest`) ?? '').trimEnd().split('\n');
}

function files(): string[] {
  return disk.paths().map((path) => path.slice(path.lastIndexOf('/') + 1));
}

const LOCAL = { isLocal: true };
const WRITTEN: BaseOutcome = { kind: 'written', path: TEMP };

describe('a rewrite', () => {
  beforeEach(() => {
    make({ appendonly: true });
    begin();
  });

  it('has the log begin with what is there, and another file for what comes', async () => {
    append('before');
    expect(await rewrite()).toBe('started');
    expect(manifest()).toEqual([
      'file appendonly.aof.1.base.rdb seq 1 type b',
      'file appendonly.aof.1.incr.aof seq 1 type i',
      'file appendonly.aof.2.incr.aof seq 2 type i',
    ]);
    append('meanwhile');
    base.end(WRITTEN);
    expect(manifest()).toEqual([
      'file appendonly.aof.2.base.rdb seq 2 type b',
      'file appendonly.aof.2.incr.aof seq 2 type i',
    ]);
    expect(files()).toEqual([
      'appendonly.aof.2.base.rdb',
      'appendonly.aof.2.incr.aof',
      'appendonly.aof.manifest',
    ]);
    expect(disk.text(`${FOLDER}/appendonly.aof.2.incr.aof`)).toContain('meanwhile');
    const { writer } = appendOnly.file;
    expect(writer.totalSize).toBe('the base'.length + writer.incrSize);
    expect(log).toEqual([
      'Creating AOF incr file appendonly.aof.2.incr.aof on background rewrite',
      'Background append only file rewriting started by pid 7',
      'Background AOF rewrite terminated with success',
      'Successfully renamed the temporary AOF base file temp-rewriteaof-bg-7.aof into ' +
        'appendonly.aof.2.base.rdb',
      'Removing the history file appendonly.aof.1.incr.aof in the background',
      'Removing the history file appendonly.aof.1.base.rdb in the background',
      'Background AOF rewrite finished successfully',
    ]);
  });

  it('that fails leaves a log that is whole', async () => {
    append('before');
    await rewrite();
    append('meanwhile');
    base.end({ kind: 'failed' });
    expect(manifest()).toHaveLength(3);
    expect(appendOnly.rewriter).toMatchObject({ hasFailed: true, failures: 1, isRunning: false });
    await rewrite();
    base.end(WRITTEN);
    expect(manifest()).toEqual([
      'file appendonly.aof.2.base.rdb seq 2 type b',
      'file appendonly.aof.3.incr.aof seq 3 type i',
    ]);
    expect(appendOnly.rewriter).toMatchObject({ hasFailed: false, failures: 0 });
  });

  it.each(['rename', 'open', 'sync', 'syncFolder'])(
    'whose %s fails leaves a log that is whole',
    async (operation) => {
      append('before');
      await rewrite();
      append('meanwhile');
      disk.before = (name) => {
        if (name === operation) throw failure('EIO');
      };
      base.end(WRITTEN);
      disk.before = () => {};
      expect(manifest()).toHaveLength(3);
      expect(files().filter((name) => name.includes('.2.base'))).toEqual([]);
      expect(disk.text(`${FOLDER}/appendonly.aof.1.incr.aof`)).toContain('before');
      expect(disk.text(`${FOLDER}/appendonly.aof.2.incr.aof`)).toContain('meanwhile');
      expect(appendOnly.rewriter.hasFailed).toBe(true);
    },
  );

  it('goes on with the old file until the manifest that names the new one is on the disk', async () => {
    append('before');
    const answer = appendOnly.rewrite();
    expect(appendOnly.rewrite()).toBe('in progress');
    append('meanwhile');
    disk.finishSyncs();
    expect(await answer).toBe('started');
    append('after');
    expect(disk.text(`${FOLDER}/appendonly.aof.1.incr.aof`)).toContain('meanwhile');
    expect(disk.text(`${FOLDER}/appendonly.aof.2.incr.aof`)).toContain('after');
    base.end(WRITTEN);
    expect(manifest()).toHaveLength(2);
  });

  it('has the base in its place once the manifest is on the disk, and not before', async () => {
    append('before');
    await rewrite();
    base.ends(WRITTEN);
    expect(appendOnly.rewriter.isRunning).toBe(true);
    expect(manifest()).toHaveLength(3);
    expect(files()).toContain('appendonly.aof.1.base.rdb');
    disk.finishSyncs();
    expect(appendOnly.rewriter.isRunning).toBe(false);
    expect(manifest()).toHaveLength(2);
  });

  it('whose manifest is on its way is done with at once when the log is switched off', async () => {
    append('before');
    await rewrite();
    base.ends(WRITTEN);
    await config.set([['appendonly', 'no']], LOCAL);
    expect(appendOnly.rewriter).toMatchObject({ isRunning: false, hasFailed: false });
    expect(manifest()).toEqual([
      'file appendonly.aof.2.base.rdb seq 2 type b',
      'file appendonly.aof.2.incr.aof seq 2 type i',
    ]);
    // The threads' own end comes too late to change anything.
    disk.finishSyncs();
    expect(manifest()).toHaveLength(2);
  });

  it('waits for a snapshot that was begun while the log turned to another file', async () => {
    const answer = appendOnly.rewrite();
    base.isBusy = true;
    disk.finishSyncs();
    expect(await answer).toBe('scheduled');
    expect(appendOnly.rewriter).toMatchObject({ isRunning: false, isScheduled: true });
    append('meanwhile');
    base.isBusy = false;
    tend();
    base.end(WRITTEN);
    expect(manifest()).toEqual([
      'file appendonly.aof.2.base.rdb seq 2 type b',
      'file appendonly.aof.3.incr.aof seq 3 type i',
    ]);
  });

  it('that can no longer be begun once the manifest names its file takes that back', async () => {
    const answer = appendOnly.rewrite();
    disk.nextWrites.push('ENOSPC', 'ENOSPC');
    append('waits');
    disk.finishSyncs();
    expect(await answer).toBe('failed');
    expect(appendOnly.rewriter).toMatchObject({ isRunning: false, hasFailed: true });
    expect(manifest()).toHaveLength(2);
    append('later');
    expect(disk.text(`${FOLDER}/appendonly.aof.1.incr.aof`)).toContain('waits');
  });

  it('is not begun while what was appended is not in the file: it would be in the base as well', async () => {
    disk.nextWrites.push('ENOSPC');
    append('waits');
    disk.nextWrites.push('ENOSPC');
    expect(await rewrite()).toBe('failed');
    expect(manifest()).toHaveLength(2);
    expect(await rewrite()).toBe('started');
    expect(disk.text(`${FOLDER}/appendonly.aof.1.incr.aof`)).toContain('waits');
  });

  it('is not begun twice, and waits for a snapshot that is under way', async () => {
    await rewrite();
    expect(await rewrite()).toBe('in progress');
    base.end(WRITTEN);
    base.isBusy = true;
    expect(await rewrite()).toBe('scheduled');
    tend();
    expect(appendOnly.rewriter.isRunning).toBe(false);
    base.isBusy = false;
    tend();
    expect(appendOnly.rewriter).toMatchObject({ isRunning: true, isScheduled: false });
  });

  it('waits for the end of a transaction', async () => {
    unit.isInUnit = true;
    expect(await rewrite()).toBe('scheduled');
    tend();
    expect(appendOnly.rewriter.isRunning).toBe(false);
    unit.isInUnit = false;
    tend();
    expect(appendOnly.rewriter.isRunning).toBe(true);
  });

  it('keeps what it has replaced while aof-disable-auto-gc says so', async () => {
    await config.set([['aof-disable-auto-gc', 'yes']], LOCAL);
    await rewrite();
    base.end(WRITTEN);
    expect(manifest()).toContain('file appendonly.aof.1.base.rdb seq 1 type h');
    expect(files()).toContain('appendonly.aof.1.base.rdb');
    await config.set([['aof-disable-auto-gc', 'no']], LOCAL);
    disk.finishSyncs();
    expect(manifest()).toHaveLength(2);
    expect(files()).not.toContain('appendonly.aof.1.base.rdb');
  });
});

describe('a log that grows', async () => {
  it('is rewritten when it has doubled and is no small one', () => {
    make({ appendonly: true, 'auto-aof-rewrite-min-size': 240 });
    begin();
    for (let i = 0; i < 4; i++) append('x'.repeat(20));
    tend();
    expect(appendOnly.rewriter.isRunning).toBe(false);
    append('x'.repeat(20));
    tend();
    expect(appendOnly.rewriter.isRunning).toBe(true);
    expect(log[0]).toMatch(/^Starting automatic rewriting of AOF on \d+% growth$/);
  });

  it('is tried again only after some minutes when that has failed three times', async () => {
    make({ appendonly: true, 'auto-aof-rewrite-min-size': 1 });
    begin();
    append('x'.repeat(2000));
    const fail = () => {
      tend();
      const hasBegun = appendOnly.rewriter.isRunning;
      if (hasBegun) base.end({ kind: 'failed' });
      return hasBegun;
    };
    expect([fail(), fail(), fail(), fail(), fail()]).toEqual([true, true, true, false, false]);
    clock.advance(60_000);
    expect([fail(), fail()]).toEqual([true, false]);
    clock.advance(60_000);
    expect(fail()).toBe(false);
    clock.advance(60_000);
    expect([fail(), fail()]).toEqual([true, false]);
    expect(log.filter((line) => line.includes('repeatedly'))).toEqual(
      [1, 2, 4].map(
        (minutes) =>
          'Background AOF rewrite has repeatedly failed and triggered the limit, will retry in ' +
          `${minutes} minutes`,
      ),
    );
    expect(await rewrite()).toBe('started');
  });
});

describe('appendonly at run time', () => {
  beforeEach(() => make());

  const set = (value: string) => config.set([['appendonly', value]], LOCAL);

  it('begins with a rewrite; until that is done nothing is promised', () => {
    set('yes');
    expect(appendOnly.file.state).toBe('waiting');
    append('meanwhile');
    expect(files()).toEqual(['temp-appendonly.aof.incr']);
    expect(appendOnly.file.syncedOffset).toBe(0);
    base.end(WRITTEN);
    expect(appendOnly.file.state).toBe('on');
    expect(manifest()).toEqual([
      'file appendonly.aof.1.base.rdb seq 1 type b',
      'file appendonly.aof.1.incr.aof seq 1 type i',
    ]);
    append('later');
    const text = disk.text(`${FOLDER}/appendonly.aof.1.incr.aof`)!;
    expect(text).toContain('meanwhile');
    expect(text).toContain('later');
  });

  it('tries again when that rewrite fails, and forgets what was written meanwhile', () => {
    set('yes');
    append('lost');
    base.end({ kind: 'killed', signal: 9 });
    expect(files()).toEqual([]);
    expect(unit.isFed).toBe(false);
    tend();
    expect(unit.isFed).toBe(true);
    append('kept');
    base.end(WRITTEN);
    const text = disk.text(`${FOLDER}/appendonly.aof.1.incr.aof`)!;
    expect(text).toContain('kept');
    expect(text).not.toContain('lost');
    expect(log).toContain('Background AOF rewrite terminated by signal 9');
    expect(log).toContain(
      'Removing the temp incr aof file temp-appendonly.aof.incr in the background',
    );
  });

  it('is refused if no rewrite can be begun', async () => {
    base.canStart = false;
    expect(await set('yes')).toMatchObject({
      error: expect.stringContaining('Unable to turn on AOF'),
    });
    expect(appendOnly.file.state).toBe('off');
    expect(unit.isFed).toBe(false);
  });

  it('waits for a snapshot that is under way', () => {
    base.isBusy = true;
    set('yes');
    expect(appendOnly.file.state).toBe('waiting');
    expect(unit.isFed).toBe(false);
    base.isBusy = false;
    tend();
    expect(unit.isFed).toBe(true);
  });

  it('starts anew when a rewrite is under way that it can not use', async () => {
    await rewrite();
    set('yes');
    expect(appendOnly.rewriter.isRunning).toBe(false);
    tend();
    expect(appendOnly.rewriter.isRunning).toBe(true);
    base.end(WRITTEN);
    expect(appendOnly.file.state).toBe('on');
  });

  it('ends with the file on the disk, and goes on with another number', () => {
    set('yes');
    base.end(WRITTEN);
    append('x');
    set('no');
    expect(disk.synced(`${FOLDER}/appendonly.aof.1.incr.aof`)!.toString()).toContain('x');
    expect(unit.isFed).toBe(false);
    set('yes');
    base.end(WRITTEN);
    expect(manifest()).toEqual([
      'file appendonly.aof.2.base.rdb seq 2 type b',
      'file appendonly.aof.2.incr.aof seq 2 type i',
    ]);
  });

  it('makes a base alone when BGREWRITEAOF is asked for while it is off', async () => {
    expect(await rewrite()).toBe('started');
    base.end(WRITTEN);
    expect(manifest()).toEqual(['file appendonly.aof.1.base.rdb seq 1 type b']);
    expect(appendOnly.file.state).toBe('off');
  });
});
