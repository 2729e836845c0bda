/**
 * Two servers side by side: the same requests over the same number of connections, which keep their
 * state (protocol, database, name) alike as long as the servers do.
 *
 * Connection 0 begins in RESP2, connection 1 in RESP3, connection 2 in RESP3 and database 1. Beside
 * them, one that nothing is sent over listens to a few channels.
 */
import { type Received, RespClient, showReply } from '../support/resp-client.js';
import type { Exchange } from './exchange.js';
import type { Form } from './forms.js';
import type { Request } from './requests.js';
import { CHANGED_DIRECTIVES, ruleOf } from './rules.js';
import { Transaction } from './transaction.js';

export const CONNECTIONS = 3;
/** How long both servers may take for a batch. */
const BATCH_TIMEOUT_MS = 15_000;
/** So that commands publish to somebody, and PUBSUB has something to tell. */
const LISTENED_TO = [
  ['SUBSCRIBE', 'a', 'b', '', 'channel:1'],
  ['PSUBSCRIBE', 'a*', 'channel:*', '?'],
  ['SSUBSCRIBE', 'a', 'channel:2'],
];
/** What each server knows of its own past, which is not the other's. */
export const FORGET_THE_PAST = [
  ['CONFIG', 'RESETSTAT'],
  ['SLOWLOG', 'RESET'],
];

/** A request and the connection it goes over. */
export interface Step {
  readonly connection: number;
  readonly request: Request;
}

interface Connection {
  readonly ours: RespClient;
  readonly theirs: RespClient;
  /** The protocol that respd speaks on it. */
  resp: 2 | 3;
  previous: Exchange | undefined;
  readonly transaction: Transaction;
}

export class Duel {
  private connections: Connection[] = [];
  private listeners: RespClient[] = [];
  private config: string[] | undefined;

  /**
   * @param formOf what a request will be taken for
   * @param ownConfig directives and values that both servers begin with
   */
  private constructor(
    private readonly oursPort: number,
    private readonly theirsPort: number,
    private readonly formOf: (request: Request) => Form | undefined,
    private readonly ownConfig: readonly string[],
  ) {}

  static async begin(
    oursPort: number,
    theirsPort: number,
    formOf: (request: Request) => Form | undefined,
    ownConfig: readonly string[] = [],
  ): Promise<Duel> {
    const duel = new Duel(oursPort, theirsPort, formOf, ownConfig);
    await duel.restart();
    return duel;
  }

  /** Empties both servers and begins with new connections. */
  async restart(): Promise<void> {
    this.end();
    for (let i = 0; i < CONNECTIONS; i++) {
      this.connections.push({
        ours: await RespClient.connect(this.oursPort),
        theirs: await RespClient.connect(this.theirsPort),
        resp: 2,
        previous: undefined,
        transaction: new Transaction(),
      });
    }
    this.listeners = [await listen(this.oursPort), await listen(this.theirsPort)];
    const setup: Step[] = [
      step(0, 'FLUSHALL'),
      step(0, 'CONFIG', 'SET', ...(await this.originalConfig())),
      ...(this.ownConfig.length > 0 ? [step(0, 'CONFIG', 'SET', ...this.ownConfig)] : []),
      step(1, 'HELLO', '3'),
      step(2, 'HELLO', '3'),
      step(2, 'SELECT', '1'),
      ...FORGET_THE_PAST.map((words) => step(0, ...words)),
    ];
    for (const one of setup) await this.exchange([one]);
  }

  /** Names and values of the directives that the stream changes, as they were at first. */
  private async originalConfig(): Promise<string[]> {
    if (this.config === undefined) {
      const { theirs } = this.connections[0]!;
      const reply = await theirs.send('CONFIG', 'GET', ...CHANGED_DIRECTIVES);
      if (reply.kind !== 'array') throw new Error(`CONFIG GET: ${showReply(reply)}`);
      this.config = reply.items.map((item) =>
        item.kind === 'bulk' ? item.bytes.toString('latin1') : showReply(item),
      );
    }
    return this.config;
  }

  end(): void {
    for (const { ours, theirs } of this.connections) {
      ours.close();
      theirs.close();
    }
    for (const listener of this.listeners) listener.close();
    this.connections = [];
    this.listeners = [];
  }

  /**
   * Sends the steps to both servers, those of one connection in a row in one write, but for those
   * that go alone.
   * @param onExchange called for each pair of answers, in order, with the protocol of respd's
   */
  async exchange(
    steps: readonly Step[],
    onExchange: (exchange: Exchange, index: number, resp: 2 | 3) => void = () => {},
  ): Promise<void> {
    for (let from = 0; from < steps.length; ) {
      const to = this.endOfWrite(steps, from);
      const { connection: number } = steps[from]!;
      const connection = this.connections[number]!;
      const requests = steps.slice(from, to).map((one) => one.request);
      const [ours, theirs] = await bothAnswers(connection, requests, from);
      for (const [i, request] of requests.entries()) {
        const exchange = connection.transaction.follow({
          request,
          form: this.formOf(request),
          ours: ours[i]!,
          theirs: theirs[i]!,
          previous: connection.previous,
        });
        connection.previous = { ...exchange, previous: undefined };
        followProtocol(connection, exchange);
        onExchange(exchange, from + i, connection.resp);
      }
      from = to;
    }
    // Pushes are compared elsewhere: tracking.test.ts, pubsub.test.ts.
    for (const { ours, theirs } of this.connections) {
      ours.outOfBand.length = 0;
      theirs.outOfBand.length = 0;
    }
    for (const listener of this.listeners) listener.outOfBand.length = 0;
  }

  /** Up to which step one write to one connection can take them. */
  private endOfWrite(steps: readonly Step[], from: number): number {
    const { connection } = steps[from]!;
    let to = from;
    do {
      if (this.isAlone(steps[to]!)) return Math.max(to, from + 1);
      to++;
    } while (to < steps.length && steps[to]!.connection === connection);
    return to;
  }

  private isAlone({ request }: Step): boolean {
    const form = this.formOf(request);
    return form !== undefined && ruleOf(form).alone !== undefined;
  }
}

/** A connection that listens to some of what the stream publishes, and does nothing else. */
async function listen(port: number): Promise<RespClient> {
  const listener = await RespClient.connect(port);
  for (const words of LISTENED_TO) {
    listener.write(...words);
    for (let i = 1; i < words.length; i++) await listener.nextOutOfBand();
  }
  return listener;
}

export function step(connection: number, ...words: string[]): Step {
  return { connection, request: words.map((word) => Buffer.from(word, 'latin1')) };
}

async function bothAnswers(
  { ours, theirs }: Connection,
  requests: readonly Request[],
  firstStep: number,
): Promise<[Received[], Received[]]> {
  return await Promise.all([
    allAnswers('respd', ours, requests, firstStep),
    allAnswers('redis-server', theirs, requests, firstStep),
  ]);
}

/** Sends the requests in one write. @throws Error that names the request left without an answer */
async function allAnswers(
  server: string,
  client: RespClient,
  requests: readonly Request[],
  firstStep: number,
): Promise<Received[]> {
  const answers: Received[] = [];
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('It is silent.')), BATCH_TIMEOUT_MS);
  });
  client.stream.cork();
  const promises = requests.map((request) => client.exchange(request));
  client.stream.uncork();
  try {
    for (const promise of promises) answers.push(await Promise.race([promise, late]));
  } catch (error) {
    for (const promise of promises) promise.catch(() => {});
    throw new NoAnswerError(server, firstStep + answers.length, (error as Error).message);
  } finally {
    clearTimeout(timer);
  }
  return answers;
}

/** A server closed the connection or fell silent. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';

  /** @param step the number of the first step that it has left without an answer */
  constructor(
    readonly server: string,
    readonly step: number,
    why: string,
  ) {
    super(`${server} has not answered. ${why}`);
  }
}

/** HELLO and RESET change the protocol of all replies from their own on. */
function followProtocol(connection: Connection, { form, ours }: Exchange): void {
  const { kind } = ours.reply;
  if (form?.name === 'hello' && kind === 'map') connection.resp = 3;
  if (form?.name === 'hello' && kind === 'array') connection.resp = 2;
  if (form?.name === 'reset' && kind === 'status') connection.resp = 2;
}
