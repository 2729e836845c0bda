/** Which of the commands that run together are told to have been slow. */
import { tmpdir } from 'node:os';
import { afterEach, describe, expect, test } from 'vitest';
import { allCommands } from '../../../src/commands/index.js';
import type { CommandSpec } from '../../../src/server/api/command.js';
import { RealClock } from '../../../src/server/clock.js';
import { Config } from '../../../src/server/config/config.js';
import { nodeFiles } from '../../../src/server/config/node-files.js';
import { Server } from '../../../src/server/server.js';
import { silentLog } from '../../../src/server/silent-log.js';
import { pair } from '../../fuzz/connection.js';
import { RigClient } from '../../support/waiting-rig.js';

/** A command that calls itself constant-time and takes so many milliseconds. */
const nap: CommandSpec = {
  name: 'nap',
  summary: '',
  since: '1.0.0',
  group: 'server',
  complexity: 'O(1)',
  arity: 2,
  flags: ['fast'],
  reply: 'OK',
  run({ args, reply }) {
    const end = performance.now() + args.int(1);
    while (performance.now() < end);
    reply.ok();
  },
};

let server: Server;

afterEach(() => server.stop());

/** Sends requests in one piece. @returns those in the slow log, oldest first */
async function slowOf(thresholdUsec: number, ...requests: string[]): Promise<string[]> {
  const config = new Config({ workingDirectory: tmpdir(), directories: nodeFiles() });
  config.initialize('slowlog-log-slower-than', thresholdUsec);
  const commands = [...allCommands, nap];
  server = new Server({ config, clock: new RealClock(), log: silentLog, commands });
  const [mine, its] = pair();
  server.attach(its);
  new RigClient(mine).send(...requests);
  for (let i = 0; i < 8; i++) await new Promise((next) => setImmediate(next));
  return server.slowLog
    .newest(100)
    .map(({ args }) => args.map((arg) => Buffer.from(arg).toString()).join(' '))
    .reverse();
}

describe('slow commands of constant time', () => {
  test('are known when they run alone', async () => {
    expect(await slowOf(20_000, 'nap 30')).toEqual(['nap 30']);
  });

  test('are known by themselves between commands that are timed alone', async () => {
    expect(await slowOf(20_000, 'dbsize', 'keys *', 'nap 30', 'keys *', 'dbsize')).toEqual([
      'nap 30',
    ]);
  });

  test('are not told apart from those that run together with them', async () => {
    expect(await slowOf(20_000, 'ping', 'nap 30', 'ping')).toEqual([]);
    await server.stop();
    expect(await slowOf(20_000, 'ping', 'nap 70')).toEqual(['ping', 'nap 70']);
  });

  test('are told apart where the threshold is below a millisecond', async () => {
    expect(await slowOf(900, 'nap 0', 'nap 3', 'nap 0')).toContain('nap 3');
  });

  test('leave out what was refused', async () => {
    expect(await slowOf(20_000, 'get', 'nap 70')).toEqual(['nap 70']);
  });
});
