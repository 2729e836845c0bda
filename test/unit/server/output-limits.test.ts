/** client-output-buffer-limit: hard limits, soft ones, and the class of a client. */
import { describe, expect, test } from 'vitest';
import { ClientFlag } from '../../../src/server/api/client.js';
import { type OutputLimit, OutputWatch, outputLimitOf } from '../../../src/server/output-limits.js';

const NONE: OutputLimit = { hardBytes: 0, softBytes: 0, softSeconds: 0 };
const NOW = 1_700_000_000_000;

describe('output limits', () => {
  test('are those of the class: a client that monitors is a normal one, and so is a master', () => {
    const normal = { ...NONE };
    const replica = { ...NONE };
    const pubsub = { ...NONE };
    const values = { normal, replica, pubsub };
    const { Master, Monitor, Pubsub, Replica } = ClientFlag;
    expect(outputLimitOf(values, 0)).toBe(normal);
    expect(outputLimitOf(values, Pubsub)).toBe(pubsub);
    expect(outputLimitOf(values, Replica)).toBe(replica);
    expect(outputLimitOf(values, Replica | Monitor)).toBe(normal);
    expect(outputLimitOf(values, Monitor)).toBe(normal);
    expect(outputLimitOf(values, Master)).toBe(normal);
  });

  test('a hard limit ends at once', () => {
    const watch = new OutputWatch();
    const limit = { ...NONE, hardBytes: 1000 };
    expect(watch.isExceeded(limit, 999, NOW)).toBe(false);
    expect(watch.isExceeded(limit, 1000, NOW)).toBe(true);
  });

  test('a soft limit ends after its time, which begins anew whenever less waits', () => {
    const watch = new OutputWatch();
    const limit = { ...NONE, softBytes: 1000, softSeconds: 3 };
    expect(watch.isExceeded(limit, 1000, NOW)).toBe(false);
    expect(watch.isExceeded(limit, 1000, NOW + 3000)).toBe(false);
    expect(watch.isExceeded(limit, 999, NOW + 3001)).toBe(false);
    expect(watch.isExceeded(limit, 5000, NOW + 4000)).toBe(false);
    expect(watch.isExceeded(limit, 5000, NOW + 7001)).toBe(true);
  });

  test('a replica may always have as much waiting as the backlog holds', () => {
    const watch = new OutputWatch();
    const limit = { ...NONE, hardBytes: 1000 };
    expect(watch.isExceeded(limit, 1500, NOW, 2000)).toBe(false);
    expect(watch.isExceeded(limit, 2000, NOW, 2000)).toBe(true);
  });

  test('0 is no limit', () => {
    expect(new OutputWatch().isExceeded(NONE, 1e12, NOW)).toBe(false);
  });
});
