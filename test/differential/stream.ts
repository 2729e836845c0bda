/**
 * The stream itself: a seed becomes requests, both servers get them in pipelined batches, and every
 * pair of answers is judged; between batches whole SCAN iterations and all data are compared.
 *
 *     Random(seed) -> next() -> 200 steps over 3 connections -> Duel -> judge each exchange
 *                                                                  `-> first difference: shrink, report
 *
 * What is sent depends on the seed and the commands' specs alone, never on answers: a run can be
 * had again from its seed, and a difference told by its number.
 */
import { RespClient, showReply } from '../support/resp-client.js';
import { datasetDifference } from './dataset.js';
import { CONNECTIONS, Duel, FORGET_THE_PAST, NoAnswerError, type Step } from './duel.js';
import { ALL_EVENTS, EventTap } from './event-tap.js';
import { type Exchange, isError, sameBytes } from './exchange.js';
import { type Form, FormTable, isSince } from './forms.js';
import { COUNTS_EVERY_USE, frequencyDifference } from './frequencies.js';
import { latin1 } from './pools.js';
import { Random } from './random.js';
import { violation } from './reply-schema.js';
import { describeDifference, describeRequest, type Replay, shrink } from './report.js';
import { type Request, RequestGenerator } from './requests.js';
import { ruleOf, weightOf } from './rules.js';
import { scanDifference } from './scan.js';
import { hasKeysOfItsOwn, Values } from './values.js';
import { countsAlike, existsIn, isAvoided, versionDifference } from './versions.js';

const BATCH = 200;
/** How many keys a group has, by chance: commands meet on few, tables grow and shrink with many. */
const KEYS_PER_GROUP = [2, 6, 6, 500];
/** How many members of collections there are, by chance: small ones stay compact. */
const MEMBERS = [8, 30, 30, 800];
const UNKNOWN_COMMAND = 0.004;
/** How often a transaction is sent, and what it is like. */
const TRANSACTION = 0.01;
const LONGEST_TRANSACTION = 6;
const WATCHES = 0.4;
const IS_DISCARDED = 0.15;
const HAS_A_STRAY = 0.1;
const STRAYS = ['MULTI', 'MULTI x', 'WATCH a', 'UNWATCH', 'EXEC', 'EXEC x', 'DISCARD', 'RESET'];
/** Batches between two whole SCAN iterations, and between two comparisons of all data. */
const BATCHES_PER_SCAN = 20;
const BATCHES_PER_DATASET = 250;
const DATABASES = 16;
/** Commands without keys that are sent where events are compared. */
const CHANGES_DATABASES = new Set(['flushall', 'flushdb', 'swapdb', 'select', 'scan', 'reset']);

export interface StreamOptions {
  readonly seed: number;
  /** Commands to send. */
  readonly count: number;
  readonly oursPort: number;
  readonly theirsPort: number;
  /** Of the other server, such as `7.0.15`. */
  readonly version: string;
  readonly forms: readonly Form[];
  /** Which of them are sent; by default all. */
  readonly sends?: (form: Form) => boolean;
  /** Directives and values that both servers begin with. */
  readonly config?: readonly string[];
  /** Whether keyspace notifications are compared, too. */
  readonly events?: boolean;
  /** Whether it is compared how often each key was used; see frequencies.ts. */
  readonly frequencies?: boolean;
  /** Whether all commands go to the slow log; otherwise none do, lest it depend on the machine. */
  readonly allAreSlow?: boolean;
}

/** What became of one command's requests. */
export interface Tally {
  sent: number;
  /** Answered with no error. */
  succeeded: number;
  /** Explained by VERSION_DIFFERENCES. */
  byVersion: number;
}

interface Failure {
  readonly what: string;
  /** Words by which requests that have to do with it are found. */
  readonly involved: readonly Buffer[];
  /** The request's number; the last one's by default. */
  readonly index?: number;
  readonly exchange?: Exchange;
  /** What else to look at after a replay. */
  readonly alsoDiffers?: () => Promise<boolean>;
}

export class DifferenceError extends Error {
  override readonly name = 'DifferenceError';
}

/**
 * Runs a stream to its end.
 * @returns how often each command was sent
 * @throws DifferenceError that tells of the first difference and how to see it again
 */
export async function runStream(options: StreamOptions): Promise<ReadonlyMap<string, Tally>> {
  const stream = new Stream(options);
  try {
    await stream.run();
  } finally {
    stream.end();
  }
  return stream.tallies;
}

class Stream {
  readonly tallies = new Map<string, Tally>();
  private readonly random: Random;
  private readonly generator: RequestGenerator;
  private readonly forms: FormTable;
  private readonly sent: Form[];
  private readonly cumulative: number[];
  /** All that was sent since both servers were empty. */
  private readonly history: Step[] = [];
  private duel!: Duel;
  private readers: RespClient[] = [];
  private tap: EventTap | undefined;

  constructor(private readonly options: StreamOptions) {
    const { forms, seed, sends, version } = options;
    this.random = new Random(seed);
    const groups = new Set(forms.filter(hasKeys).map((form) => form.spec.group));
    const ownGroups = [...groups].filter(hasKeysOfItsOwn);
    const keysPerGroup = this.random.pick(KEYS_PER_GROUP);
    const values = new Values(this.random, ownGroups, keysPerGroup, this.random.pick(MEMBERS));
    this.generator = new RequestGenerator(this.random, values, version);
    this.forms = new FormTable(forms);
    this.sent = forms.filter(
      (form) =>
        weightOf(form) > 0 &&
        existsIn(version, form.spec) &&
        (sends === undefined || sends(form)) &&
        (!options.events || hasKeys(form) || CHANGES_DATABASES.has(form.name)),
    );
    let sum = 0;
    this.cumulative = this.sent.map((form) => (sum += weightOf(form)));
  }

  async run(): Promise<void> {
    const {
      allAreSlow,
      count,
      oursPort,
      theirsPort,
      config = [],
      events,
      frequencies,
    } = this.options;
    const formOf = (request: Request) => this.forms.of(request);
    const slow = ['slowlog-log-slower-than', allAreSlow ? '0' : '-1'];
    const counting = frequencies ? COUNTS_EVERY_USE : [];
    const ownConfig = [...config, ...slow, ...(events ? ALL_EVENTS : []), ...counting];
    this.duel = await Duel.begin(oursPort, theirsPort, formOf, ownConfig);
    if (events) this.tap = await EventTap.begin(oursPort, theirsPort);
    this.readers = [await RespClient.connect(oursPort), await RespClient.connect(theirsPort)];
    await this.stopActiveExpiry();
    for (let batch = 1; this.history.length < count; batch++) {
      await this.runBatch(Math.min(BATCH, count - this.history.length));
      if (this.tap !== undefined) await this.compareEvents(this.tap);
      if (this.options.frequencies) await this.compareFrequencies();
      if (batch % BATCHES_PER_SCAN === 0) await this.compareScan();
      if (batch % BATCHES_PER_DATASET === 0) await this.compareDatasets();
      if (batch % BATCHES_PER_SCAN === 0) await this.forgetComparing();
    }
    await this.compareDatasets();
  }

  end(): void {
    this.duel?.end();
    this.tap?.end();
    for (const reader of this.readers) reader.close();
  }

  /** Keys that are due go when someone looks, at the same request on both sides. */
  private async stopActiveExpiry(): Promise<void> {
    for (const reader of this.readers) {
      const reply = await reader.send('DEBUG', 'SET-ACTIVE-EXPIRE', '0');
      if (reply.kind !== 'status') throw new Error(`DEBUG is refused: ${showReply(reply)}`);
    }
  }

  /** How often keys were scanned, which is each server's own affair, shows in its statistics. */
  private async forgetComparing(): Promise<void> {
    for (const reader of this.readers) {
      for (const words of FORGET_THE_PAST) await reader.send(...words);
    }
  }

  private async runBatch(size: number): Promise<void> {
    const connection = this.random.below(CONNECTIONS);
    const steps: Step[] = [];
    while (steps.length < size) {
      for (const request of this.next()) steps.push({ connection, request });
    }
    const first = this.history.length;
    this.history.push(...steps);
    let failure: Failure | undefined;
    try {
      await this.duel.exchange(steps, (exchange, index, resp) => {
        if (failure !== undefined) return;
        this.count(exchange);
        const what = this.judge(exchange, resp);
        if (what === undefined) return;
        failure = { index: first + index, what, exchange, involved: wordsOf(exchange) };
      });
    } catch (error) {
      if (!(error instanceof NoAnswerError)) throw error;
      const { request } = steps[error.step]!;
      failure = { index: first + error.step, what: error.message, involved: request.slice(1) };
    }
    if (failure !== undefined) await this.fail(failure);
  }

  /** The next request, or a transaction of several. */
  private next(): Request[] {
    return this.random.chance(TRANSACTION) ? this.transaction() : this.single(false);
  }

  /** From MULTI, or a WATCH before it, to EXEC or DISCARD; now and then in disorder. */
  private transaction(): Request[] {
    const { random, generator } = this;
    const requests = [words('MULTI')];
    for (let n = random.below(LONGEST_TRANSACTION + 1); n > 0; n--) {
      requests.push(...this.single(true));
    }
    if (random.chance(HAS_A_STRAY)) {
      const stray = words(random.pick(STRAYS));
      requests.splice(random.between(1, requests.length), 0, stray);
    }
    requests.push(words(random.chance(IS_DISCARDED) ? 'DISCARD' : 'EXEC'));
    if (!random.chance(WATCHES)) return requests;
    const watch = this.sent.find(({ name }) => name === 'watch')!;
    return [generator.request(watch, () => []), ...this.single(false), ...requests];
  }

  /** A request, with one that must go right before it. */
  private single(inTransaction: boolean): Request[] {
    const { random, generator } = this;
    if (random.chance(UNKNOWN_COMMAND)) return [generator.unknownCommand()];
    for (;;) {
      const request = generator.request(this.pick(), () => this.single(inTransaction).at(-1)!);
      const form = this.forms.of(request);
      const rule = form === undefined ? {} : ruleOf(form);
      if (!this.maySend(form, request, inTransaction)) continue;
      const before = rule.before?.(request);
      return before === undefined ? [request] : [before.map(latin1), request];
    }
  }

  private maySend(form: Form | undefined, request: Request, inTransaction: boolean): boolean {
    if (form === undefined) return true;
    const { version } = this.options;
    const { alone, excluded, takesRequest, avoid } = ruleOf(form);
    if (excluded !== undefined || !existsIn(version, form.spec)) return false;
    if (avoid?.(request)) return false;
    // A command that is not allowed is refused by Redis before it is queued, here by EXEC.
    const isOdd = alone !== undefined || form.spec.flags.includes('protected');
    if (inTransaction && isOdd) return false;
    if (takesRequest && this.mayBeYetToCome(request.slice(form.words.length))) return false;
    const { allAreSlow = false, events = false } = this.options;
    if (allAreSlow && !countsAlike(form, request, version)) return false;
    return !isAvoided(form, request, version, { events, calls: inTransaction || allAreSlow });
  }

  /** Whether Redis may know a command by this name although respd does not. */
  private mayBeYetToCome(request: Request): boolean {
    const name = request[0]?.toString('latin1') ?? '';
    return (
      /^[a-z]{3,}$/i.test(name) && !/nosuch/i.test(name) && this.forms.of(request) === undefined
    );
  }

  private pick(): Form {
    const at = this.random.fraction() * this.cumulative.at(-1)!;
    return this.sent[this.cumulative.findIndex((sum) => at < sum)]!;
  }

  /** @returns what is wrong with an exchange; undefined if nothing is */
  private judge(exchange: Exchange, resp: 2 | 3): string | undefined {
    const { form, isQueued, ours, ran, theirs } = exchange;
    if (isQueued) return undefined;
    for (const one of ran ?? []) {
      const wrong = this.judge(one, resp);
      if (wrong !== undefined) return `${wrong}, in a transaction: ${describeRequest(one.request)}`;
    }
    if (ran !== undefined) return undefined;
    if (form !== undefined && !isError(ours)) {
      const wrong = violation(ours.reply, form.spec.reply, resp);
      if (wrong !== undefined) return wrong;
    }
    const mayBeLoose = form !== undefined && !isError(ours) && !isError(theirs);
    const agree = (mayBeLoose && ruleOf(form).agree) || sameBytes;
    if (agree(exchange)) return undefined;
    if (versionDifference(exchange, this.options.version) !== undefined) return undefined;
    return agree === sameBytes ? 'not the same bytes' : `no agreement (${ruleOf(form!).because})`;
  }

  private count(exchange: Exchange): void {
    if (exchange.isQueued) return;
    for (const one of exchange.ran ?? []) this.count(one);
    const name = exchange.form?.name ?? '';
    let tally = this.tallies.get(name);
    if (tally === undefined) {
      tally = { sent: 0, succeeded: 0, byVersion: 0 };
      this.tallies.set(name, tally);
    }
    tally.sent++;
    if (!isError(exchange.ours)) tally.succeeded++;
    const isBelow72 = !isSince(this.options.version, '7.2');
    if (isBelow72 && exchange.ran === undefined && !sameBytes(exchange)) {
      if (versionDifference(exchange, this.options.version) !== undefined) tally.byVersion++;
    }
  }

  private async compareScan(): Promise<void> {
    const [ours, theirs] = this.readers as [RespClient, RespClient];
    const seed = this.random.uint32();
    const compare = () => scanDifference(new Random(seed), ours, theirs);
    const what = await compare();
    if (what === undefined) return;
    await this.fail({
      what,
      involved: [],
      alsoDiffers: async () => (await compare()) !== undefined,
    });
  }

  private async compareEvents(tap: EventTap): Promise<void> {
    const found = await tap.difference();
    if (found === undefined) return;
    await this.fail({
      what: found.what,
      involved: [found.key],
      alsoDiffers: async () => (await tap.difference()) !== undefined,
    });
  }

  private async compareFrequencies(): Promise<void> {
    const [ours, theirs] = this.readers as [RespClient, RespClient];
    const compare = () => frequencyDifference(ours, theirs, DATABASES);
    const found = await compare();
    if (found === undefined) return;
    await this.fail({
      what: found.what,
      involved: [found.key],
      alsoDiffers: async () => (await compare()) !== undefined,
    });
  }

  private async compareDatasets(): Promise<void> {
    const [ours, theirs] = this.readers as [RespClient, RespClient];
    const compare = () =>
      datasetDifference({
        ours,
        theirs,
        databases: DATABASES,
        formOf: (request) => this.forms.of(request),
        judge: (exchange) => this.judge(exchange, 2),
        // Scores are digested as texts, and 7.2 writes doubles otherwise.
        ownDigests: isSince(this.options.version, '7.2') ? [] : ['zset'],
      });
    const found = await compare();
    if (found === undefined) return;
    await this.fail({
      what: `the data sets differ in database ${found.database}: ${found.what}`,
      involved: found.key === undefined ? [] : [found.key],
      alsoDiffers: async () => (await compare()) !== undefined,
    });
  }

  /** Tells of a difference, with the shortest way to see it again. */
  private async fail(failure: Failure): Promise<never> {
    const { duel, options } = this;
    const index = failure.index ?? this.history.length - 1;
    const history = this.history.slice(0, index + 1);
    const replay: Replay = async (steps) => {
      let differs = false;
      try {
        await duel.restart();
        await duel.exchange(steps, (exchange, _, resp) => {
          differs ||= this.judge(exchange, resp) !== undefined;
        });
      } catch (error) {
        if (error instanceof NoAnswerError) return true;
        throw error;
      }
      return differs || ((await failure.alsoDiffers?.()) ?? false);
    };
    // A server that has died can't be asked again: then the report goes without.
    const shrunk = await shrink(history, failure.involved, replay).catch(() => undefined);
    const { what, involved, exchange } = failure;
    throw new DifferenceError(
      describeDifference({ seed: options.seed, index, what, history, involved, exchange, shrunk }),
    );
  }
}

function hasKeys(form: Form): boolean {
  return (form.spec.keys?.length ?? 0) > 0;
}

/** What an exchange is about. */
function wordsOf({ ran = [], request }: Exchange): Buffer[] {
  return [...request.slice(1), ...ran.flatMap(wordsOf)];
}

function words(text: string): Request {
  return text.split(' ').map(latin1);
}
