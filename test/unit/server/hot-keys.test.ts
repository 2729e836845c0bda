import { describe, expect, it } from 'vitest';
import { stringCommands } from '../../../src/commands/string/index.js';
import { SipHasher } from '../../../src/datastructs/siphash.js';
import { Args } from '../../../src/resp/args.js';
import { ManualClock } from '../../../src/server/clock.js';
import { CommandTableImpl } from '../../../src/server/command-table.js';
import { HotKeys } from '../../../src/server/hot-keys.js';
import { Stats } from '../../../src/server/stats.js';

const commands = new CommandTableImpl(stringCommands);

function session(sampleRatio = 1): HotKeys {
  const hotKeys = new HotKeys({
    clock: new ManualClock(),
    stats: new Stats(),
    hasher: new SipHasher(1, 2),
    random: () => 0.5,
    onActive: () => {},
  });
  hotKeys.start({ byCpu: true, byNet: true, count: 10, durationMs: 0, sampleRatio });
  return hotKeys;
}

function sums(found: readonly { name: Buffer; sum: number }[]): string[] {
  return found.map(({ name, sum }) => `${name} ${Number(sum.toFixed(2))}`);
}

describe('hot keys', () => {
  it('have equal shares of a command with several keys', () => {
    const hotKeys = session();
    const args = Args.from(['mset', 'a', '12345', 'b', '1']);
    hotKeys.note(commands.byName('mset')!, args, 10, 5);
    // 5 arguments of 12 bytes in all, 6 bytes of frame each, and the reply.
    expect(sums(hotKeys.report()!.byNet)).toEqual(['a 23.5', 'b 23.5']);
    expect(sums(hotKeys.report()!.byCpu)).toEqual(['a 5', 'b 5']);
  });

  it('share the time of a run of commands, more of it for more bytes', () => {
    const hotKeys = session();
    const get = commands.byName('get')!;
    const args = Args.from(['get', 'a', 'get', 'b', 'get', 'c']);
    args.count = 2;
    for (const [base, replyBytes] of [
      [0, 1024 - 16],
      [2, 3 * 1024 - 16],
      [4, 1024 - 16],
    ] as const) {
      args.base = base;
      hotKeys.noteLater(get, args, replyBytes, base !== 4);
    }
    hotKeys.noteRun(args, 16);
    // Weights of 2, 4 and 2; the last command was none of those to be looked at.
    expect(sums(hotKeys.report()!.byCpu)).toEqual(['b 8', 'a 4']);
    expect(sums(hotKeys.report()!.byNet)).toEqual(['b 3072', 'a 1024']);
    expect([args.base, args.count]).toEqual([4, 2]);
    hotKeys.noteRun(args, 100); // all of it has been told
    expect(sums(hotKeys.report()!.byCpu)).toEqual(['b 8', 'a 4']);
  });
});
