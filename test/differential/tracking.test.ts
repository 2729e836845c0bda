/**
 * Client-side caching against a real server: the same requests of some clients, in the same order,
 * and each client must get the same bytes. Which client does what is drawn from a seed.
 *
 *     client 0        writes, flushes, never tracks
 *     clients 1, 2    read, write and track
 *     client 3        gets what others redirect to it, and reads
 *
 * Left out is what versions differ in: before 7.2, a message could get into the middle of a reply of
 * the client that it was redirected to, and FLUSHALL told its own client before its reply. And left
 * out is what is no promise: which key goes when the table is full.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createServer, type RespdServer } from '../../src/index.js';
import { describeWithRedis, type RealRedis, startRealRedis } from '../support/real-redis.js';
import { Random } from './random.js';
import { connectSide, endSide, type Side, type SideStep, takeStep } from './sides.js';

const PROTOCOLS = [3, 3, 3, 3] as const;
const STEPS = 250;
const KEYS = ['a', 'b', 'user:1', 'user:2', 'item:1'];

function steps(seed: number): SideStep[] {
  const random = new Random(seed);
  const pick = <T>(list: readonly T[]): T => random.pick(list);
  const command = (): string[] =>
    pick([
      () => ['GET', pick(KEYS)],
      () => ['MGET', pick(KEYS), pick(KEYS)],
      () => ['SET', pick(KEYS), String(random.below(100))],
      () => ['INCR', pick(KEYS)],
      () => ['DEL', pick(KEYS)],
      () => ['MSET', pick(KEYS), '1', pick(KEYS), '2'],
      () => ['RENAME', pick(KEYS), pick(KEYS)],
      () => ['EXPIRE', pick(KEYS), '100'],
      () => ['STRLEN', pick(KEYS)],
      () => ['LRANGE', pick(KEYS), '0', '-1'],
      () => ['GET'],
    ])();
  const tracking = (): string[] => [
    'CLIENT',
    'TRACKING',
    pick(['ON', 'ON', 'OFF']),
    ...pick([
      [],
      [],
      ['BCAST'],
      ['BCAST', 'PREFIX', 'user:', 'PREFIX', 'a'],
      ['OPTIN'],
      ['OPTOUT'],
    ]),
    ...pick([[], [], ['NOLOOP']]),
    ...pick([[], [], ['REDIRECT', '@3']]),
  ];
  const write = (): SideStep => ({
    client: 0,
    commands: pick([[command()], [command(), command()], [[pick(['FLUSHALL', 'FLUSHDB'])]]]),
  });
  const receive = (): SideStep => ({ client: 3, commands: [['MGET', pick(KEYS), pick(KEYS)]] });
  const track = (): SideStep => ({
    client: random.between(1, 2),
    commands: pick([
      () => [command()],
      () => [command(), command(), command()],
      () => [['MULTI'], command(), command(), ['EXEC']],
      () => [tracking()],
      () => [['CLIENT', 'TRACKING', 'OFF'], tracking()],
      () => [['CLIENT', 'CACHING', pick(['YES', 'NO'])], command(), command()],
      () => [['CLIENT', 'TRACKINGINFO']],
      () => [['CLIENT', 'REPLY', 'SKIP'], command(), command()],
    ])(),
  });
  return Array.from({ length: STEPS }, () => pick([write, track, track, receive])());
}

/** As `takeStep`, with clients' numbers told by their places. */
async function take(side: Side, step: SideStep): Promise<string[]> {
  const got = await takeStep(side, step);
  return got.map((text) =>
    text.replaceAll(
      /(redirect\r\n|broken\r\n):(\d+)/g,
      (_, name, id) => `${name}:@${side.ids.indexOf(Number(id))}`,
    ),
  );
}

describeWithRedis('client-side caching, as a real server has it', () => {
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

  for (const seed of [1, 2]) {
    it(`sends every client the same bytes (seed ${seed})`, async () => {
      const sides = [
        await connectSide(real.port, PROTOCOLS),
        await connectSide(server.port, PROTOCOLS),
      ];
      const log: string[] = [];
      let messages = 0;
      for (const step of steps(seed)) {
        log.push(`${step.client}: ${step.commands.map((words) => words.join(' ')).join('; ')}`);
        const [theirs, ours] = await Promise.all(sides.map((side) => take(side, step)));
        expect(ours, log.slice(-12).join('\n')).toEqual(theirs);
        messages += theirs!.join('').split('invalidate\r\n').length - 1;
      }
      expect(messages).toBeGreaterThan(20);
      sides.forEach(endSide);
    });
  }
});
