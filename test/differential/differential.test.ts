/**
 * The differential test: a seeded stream of commands goes to respd and to a real redis-server alike,
 * and replies, encodings, times to live and the final data sets must be equal.
 *
 *     values.ts, requests.ts   arguments and requests from commands' specs, wrong ones included
 *     rules.ts                 what is not sent, and what is compared loosely;
 *     collection-rules.ts       … of lists, hashes, sets, sorted sets, streams
 *     versions.ts              what Redis 7.2 answers otherwise than 7.0
 *     duel.ts, stream.ts       both servers, batch by batch; exchange.ts compares
 *     transaction.ts           what EXEC's answer is the answer to
 *     reply-schema.ts          replies against what the spec declares
 *     dataset.ts, scan.ts      all data of both; whole SCAN iterations
 *     event-tap.ts              keyspace notifications of both
 *     sides.ts                 several clients, by all bytes that each is sent: pubsub.test.ts,
 *                              tracking.test.ts
 *     report.ts                the report of a difference, shrunk
 *
 * A new command needs nothing here, if its spec declares its arguments well: it is sent from the
 * day it is in `allCommands`. Only these want a line elsewhere:
 *
 *     a reply that cannot be equal to the byte (an order, a clock, chance)    RULES in rules.ts
 *     a command that must not be sent, or not often                          RULES in rules.ts
 *     an answer that 7.2 gives otherwise than 7.0             VERSION_DIFFERENCES in versions.ts
 *     a string argument that wants values of a special sort     RULES' values, or values.ts
 *     a new type: how a key of it is read whole                       READERS in dataset.ts
 *
 * A test below fails for a command that never succeeds, whose arguments are then no good.
 *
 * A group of commands whose specs name keys gets keys of its own (`hash:3`) by itself. Not compared
 * yet: what is propagated, as nobody listens before persistence and replication are there.
 *
 * DIFF_SEED, DIFF_COUNT and DIFF_LOW=1 (low thresholds) choose another stream, DIFF_TALLIES=1 shows what was sent. REDIS_SERVER
 * names another redis-server; beside a 7.2 nothing is excused by version.
 */
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { allCommands } from '../../src/commands/index.js';
import { createServer, type RespdServer } from '../../src/index.js';
import {
  describeWithRedis,
  type RealRedis,
  redisVersion,
  startRealRedis,
} from '../support/real-redis.js';
import { LOW_THRESHOLDS } from './collection-rules.js';
import { formsOf } from './forms.js';
import { RULES, ruleOf, weightOf } from './rules.js';
import { runStream, type Tally } from './stream.js';
import { existsIn, VERSION_DIFFERENCES } from './versions.js';

const SEEDS = process.env.DIFF_SEED
  ? [Number(process.env.DIFF_SEED)]
  : [1, 2, 3, 4711, 20_090_510, 6379, 99, 1_000_003];
/** Commands over all seeds. */
const COUNT = Number(process.env.DIFF_COUNT || 500_000);
/** From so many on, every command must have been sent and succeeded. */
const COUNT_FOR_ALL = 100_000;
/** Of the seeds and commands, so many are sent again and their keyspace notifications compared. */
const EVENTS_SEEDS = 4;
const EVENTS_SHARE = 0.05;
const TIMEOUT_MS = 600_000;
/** Keeps strings, and LCS's tables, small. */
const LIMITS = { 'proto-max-bulk-len': '2mb', 'enable-debug-command': 'yes' } as const;

describeWithRedis('respd beside a real redis-server', () => {
  const forms = formsOf(allCommands);
  const version = redisVersion() ?? '';
  const tallies = new Map<string, Tally>();

  describe('with a pair of servers of its own', () => {
    let respd: RespdServer;
    let redis: RealRedis;
    let warnings: string[];

    beforeEach(async () => {
      warnings = [];
      const warning = (message: string) => void warnings.push(message);
      const log = { debug() {}, verbose() {}, notice() {}, warning };
      respd = await createServer({ port: 0, ...LIMITS, debugArena: true, log });
      redis = await startRealRedis(Object.entries(LIMITS).flatMap(([k, v]) => [`--${k}`, v]));
    });

    afterEach(async () => {
      await respd?.close();
      await redis?.stop();
      if (warnings.length > 0) console.log(`respd logged:\n${warnings.join('\n')}`);
    });

    it.each(
      SEEDS.map((seed, i) => ({
        seed,
        thresholds: i % 2 === 1 || process.env.DIFF_LOW ? 'low' : 'usual',
      })),
    )(
      'answers a stream of commands as Redis does (seed $seed, $thresholds thresholds)',
      async ({ seed, thresholds }) => {
        const count = Math.ceil(COUNT / SEEDS.length);
        const ports = { oursPort: respd.port, theirsPort: redis.port };
        const allAreSlow = thresholds === 'low';
        const config = allAreSlow ? LOW_THRESHOLDS : [];
        const found = await runStream({
          seed,
          count,
          ...ports,
          version,
          forms,
          config,
          allAreSlow,
        });
        for (const [name, tally] of found) add(tallies, name, tally);
        expect(warnings).toEqual([]);
      },
      TIMEOUT_MS,
    );

    it(
      'notifies of the same events as Redis, in the same order',
      async () => {
        const ports = { oursPort: respd.port, theirsPort: redis.port };
        for (const seed of SEEDS.slice(0, EVENTS_SEEDS)) {
          const count = Math.ceil((COUNT * EVENTS_SHARE) / EVENTS_SEEDS);
          const config = seed % 2 === 0 ? LOW_THRESHOLDS : [];
          await runStream({ seed, count, ...ports, version, forms, config, events: true });
        }
        expect(warnings).toEqual([]);
      },
      TIMEOUT_MS,
    );
  });

  it.runIf(COUNT >= COUNT_FOR_ALL)('has sent every command, and seen it succeed', () => {
    const due = forms.filter((form) => weightOf(form) > 0 && existsIn(version, form.spec));
    const missed = due.filter((form) => {
      const tally = tallies.get(form.name);
      const mayFail = ruleOf(form).alwaysFails !== undefined || form.spec.subcommands !== undefined;
      return tally === undefined || (tally.succeeded === 0 && !mayFail);
    });
    expect(missed.map((form) => form.name)).toEqual([]);
  });

  afterAll(() => {
    if (process.env.DIFF_TALLIES) console.table(Object.fromEntries([...tallies].sort()));
  });
});

describe('the tables of the differential test', () => {
  it('name commands that there are', () => {
    const known = new Set(formsOf(allCommands).map((form) => form.name));
    const named = [...Object.keys(RULES), ...VERSION_DIFFERENCES.map((one) => one.command)];
    expect(named.filter((name) => name !== '*' && !known.has(name))).toEqual([]);
  });

  it('give a reason wherever answers are not compared to the byte', () => {
    const silent = Object.entries(RULES).filter(([, rule]) => rule.agree && !rule.because);
    expect(silent.map(([name]) => name)).toEqual([]);
  });
});

function add(tallies: Map<string, Tally>, name: string, more: Tally): void {
  const sum = tallies.get(name) ?? { sent: 0, succeeded: 0, byVersion: 0 };
  sum.sent += more.sent;
  sum.succeeded += more.succeeded;
  sum.byVersion += more.byVersion;
  tallies.set(name, sum);
}
