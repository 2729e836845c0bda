/**
 * HEXPIRE, HPEXPIRE, HEXPIREAT, HPEXPIREAT: give fields deadlines; HPERSIST takes them away.
 *
 * For each field the reply says: -2 there is no such field, 0 the condition is not met, 1 done, 2 the
 * time has passed already, so the field was removed. As with keys, a deadline is propagated as the
 * instant it is (HPEXPIREAT), with the fields that got it and no others; one that has passed, as HDEL.
 */
import { EventClass } from '../../keyspace/events.js';
import { tellExpired } from '../../keyspace/hash/expire-fields.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { EXPIRE_CONDITION } from '../expire-condition.js';
import { oneKey } from '../key-specs.js';
import { FIELDS, find, KEY, Met, meet, openForWrite } from './access.js';
import { FIELDS_ARG, MILLISECOND, parseDeadline, parseFieldList, SECOND } from './field-list.js';

/** What the four commands share. */
const FORM = {
  since: '7.4.0',
  group: 'hash',
  complexity: 'O(N) where N is the number of specified fields',
  arity: -6,
  flags: ['write', 'denyoom', 'fast'],
  keys: [oneKey(['RW', 'update'])],
  reply: { arrayOf: { oneOf: [{ const: -2 }, { const: 0 }, { const: 1 }, { const: 2 }] } },
} as const;

const NO_FIELD = -2;
const NO_DEADLINE = -1;
const UNMET = 0;
const DONE = 1;
const REMOVED = 2;

const NOT_ABOVE_ZERO = new ReplyError('ERR Parameter `numFields` should be greater than 0');

type Condition = 'NX' | 'XX' | 'GT' | 'LT';
const CONDITIONS: readonly Condition[] = ['NX', 'XX', 'GT', 'LT'];

export const hexpire: CommandSpec = {
  ...FORM,
  name: 'hexpire',
  summary: 'Sets how long fields of a hash live, in seconds.',
  args: [KEY, { name: 'seconds', type: 'integer' }, EXPIRE_CONDITION, FIELDS_ARG],
  run(call: Call) {
    expireFields(call, SECOND, call.now);
  },
};

export const hpexpire: CommandSpec = {
  ...FORM,
  name: 'hpexpire',
  summary: 'Sets how long fields of a hash live, in milliseconds.',
  args: [KEY, { name: 'milliseconds', type: 'integer' }, EXPIRE_CONDITION, FIELDS_ARG],
  run(call: Call) {
    expireFields(call, MILLISECOND, call.now);
  },
};

export const hexpireat: CommandSpec = {
  ...FORM,
  name: 'hexpireat',
  summary: 'Sets when fields of a hash expire, as a Unix time in seconds.',
  args: [KEY, { name: 'unix-time-seconds', type: 'unix-time' }, EXPIRE_CONDITION, FIELDS_ARG],
  run(call: Call) {
    expireFields(call, SECOND, 0);
  },
};

export const hpexpireat: CommandSpec = {
  ...FORM,
  name: 'hpexpireat',
  summary: 'Sets when fields of a hash expire, as a Unix time in milliseconds.',
  args: [KEY, { name: 'unix-time-milliseconds', type: 'unix-time' }, EXPIRE_CONDITION, FIELDS_ARG],
  run(call: Call) {
    expireFields(call, MILLISECOND, 0);
  },
};

export const hpersist: CommandSpec = {
  name: 'hpersist',
  summary: 'Takes the deadlines of fields of a hash away.',
  since: '7.4.0',
  group: 'hash',
  complexity: 'O(N) where N is the number of specified fields',
  arity: -5,
  flags: ['write', 'fast'],
  keys: [oneKey(['RW', 'update'])],
  args: [KEY, FIELDS_ARG],
  reply: { arrayOf: { oneOf: [{ const: -2 }, { const: -1 }, { const: 1 }] } },
  run(call: Call) {
    const { args, reply } = call;
    const found = openForWrite(call);
    const first = parseFieldList(call, 2);
    reply.array(args.count - first);
    let changes = 0;
    for (let i = first; i < args.count; i++) {
      const result = found ? persistField(call, i) : NO_FIELD;
      if (result === DONE) changes++;
      reply.int(result);
    }
    if (changes > 0) {
      FIELDS.settle();
      call.changed(1, EventClass.Hash, 'hpersist');
    }
  },
};

function persistField(call: Call, i: number): number {
  if (!find(call, i) || (FIELDS.isDue(call.now) && !call.keepsDue)) return NO_FIELD;
  if (FIELDS.deadline === 0) return NO_DEADLINE;
  FIELDS.setDeadline(0);
  return DONE;
}

/** @param unitMs of the time in argument 2 @param fromMs what it counts from, Unix ms */
function expireFields(call: Call, unitMs: number, fromMs: number): void {
  const { args, reply } = call;
  const found = openForWrite(call);
  const atMs = parseDeadline(call, 2, unitMs, fromMs);
  const condition = CONDITIONS.find((word) => args.is(3, word));
  const first = parseFieldList(call, condition === undefined ? 3 : 4, NOT_ABOVE_ZERO);
  reply.array(args.count - first);
  if (!found) {
    for (let i = first; i < args.count; i++) reply.int(NO_FIELD);
    return;
  }
  FIELDS.allowDeadlines();
  const changed: number[] = [];
  let dropped = 0;
  for (let i = first; i < args.count; i++) {
    const met = meet(call, i);
    const result = met === Met.Live ? expireField(call, atMs, condition) : NO_FIELD;
    if (result > UNMET) changed.push(i);
    if (met === Met.Dropped) dropped++;
    reply.int(result);
  }
  if (dropped > 0) tellDropped(call, changed);
  if (changed.length === 0) return;
  if (call.isPast(atMs)) {
    removedFields(call, changed);
  } else {
    FIELDS.settle();
    changedFields(call, changed.length, 'hexpire');
    propagateDeadlines(call, atMs, condition, changed);
  }
}

/** Gives the field that was found a deadline. @returns what to reply */
function expireField(call: Call, atMs: number, condition: Condition | undefined): number {
  if (condition !== undefined && !isMet(condition, FIELDS.deadline, atMs)) return UNMET;
  if (call.isPast(atMs)) {
    FIELDS.remove();
    return REMOVED;
  }
  FIELDS.setDeadline(atMs);
  return DONE;
}

/** Whether a deadline of `current` (0: none, as if it were infinite) may become `atMs`. */
function isMet(condition: Condition, current: number, atMs: number): boolean {
  if (condition === 'NX') return current === 0;
  if (condition === 'LT') return current === 0 || atMs < current;
  if (condition === 'GT') return current !== 0 && atMs > current;
  return current !== 0;
}

/**
 * Tells of fields that were due, before the changes of others are told: these come with what becomes
 * of the hash, if there are any.
 */
export function tellDropped(call: Call, changed: readonly number[]): void {
  if (changed.length === 0) tellExpired(call.keyspace, FIELDS);
  else call.notify(1, EventClass.Hash, 'hexpired');
}

/** Tells that the fields of these arguments were removed, for their new time had passed. */
export function removedFields(call: Call, fields: readonly number[]): void {
  const { args } = call;
  changedFields(call, fields.length, 'hdel');
  for (const i of fields) call.propagateAs('HDEL', args.view(1), args.view(i));
  if (FIELDS.count === 0) call.emptied(1, FIELDS.entry);
  else FIELDS.settle();
}

export function changedFields(call: Call, changes: number, event: string): void {
  call.changed(1, EventClass.Hash, event);
  call.dirty += changes - 1;
}

/** Propagates a deadline of the fields of these arguments. */
export function propagateDeadlines(
  call: Call,
  atMs: number,
  condition: Condition | undefined,
  fields: readonly number[],
): void {
  if (!call.propagating) return;
  const { args } = call;
  const names = fields.map((i) => args.view(i));
  const options = condition === undefined ? [] : [condition];
  const list = ['FIELDS', String(names.length), ...names];
  call.propagateAs('HPEXPIREAT', args.view(1), String(atMs), ...options, ...list);
}
