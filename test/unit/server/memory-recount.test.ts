/**
 * `used_memory` to the byte: a storm of commands of all types, right and wrong, and after every few of
 * them all memory is counted anew (recount.ts), which must come to what the running counters say.
 *
 * The commands are those of the differential test, by the specs of all commands, and beside them what
 * that leaves out: keys and fields that become due, payloads, eviction, snapshots meanwhile, clients
 * that wait, watch, listen, and read nothing.
 *
 * MEMORY_SEED and MEMORY_COUNT choose another storm.
 */
import { tmpdir } from 'node:os';
import { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { allCommands } from '../../../src/commands/index.js';
import { encodingName, isObject } from '../../../src/keyspace/kinds.js';
import type { OwnedObject } from '../../../src/keyspace/object-table.js';
import { Stream } from '../../../src/keyspace/stream/stream.js';
import { PayloadWriter } from '../../../src/persistence/rdb/payload.js';
import { ManualClock } from '../../../src/server/clock.js';
import { Config } from '../../../src/server/config/config.js';
import { nodeFiles } from '../../../src/server/config/node-files.js';
import { Server } from '../../../src/server/server.js';
import { silentLog } from '../../../src/server/silent-log.js';
import { LOW_THRESHOLDS } from '../../differential/collection-rules.js';
import { type Form, FormTable, formsOf } from '../../differential/forms.js';
import { Random } from '../../differential/random.js';
import { type Request, RequestGenerator } from '../../differential/requests.js';
import { ruleOf, weightOf } from '../../differential/rules.js';
import { hasKeysOfItsOwn, Values } from '../../differential/values.js';
import { pair } from '../../fuzz/connection.js';
import { InProcessLauncher } from '../../support/in-process-worker.js';
import { recount } from '../../support/recount.js';
import { recountClients } from '../../support/recount-clients.js';

const SEEDS = process.env.MEMORY_SEED ? [Number(process.env.MEMORY_SEED)] : [1, 2, 3, 4];
const COUNT = Number(process.env.MEMORY_COUNT || 2500);
const BATCH = 25;
const TIMEOUT_MS = 120_000;
const START_MS = 1_700_000_000_000;
const VERSION = '7.2.6';
/** How often something else happens between two batches. */
const INCIDENT = 0.5;
/** Turns of the event loop in which requests and their replies have gone through memory. */
const TURNS = 4;
/** Would forget what the test looks at in the end, or all data too often. */
const LEFT_OUT = new Set(['config|resetstat', 'flushall', 'flushdb']);
const DATABASES = 3;
const CLIENTS = 4;
const ENCODINGS =
  'embstr hashtable int intset listpack listpackex quicklist raw skiplist stream'.split(' ');

let server: Server;
let clock: ManualClock;
let random: Random;
let workers: InProcessLauncher;
let streams: Duplex[];

beforeEach(() => {
  streams = [];
});

afterEach(async () => {
  for (const stream of streams) stream.destroy();
  await server.stop();
});

function begin(seed: number): void {
  random = new Random(seed);
  const config = new Config({ workingDirectory: tmpdir(), directories: nodeFiles() });
  const directives = {
    save: [],
    'proto-max-bulk-len': 2 * 1024 * 1024,
    dbfilename: `m${seed}.rdb`,
  };
  for (const [name, value] of Object.entries(directives)) {
    config.initialize(name as 'databases', value as number);
  }
  clock = new ManualClock(START_MS);
  workers = new InProcessLauncher();
  server = new Server({
    config,
    clock,
    log: silentLog,
    random: () => random.fraction(),
    debugArena: true,
    workers,
  });
  server.begin();
}

function connect(reads = true): Duplex {
  const [mine, its] = pair();
  server.attach(reads ? its : stuck(its));
  mine.on('error', () => {});
  mine.resume();
  streams.push(mine);
  return mine;
}

/** A connection whose peer takes one piece and no more. */
function stuck(stream: Duplex): Duplex {
  return new Duplex({
    read() {},
    write() {},
    construct(done) {
      stream.on('data', (chunk: Buffer) => this.push(chunk));
      stream.on('close', () => this.destroy());
      stream.on('error', () => {});
      done();
    },
  });
}

async function settle(): Promise<void> {
  for (let i = 0; i < TURNS; i++) await new Promise((next) => setImmediate(next));
}

function send(client: Duplex, ...words: readonly (string | Buffer)[]): void {
  const parts: Uint8Array[] = [Buffer.from(`*${words.length}\r\n`)];
  for (const word of words) {
    const bytes = typeof word === 'string' ? Buffer.from(word, 'latin1') : word;
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'));
  }
  client.write(Buffer.concat(parts));
}

/** Requests of all commands that may be sent, by their weights. */
class Storm {
  private readonly generator: RequestGenerator;
  private readonly forms: readonly Form[];
  private readonly known: FormTable;

  constructor() {
    const forms = formsOf(allCommands);
    this.known = new FormTable(forms);
    this.forms = forms.filter((form) => weightOf(form) > 0 && !LEFT_OUT.has(form.name));
    const groups = new Set(
      forms.filter(({ spec }) => spec.keys !== undefined).map(({ spec }) => spec.group),
    );
    const ownGroups = [...groups].filter(hasKeysOfItsOwn);
    const values = new Values(random, ownGroups, random.pick([3, 8, 60]), random.pick([30, 800]));
    this.generator = new RequestGenerator(random, values, VERSION);
  }

  next(): Request {
    for (;;) {
      const form = random.pick(this.forms);
      if (random.fraction() > weightOf(form)) continue;
      const request = this.generator.request(form, () => this.next());
      const taken = this.known.of(request);
      if (taken === undefined) return request;
      const { avoid, excluded, takesRequest } = ruleOf(taken);
      if (excluded === undefined && !takesRequest && !avoid?.(request)) return request;
    }
  }
}

const key = (type: string) => `${type}:${random.below(4)}`;
const many = (n: number, of: (i: number) => string) => Array.from({ length: n }, (_, i) => of(i));

/** What makes collections big, small again, due and gone. */
const SWELLS: readonly (() => readonly string[])[] = [
  () => ['SADD', key('set'), ...many(random.below(5000), (i) => `member:${i}`)],
  () => ['SREM', key('set'), ...many(random.below(5000), (i) => `member:${i}`)],
  () => ['HSET', key('hash'), ...many(2 * random.below(5000), (i) => `field:${i}`)],
  () => ['HDEL', key('hash'), ...many(random.below(9000), (i) => `field:${i}`)],
  () => ['ZADD', key('sorted-set'), ...many(2 * random.below(5000), (i) => `${i}`)],
  () => ['ZREMRANGEBYRANK', key('sorted-set'), '0', `${random.below(5000)}`],
  () => ['RPUSH', key('list'), ...many(random.below(4000), (i) => 'element '.repeat(1 + (i % 90)))],
  () => ['LTRIM', key('list'), `${random.below(4000)}`, '-1'],
  () => ['XGROUP', 'CREATE', key('stream'), `g${random.below(3)}`, '0', 'MKSTREAM'],
  () => ['XADD', key('stream'), '*', ...many(2 + 2 * random.below(200), (i) => `f${i}`)],
  () => ['XADD', key('stream'), '*', 'large', 'x'.repeat(random.below(70_000))],
  () => [
    'XREADGROUP',
    'GROUP',
    `g${random.below(3)}`,
    `c${random.below(9)}`,
    'STREAMS',
    key('stream'),
    '>',
  ],
  () => ['XAUTOCLAIM', key('stream'), `g${random.below(3)}`, `c${random.below(9)}`, '0', '0'],
  () => ['XGROUP', 'DELCONSUMER', key('stream'), `g${random.below(3)}`, `c${random.below(9)}`],
  () => ['XTRIM', key('stream'), 'MAXLEN', `${random.below(20)}`],
  () => ['APPEND', key('string'), 'x'.repeat(random.below(9000))],
  () => ['SETRANGE', key('string'), `${random.below(100_000)}`, 'x'],
  () => ['COPY', anyKey(), anyKey(), 'DB', `${random.below(DATABASES)}`, 'REPLACE'],
  () => ['MOVE', anyKey(), `${random.below(DATABASES)}`],
  () => ['RENAME', anyKey(), anyKey()],
  () => ['PEXPIRE', anyKey(), `${random.below(500)}`],
  () => ['HPEXPIRE', key('hash'), `${random.below(500)}`, 'FIELDS', '2', 'field:0', 'field:2'],
  () => ['UNLINK', anyKey()],
  () => ['SORT', key('list'), 'ALPHA', 'STORE', anyKey()],
  () => (random.chance(0.2) ? ['FLUSHDB', random.pick(['ASYNC', 'SYNC'])] : ['DBSIZE']),
  () => ['SWAPDB', `${random.below(DATABASES)}`, `${random.below(DATABASES)}`],
];

function anyKey(): string {
  return key(random.pick(['string', 'list', 'hash', 'set', 'sorted-set', 'stream']));
}

/** What happens beside commands. @param main a client that is given back as it was */
const INCIDENTS: readonly ((main: Duplex) => void)[] = [
  () => clock.advance(random.below(400)),
  () => clock.advance(random.below(400)),
  (main) => send(main, 'SELECT', `${random.below(DATABASES)}`),
  (main) => send(main, 'BGSAVE'),
  (main) =>
    send(main, 'CONFIG', 'SET', ...(random.chance(0.5) ? LOW_THRESHOLDS : USUAL_THRESHOLDS)),
  (main) => evictSome(main),
  (main) => restoreCopies(main),
  (main) => shareOut(main),
  (main) => shareOut(main),
  (main) => ageField(main),
  (main) => send(main, 'SCRIPT', 'LOAD', `return ${random.below(40)}`),
  (main) =>
    send(main, 'EVAL', `return redis.call('incr', KEYS[1]) + ${random.below(40)}`, '1', 'n'),
  (main) => send(main, 'SCRIPT', 'FLUSH'),
  () => pretend(),
  () => streams.splice(CLIENTS, 1)[0]?.destroy(),
];

const USUAL_THRESHOLDS = [
  ...['hash-max-listpack-entries', '128', 'hash-max-listpack-value', '64'],
  ...['list-max-listpack-size', '-2', 'list-compress-depth', '0'],
  ...['set-max-intset-entries', '512'],
  ...['zset-max-listpack-entries', '128', 'zset-max-listpack-value', '64'],
  ...['stream-node-max-entries', '100'],
];

/** Takes the memory limit below what is used, for one command. */
function evictSome(main: Duplex): void {
  const policy = random.pick(['allkeys-lru', 'allkeys-lfu', 'allkeys-random', 'volatile-ttl']);
  const limit = Math.floor(server.memory.used() * (0.9 + random.fraction() / 10));
  send(main, 'CONFIG', 'SET', 'maxmemory-policy', policy, 'maxmemory', `${limit}`);
  send(main, 'GET', 'nothing');
  send(main, 'CONFIG', 'SET', 'maxmemory', '0', 'maxmemory-policy', 'noeviction');
}

/** A field that is due as soon as the clock goes on. */
function ageField(main: Duplex): void {
  const hash = key('hash');
  send(main, 'HSET', hash, 'field:0', 'a', 'field:1', 'b');
  send(main, 'HPEXPIRE', hash, '1', 'FIELDS', '1', 'field:0');
}

/** Entries that are read by a group, taken over, acknowledged, deleted. */
function shareOut(main: Duplex): void {
  const stream = key('stream');
  const group = `g${random.below(3)}`;
  const consumer = () => `consumer ${random.below(5)}`;
  send(main, 'XGROUP', 'CREATE', stream, group, '0', 'MKSTREAM');
  const entries = random.below(random.chance(0.1) ? 6000 : 300);
  for (let i = 0; i < entries; i++) send(main, 'XADD', stream, `${START_MS + i}`, 'field', `${i}`);
  const count = `${random.below(5000)}`;
  for (let i = 0; i < 3; i++) {
    send(main, 'XREADGROUP', 'GROUP', group, consumer(), 'COUNT', count, 'STREAMS', stream, '>');
  }
  send(main, 'XAUTOCLAIM', stream, group, consumer(), '0', '0', 'COUNT', '200');
  const ids = many(random.below(400), () => `${START_MS + random.below(6000)}`);
  send(main, 'XACK', stream, group, '0', ...ids);
  send(main, 'XDEL', stream, '0', ...ids.slice(100));
  if (random.chance(0.3)) send(main, 'XGROUP', 'DELCONSUMER', stream, group, consumer());
  if (random.chance(0.2)) send(main, 'XGROUP', 'DESTROY', stream, group);
}

/** Stores what some keys hold under other names, as RESTORE does. */
function restoreCopies(main: Duplex): void {
  const db = server.keyspace.databases[0]!;
  send(main, 'SELECT', '0');
  for (let i = 0; i < 5; i++) {
    const e = db.dict.randomEntry(() => random.fraction());
    if (e === 0) return;
    const payload = Buffer.from(new PayloadWriter().write(db, e, true));
    const ttl = random.chance(0.3) ? `${1 + random.below(300)}` : '0';
    send(main, 'RESTORE', anyKey(), ttl, payload, 'REPLACE');
  }
}

/** A client that comes to stay for a while. */
function pretend(): void {
  const client = connect(random.chance(0.7));
  const words = random.pick<readonly string[]>([
    ['MULTI'],
    ['WATCH', anyKey(), anyKey()],
    ['SUBSCRIBE', 'a', 'b', 'channel:1'],
    ['PSUBSCRIBE', '*'],
    ['BLPOP', 'nobody', '0'],
    ['CLIENT', 'TRACKING', 'ON'],
    ['CLIENT', 'TRACKING', 'ON', 'BCAST', 'PREFIX', 'str', 'PREFIX', 'list'],
  ]);
  if (words[0] === 'CLIENT') send(client, 'HELLO', '3');
  send(client, ...words);
  for (let i = random.below(20); i > 0; i--) send(client, 'GET', key('string'));
  for (let i = random.below(3); i > 0; i--) send(client, 'LRANGE', key('list'), '0', '-1');
  if (random.chance(0.5)) client.write(`*2\r\n$3\r\nSET\r\n$${random.below(90_000)}\r\nunfinished`);
}

/** What the storms have come by: whether the counters were put to the test. */
class Seen {
  readonly encodings = new Set<string>();
  /** Encodings of collections that had an arena of their own. */
  readonly apart = new Set<string>();
  expired = 0;
  expiredFields = 0;
  evicted = 0;
  restored = 0;
  pending = 0;

  look(): void {
    for (const db of server.keyspace.databases) {
      for (let e = 1; e < db.dict.entryTop; e++) {
        if (!db.dict.isUsed(e)) continue;
        const encoding = encodingName(db.kind(e));
        this.encodings.add(encoding);
        if (!isObject(db.kind(e))) continue;
        const object = db.objectOf(e) as OwnedObject;
        if (object.sharedBytes === 0 && encoding !== 'raw') this.apart.add(encoding);
        if (object instanceof Stream) this.pending = Math.max(this.pending, object.home.pending);
      }
    }
  }

  count(): void {
    const { evicted, expired, expiredFields } = server.keyspace;
    this.evicted += evicted;
    this.expired += expired;
    this.expiredFields += expiredFields;
    const stats = server.info.render(['commandstats']);
    const [, calls, failed] = /cmdstat_restore:calls=(\d+).*failed_calls=(\d+)/.exec(stats) ?? [];
    this.restored += Number(calls ?? 0) - Number(failed ?? 0);
  }
}

function faults(): readonly string[] {
  const data = recount(server.keyspace);
  const clients = recountClients(server);
  return [...data.faults, ...clients.faults];
}

describe('what the counters of memory say', () => {
  const seen = new Seen();

  it.each(SEEDS)(
    'is what a recount of all data, tables and buffers finds, to the byte (seed %i)',
    async (seed) => {
      begin(seed);
      const clients = Array.from({ length: CLIENTS }, () => connect());
      const storm = new Storm();
      expect(faults()).toEqual([]);
      for (let sent = 0; sent < COUNT; ) {
        const log: string[] = [];
        const client = random.pick(clients);
        for (let i = 0; i < BATCH; i++, sent++) {
          const words = random.chance(0.1) ? random.pick(SWELLS)() : storm.next();
          log.push(
            words
              .map((word) => word.toString('latin1').slice(0, 60))
              .slice(0, 12)
              .join(' '),
          );
          send(client, ...words);
        }
        await settle();
        seen.look();
        expect({ sent, faults: faults(), log }).toEqual({ sent, faults: [], log });
        if (!random.chance(INCIDENT)) continue;
        const incident = random.pick(INCIDENTS);
        incident(client);
        await settle();
        expect({ incident: `${incident}`, faults: faults() }).toEqual({
          incident: `${incident}`,
          faults: [],
        });
      }
      seen.count();
    },
    TIMEOUT_MS,
  );

  it.runIf(SEEDS.length > 1)('has been put to the test by all that changes memory', () => {
    const { apart, encodings, ...counts } = seen;
    expect([...encodings].sort()).toEqual(ENCODINGS);
    expect([...apart].sort()).toEqual(['hashtable', 'quicklist', 'skiplist', 'stream']);
    for (const [what, count] of Object.entries(counts))
      expect({ what, count }).not.toEqual({ what, count: 0 });
  });
});
