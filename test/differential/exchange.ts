/**
 * One request and what both servers answered, and the ways of comparing two answers that cannot be
 * equal to the byte: sets in any order, times that two clocks measured, lists of clients.
 */
import { type Received, type Reply, showReply } from '../support/resp-client.js';
import type { Form } from './forms.js';
import type { Request } from './requests.js';
import { LATER_S, MUCH_LATER_S } from './values.js';

export interface Exchange {
  readonly request: Request;
  /** What the request was taken for; undefined for a command that does not exist. */
  readonly form: Form | undefined;
  /** respd's answer, and Redis's. */
  readonly ours: Received;
  readonly theirs: Received;
  /** The exchange before it on the same connection. */
  readonly previous: Exchange | undefined;
  /** Whether a transaction keeps it for EXEC: it has not run yet. */
  readonly isQueued?: boolean;
  /** What EXEC ran, each request with its own answers. */
  readonly ran?: readonly Exchange[];
}

/** Whether two answers, neither of them an error, agree. */
export type Agreement = (exchange: Exchange) => boolean;

/** How far apart two servers may be about an instant, in ms: one may have been held up. */
const CLOCK_TOLERANCE_MS = 5000;

/** Equal to the byte. */
export const sameBytes: Agreement = ({ ours, theirs }) => ours.raw.equals(theirs.raw);

/** Of one type: what they say is each server's own affair. */
export const sameType: Agreement = ({ ours, theirs }) => ours.reply.kind === theirs.reply.kind;

/** The same elements in whatever order. */
export const sameElements: Agreement = ({ ours, theirs }) =>
  ours.reply.kind === theirs.reply.kind &&
  sorted(elementsOf(ours.reply)).join() === sorted(elementsOf(theirs.reply)).join();

/** Times that remain, in units of so many ms; negative ones (`no such key`) exactly. */
export function sameRemaining(unitMs: number): Agreement {
  return ({ ours, theirs }) => isNear(ours.reply, theirs.reply, unitMs);
}

/**
 * Unix times in units of so many ms: exactly where a command gave an absolute one, and about the
 * same where it was counted from two servers' clocks.
 */
export function sameInstant(unitMs: number): Agreement {
  return (exchange) => {
    const { ours, theirs } = exchange;
    if (theirs.reply.kind !== 'integer') return sameBytes(exchange);
    const theirsMs = Number(theirs.reply.value) * unitMs;
    const isAbsolute = theirsMs >= LATER_S * 1000 && theirsMs <= MUCH_LATER_S * 1000;
    return isAbsolute ? sameBytes(exchange) : isNear(ours.reply, theirs.reply, unitMs);
  };
}

/** Seconds since the last access: both small. */
export const sameIdleTime: Agreement = ({ ours, theirs }) =>
  isNear(ours.reply, theirs.reply, 1000) || sameTypes(ours.reply, theirs.reply, 'integer');

/** RANDOMKEY: keys that a whole SCAN, sent right before it, has found; or none on either side. */
export const anyScannedKey: Agreement = (exchange) => {
  const { ours, theirs, previous } = exchange;
  if (ours.reply.kind !== 'bulk' || theirs.reply.kind !== 'bulk') return sameBytes(exchange);
  if (previous === undefined || !isWholeScan(previous)) return true;
  const found = scannedKeys(previous.ours.reply) ?? [];
  return found.includes(showReply(ours.reply)) && found.includes(showReply(theirs.reply));
};

/**
 * SCAN: all keys, if one call has found them all; otherwise a cursor and an array, for an iteration
 * of several calls is compared elsewhere.
 */
export const sameScan: Agreement = (exchange) => {
  const { ours, theirs } = exchange;
  const our = scannedKeys(ours.reply);
  const their = scannedKeys(theirs.reply);
  if (our === undefined || their === undefined) return false;
  return !isWholeScan(exchange) || sorted(our).join() === sorted(their).join();
};

function isWholeScan({ form, request, ours, theirs }: Exchange): boolean {
  const endsAtOnce = [ours.reply, theirs.reply].every((reply) => nextCursor(reply) === '0');
  return form?.name === 'scan' && request[1]!.toString('latin1') === '0' && endsAtOnce;
}

function nextCursor(reply: Reply): string | undefined {
  const first = reply.kind === 'array' ? reply.items[0] : undefined;
  return first?.kind === 'bulk' ? first.bytes.toString('latin1') : undefined;
}

/** Undefined where it is no answer of SCAN. */
function scannedKeys(reply: Reply): string[] | undefined {
  if (reply.kind !== 'array' || reply.items.length !== 2) return undefined;
  return reply.items[1]!.kind === 'array' ? elementsOf(reply.items[1]!) : undefined;
}

/** OBJECT REFCOUNT: as it is, but that a small integer which COPY has made is one of its own. */
export const sameRefcount: Agreement = (exchange) => {
  const [our, their] = [exchange.ours.reply, exchange.theirs.reply].map(showReply);
  return our === their || (our === ':2147483647' && their === ':1');
};

/** Maps that agree wherever both have a name, but for these. */
export function sameWhereShared(exceptions: readonly (string | RegExp)[]): Agreement {
  return ({ ours, theirs }) => {
    if (ours.reply.kind !== theirs.reply.kind) return false;
    const known = mapOf(ours.reply);
    for (const [name, value] of mapOf(theirs.reply)) {
      const isException = exceptions.some((one) =>
        typeof one === 'string' ? one === name : one.test(name),
      );
      if (!isException && known.has(name) && known.get(name) !== value) return false;
    }
    return true;
  };
}

/** SLOWLOG GET: all but the numbers of entries, how long they took, and whose they were. */
export const sameSlowCommands: Agreement = ({ ours, theirs }) => {
  const [our, their] = [ours, theirs].map(({ reply }) => itemsOf(reply).map(itemsOf));
  return our!.length === their!.length && our!.every((entry, i) => isSameEntry(entry, their![i]!));
};

/** Entries are [number, Unix time, microseconds, arguments, address, name of the client]. */
function isSameEntry(ours: readonly Reply[], theirs: readonly Reply[]): boolean {
  if (ours.length !== 6 || theirs.length !== 6 || !isNear(ours[1]!, theirs[1]!, 1000)) return false;
  const [our, their] = [itemsOf(ours[3]!), itemsOf(theirs[3]!)].map((args) => args.map(showReply));
  // Redis shows the words of a wrong AUTH.
  const isSameArg = (arg: string, i: number) => arg === '"(redacted)"' || arg === their![i];
  return (
    our!.length === their!.length &&
    our!.every(isSameArg) &&
    showReply(ours[5]!) === showReply(theirs[5]!)
  );
}

/** LATENCY HISTOGRAM: the same commands, in any order, called as often, but for these. */
export function sameCalls(exceptions: readonly string[]): Agreement {
  return ({ ours, theirs }) => {
    const [our, their] = [ours, theirs].map(({ reply }) => callsOf(reply, exceptions));
    return sorted(our!).join() === sorted(their!).join();
  };
}

/** Of each command, its name and `calls`, which is the first pair of what is said of it. */
function callsOf(reply: Reply, exceptions: readonly string[]): string[] {
  return flat(reply).flatMap((name, i, all) =>
    i % 2 === 0 && !exceptions.includes(textOf(name))
      ? [`${textOf(name)} ${showReply(flat(all[i + 1]!)[1]!)}`]
      : [],
  );
}

/** Names and values of a map, in either protocol, in a row. */
function flat(reply: Reply): readonly Reply[] {
  return reply.kind === 'map' ? reply.entries.flat() : itemsOf(reply);
}

function itemsOf(reply: Reply): readonly Reply[] {
  return reply.kind === 'array' ? reply.items : [];
}

/** CLIENT INFO and LIST: the fields of Redis's first line, in their order, respd's besides. */
export function sameClientFields(comparedByValue: readonly string[]): Agreement {
  return ({ ours, theirs }) => {
    if (ours.reply.kind !== theirs.reply.kind) return false;
    const known = fieldsOf(ours.reply);
    const fields = fieldsOf(theirs.reply);
    if (known.length === 0 || fields.length === 0) return true;
    let at = 0;
    for (const [name, value] of fields) {
      at = known.findIndex(([other], i) => i >= at && other === name);
      if (at < 0) return false;
      if (comparedByValue.includes(name) && known[at]![1] !== value) return false;
    }
    return true;
  };
}

export function isError(received: Received): boolean {
  return received.reply.kind === 'error';
}

/** An error's text; empty for any other reply. */
export function errorText(received: Received): string {
  return received.reply.kind === 'error' ? received.reply.text : '';
}

/** The elements of an array or a set, each as a text that differs where its bytes do. */
export function elementsOf(reply: Reply): string[] {
  return reply.kind === 'array' || reply.kind === 'set' ? reply.items.map(showReply) : [];
}

function sorted(texts: string[]): string[] {
  return texts.sort();
}

function sameTypes(ours: Reply, theirs: Reply, kind: Reply['kind']): boolean {
  return ours.kind === kind && theirs.kind === kind;
}

function isNear(ours: Reply, theirs: Reply, unitMs: number): boolean {
  if (ours.kind !== 'integer' || theirs.kind !== 'integer') {
    return showReply(ours) === showReply(theirs);
  }
  if (ours.value < 0n || theirs.value < 0n) return ours.value === theirs.value;
  return Math.abs(Number(ours.value - theirs.value)) * unitMs <= CLOCK_TOLERANCE_MS;
}

/** A map in either protocol. */
function mapOf(reply: Reply): Map<string, string> {
  const found = new Map<string, string>();
  if (reply.kind === 'map') {
    for (const [name, value] of reply.entries) found.set(textOf(name), showReply(value));
  } else if (reply.kind === 'array') {
    for (let i = 0; i + 1 < reply.items.length; i += 2) {
      found.set(textOf(reply.items[i]!), showReply(reply.items[i + 1]!));
    }
  }
  return found;
}

function textOf(reply: Reply): string {
  return reply.kind === 'bulk' ? reply.bytes.toString('latin1') : showReply(reply);
}

/** `name=value` fields of the first line of a text. */
function fieldsOf(reply: Reply): [name: string, value: string][] {
  if (reply.kind !== 'bulk' && reply.kind !== 'verbatim') return [];
  const line = reply.bytes.toString('latin1').split('\n')[0]!;
  return line
    .split(' ')
    .filter((field) => field.includes('='))
    .map((field) => [field.slice(0, field.indexOf('=')), field.slice(field.indexOf('=') + 1)]);
}
