/**
 * A server that is killed at any moment, under load, has every write that it has acknowledged when it
 * is started again: with `appendfsync always`, and with `everysec` too, as long as only the process
 * dies (what was written is the system's to keep). Also while it saves or rewrites its log.
 *
 * Each connection sends commands whose effects are numbered, so that the data say how many of them were
 * carried out; that number must lie between those acknowledged and those sent, and all data of the
 * connection must be as they were after that command, no half transaction among them.
 *
 * CRASH_KILLS sets how often it is killed (200 by hand), CRASH_SEED when.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import type { Arg, RespClient } from '../support/resp-client.js';
import { ask, showReply } from '../support/resp-client.js';
import { seeded } from '../support/seeded.js';
import { ServerProcess } from '../support/server-process.js';

const KILLS = Number(process.env.CRASH_KILLS ?? 10);
const SEED = Number(process.env.CRASH_SEED ?? 1);
const WRITERS = 4;
/** Commands on their way at a time, of one writer. */
const DEPTH = 8;
/** Commands acknowledged before the kill at most, of all writers, and how long it then takes. */
const ACKNOWLEDGED_MAX = 600;
const LATEST_KILL_MS = 10;
const JOB_ENDS = /Background (AOF rewrite|saving) terminated/;
const FIELDS = 10;
const LIST_MAX = 20;

/** What a writer's keys hold after its n-th command. */
class State {
  n = 0;
  sum = 0;
  pair = 0;
  list: number[] = [];
  hash = new Map<number, number>();

  copy(): State {
    const copy = Object.assign(new State(), this);
    copy.list = [...this.list];
    copy.hash = new Map(this.hash);
    return copy;
  }

  /** Carries out the next command. */
  advance(): void {
    const n = ++this.n;
    if (n % 4 === 0) this.sum += n;
    else if (n % 4 === 1) this.list = [n, ...this.list].slice(0, LIST_MAX);
    else if (n % 4 === 2) this.hash.set(n % FIELDS, n);
    else this.pair = n;
  }

  show(): string {
    const hash = [...this.hash].sort(([a], [b]) => a - b).map(([f, v]) => `${f}=${v}`);
    return `${this.sum} ${this.pair} ${this.pair} [${this.list}] ${hash}`;
  }
}

/** The requests that carry out a writer's n-th command. The last one's answer acknowledges it. */
function requests(writer: number, n: number): Arg[][] {
  const key = (name: string) => `${writer}:${name}`;
  switch (n % 4) {
    case 0:
      return [['INCRBY', key('sum'), n]];
    case 1:
      return [
        ['MULTI'],
        ['LPUSH', key('list'), n],
        ['LTRIM', key('list'), 0, LIST_MAX - 1],
        ['EXEC'],
      ];
    case 2:
      return [['HSET', key('hash'), n % FIELDS, n]];
    default:
      return [['MULTI'], ['SET', key('a'), n], ['SET', key('b'), n, 'EX', 100_000], ['EXEC']];
  }
}

class Writer {
  /** As of the last command that was acknowledged, before the server was killed. */
  acknowledged = new State();
  sent = 0;

  constructor(
    private readonly id: number,
    private readonly onAcknowledged: () => void,
  ) {}

  /** Writes until the connection breaks. */
  async write(client: RespClient): Promise<void> {
    this.sent = this.acknowledged.n;
    const lane = async (): Promise<void> => {
      for (;;) {
        const n = ++this.sent;
        const replies = await client.pipeline(requests(this.id, n));
        for (const { reply } of replies) expect(reply.kind, showReply(reply)).not.toBe('error');
        this.acknowledged.advance();
        this.onAcknowledged();
      }
    };
    await Promise.all(Array.from({ length: DEPTH }, () => lane().catch(ignoreBroken)));
  }

  /** Finds out how far the commands have come. @throws what was acknowledged isn't there */
  async verify(client: RespClient): Promise<void> {
    const found = await this.read(client);
    const state = this.acknowledged.copy();
    while (state.show() !== found) {
      if (state.n >= this.sent) {
        throw new Error(
          `Writer ${this.id} was acknowledged ${this.acknowledged.n} of ${this.sent} commands, ` +
            `that is ${this.acknowledged.show()}\nFound: ${found}`,
        );
      }
      state.advance();
    }
    this.acknowledged = state;
  }

  private async read(client: RespClient): Promise<string> {
    const get = async (name: string) =>
      Number(text(await client.send('GET', `${this.id}:${name}`)));
    const list = await client.send('LRANGE', `${this.id}:list`, 0, -1);
    const items = list.kind === 'array' ? list.items.map(text) : [];
    const hash: string[] = [];
    for (let f = 0; f < FIELDS; f++) {
      const value = text(await client.send('HGET', `${this.id}:hash`, f));
      if (value !== '') hash.push(`${f}=${value}`);
    }
    const [sum, a, b] = [await get('sum'), await get('a'), await get('b')];
    return `${sum} ${a} ${b} [${items}] ${hash}`;
  }
}

/** Something to save that takes a while. */
function filler(): Arg[][] {
  const big = 'x'.repeat(1000);
  return Array.from({ length: 2000 }, (_, i) => ['SET', `filler:${i}`, big]);
}

/** Tells when something has happened so many times. */
class Countdown {
  private left = 0;
  private done: () => void = () => {};

  start(count: number): Promise<void> {
    this.left = count;
    return new Promise((resolve) => {
      this.done = resolve;
      if (count === 0) resolve();
    });
  }

  tick(): void {
    if (--this.left === 0) this.done();
  }
}

function text(reply: Awaited<ReturnType<RespClient['send']>>): string {
  return reply.kind === 'bulk' ? reply.bytes.toString() : '';
}

function ignoreBroken(error: Error): void {
  if (!/closed|ECONNRESET|EPIPE/.test(error.message)) throw error;
}

const dir = mkdtempSync(join(tmpdir(), 'respd-kill-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it('every acknowledged write is there after a kill', async () => {
  const random = seeded(SEED);
  const counted = new Countdown();
  const writers = Array.from({ length: WRITERS }, (_, id) => new Writer(id, () => counted.tick()));
  for (let kill = 0; kill <= KILLS; kill++) {
    const policy = kill % 3 === 2 ? 'everysec' : 'always';
    const preamble = kill % 5 === 4 ? 'no' : 'yes';
    const server = ServerProcess.respd(
      dir,
      ...['--appendonly', 'yes', '--appendfsync', policy, '--save', ''],
      ...['--aof-use-rdb-preamble', preamble],
    );
    await server.ready();
    const control = await server.connect();
    for (const writer of writers) await writer.verify(control);
    if (kill === KILLS) {
      await server.kill();
      break;
    }
    if (kill === 0) await control.pipeline(filler());
    const clients = await Promise.all(writers.map(() => server.connect()));
    const enough = counted.start(random(ACKNOWLEDGED_MAX));
    const writing = writers.map((writer, i) => writer.write(clients[i]!));
    const job = ['', 'BGREWRITEAOF', 'BGSAVE', 'BGREWRITEAOF'][kill % 4]!;
    if (job !== '') await ask(control, job);
    await enough;
    // Half of the jobs come to their end, where files change their names.
    if (job !== '' && kill % 8 >= 4) await server.logs(JOB_ENDS);
    await sleep(random(LATEST_KILL_MS));
    const workers = childrenOf(server.pid);
    await server.kill();
    await Promise.all(writing);
    await Promise.all(workers.map(isGone));
  }
  const written = writers.reduce((sum, { acknowledged }) => sum + acknowledged.n, 0);
  console.log(`${KILLS} kills, ${written} commands acknowledged and found`);
  expect(written).toBeGreaterThan(KILLS * WRITERS);
}, 1_200_000);

/** Processes that a process has started. */
function childrenOf(pid: number): number[] {
  const own = `/proc/${pid}/task/${pid}/children`;
  try {
    return readFileSync(own, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Resolves when a worker has noticed that it is alone, and has ended. */
async function isGone(pid: number): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (!readdirSync('/proc').includes(String(pid)) || isZombie(pid)) return;
    await sleep(50);
  }
  throw new Error(`The worker ${pid} goes on though its server is dead`);
}

function isZombie(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return true;
  }
}
