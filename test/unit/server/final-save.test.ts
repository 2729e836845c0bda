/** The last save: in slices, whole or not at all. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Keyspace } from '../../../src/keyspace/keyspace.js';
import { ManualClock } from '../../../src/server/clock.js';
import { Config } from '../../../src/server/config/config.js';
import { nodeFiles } from '../../../src/server/config/node-files.js';
import { FinalSave } from '../../../src/server/persistence/final-save.js';
import { silentLog } from '../../../src/server/silent-log.js';
import { readRdb } from '../../support/rdb-file.js';

const KEYS = 100;
const clock = new ManualClock(1_700_000_000_000);

let dir: string;
let lines: string[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'respd-final-'));
  lines = [];
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function newSave(delayUs = 0): FinalSave {
  const keyspace = new Keyspace({ databases: 16, random: () => 0.5, debugArena: true });
  for (let i = 0; i < KEYS; i++) {
    const key = Buffer.from(`key:${i}`);
    keyspace.databases[0]!.addString(key, 0, key.length, 0, key, 0, key.length);
  }
  const config = new Config({ workingDirectory: dir, directories: nodeFiles() });
  config.initialize('rdb-key-save-delay', delayUs);
  const note = (line: string) => void lines.push(line);
  const log = { ...silentLog, notice: note, warning: note };
  return new FinalSave({ clock, config, keyspace, log, functions: () => [], usedBytes: () => 0 });
}

const temporary = () => readdirSync(dir).filter((name) => name === `temp-${process.pid}.rdb`);
const turn = () => new Promise((next) => setImmediate(next));

test('All keys are in the file, and nothing else is left', async () => {
  expect(await newSave().run()).toBe(true);
  expect(readdirSync(dir)).toEqual(['dump.rdb']);
  const keyspace = new Keyspace({ databases: 16, random: () => 0.5 });
  const reader = readRdb(keyspace, readFileSync(join(dir, 'dump.rdb')));
  expect(reader.fault).toBeUndefined();
  expect(keyspace.databases[0]!.size).toBe(KEYS);
  expect(lines).toEqual(['DB saved on disk']);
});

test('It tells how far it has come, and the event loop turns meanwhile', async () => {
  const save = newSave(10_000);
  const seen: number[] = [];
  save.onProgress = (fraction) => seen.push(fraction);
  let isDone = false;
  const done = save.run().finally(() => {
    isDone = true;
  });
  while (!isDone) {
    clock.advance(10);
    await turn();
  }
  expect(await done).toBe(true);
  expect(seen.length).toBeGreaterThan(KEYS / 2);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  expect(seen.at(-1)).toBe(1);
});

test('What can not be saved is told in the words of the system', async () => {
  mkdirSync(join(dir, 'dump.rdb'));
  expect(await newSave().run()).toBe(false);
  expect(lines).toEqual([
    `Error moving temp DB file temp-${process.pid}.rdb on the final destination dump.rdb (in server ` +
      `root dir ${dir}): Is a directory`,
  ]);
  expect(temporary()).toEqual([]);
});

test('Given up halfway, it leaves nothing behind', async () => {
  const save = newSave(1_000_000);
  void save.run();
  await turn();
  expect(temporary()).toHaveLength(1);
  save.abandon();
  expect(temporary()).toEqual([]);
});
