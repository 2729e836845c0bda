/**
 * Random clients, keys, pushes, timeouts and partings against a model that a page holds: nothing is
 * lost, nothing comes twice, and everyone gets what is due to him when it is his turn.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type RigClient, WaitingRig } from '../../support/waiting-rig.js';

const CLIENTS = 6;
const KEYS = ['a', 'b', 'c'];

type Want =
  | { kind: 'pop'; keys: string[] }
  | { kind: 'move'; keys: string[]; target: string }
  | { kind: 'take'; keys: string[]; n: number };

type Step =
  | { do: 'ask'; client: number; want: Want; timeoutMs: number }
  | { do: 'push'; key: string; letters: number }
  | { do: 'delete'; key: string }
  | { do: 'leave'; client: number }
  | { do: 'unblock'; client: number }
  | { do: 'advance'; ms: number };

interface Waiter {
  client: number;
  want: Want;
  deadlineMs: number;
}

/** What a server does, with arrays. */
class Model {
  nowMs = 0;
  readonly lists = new Map<string, string[]>();
  waiters: Waiter[] = [];
  /** Replies of each client. */
  readonly replies: string[] = Array.from({ length: CLIENTS }, () => '');
  private ready: string[] = [];

  waits(client: number): boolean {
    return this.waiters.some((waiter) => waiter.client === client);
  }

  ask(client: number, want: Want, timeoutMs: number): void {
    const waiter = {
      client,
      want,
      deadlineMs: timeoutMs === 0 ? Infinity : this.nowMs + timeoutMs,
    };
    if (!this.attempt(waiter)) this.waiters.push(waiter);
    this.serve();
  }

  push(key: string, letters: string[]): void {
    this.add(key, letters);
    this.serve();
  }

  delete(key: string): void {
    if (this.lists.delete(key)) this.gone(key);
    this.serve();
  }

  leave(client: number): void {
    this.waiters = this.waiters.filter((waiter) => waiter.client !== client);
  }

  /** Answers null to a client that waits. */
  giveUp(client: number): void {
    const { want } = this.waiters.find((waiter) => waiter.client === client)!;
    this.leave(client);
    this.answer(client, want.kind === 'move' ? '$-1' : '*-1');
  }

  advance(ms: number): void {
    this.nowMs += ms;
    for (const { client, deadlineMs } of this.waiters) {
      if (deadlineMs <= this.nowMs) this.giveUp(client);
    }
  }

  private serve(): void {
    for (let key = this.ready.shift(); key !== undefined; key = this.ready.shift()) {
      for (const waiter of this.waiters.filter(({ want }) => want.keys.includes(key!))) {
        if (waiter.want.kind !== 'take' && !this.lists.has(key)) continue;
        if (this.attempt(waiter)) this.leave(waiter.client);
      }
    }
  }

  /** @returns whether it is answered */
  private attempt({ client, want }: Waiter): boolean {
    if (want.kind === 'take') {
      const have = this.lists.get(want.keys[0]!)?.length;
      if (have === undefined) this.answer(client, '-NOGROUP the key is gone');
      else if (have < want.n) return false;
      else this.answer(client, `$${want.n} ${this.remove(want.keys[0]!, want.n)}`);
      return true;
    }
    const key = want.keys.find((one) => this.lists.has(one));
    if (key === undefined) return false;
    const letter = this.remove(key, 1);
    if (want.kind === 'pop') this.answer(client, `*2 $1 ${key} $1 ${letter}`);
    else {
      this.add(want.target, [letter]);
      this.answer(client, `$1 ${letter}`);
    }
    return true;
  }

  private answer(client: number, text: string): void {
    this.replies[client] = `${this.replies[client]} ${text}`.trim();
  }

  private add(key: string, letters: string[]): void {
    this.lists.set(key, [...(this.lists.get(key) ?? []), ...letters]);
    this.makeReady(key);
  }

  private remove(key: string, n: number): string {
    const letters = this.lists.get(key)!.splice(0, n);
    if (this.lists.get(key)!.length === 0) {
      this.lists.delete(key);
      this.gone(key);
    }
    return letters.join('');
  }

  private gone(key: string): void {
    const matters = ({ want }: Waiter) => want.kind === 'take' && want.keys.includes(key);
    if (this.waiters.some(matters)) this.makeReady(key);
  }

  private makeReady(key: string): void {
    if (!this.ready.includes(key)) this.ready.push(key);
  }
}

function command(want: Want, timeoutMs: number): string {
  const timeout = timeoutMs / 1000;
  if (want.kind === 'pop') return `wpop ${want.keys.join(' ')} ${timeout}`;
  if (want.kind === 'move') return `wmove ${want.keys[0]} ${want.target} ${timeout}`;
  return `wtake ${want.keys[0]} ${want.n} ${timeout}`;
}

const key = fc.constantFrom(...KEYS);
const client = fc.nat(CLIENTS - 1);
const want: fc.Arbitrary<Want> = fc.oneof(
  fc.record({
    kind: fc.constant('pop' as const),
    keys: fc.uniqueArray(key, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant('move' as const), keys: fc.tuple(key), target: key }),
  fc.record({
    kind: fc.constant('take' as const),
    keys: fc.tuple(key),
    n: fc.integer({ min: 1, max: 3 }),
  }),
);
const timeoutMs = fc.constantFrom(0, 0, 1, 10, 25);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('ask' as const), client, want, timeoutMs }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('push' as const),
      key,
      letters: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), client }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('unblock' as const), client }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.nat(12) }) },
);

test('everyone gets what the model says, and in its order', async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 60 }), play), {
    numRuns: 120,
    seed: 20,
  });
}, 20_000);

async function play(steps: Step[]): Promise<void> {
  const rig = new WaitingRig();
  try {
    const model = new Model();
    const writer = rig.connect();
    const clients = Array.from({ length: CLIENTS }, () => rig.connect());
    const ids = await Promise.all(clients.map((one) => idOf(rig, one)));
    let letter = 0;
    for (const one of steps) {
      if (one.do === 'ask') {
        if (model.waits(one.client)) continue;
        clients[one.client]!.send(command(one.want, one.timeoutMs));
        model.ask(one.client, one.want, one.timeoutMs);
      } else if (one.do === 'push') {
        const letters = Array.from({ length: one.letters }, () => letterOf(letter++));
        writer.send(`wpush ${one.key} ${letters.join('')}`);
        model.push(one.key, letters);
      } else if (one.do === 'delete') {
        writer.send(`del ${one.key}`);
        model.delete(one.key);
      } else if (one.do === 'leave') {
        clients[one.client]!.hangUp();
        model.leave(one.client);
        await rig.settle();
        clients[one.client] = rig.connect();
        ids[one.client] = await idOf(rig, clients[one.client]!);
        model.replies[one.client] = '';
      } else if (one.do === 'unblock') {
        writer.send(`client unblock ${ids[one.client]}`);
        if (model.waits(one.client)) model.giveUp(one.client);
      } else {
        rig.clock.advance(one.ms);
        model.advance(one.ms);
      }
      await rig.settle();
      expect(clients.map((one) => one.taken())).toEqual(model.replies);
      model.replies.fill('');
      expect(rig.server.clients.blockedCount).toBe(model.waiters.length);
      const timed = model.waiters.filter(({ deadlineMs }) => deadlineMs !== Infinity);
      expect(rig.server.clients.deadlineCount).toBe(timed.length);
    }
    const db = rig.server.keyspace.databases[0]!;
    expect(db.size).toBe(model.lists.size);
    for (const [name, letters] of model.lists) {
      const e = db.find(Buffer.from(name), 0, name.length, 0);
      expect(db.rawValue(e).toString()).toBe(letters.join(''));
    }
  } finally {
    await rig.close();
  }
}

async function idOf(rig: WaitingRig, one: RigClient): Promise<string> {
  return (await rig.ask(one, 'client id')).slice(1);
}

function letterOf(n: number): string {
  return String.fromCharCode(97 + (n % 26));
}
