import { Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { allCommands } from '../../../../src/commands/index.js';
import { ManualClock } from '../../../../src/server/clock.js';
import { rdbFormat } from '../../../../src/server/persistence/rdb-settings.js';
import { Snapshots } from '../../../../src/server/persistence/snapshots.js';
import { HandlerRig, RIG_START_MS } from '../../../support/handler-rig.js';

const KEYS = 64;
const VALUE = Buffer.alloc(100_000, 'x');

describe('The walk', () => {
  it('has one slice per turn, however fast the worker reads', async () => {
    const rig = new HandlerRig(allCommands);
    for (let i = 0; i < KEYS; i++) rig.run(['SET', `key:${i}`, VALUE]);
    const { keyspace } = rig;
    const { config } = rig.call.server;
    // No slice ends for lack of time: only when the pipe has enough.
    const clock = Object.assign(new ManualClock(RIG_START_MS), { micros: () => 0 });
    const slices: (() => void)[] = [];
    let ready = () => {};
    // It takes each frame at once, as a pipe does whose other end keeps up.
    const input = new Writable({ write: (_chunk, _encoding, done) => done() });
    const snapshots = new Snapshots({
      clock,
      config,
      keyspace,
      launcher: {
        launch({ onReady }) {
          ready = onReady;
          return { pid: 1, input, kill() {} };
        },
        prepare() {},
        stop() {},
      },
      onWalking() {},
      defer: (slice) => void slices.push(slice),
      onSlice() {},
      onWorker() {},
    });
    const format = rdbFormat({ clock, config, functions: () => [], usedBytes: () => 0 }, false);
    const names = { directory: '', temporary: ['temp-', '.rdb'] as const, name: 'dump.rdb' };
    const request = { kind: 'rdb' as const, format, compresses: false, syncs: false, ...names };
    snapshots.start({ ...request, onEnd() {} }, () => {});
    ready();
    const walked: number[] = [];
    for (let slice = slices.shift(); slice !== undefined; slice = slices.shift()) {
      slice();
      await nextTurn();
      walked.push(snapshots.processed);
      expect(slices.length).toBeLessThanOrEqual(1);
    }
    expect(walked.length).toBeGreaterThan(3);
    expect(walked[0]).toBeLessThan(KEYS / 2);
    expect(walked.at(-1)).toBe(KEYS);
  });
});
