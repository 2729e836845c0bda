/**
 * Pub/sub, keyspace notifications and MONITOR against a real server: the same requests of some
 * clients, in the same order, and each client must be sent the same.
 *
 *     client 0        RESP2: publishes, writes, never listens
 *     client 1        RESP2: listens, and is in the restricted mode while it does
 *     clients 2, 3    RESP3: listen, and change protocol now and then
 *     clients 4, 5    monitors, in either protocol
 *
 * Who listens comes from a seed. Compared is what is sent to each, in order, but for three orders
 * that are those of a server's tables: of the messages that one event brings to several patterns, of
 * the names that UNSUBSCRIBE without names tells, and of what PUBSUB lists.
 *
 * Before 7.2, a client that publishes to itself gets the message before the reply: beside such a
 * server those that listen don't publish, nor write.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createServer, type RespdServer } from '../../src/index.js';
import {
  describeWithRedis,
  type RealRedis,
  redisVersion,
  startRealRedis,
} from '../support/real-redis.js';
import { type Reply, ReplyDecoder, showReply } from '../support/resp-client.js';
import { isSince } from './forms.js';
import { Random } from './random.js';
import { connectSide, endSide, type Side, type SideStep, takeStep } from './sides.js';

const PROTOCOLS = [2, 2, 3, 3, 2, 3] as const;
const MONITORS = [4, 5];
const STEPS = 400;
const SEEDS = [1, 2, 3, 4];
const CHANNELS = ['a', 'b', 'ab', 'news.1', 'news.2', '', '__keyevent@0__:set'];
const PATTERNS = ['*', 'a*', '?', 'news.*', '[ab]', '__key*__:*', '__keyspace@0__:k1', 'a*'];
const KEYS = ['k1', 'k2', 'list'];
const CLASSES = ['', 'KEA', 'E$', 'Kg', 'KElxe', 'KEg$lmn', 'xyz'];

/** Draws requests of all sorts. */
class Requests {
  constructor(
    readonly random: Random,
    private readonly isOld: boolean,
  ) {}

  steps(): SideStep[] {
    return Array.from({ length: STEPS }, () => this.step());
  }

  private step(): SideStep {
    const { random } = this;
    const client = random.below(4);
    const words = () => this.request(client);
    const commands = random.pick([
      () => [words()],
      () => [words()],
      () => [words(), words(), words()],
      () => [['MULTI'], named(words()), named(words()), [random.pick(['EXEC', 'EXEC', 'DISCARD'])]],
      () => [['CLIENT', 'REPLY', 'SKIP'], words(), words()],
    ])();
    return { client, commands };
  }

  private request(client: number): string[] {
    const { random } = this;
    const asks = [() => this.question(), () => this.question(), () => this.write()];
    const listens = [() => this.listen(), () => this.listen(), () => this.listenNoMore()];
    if (client === 0) return random.pick([...asks, () => this.write(), () => this.publish()])();
    if (this.isOld) return random.pick([...listens, () => this.question()])();
    return random.pick([...listens, ...asks, () => this.publish()])();
  }

  private listen(): string[] {
    const { random } = this;
    const word = random.pick(['SUBSCRIBE', 'PSUBSCRIBE', 'SSUBSCRIBE', 'subscribe']);
    return [word, ...this.some(word === 'PSUBSCRIBE' ? PATTERNS : CHANNELS, 0.02)];
  }

  private listenNoMore(): string[] {
    const { random } = this;
    const word = random.pick(['UNSUBSCRIBE', 'PUNSUBSCRIBE', 'SUNSUBSCRIBE']);
    if (random.chance(0.1)) return random.pick([['RESET'], ['HELLO', '3'], ['HELLO', '2']]);
    return [word, ...this.some(word === 'PUNSUBSCRIBE' ? PATTERNS : CHANNELS, 0.3)];
  }

  private publish(): string[] {
    const { random } = this;
    const message = random.pick(['hello', '', 'a\r\nb', 'x'.repeat(300)]);
    return [random.pick(['PUBLISH', 'PUBLISH', 'SPUBLISH']), random.pick(CHANNELS), message];
  }

  private question(): string[] {
    const { random } = this;
    return random.pick([
      () => ['PUBSUB', 'CHANNELS', ...this.some(PATTERNS, 0.5).slice(0, 1)],
      () => ['PUBSUB', 'SHARDCHANNELS', ...this.some(PATTERNS, 0.5).slice(0, 1)],
      () => ['PUBSUB', 'NUMSUB', ...this.some(CHANNELS, 0.2)],
      () => ['PUBSUB', 'SHARDNUMSUB', ...this.some(CHANNELS, 0.2)],
      () => ['PUBSUB', 'NUMPAT'],
      () => ['GET', random.pick(KEYS)],
      () => ['CLIENT', 'INFO'],
      () => ['PING', 'text'],
      () => ['PUBLISH', 'a'],
      () => ['NOSUCH', 'a b'],
    ])();
  }

  private write(): string[] {
    const { random } = this;
    const key = random.pick(KEYS);
    return random.pick([
      () => ['SET', key, 'a"\n\x01'],
      () => ['SET', key, 'v', 'EX', '1000'],
      () => ['DEL', key, random.pick(KEYS)],
      () => ['EXPIRE', key, random.pick(['100', '-1'])],
      () => ['RENAME', key, random.pick(KEYS)],
      () => ['LPUSH', 'list', 'x', 'y'],
      () => ['LPOP', 'list', '2'],
      () => ['SELECT', random.pick(['0', '0', '1'])],
      () => ['CONFIG', 'SET', 'notify-keyspace-events', random.pick(CLASSES)],
      () => ['AUTH', 'default', 'secret'],
    ])();
  }

  /** Some of these; by chance none at all. */
  private some(names: readonly string[], none: number): string[] {
    if (this.random.chance(none)) return [];
    return Array.from({ length: this.random.between(1, 3) }, () => this.random.pick(names));
  }
}

/** EXEC's answer is not told apart from several that UNSUBSCRIBE has: in a transaction it has names. */
function named(words: string[]): string[] {
  return words.length === 1 && /UNSUBSCRIBE/.test(words[0]!) ? [...words, 'a'] : words;
}

/** What a client is sent, decoded: a reply, a push or a message cut in two comes with the next step. */
class Listener {
  private readonly decoder = new ReplyDecoder();

  /** Texts of all that was sent, in an order that is the same for all servers. */
  read(text: string): string[] {
    const texts: string[] = [];
    let run: Reply[][] = [];
    let runOf: string | undefined;
    const endRun = () => {
      texts.push(...inSomeOrder(run));
      run = [];
    };
    for (const { reply } of this.decoder.push(Buffer.from(text, 'latin1'))) {
      const items = itemsOf(reply);
      const kind = items && kindOf(items);
      if (kind === undefined || kind !== runOf) endRun();
      runOf = kind;
      if (kind !== undefined) run.push(items!);
      else texts.push(...shown(reply));
    }
    endRun();
    return texts;
  }
}

/** Of messages whose order among themselves is the server's own: what they have in common. */
function kindOf(items: readonly Reply[]): string | undefined {
  const [word, , ...rest] = items.map(showReply);
  if (word === '"pmessage"') return [word, ...rest].join();
  return /^"[ps]?unsubscribe"$/.test(word ?? '') ? word : undefined;
}

/** The messages with their names sorted; counts stay where they are. */
function inSomeOrder(run: readonly Reply[][]): string[] {
  const names = run.map((items) => showReply(items[1]!)).sort();
  return run.map(([word, , ...rest], i) =>
    [showReply(word!), names[i], ...rest.map(showReply)].join(),
  );
}

function shown(reply: Reply): string[] {
  const text = showReply(reply);
  if (reply.kind === 'status' && /^\+\d+\.\d{6} \[/.test(text)) {
    return text.includes('"PING" "round ') ? [] : [text.replace(/^\S+ (\[\d+) \S+\]/, '$1]')];
  }
  if (/^"id=\d+ addr=/.test(text) || /^=txt:"id=/.test(text)) {
    return [/flags=.* psub=\d+/.exec(text)![0].replace(/age=\d+ idle=\d+/, '')];
  }
  if (text.includes('"version"')) return ['HELLO'];
  if (reply.kind !== 'array' || isMessage(reply)) return [text];
  // What PUBSUB lists; and EXEC's replies, which may hold such.
  return [
    reply.items
      .flatMap((item) => shown(item))
      .sort()
      .join(),
  ];
}

function isMessage(reply: Reply): boolean {
  const word = itemsOf(reply)?.[0];
  return word?.kind === 'bulk' && /^([ps]?(un)?subscribe|[ps]?message)$/.test(String(word.bytes));
}

function itemsOf(reply: Reply): Reply[] | undefined {
  return reply.kind === 'array' || reply.kind === 'push' ? reply.items : undefined;
}

describeWithRedis('pub/sub, as a real server has it', () => {
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

  it.each(SEEDS)('sends every client the same (seed %i)', async (seed) => {
    const sides: Side[] = [];
    for (const { port } of [real, server]) sides.push(await connectSide(port, PROTOCOLS));
    const listeners = sides.map(() => PROTOCOLS.map(() => new Listener()));
    const steps = [
      { client: 0, commands: [['CONFIG', 'SET', 'notify-keyspace-events', '']] },
      ...MONITORS.map((client) => ({ client, commands: [['MONITOR']] })),
      ...new Requests(new Random(seed), isOld).steps(),
    ];
    const log: string[] = [];
    let messages = 0;
    for (const step of steps) {
      log.push(`${step.client}: ${step.commands.map((words) => words.join(' ')).join('; ')}`);
      const [theirs, ours] = await Promise.all(
        sides.map(async (side, i) =>
          (await takeStep(side, step)).map((text, client) => listeners[i]![client]!.read(text)),
        ),
      );
      expect(ours, log.slice(-15).join('\n')).toEqual(theirs);
      messages += theirs!.flat().filter((text) => /"[ps]?message"/.test(text)).length;
    }
    expect(messages).toBeGreaterThan(100);
    sides.forEach(endSide);
  });
});
