/**
 * EXPIRE, PEXPIRE, EXPIREAT, PEXPIREAT: give a key a time to live; PERSIST takes it away.
 *
 * Whatever unit and origin the time has, it is stored, compared and propagated as the instant when
 * it ends (PEXPIREAT), so that a replica or a replayed log ends at the same instant. An instant
 * that has passed deletes the key at once, and is propagated as the deletion.
 *
 * For GT and LT, a key without a time to live counts as one that lives for ever.
 */
import { EventClass } from '../../keyspace/events.js';
import { invalidExpire } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { ArgSpec, CommandSpec } from '../../server/api/command.js';
import { untilNul } from '../../text/c-string.js';
import { INT64_MAX, INT64_MIN } from '../../text/int64.js';
import { EXPIRE_CONDITION } from '../expire-condition.js';
import { oneKey } from '../key-specs.js';

const KEY: ArgSpec = { name: 'key', type: 'key', keySpec: 0 };
const CONDITION: ArgSpec = { ...EXPIRE_CONDITION, since: '7.0.0' };

/** What the four commands share. */
const FORM = {
  group: 'generic',
  complexity: 'O(1)',
  arity: -3,
  flags: ['write', 'fast'],
  keys: [oneKey(['RW', 'update'])],
  history: [['7.0.0', 'Takes `NX`, `XX`, `GT` and `LT`.']],
  reply: { oneOf: [{ const: 0 }, { const: 1 }] },
} as const;

/** Conditions, one bit each. */
const NX = 1 << 0;
const XX = 1 << 1;
const GT = 1 << 2;
const LT = 1 << 3;

const SECOND = 1000;
const MILLISECOND = 1;
/** Times up to here can be made milliseconds and added to the clock without rounding. */
const EXACT_TIME = 2 ** 42;

const NX_AND_OTHERS = new ReplyError(
  'ERR NX and XX, GT or LT options at the same time are not compatible',
);
const GT_AND_LT = new ReplyError('ERR GT and LT options at the same time are not compatible');

export const expire: CommandSpec = {
  ...FORM,
  name: 'expire',
  summary: 'Sets how long a key lives, in seconds.',
  since: '1.0.0',
  args: [KEY, { name: 'seconds', type: 'integer' }, CONDITION],
  run(call: Call) {
    expireKey(call, SECOND, call.now);
  },
};

export const pexpire: CommandSpec = {
  ...FORM,
  name: 'pexpire',
  summary: 'Sets how long a key lives, in milliseconds.',
  since: '2.6.0',
  args: [KEY, { name: 'milliseconds', type: 'integer' }, CONDITION],
  run(call: Call) {
    expireKey(call, MILLISECOND, call.now);
  },
};

export const expireat: CommandSpec = {
  ...FORM,
  name: 'expireat',
  summary: 'Sets when a key expires, as a Unix time in seconds.',
  since: '1.2.0',
  args: [KEY, { name: 'unix-time-seconds', type: 'unix-time' }, CONDITION],
  run(call: Call) {
    expireKey(call, SECOND, 0);
  },
};

export const pexpireat: CommandSpec = {
  ...FORM,
  name: 'pexpireat',
  summary: 'Sets when a key expires, as a Unix time in milliseconds.',
  since: '2.6.0',
  args: [KEY, { name: 'unix-time-milliseconds', type: 'unix-time' }, CONDITION],
  run(call: Call) {
    expireKey(call, MILLISECOND, 0);
  },
};

export const persist: CommandSpec = {
  name: 'persist',
  summary: 'Takes the time to live of a key away.',
  since: '2.2.0',
  group: 'generic',
  complexity: 'O(1)',
  arity: 2,
  flags: ['write', 'fast'],
  keys: [oneKey(['RW', 'update'])],
  args: [KEY],
  reply: { oneOf: [{ const: 0 }, { const: 1 }] },
  run(call: Call) {
    const e = call.write(1);
    if (e === 0 || !call.db.persist(e)) {
      call.reply.int(0);
      return;
    }
    call.changed(1, EventClass.Generic, 'persist');
    call.reply.int(1);
  },
};

/** @param unitMs of the time in argument 2 @param fromMs what it counts from, Unix ms */
function expireKey(call: Call, unitMs: number, fromMs: number): void {
  const conditions = call.args.count > 3 ? parseConditions(call) : 0;
  const atMs = instant(call, unitMs, fromMs);
  const e = call.write(1);
  if (e === 0 || (conditions !== 0 && !isMet(call, e, conditions, atMs))) {
    call.reply.int(0);
    return;
  }
  if (call.isPast(atMs)) deleteAtOnce(call, e);
  else {
    call.db.setExpiry(e, atMs);
    call.changed(1, EventClass.Generic, 'expire');
    if (unitMs !== MILLISECOND || fromMs !== 0) propagateInstant(call, atMs);
  }
  call.reply.int(1);
}

/** @returns Unix ms; a bigint where a number would not be exact @throws ReplyError */
function instant(call: Call, unitMs: number, fromMs: number): number | bigint {
  const time = call.args.int(2);
  if (Math.abs(time) <= EXACT_TIME) return time * unitMs + fromMs;
  const ms = call.args.int64(2) * BigInt(unitMs);
  if (ms < INT64_MIN || ms > INT64_MAX - BigInt(fromMs)) {
    throw invalidExpire(call.command.fullName);
  }
  return ms + BigInt(fromMs);
}

function parseConditions(call: Call): number {
  const { args } = call;
  let conditions = 0;
  for (let i = 3; i < args.count; i++) {
    if (args.is(i, 'NX')) conditions |= NX;
    else if (args.is(i, 'XX')) conditions |= XX;
    else if (args.is(i, 'GT')) conditions |= GT;
    else if (args.is(i, 'LT')) conditions |= LT;
    else throw new ReplyError(`ERR Unsupported option ${untilNul(args.text(i))}`);
  }
  if ((conditions & NX) !== 0 && (conditions & ~NX) !== 0) throw NX_AND_OTHERS;
  if ((conditions & GT) !== 0 && (conditions & LT) !== 0) throw GT_AND_LT;
  return conditions;
}

/** Whether the key's time to live is such that it may be set to end at `atMs`. */
function isMet(call: Call, e: number, conditions: number, atMs: number | bigint): boolean {
  const { db } = call;
  const isVolatile = db.isVolatile(e);
  if ((conditions & NX) !== 0) return !isVolatile;
  if (!isVolatile) return (conditions & (XX | GT)) === 0;
  const current = db.expiryExact(e);
  if ((conditions & GT) !== 0) return atMs > current;
  return (conditions & LT) === 0 || atMs < current;
}

function deleteAtOnce(call: Call, e: number): void {
  call.keyspace.noteExpired(call.db, e);
  call.db.remove(e);
  call.changed(1, EventClass.Generic, 'del');
  const lazy = call.server.config.values['lazyfree-lazy-expire'];
  call.propagateAs(lazy ? 'UNLINK' : 'DEL', call.args.view(1));
}

/** Propagates the request with its options, as PEXPIREAT. */
function propagateInstant(call: Call, atMs: number | bigint): void {
  if (!call.propagating) return;
  const { args } = call;
  const options: Buffer[] = [];
  for (let i = 3; i < args.count; i++) options.push(args.view(i));
  call.propagateAs('PEXPIREAT', args.view(1), String(atMs), ...options);
}
