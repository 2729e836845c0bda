/**
 * HGETALL, HKEYS, HVALS: the whole hash, written straight from it into the reply.
 *
 * Fields that are due are left out, and stay for others to remove.
 */
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';
import { FIELDS, KEY, openForRead, replyField, replyValue } from './access.js';

/** What the three commands share. */
const FORM = {
  since: '2.0.0',
  group: 'hash',
  complexity: 'O(N) where N is the number of fields of the hash.',
  arity: 2,
  flags: ['readonly'],
  keys: [oneKey(['RO', 'access'])],
  args: [KEY],
  tips: ['nondeterministic_output_order'],
} as const;

export const hgetall: CommandSpec = {
  ...FORM,
  name: 'hgetall',
  summary: 'Returns all fields of a hash with their values.',
  reply: { mapOf: 'bulk' },
  run(call: Call) {
    const { now, reply } = call;
    if (!openForRead(call)) {
      reply.map(0);
      return;
    }
    reply.map(FIELDS.count - FIELDS.countDue(now));
    for (FIELDS.rewind(); FIELDS.next(); ) {
      if (FIELDS.isDue(now)) continue;
      replyField(call);
      replyValue(call);
    }
  },
};

export const hkeys: CommandSpec = {
  ...FORM,
  name: 'hkeys',
  summary: 'Returns all fields of a hash.',
  reply: { arrayOf: 'bulk' },
  run(call: Call) {
    const { now } = call;
    if (!beginArray(call)) return;
    for (FIELDS.rewind(); FIELDS.next(); ) if (!FIELDS.isDue(now)) replyField(call);
  },
};

export const hvals: CommandSpec = {
  ...FORM,
  name: 'hvals',
  summary: 'Returns all values of a hash.',
  reply: { arrayOf: 'bulk' },
  run(call: Call) {
    const { now } = call;
    if (!beginArray(call)) return;
    for (FIELDS.rewind(); FIELDS.next(); ) if (!FIELDS.isDue(now)) replyValue(call);
  },
};

/** Opens the hash and begins an array of as many elements. @returns whether there is a hash */
function beginArray(call: Call): boolean {
  const found = openForRead(call);
  call.reply.array(found ? FIELDS.count - FIELDS.countDue(call.now) : 0);
  return found;
}
