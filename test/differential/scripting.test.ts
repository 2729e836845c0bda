/**
 * Scripts against a real server: the same requests of two clients, in RESP2 and RESP3, and what they
 * are sent must be the same, byte by byte, and what a monitor is shown as well; in the end the data.
 *
 * SCRIPT_SEED and SCRIPT_STEPS choose other requests.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createServer, type RespdServer } from '../../src/index.js';
import {
  describeWithRedis,
  type RealRedis,
  redisVersion,
  startRealRedis,
} from '../support/real-redis.js';
import { isSince } from './forms.js';
import { Random } from './random.js';
import { ScriptRequests } from './script-requests.js';
import { connectSide, endSide, type Side, type SideStep, takeStep } from './sides.js';

const PROTOCOLS = [2, 3, 2] as const;
const MONITOR = 2;
const STEPS = Number(process.env.SCRIPT_STEPS || 1500);
const SEEDS = process.env.SCRIPT_SEED ? [Number(process.env.SCRIPT_SEED)] : [1, 2, 3];
const TIMEOUT_MS = 300_000;

describeWithRedis('scripts, as a real server runs them', () => {
  const isOld = !isSince(redisVersion() ?? '', '7.2');
  let real: RealRedis;
  let server: RespdServer;

  beforeAll(async () => {
    real = await startRealRedis(['--enable-debug-command', 'yes']);
    server = await createServer({ port: 0, 'enable-debug-command': 'yes' });
  });

  afterAll(async () => {
    await real.stop();
    await server.close();
  });

  it.each(SEEDS)(
    'answers the same (seed %i)',
    async (seed) => {
      const sides: Side[] = [];
      for (const { port } of [real, server]) sides.push(await connectSide(port, PROTOCOLS));
      const random = new Random(seed);
      const requests = new ScriptRequests(random, isOld);
      await takeAll(sides, { client: MONITOR, commands: [['MONITOR']] });
      for (let i = 0; i < STEPS; i++) {
        const request = requests.next();
        const step = { client: random.below(2), commands: [request] };
        const [theirs, ours] = await takeAll(sides, step);
        expect(ours, request.join(' | ')).toEqual(theirs);
      }
      for (const command of ['DBSIZE', 'DEBUG DIGEST']) {
        const [theirs, ours] = await takeAll(sides, { client: 0, commands: [command.split(' ')] });
        expect(ours).toEqual(theirs);
      }
      sides.forEach(endSide);
    },
    TIMEOUT_MS,
  );

  function takeAll(sides: readonly Side[], step: SideStep): Promise<string[][]> {
    return Promise.all(sides.map(async (side) => (await takeStep(side, step)).map(comparable)));
  }

  /** Without what may differ: times and addresses; and the pings that a step ends with. */
  function comparable(text: string): string {
    return text
      .replaceAll(/\+\d+\.\d{6} \[(\d+) (127\.0\.0\.1:\d+)\]/g, '+[$1 client]')
      .replaceAll(/\+\d+\.\d{6} \[/g, '+[')
      .replaceAll(/\+\[\d+ client\] "PING" "round \d"\r\n/g, '');
  }
});
