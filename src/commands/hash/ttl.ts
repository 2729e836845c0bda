/**
 * HTTL, HPTTL, HEXPIRETIME, HPEXPIRETIME: how long fields live, or until when; -1 for a field that
 * has no deadline, -2 for one that is not there. Seconds are rounded up.
 */
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';
import { FIELDS, find, KEY, openForRead } from './access.js';
import { FIELDS_ARG, MILLISECOND, parseFieldList, SECOND } from './field-list.js';

/** What the four commands share. */
const FORM = {
  since: '7.4.0',
  group: 'hash',
  complexity: 'O(N) where N is the number of specified fields',
  arity: -5,
  flags: ['readonly', 'fast'],
  keys: [oneKey(['RO', 'access'])],
  args: [KEY, FIELDS_ARG],
  reply: { arrayOf: 'integer' },
} as const;

const NO_FIELD = -2;
const NO_DEADLINE = -1;

export const httl: CommandSpec = {
  ...FORM,
  name: 'httl',
  summary: 'Returns how long fields of a hash still live, in seconds.',
  run(call: Call) {
    replyTimes(call, SECOND, call.now);
  },
};

export const hpttl: CommandSpec = {
  ...FORM,
  name: 'hpttl',
  summary: 'Returns how long fields of a hash still live, in milliseconds.',
  run(call: Call) {
    replyTimes(call, MILLISECOND, call.now);
  },
};

export const hexpiretime: CommandSpec = {
  ...FORM,
  name: 'hexpiretime',
  summary: 'Returns when fields of a hash expire, as Unix times in seconds.',
  run(call: Call) {
    replyTimes(call, SECOND, 0);
  },
};

export const hpexpiretime: CommandSpec = {
  ...FORM,
  name: 'hpexpiretime',
  summary: 'Returns when fields of a hash expire, as Unix times in milliseconds.',
  run(call: Call) {
    replyTimes(call, MILLISECOND, 0);
  },
};

/** @param fromMs what the times are counted from, Unix ms */
function replyTimes(call: Call, unitMs: number, fromMs: number): void {
  const { args, reply } = call;
  const found = openForRead(call);
  const first = parseFieldList(call, 2);
  reply.array(args.count - first);
  for (let i = first; i < args.count; i++) {
    if (!found || !find(call, i) || FIELDS.isDue(call.now)) reply.int(NO_FIELD);
    else if (FIELDS.deadline === 0) reply.int(NO_DEADLINE);
    else reply.int(Math.ceil((FIELDS.deadline - fromMs) / unitMs));
  }
}
