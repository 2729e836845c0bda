/**
 * Which commands use a key, and how often: the stream of the differential test, and after every batch
 * OBJECT FREQ of all keys beside a real redis-server, where every use counts and none is forgotten.
 *
 * FREQ_SEED and FREQ_COUNT choose another stream.
 */
import { afterEach, beforeEach, it } from 'vitest';
import { allCommands } from '../../src/commands/index.js';
import { createServer, type RespdServer } from '../../src/index.js';
import {
  describeWithRedis,
  type RealRedis,
  redisVersion,
  startRealRedis,
} from '../support/real-redis.js';
import { type Form, formsOf, isSince } from './forms.js';
import { runStream } from './stream.js';

const SEEDS = process.env.FREQ_SEED ? [Number(process.env.FREQ_SEED)] : [1, 2, 3];
const COUNT = Number(process.env.FREQ_COUNT || 6000);
/** Since 7.2, a key that moves begins anew, and so on; WITHSCORE 7.0 doesn't know. */
const OTHERWISE_IN_70 = new Set('move msetnx rename renamenx zrank zrevrank'.split(' '));
const TIMEOUT_MS = 300_000;
const LIMITS = { 'proto-max-bulk-len': '2mb', 'enable-debug-command': 'yes' } as const;

describeWithRedis('how often keys are used, beside a real redis-server', () => {
  const isOld = !isSince(redisVersion() ?? '', '7.2');
  const sends = ({ name, spec }: Form) =>
    spec.keys !== undefined && spec.group !== 'scripting' && !(isOld && OTHERWISE_IN_70.has(name));
  let respd: RespdServer;
  let redis: RealRedis;

  beforeEach(async () => {
    respd = await createServer({ port: 0, ...LIMITS });
    redis = await startRealRedis(Object.entries(LIMITS).flatMap(([k, v]) => [`--${k}`, v]));
  });

  afterEach(async () => {
    await respd?.close();
    await redis?.stop();
  });

  it.each(SEEDS)(
    'is the same after any commands (seed %i)',
    async (seed) => {
      const ports = { oursPort: respd.port, theirsPort: redis.port };
      const version = redisVersion()!;
      const forms = formsOf(allCommands);
      await runStream({ seed, count: COUNT, ...ports, version, forms, sends, frequencies: true });
    },
    TIMEOUT_MS,
  );
});
