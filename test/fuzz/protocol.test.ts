/**
 * Whatever bytes a client sends, the server goes on, and answers each request once and in order.
 *
 * FUZZ_SEED has other streams sent, FUZZ_STREAMS says how many of each kind.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allCommands } from '../../src/commands/index.js';
import { createServer, type RespdServer } from '../../src/index.js';
import type { CommandSpec } from '../../src/server/api/command.js';
import { Random } from '../differential/random.js';
import { describeWithRedis, type RealRedis, startRealRedis } from '../support/real-redis.js';
import { encodeCommand, type Reply, ReplyDecoder, showReply } from '../support/resp-client.js';
import { overMemory, overTcp } from './connection.js';
import { type Reading, readRequests } from './reference-reader.js';
import { anyRequest, cut, mutate, plainRequest } from './streams.js';

const SEED = Number(process.env.FUZZ_SEED ?? 20261121);
const STREAMS = Number(process.env.FUZZ_STREAMS ?? 300);
const REQUESTS = 30;

let server: RespdServer;
const warnings: string[] = [];

beforeAll(async () => {
  server = await createServer({
    'proto-max-bulk-len': '512mb',
    debugArena: true,
    log: { debug() {}, verbose() {}, notice() {}, warning: (line) => warnings.push(line) },
  });
});
afterAll(() => server.close());

/**
 * Runs `body` for many streams, each with numbers of its own. Tells how to run one that fails again:
 * with all before it, for what they have left in the server.
 */
async function forEachStream(
  count: number,
  body: (random: Random, n: number) => Promise<void>,
): Promise<void> {
  for (let n = 0; n < count; n++) {
    try {
      await body(new Random(SEED + n), n);
      expect(warnings).toEqual([]);
    } catch (error) {
      throw new Error(`FUZZ_SEED=${SEED} FUZZ_STREAMS=${n + 1} fails`, { cause: error });
    }
  }
}

/** Has every other stream sent over TCP, the rest through memory, and returns all answers. */
async function answersTo(random: Random, n: number, bytes: Buffer): Promise<Reply[]> {
  const chunks = cut(random, bytes);
  const answer = await (n % 2 === 0
    ? overTcp(server.port, tcpChunks(chunks, readRequests(bytes)))
    : overMemory((stream) => server.attach(stream), chunks));
  return decode(answer);
}

/**
 * A stream that breaks the protocol goes over TCP in one piece: whoever still writes when the server
 * has closed is reset by the kernel, and may lose answers that have come already.
 */
function tcpChunks(chunks: readonly Buffer[], { error }: Reading): readonly Buffer[] {
  return error === undefined ? chunks : [Buffer.concat(chunks)];
}

function decode(answer: Buffer): Reply[] {
  const decoder = new ReplyDecoder();
  const replies = decoder.push(answer).map(({ reply }) => reply);
  expect(decoder.pendingBytes).toBe(0);
  return replies;
}

/** Holds the replies against the requests: one for each, every ECHO's its own. */
function expectAnswers(replies: readonly Reply[], { requests, error }: Reading): void {
  const expected = requests.length + (error === undefined ? 0 : 1);
  expect(replies.length, 'number of replies').toBe(expected);
  requests.forEach((request, i) => {
    const isEcho = request.length === 2 && /^echo$/i.test(request[0]!.toString('latin1'));
    const reply = replies[i]!;
    if (isEcho) expect(reply, `reply ${i}`).toEqual({ kind: 'bulk', bytes: request[1] });
    else expect(showReply(reply)).not.toContain('internal error');
  });
  if (error === undefined) return;
  const shown = `-ERR ${error.replace(/[\r\n]/g, ' ')}`;
  expect(showReply(replies.at(-1)!)).toBe(shown);
}

async function expectAlive(): Promise<void> {
  const answer = await overTcp(server.port, [encodeCommand(['PING'])]);
  expect(answer.toString()).toBe('+PONG\r\n');
}

function plainStream(random: Random): Buffer {
  const parts: Buffer[] = [];
  for (let i = 0; i < REQUESTS; i++) parts.push(plainRequest(random, `token-${i}`));
  return Buffer.concat(parts);
}

describe('a server under fuzzed bytes', () => {
  it('answers whole requests once each and in order, however they are cut', async () => {
    await forEachStream(STREAMS, async (random, n) => {
      const bytes = plainStream(random);
      const reading = readRequests(bytes);
      expect(reading).toMatchObject({ error: undefined });
      expect(reading.requests).toHaveLength(REQUESTS);
      expectAnswers(await answersTo(random, n, bytes), reading);
    });
    await expectAlive();
  });

  it('answers what is whole of broken streams, tells the error and closes', async () => {
    await forEachStream(STREAMS, async (random, n) => {
      const bytes = mutate(random, plainStream(random));
      expectAnswers(await answersTo(random, n, bytes), readRequests(bytes));
    });
    await expectAlive();
  });

  it('survives bytes that mean nothing', async () => {
    await forEachStream(STREAMS, async (random, n) => {
      const bytes = Buffer.alloc(random.below(2000));
      for (let i = 0; i < bytes.length; i++) {
        bytes[i] = random.chance(0.3) ? '*$\r\n10"'.charCodeAt(random.below(7)) : random.below(256);
      }
      expectAnswers(await answersTo(random, n, bytes), readRequests(bytes));
    });
    await expectAlive();
  });

  it('answers every command with any arguments, and in order', async () => {
    const specs = fuzzable(allCommands);
    expect(specs.length).toBeGreaterThan(10);
    await forEachStream(STREAMS, async (random, n) => {
      const parts: Buffer[] = [];
      for (let i = 0; i < REQUESTS; i++) {
        parts.push(anyRequest(random, specs), encodeCommand(['ECHO', `token-${i}`]));
      }
      const bytes = Buffer.concat(parts);
      expectAnswers(await answersTo(random, n, bytes), readRequests(bytes));
    });
    await expectAlive();
  });
});

describeWithRedis('fuzzed bytes, sent to respd and a real redis-server', () => {
  let redis: RealRedis;

  beforeAll(async () => {
    redis = await startRealRedis();
  });
  afterAll(() => redis.stop());

  it('are answered alike, byte for byte', async () => {
    const own = await createServer();
    await forEachStream(STREAMS, async (random) => {
      const whole = plainStream(random);
      const bytes = random.chance(0.2) ? whole : mutate(random, whole);
      const chunks = tcpChunks(cut(random, bytes), readRequests(bytes));
      const [theirs, ours] = await Promise.all([
        overTcp(redis.port, chunks),
        overTcp(own.port, chunks),
      ]);
      expect(ours.toString('latin1')).toBe(theirs.toString('latin1'));
    });
    await own.close();
  });
});

/**
 * Commands that answer once and leave connection and server as they are. A few change what the
 * replies to others look like, end connections, or are meant to stop the server; WAITAOF waits for
 * replicas that don't exist, and MIGRATE asks whatever host its arguments name.
 */
function fuzzable(specs: readonly CommandSpec[]): CommandSpec[] {
  const unfit = new Set(['quit', 'client|reply', 'migrate', 'waitaof']);
  const isFit = (spec: CommandSpec, name: string) =>
    !unfit.has(name) &&
    !spec.flags.some((flag) => flag === 'admin' || flag === 'blocking' || flag === 'pubsub') &&
    !['transactions', 'scripting', 'cluster', 'sentinel'].includes(spec.group);
  return specs
    .map((spec) => ({
      ...spec,
      subcommands: spec.subcommands?.filter((sub) => isFit(sub, `${spec.name}|${sub.name}`)),
    }))
    .filter((spec) => isFit(spec, spec.name))
    .filter(({ subcommands }) => subcommands === undefined || subcommands.length > 0);
}
