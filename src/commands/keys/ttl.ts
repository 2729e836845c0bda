/**
 * TTL, PTTL, EXPIRETIME, PEXPIRETIME: how long a key lives, and until when.
 *
 * All answer -2 for a key that does not exist and -1 for one that lives for ever. Seconds are
 * rounded to the nearest. Times beyond 2^53 ms are worked out with all their 64 bits.
 */
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';

const NO_KEY = -2;
const NO_EXPIRY = -1;
/** Times up to here are exact as numbers, and so is what is worked out from them. */
const EXACT_MS = 2 ** 52;

/** What the commands share. */
const FORM = {
  group: 'generic',
  complexity: 'O(1)',
  arity: 2,
  flags: ['readonly', 'fast'],
  keys: [oneKey(['RO', 'access'])],
  args: [{ name: 'key', type: 'key', keySpec: 0 }],
  reply: 'integer',
} as const;

export const ttl: CommandSpec = {
  ...FORM,
  name: 'ttl',
  summary: 'Returns how long a key still lives, in seconds.',
  since: '1.0.0',
  history: [['2.8.0', 'Answers -2 if there is no such key.']],
  tips: ['nondeterministic_output'],
  run(call: Call) {
    replySeconds(call, call.now);
  },
};

export const pttl: CommandSpec = {
  ...FORM,
  name: 'pttl',
  summary: 'Returns how long a key still lives, in milliseconds.',
  since: '2.6.0',
  history: [['2.8.0', 'Answers -2 if there is no such key.']],
  tips: ['nondeterministic_output'],
  run(call: Call) {
    replyMs(call, call.now);
  },
};

export const expiretime: CommandSpec = {
  ...FORM,
  name: 'expiretime',
  summary: 'Returns when a key expires, as a Unix time in seconds.',
  since: '7.0.0',
  run(call: Call) {
    replySeconds(call, 0);
  },
};

export const pexpiretime: CommandSpec = {
  ...FORM,
  name: 'pexpiretime',
  summary: 'Returns when a key expires, as a Unix time in milliseconds.',
  since: '7.0.0',
  run(call: Call) {
    replyMs(call, 0);
  },
};

/** Replies the time from `fromMs` until the key of argument 1 expires. */
function replyMs(call: Call, fromMs: number): void {
  const e = lookUp(call);
  if (e === 0) return;
  const ms = call.db.expiry(e) - fromMs;
  if (ms < EXACT_MS) call.reply.int(Math.max(ms, 0));
  else call.reply.int64(call.db.expiryExact(e) - BigInt(fromMs));
}

/** As `replyMs`, in seconds. */
function replySeconds(call: Call, fromMs: number): void {
  const e = lookUp(call);
  if (e === 0) return;
  const ms = call.db.expiry(e) - fromMs;
  if (ms < EXACT_MS) {
    call.reply.int(Math.floor((Math.max(ms, 0) + 500) / 1000));
    return;
  }
  call.reply.int64((call.db.expiryExact(e) - BigInt(fromMs) + 500n) / 1000n);
}

/** The entry of argument 1 if it has a time to live; else 0, and the reply is written. */
function lookUp(call: Call): number {
  const e = call.look(1);
  if (e !== 0 && call.db.isVolatile(e)) return e;
  call.reply.int(e === 0 ? NO_KEY : NO_EXPIRY);
  return 0;
}
