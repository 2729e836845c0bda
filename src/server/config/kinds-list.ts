/**
 * The kinds of directives that hold several things, each with rules of its own: save points,
 * output buffer limits, addresses, OOM scores, percentiles, notification classes, shutdown words,
 * the master to replicate, and the working directory.
 *
 * The rules are Redis's, odd ones included: save points of a file replace the defaults once and
 * then add up, while CONFIG SET replaces them all; a buffer limit changes only the classes that it
 * names; an empty text is an empty list.
 */
import { untilNul } from '../../text/c-string.js';
import { quoteBytes } from '../../text/quote.js';
import { looseInteger, memorySize, memoryText, narrow } from './c-numbers.js';
import { lineWords } from './config-lines.js';
import { bytesFromText } from './config-text.js';
import {
  type Directive,
  type DirectiveFacts,
  type Kind,
  type ParseContext,
  Refusal,
} from './directive.js';
import { notOneOf } from './kinds-scalar.js';

const WRONG_COUNT = new Refusal('wrong number of arguments');

/** The words of a text, quotes and escapes read as in a config file; none if they don't match. */
export function wordsOf(line: string): string[] {
  return lineWords(line) ?? [];
}

const sameJson = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
const itself = <V>(value: V): V => value;
const withoutEmpty = (args: readonly string[]): readonly string[] =>
  args.length === 1 && args[0] === '' ? [] : args;

// ---------------------------------------------------------------------------------------- save

/** Save the data set once `changes` writes happened and `seconds` passed since the last save. */
export interface SavePoint {
  readonly seconds: number;
  readonly changes: number;
}

export type SaveNatural = readonly SavePoint[] | string;

const SAVE: Kind<readonly SavePoint[], readonly SavePoint[], SaveNatural> = {
  title: 'pairs of seconds and changes',
  takesMany: true,
  parse(args, context) {
    const given = withoutEmpty(args);
    const points = readSavePoints(given);
    if (points === undefined) return new Refusal('Invalid save parameters');
    const isCleared = args.length === 1 && args[0] === '';
    if (context.source === 'command' || context.isFirstMention || isCleared) return points;
    return [...context.current, ...points];
  },
  format: (points) => points.map(savePointText).join(' '),
  rewrite(points) {
    if (points.length === 0) return [{ text: '""', isNeeded: true }];
    return points.map((point) => ({ text: savePointText(point), isNeeded: true }));
  },
  equal: sameJson,
  toValue: itself,
  argumentsOf(natural) {
    if (typeof natural === 'string') return natural === '' ? [''] : wordsOf(natural);
    if (natural.length === 0) return [''];
    return natural.flatMap(({ seconds, changes }) => [`${seconds}`, `${changes}`]);
  },
};

function savePointText({ seconds, changes }: SavePoint): string {
  return `${seconds} ${changes}`;
}

function readSavePoints(args: readonly string[]): SavePoint[] | undefined {
  if (args.length % 2 !== 0) return undefined;
  const points: SavePoint[] = [];
  for (let i = 0; i < args.length; i += 2) {
    const seconds = looseInteger(args[i] as string);
    const changes = looseInteger(args[i + 1] as string);
    if (seconds === undefined || changes === undefined || seconds < 1n || changes < 0n) {
      return undefined;
    }
    points.push({ seconds: Number(seconds), changes: Number(changes) });
  }
  return points;
}

/** The directive of the points at which the data set is saved. */
export function savePoints(
  fallback: readonly SavePoint[],
  facts: DirectiveFacts,
): Directive<readonly SavePoint[], readonly SavePoint[], SaveNatural> {
  return { kind: SAVE, default: fallback, ...facts };
}

// -------------------------------------------------------------------------------- buffer limits

/** When a client that does not read its replies is closed: at once, or after some time. */
export interface BufferLimit {
  readonly hardBytes: number;
  readonly softBytes: number;
  readonly softSeconds: number;
}

type ClientClass = 'normal' | 'replica' | 'pubsub';
/** The limits of each class of clients; 0 is no limit. */
export type BufferLimits = Readonly<Record<ClientClass, BufferLimit>>;
export type BufferLimitsNatural = Partial<BufferLimits> | string;

export interface StoredLimit {
  readonly hardBytes: number | bigint;
  readonly softBytes: number | bigint;
  readonly softSeconds: number;
}
export type StoredLimits = Readonly<Record<ClientClass, StoredLimit>>;

const CLIENT_CLASSES: readonly ClientClass[] = ['normal', 'replica', 'pubsub'];
const CLASS_BY_WORD: ReadonlyMap<string, ClientClass> = new Map([
  ['normal', 'normal'],
  ['replica', 'replica'],
  ['slave', 'replica'],
  ['pubsub', 'pubsub'],
]);

const BUFFER_LIMITS: Kind<StoredLimits, BufferLimits, BufferLimitsNatural> = {
  title: 'class, hard limit, soft limit, soft seconds',
  takesMany: true,
  parse(args, context) {
    if (args.length % 4 !== 0) {
      return new Refusal('Wrong number of arguments in buffer limit configuration.');
    }
    const limits = { ...context.current };
    for (let i = 0; i < args.length; i += 4) {
      const clientClass = CLASS_BY_WORD.get((args[i] as string).toLowerCase());
      if (clientClass === undefined) {
        return new Refusal('Invalid client class specified in buffer limit configuration.');
      }
      const limit = readLimit(args[i + 1] as string, args[i + 2] as string, args[i + 3] as string);
      if (limit instanceof Refusal) return limit;
      limits[clientClass] = limit;
    }
    return limits;
  },
  format(limits) {
    const classes = CLIENT_CLASSES.map((clientClass) => {
      const { hardBytes, softBytes, softSeconds } = limits[clientClass];
      // CONFIG GET still says slave, though CONFIG REWRITE says replica.
      const word = clientClass === 'replica' ? 'slave' : clientClass;
      return `${word} ${hardBytes} ${softBytes} ${softSeconds}`;
    });
    return classes.join(' ');
  },
  rewrite: (limits, fallback) =>
    CLIENT_CLASSES.map((clientClass) => {
      const { hardBytes, softBytes, softSeconds } = limits[clientClass];
      return {
        text: `${clientClass} ${memoryText(hardBytes)} ${memoryText(softBytes)} ${softSeconds}`,
        isNeeded: !sameLimit(limits[clientClass], fallback[clientClass]),
      };
    }),
  equal: (a, b) => CLIENT_CLASSES.every((each) => sameLimit(a[each], b[each])),
  toValue: (stored) => ({
    normal: limitValue(stored.normal),
    replica: limitValue(stored.replica),
    pubsub: limitValue(stored.pubsub),
  }),
  argumentsOf(natural) {
    if (typeof natural === 'string') return wordsOf(natural);
    return Object.entries(natural).flatMap(([clientClass, limit]) => [
      clientClass,
      `${limit.hardBytes}`,
      `${limit.softBytes}`,
      `${limit.softSeconds}`,
    ]);
  },
};

function readLimit(hard: string, soft: string, seconds: string): StoredLimit | Refusal {
  const hardBytes = memorySize(hard);
  const softBytes = memorySize(soft);
  const softSeconds = looseInteger(seconds);
  const isWrong = hardBytes === undefined || softBytes === undefined || softSeconds === undefined;
  if (isWrong || softSeconds < 0n) {
    return new Refusal(
      'Error in hard, soft or soft_seconds setting in buffer limit configuration.',
    );
  }
  return {
    hardBytes: narrow(hardBytes),
    softBytes: narrow(softBytes),
    softSeconds: Number(softSeconds),
  };
}

function sameLimit(a: StoredLimit, b: StoredLimit): boolean {
  return (
    a.hardBytes === b.hardBytes && a.softBytes === b.softBytes && a.softSeconds === b.softSeconds
  );
}

function limitValue(stored: StoredLimit): BufferLimit {
  return {
    hardBytes: Number(stored.hardBytes),
    softBytes: Number(stored.softBytes),
    softSeconds: stored.softSeconds,
  };
}

/** The directive of the limits of what waits to be sent to clients. */
export function bufferLimits(
  fallback: BufferLimits,
  facts: DirectiveFacts,
): Directive<StoredLimits, BufferLimits, BufferLimitsNatural> {
  return { kind: BUFFER_LIMITS, default: fallback, ...facts };
}

// ------------------------------------------------------------------------------------ addresses

const MAX_ADDRESSES = 16;
export type WordsNatural = readonly string[] | string;
type Words = readonly string[];

const ADDRESSES: Kind<Words, Words, WordsNatural> = {
  title: 'addresses',
  takesMany: true,
  parse(args) {
    if (args.length > MAX_ADDRESSES) return new Refusal('Too many bind addresses specified.');
    const addresses = withoutEmpty(args);
    // No address begins with '#': it is a comment behind the directive (see file.ts).
    const isNone = addresses.some((address) => address.startsWith('#'));
    return isNone ? new Refusal('Failed to bind to specified addresses.') : [...addresses];
  },
  format: (addresses) => addresses.join(' '),
  rewrite(addresses, fallback) {
    if (sameJson(addresses, fallback)) return [];
    return [{ text: addresses.length === 0 ? '""' : addresses.join(' '), isNeeded: true }];
  },
  equal: sameJson,
  toValue: itself,
  argumentsOf: (natural) => (typeof natural === 'string' ? wordsOf(natural) : [...natural]),
};

/** The directive of the addresses to listen on; one with `-` before it may be missing. */
export function addresses(
  fallback: Words,
  facts: DirectiveFacts,
): Directive<Words, Words, WordsNatural> {
  return { kind: ADDRESSES, default: fallback, ...facts };
}

// ----------------------------------------------------------------------------------- OOM scores

/** The OOM scores of a master, a replica, and a background child. */
export type OomScores = readonly [master: number, replica: number, child: number];
const OOM_SCORE_LIMIT = 2000n;

const OOM_SCORES: Kind<OomScores, OomScores, OomScores | string> = {
  title: 'three numbers',
  takesMany: true,
  parse(args) {
    if (args.length !== 3) return WRONG_COUNT;
    const scores = args.map(looseInteger);
    const isWrong = (score: bigint | undefined): boolean =>
      score === undefined || score < -OOM_SCORE_LIMIT || score > OOM_SCORE_LIMIT;
    if (scores.some(isWrong)) {
      return new Refusal('Invalid oom-score-adj-values, elements must be between -2000 and 2000.');
    }
    return [Number(scores[0]), Number(scores[1]), Number(scores[2])];
  },
  format: (scores) => scores.join(' '),
  rewrite: (scores, fallback) => [
    { text: scores.join(' '), isNeeded: !sameJson(scores, fallback) },
  ],
  equal: sameJson,
  toValue: itself,
  argumentsOf: (natural) =>
    typeof natural === 'string' ? wordsOf(natural) : natural.map((score) => `${score}`),
};

/** The directive of the OOM scores. */
export function oomScores(
  fallback: OomScores,
  facts: DirectiveFacts,
): Directive<OomScores, OomScores, OomScores | string> {
  return { kind: OOM_SCORES, default: fallback, ...facts };
}

// ---------------------------------------------------------------------------------- percentiles

const FLOAT = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?$/i;
const INFINITE = /^[+-]?inf(?:inity)?$/i;
const SHOWN_DECIMALS = 6;
type Numbers = readonly number[];

const PERCENTILES: Kind<Numbers, Numbers, Numbers | string> = {
  title: 'percentages',
  takesMany: true,
  parse(args) {
    const percentiles: number[] = [];
    for (const arg of withoutEmpty(args)) {
      if (!FLOAT.test(arg) && !INFINITE.test(arg)) {
        return new Refusal('Invalid latency-tracking-info-percentiles parameters');
      }
      const percentile = INFINITE.test(arg) ? Number.POSITIVE_INFINITY : Number(arg);
      if (percentile > 100 || percentile < 0) {
        return new Refusal(
          'latency-tracking-info-percentiles parameters should sit between [0.0,100.0]',
        );
      }
      percentiles.push(percentile);
    }
    return percentiles;
  },
  format: (percentiles) => percentiles.map(percentileText).join(' '),
  rewrite: (percentiles) => [
    { text: percentiles.map(percentileText).join(' ') || '""', isNeeded: true },
  ],
  equal: sameJson,
  toValue: itself,
  argumentsOf: (natural) =>
    typeof natural === 'string' ? wordsOf(natural) : natural.map((each) => `${each}`),
};

function percentileText(percentile: number): string {
  return percentile.toFixed(SHOWN_DECIMALS).replace(/\.?0+$/, '');
}

/** The directive of the percentiles that INFO shows. */
export function percentiles(
  fallback: Numbers,
  facts: DirectiveFacts,
): Directive<Numbers, Numbers, Numbers | string> {
  return { kind: PERCENTILES, default: fallback, ...facts };
}

// --------------------------------------------------------------------------------- notifications

/** What `A` stands for, and then the classes it does not cover, in the order they are shown. */
const ALL_CLASSES = 'g$lshzxetd';
const EVERY_CLASS = `${ALL_CLASSES}nKEm`;

const NOTIFICATION_CLASSES: Kind<string> = {
  title: 'letters of event classes',
  takesMany: false,
  parse(args) {
    const given = untilNul(args[0] as string).replaceAll('A', () => ALL_CLASSES);
    for (const letter of given) {
      if (!EVERY_CLASS.includes(letter)) {
        return new Refusal("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
      }
    }
    return [...EVERY_CLASS].filter((letter) => given.includes(letter)).join('');
  },
  // Redis shows `n` only when it does not show `A`.
  format: (classes) => abbreviated(classes).replace(/^An/, 'A'),
  // Here `n` is kept: Redis forgets it over a rewrite and a restart.
  rewrite: (classes, fallback) => [
    { text: quoteBytes(bytesFromText(abbreviated(classes))), isNeeded: classes !== fallback },
  ],
  equal: (a, b) => a === b,
  toValue: itself,
  argumentsOf: (natural) => [natural],
};

function abbreviated(classes: string): string {
  return classes.replace(ALL_CLASSES, () => 'A');
}

/**
 * The directive of the classes of keyspace events that are published. The value spells `A` out
 * and holds each letter once, so `value.includes('x')` is the question to ask.
 */
export function notificationClasses(fallback: string, facts: DirectiveFacts): Directive<string> {
  return { kind: NOTIFICATION_CLASSES, default: fallback, ...facts };
}

// -------------------------------------------------------------------------------- shutdown words

export type ShutdownWord = 'save' | 'nosave' | 'now' | 'force';
type ShutdownWords = readonly ShutdownWord[];
type ShutdownNatural = ShutdownWords | string;

const SHUTDOWN_WORDS: readonly ShutdownWord[] = ['save', 'nosave', 'now', 'force'];
const NO_SHUTDOWN_WORDS = 'default';

const SHUTDOWN: Kind<ShutdownWords, ShutdownWords, ShutdownNatural> = {
  title: `${NO_SHUTDOWN_WORDS} | ${SHUTDOWN_WORDS.join(' | ')}`,
  takesMany: true,
  parse(args) {
    const given = args.map((arg) => arg.toLowerCase());
    const known: readonly string[] = [NO_SHUTDOWN_WORDS, ...SHUTDOWN_WORDS];
    if (given.length === 0 || !given.every((word) => known.includes(word))) {
      return notOneOf(known);
    }
    if (given.includes('save') && given.includes('nosave')) {
      return new Refusal("shutdown options SAVE and NOSAVE can't be used simultaneously");
    }
    return SHUTDOWN_WORDS.filter((word) => given.includes(word));
  },
  format: shutdownText,
  rewrite: (words, fallback) => [
    { text: shutdownText(words), isNeeded: !sameJson(words, fallback) },
  ],
  equal: sameJson,
  toValue: itself,
  argumentsOf(natural) {
    if (typeof natural === 'string') return wordsOf(natural);
    return natural.length === 0 ? [NO_SHUTDOWN_WORDS] : [...natural];
  },
};

function shutdownText(words: ShutdownWords): string {
  return words.join(' ') || NO_SHUTDOWN_WORDS;
}

/** A directive of the words that a signal adds to SHUTDOWN; none is `default`. */
export function shutdownWords(
  facts: DirectiveFacts,
): Directive<ShutdownWords, ShutdownWords, ShutdownNatural> {
  return { kind: SHUTDOWN, default: [], ...facts };
}

// -------------------------------------------------------------------------------------- replicaof

/** Where a master listens. */
export interface MasterAddress {
  readonly host: string;
  readonly port: number;
}

const MAX_PORT = 65535n;

const MASTER: Kind<MasterAddress | null, MasterAddress | null, MasterAddress | null | string> = {
  title: 'host and port, or "no one"',
  takesMany: true,
  parse(args) {
    if (args.length !== 2) return WRONG_COUNT;
    const [host, portText] = args as [string, string];
    if (host.toLowerCase() === 'no' && portText.toLowerCase() === 'one') return null;
    const port = looseInteger(portText);
    if (port === undefined || port < 0n || port > MAX_PORT) {
      return new Refusal('Invalid master port');
    }
    return { host, port: Number(port) };
  },
  format: (master) => (master === null ? '' : `${master.host} ${master.port}`),
  rewrite: (master) =>
    master === null ? [] : [{ text: `${master.host} ${master.port}`, isNeeded: true }],
  equal: sameJson,
  toValue: itself,
  argumentsOf(natural) {
    if (natural === null) return ['no', 'one'];
    return typeof natural === 'string' ? wordsOf(natural) : [natural.host, `${natural.port}`];
  },
};

/** The directive of the master that this server is a replica of; null when it is a master. */
export function masterAddress(
  facts: DirectiveFacts,
): Directive<MasterAddress | null, MasterAddress | null, MasterAddress | null | string> {
  return { kind: MASTER, default: null, ...facts };
}

// -------------------------------------------------------------------------------------- directory

const DIRECTORY: Kind<string> = {
  title: 'directory',
  takesMany: false,
  parse: (args, context: ParseContext<string>) =>
    context.directories.resolveDirectory(context.current, args[0] as string),
  format: itself,
  rewrite: (path) => [{ text: quoteBytes(bytesFromText(path)), isNeeded: true }],
  equal: (a, b) => a === b,
  toValue: itself,
  argumentsOf: (natural) => [natural],
};

/**
 * The directive of the directory of all data files. Its value is absolute. Redis changes into it;
 * respd does not, since one process may hold many servers, and resolves each path against it.
 */
export function directory(fallback: string, facts: DirectiveFacts): Directive<string> {
  return { kind: DIRECTORY, default: fallback, ...facts };
}
