/**
 * HGETEX: HMGET that also gives the fields deadlines, or takes them away; HGETDEL: HMGET that removes
 * the fields.
 *
 * What they did is propagated as the plain commands for it: HPEXPIREAT, HPERSIST, HDEL.
 */
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';
import { FIELDS, KEY, Met, meet, openForWrite, replyValue } from './access.js';
import { tellRemoved } from './delete.js';
import { changedFields, propagateDeadlines, removedFields, tellDropped } from './expire.js';
import { FIELDS_ARG, parseDeadline, parseFieldList, TIME_ARGS, TIME_FORMS } from './field-list.js';

const KEEP = -1;
/** As a deadline: takes the present one away. */
const PERSIST = 0;

export const hgetex: CommandSpec = {
  name: 'hgetex',
  summary: 'Returns values of fields of a hash and sets when the fields expire.',
  since: '8.0.0',
  group: 'hash',
  complexity: 'O(N) where N is the number of specified fields',
  arity: -5,
  flags: ['write', 'fast'],
  keys: [
    {
      ...oneKey(['RW', 'access', 'update']),
      notes: "RW and UPDATE because the fields' times to live change",
    },
  ],
  args: [
    KEY,
    {
      name: 'expiration',
      type: 'oneof',
      optional: true,
      args: [...TIME_ARGS, { name: 'persist', type: 'pure-token', token: 'PERSIST' }],
    },
    FIELDS_ARG,
  ],
  reply: { arrayOf: { oneOf: ['bulk', 'null'] } },
  run(call: Call) {
    const { args } = call;
    const found = openForWrite(call);
    const form = TIME_FORMS.find(({ word }) => args.is(2, word));
    let atMs = args.is(2, 'PERSIST') ? PERSIST : KEEP;
    if (form !== undefined) {
      atMs = parseDeadline(call, 3, form.unitMs, form.relative ? call.now : 0);
    }
    const first = parseFieldList(call, form !== undefined ? 4 : atMs === PERSIST ? 3 : 2);
    if (!found) replyNone(call, first);
    else if (form === undefined && atMs === KEEP) replyAll(call, first, keepField);
    else if (form === undefined) persistAll(call, first);
    else expireAll(call, first, atMs);
  },
};

export const hgetdel: CommandSpec = {
  name: 'hgetdel',
  summary: 'Returns values of fields of a hash and removes the fields.',
  since: '8.0.0',
  group: 'hash',
  complexity: 'O(N) where N is the number of specified fields',
  arity: -5,
  flags: ['write', 'fast'],
  keys: [oneKey(['RW', 'access', 'delete'])],
  args: [KEY, FIELDS_ARG],
  reply: { arrayOf: { oneOf: ['bulk', 'null'] } },
  run(call: Call) {
    const found = openForWrite(call);
    const first = parseFieldList(call, 2);
    if (!found) {
      replyNone(call, first);
      return;
    }
    const removed = replyAll(call, first, removeField);
    if (removed.length === 0) return;
    const { args } = call;
    tellRemoved(call, removed.length);
    call.propagateAs('HDEL', args.view(1), ...removed.map((i) => args.view(i)));
  },
};

function replyNone(call: Call, first: number): void {
  const { args, reply } = call;
  reply.array(args.count - first);
  for (let i = first; i < args.count; i++) reply.nil();
}

/**
 * Replies the fields' values, and changes the fields.
 * @param change of the field that was found; says whether there was anything to change
 * @returns the arguments whose fields were changed
 */
function replyAll(call: Call, first: number, change: () => boolean): number[] {
  const { args, reply } = call;
  const changed: number[] = [];
  let dropped = 0;
  reply.array(args.count - first);
  for (let i = first; i < args.count; i++) {
    const met = meet(call, i);
    if (met === Met.Live) {
      replyValue(call);
      if (change()) changed.push(i);
      continue;
    }
    if (met === Met.Dropped) dropped++;
    reply.nil();
  }
  if (dropped > 0) tellDropped(call, changed);
  return changed;
}

function keepField(): boolean {
  return false;
}

function removeField(): boolean {
  FIELDS.remove();
  return true;
}

function persistField(): boolean {
  if (FIELDS.deadline === 0) return false;
  FIELDS.setDeadline(PERSIST);
  return true;
}

function persistAll(call: Call, first: number): void {
  const changed = replyAll(call, first, persistField);
  if (changed.length === 0) return;
  const { args } = call;
  FIELDS.settle();
  changedFields(call, changed.length, 'hpersist');
  const names = changed.map((i) => args.view(i));
  call.propagateAs('HPERSIST', args.view(1), 'FIELDS', String(names.length), ...names);
}

function expireAll(call: Call, first: number, atMs: number): void {
  if (call.isPast(atMs)) {
    const removed = replyAll(call, first, removeField);
    if (removed.length > 0) removedFields(call, removed);
    return;
  }
  FIELDS.allowDeadlines();
  const changed = replyAll(call, first, () => {
    FIELDS.setDeadline(atMs);
    return true;
  });
  if (changed.length === 0) return;
  FIELDS.settle();
  changedFields(call, changed.length, 'hexpire');
  propagateDeadlines(call, atMs, undefined, changed);
}
