import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OomScore } from '../../../src/cli/oom-score.js';
import { silentLog } from '../../../src/server/silent-log.js';
import { makeConfig } from '../config/memory-files.js';

const ORIGIN = { isLocal: true };

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'respd-test-oom-'));
  path = join(folder, 'oom_score_adj');
  writeFileSync(path, '22\n');
});

afterEach(() => rmSync(folder, { recursive: true }));

const score = () => Number(readFileSync(path, 'utf8'));

function started() {
  const config = makeConfig();
  const warnings: string[] = [];
  const log = { ...silentLog, warning: (text: string) => warnings.push(text) };
  const oom = new OomScore(config, log, path);
  return { config, oom, warnings };
}

describe('oom-score-adj', () => {
  it('leaves the score alone as long as it is off', async () => {
    const { config, oom } = started();
    expect(oom.apply()).toBeUndefined();
    await config.set([['oom-score-adj-values', '10 20 30']], ORIGIN);
    expect(readFileSync(path, 'utf8')).toBe('22\n');
  });

  it('adds to the present score, is it, or puts the old one back', async () => {
    const { config } = started();
    await config.set(
      [
        ['oom-score-adj-values', '9 9 9'],
        ['oom-score-adj', 'yes'],
      ],
      ORIGIN,
    );
    expect(score()).toBe(31);
    await config.set([['oom-score-adj-values', '15 20 30']], ORIGIN);
    expect(score()).toBe(37);
    await config.set([['oom-score-adj', 'absolute']], ORIGIN);
    expect(score()).toBe(15);
    await config.set([['oom-score-adj', 'no']], ORIGIN);
    expect(score()).toBe(22);
  });

  it('stays within what the kernel takes', async () => {
    const { config } = started();
    await config.set(
      [
        ['oom-score-adj-values', '2000 0 0'],
        ['oom-score-adj', 'relative'],
      ],
      ORIGIN,
    );
    expect(score()).toBe(1000);
  });

  it('says so when the score can not be set, and keeps the old configuration', async () => {
    const { config, warnings } = started();
    rmSync(path);
    const { error } = await config.set([['oom-score-adj', 'yes']], ORIGIN);
    expect(error).toContain('Failed to set current oom_score_adj');
    expect(config.values['oom-score-adj']).toBe('no');
    expect(warnings[0]).toContain('Unable to write oom_score_adj');
  });
});
