/** OBJECT: how a value is kept, and when or how often it was used. */
import { idleSeconds, isLfuPolicy, lfuCounter } from '../../keyspace/access-clock.js';
import { encodingName, Kind } from '../../keyspace/kinds.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';
import { helpCommand } from '../server/help.js';

/** What Redis answers for an object that it never frees: the integers 0 to 9999, shared by all. */
export const SHARED_REFCOUNT = 0x7fffffff;
const SHARED_DIGITS = 4;
const MINUS = 45;

const LFU_SELECTED = new ReplyError(
  'ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when ' +
    'switching between policies at runtime LRU and LFU data will take some time to adjust.',
);
const LFU_NOT_SELECTED = new ReplyError(
  'ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that ' +
    'when switching between policies at runtime LRU and LFU data will take some time to adjust.',
);

/** What the subcommands share. */
const FORM = {
  group: 'generic',
  complexity: 'O(1)',
  arity: 3,
  flags: ['readonly'],
  keys: [oneKey(['RO'], 2)],
  args: [{ name: 'key', type: 'key', keySpec: 0 }],
  tips: ['nondeterministic_output'],
} as const;

const encoding: CommandSpec = {
  ...FORM,
  name: 'encoding',
  summary: 'Returns how the value of a key is kept in memory.',
  since: '2.2.3',
  reply: { oneOf: ['bulk', 'null'] },
  run(call: Call) {
    const e = lookUp(call);
    if (e === 0) call.reply.nil();
    else call.reply.bulkText(encodingName(call.db.kind(e)));
  },
};

const freq: CommandSpec = {
  ...FORM,
  name: 'freq',
  summary: 'Returns how often a key is used, as a logarithmic counter.',
  since: '4.0.0',
  reply: { oneOf: ['integer', 'null'] },
  run(call: Call) {
    const { db, reply } = call;
    const { values } = call.server.config;
    const e = lookUp(call);
    if (e === 0) {
      reply.nil();
      return;
    }
    if (!isLfuPolicy(values['maxmemory-policy'])) throw LFU_NOT_SELECTED;
    reply.int(lfuCounter(db.clockOf(e), call.now, values['lfu-decay-time']));
  },
};

const idletime: CommandSpec = {
  ...FORM,
  name: 'idletime',
  summary: 'Returns the seconds since a key was last used.',
  since: '2.2.3',
  reply: { oneOf: ['integer', 'null'] },
  run(call: Call) {
    const { db, reply } = call;
    const e = lookUp(call);
    if (e === 0) {
      reply.nil();
      return;
    }
    if (isLfuPolicy(call.server.config.values['maxmemory-policy'])) throw LFU_SELECTED;
    reply.int(idleSeconds(db.clockOf(e), db.clock));
  },
};

const refcount: CommandSpec = {
  ...FORM,
  name: 'refcount',
  summary: 'Returns how many references the value of a key has.',
  since: '2.2.3',
  reply: { oneOf: ['integer', 'null'] },
  run(call: Call) {
    const e = lookUp(call);
    if (e === 0) call.reply.nil();
    else call.reply.int(isShared(call, e) ? SHARED_REFCOUNT : 1);
  },
};

export const object: CommandSpec = {
  name: 'object',
  summary: 'Looks at how values are kept.',
  since: '2.2.3',
  group: 'generic',
  complexity: 'Depends on the subcommand.',
  arity: -2,
  flags: [],
  reply: 'any',
  subcommands: [
    encoding,
    freq,
    {
      ...helpCommand(
        'OBJECT',
        '6.2.0',
        [],
        [
          'ENCODING <key>',
          '    Return the kind of internal representation used in order to store the value',
          '    associated with a <key>.',
          'FREQ <key>',
          '    Return the access frequency index of the <key>. The returned integer is',
          '    proportional to the logarithm of the recent access frequency of the key.',
          'IDLETIME <key>',
          '    Return the idle time of the <key>, that is the approximated number of',
          '    seconds elapsed since the last access to the key.',
          'REFCOUNT <key>',
          '    Return the number of references of the value associated with the specified',
          '    <key>.',
        ],
      ),
      group: 'generic',
    },
    idletime,
    refcount,
  ],
};

/** The entry of argument 2, counted as a hit or miss; a miss is not told to anyone. */
function lookUp(call: Call): number {
  const e = call.peek(2);
  if (e === 0) call.keyspace.misses++;
  else call.keyspace.hits++;
  return e;
}

/** Whether Redis would keep this value as one of its shared integers. */
export function isShared(call: Call, e: number): boolean {
  const { db } = call;
  if (db.kind(e) !== Kind.StringInt) return false;
  const { maxmemory, 'maxmemory-policy': policy } = call.server.config.values;
  // Shared objects have no access clock of their own, which these policies need.
  if (maxmemory > 0 && (policy.endsWith('-lru') || policy.endsWith('-lfu'))) return false;
  db.open(e);
  return db.len <= SHARED_DIGITS && db.buf[db.off] !== MINUS;
}
