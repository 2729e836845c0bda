/** SADD, SREM, SISMEMBER, SMISMEMBER, SCARD, SMOVE: members that the caller names. */
import { EventClass } from '../../keyspace/events.js';
import { KindSet } from '../../keyspace/kinds.js';
import type { KeySet } from '../../keyspace/set/key-set.js';
import { WRONG_TYPE } from '../../resp/errors.js';
import type { Call } from '../../server/api/call.js';
import type { ArgSpec, CommandSpec } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';
import { createSet, readSet, view, writeSet } from './open.js';

const KEY: ArgSpec = { name: 'key', type: 'key', keySpec: 0 };
const MEMBER: ArgSpec = { name: 'member', type: 'string' };
const MEMBERS: ArgSpec = { ...MEMBER, multiple: true };
const FROM_SECOND = { first: 2, step: 1 };

export const sadd: CommandSpec = {
  name: 'sadd',
  summary: 'Adds members to a set, which is made if it does not exist.',
  since: '1.0.0',
  group: 'set',
  complexity: 'O(1) per member.',
  arity: -3,
  flags: ['write', 'denyoom', 'fast'],
  keys: [oneKey(['RW', 'insert'])],
  args: [KEY, MEMBERS],
  members: FROM_SECOND,
  history: [['2.4.0', 'Takes more than one `member`.']],
  reply: 'integer',
  run(call: Call) {
    const { args } = call;
    const count = args.count - 2;
    let set = writeSet(call, 1);
    if (set === undefined) set = createSet(call, 1, 2, count);
    else set.expect(count);
    let added = 0;
    for (let i = 2; i < args.count; i++) {
      if (set.add(args.buf, args.off(i), args.len(i), args.hash(i))) added++;
    }
    set.settle();
    if (added > 0) {
      call.changed(1, EventClass.Set, 'sadd');
      call.dirty += added - 1;
    }
    call.reply.int(added);
  },
};

export const srem: CommandSpec = {
  name: 'srem',
  summary: 'Removes members from a set, and the set with its last one.',
  since: '1.0.0',
  group: 'set',
  complexity: 'O(N) where N is the number of members named.',
  arity: -3,
  flags: ['write', 'fast'],
  keys: [oneKey(['RW', 'delete'])],
  args: [KEY, MEMBERS],
  members: FROM_SECOND,
  history: [['2.4.0', 'Takes more than one `member`.']],
  reply: 'integer',
  run(call: Call) {
    const set = writeSet(call, 1);
    const removed = set === undefined ? 0 : removeMembers(call, set);
    if (removed > 0) {
      set!.settle();
      call.changed(1, EventClass.Set, 'srem');
      call.dirty += removed - 1;
      if (set!.size === 0) call.emptied(1, set!.entry);
    }
    call.reply.int(removed);
  },
};

function removeMembers({ args }: Call, set: KeySet): number {
  let removed = 0;
  for (let i = 2; i < args.count; i++) {
    if (!set.remove(args.buf, args.off(i), args.len(i), args.hash(i))) continue;
    removed++;
    if (set.size === 0) break;
  }
  return removed;
}

export const sismember: CommandSpec = {
  name: 'sismember',
  summary: 'Says whether something is a member of a set.',
  since: '1.0.0',
  group: 'set',
  complexity: 'O(1)',
  arity: 3,
  flags: ['readonly', 'fast'],
  keys: [oneKey(['RO'])],
  args: [KEY, MEMBER],
  members: FROM_SECOND,
  reply: { oneOf: [{ const: 0 }, { const: 1 }] },
  run(call: Call) {
    call.reply.int(holds(call, readSet(call, 1), 2));
  },
};

export const smismember: CommandSpec = {
  name: 'smismember',
  summary: 'Says of several things whether they are members of a set.',
  since: '6.2.0',
  group: 'set',
  complexity: 'O(N) where N is the number of members asked for.',
  arity: -3,
  flags: ['readonly', 'fast'],
  keys: [oneKey(['RO', 'access'])],
  args: [KEY, MEMBERS],
  members: FROM_SECOND,
  reply: { arrayOf: { oneOf: [{ const: 0 }, { const: 1 }] } },
  run(call: Call) {
    const { args, reply } = call;
    const set = readSet(call, 1);
    reply.array(args.count - 2);
    for (let i = 2; i < args.count; i++) reply.int(holds(call, set, i));
  },
};

export const scard: CommandSpec = {
  name: 'scard',
  summary: 'Returns the number of members of a set.',
  since: '1.0.0',
  group: 'set',
  complexity: 'O(1)',
  arity: 2,
  flags: ['readonly', 'fast'],
  keys: [oneKey(['RO'])],
  args: [KEY],
  reply: 'integer',
  run(call: Call) {
    const set = readSet(call, 1);
    call.reply.int(set === undefined ? 0 : set.size);
  },
};

export const smove: CommandSpec = {
  name: 'smove',
  summary: 'Moves a member from one set to another.',
  since: '1.0.0',
  group: 'set',
  complexity: 'O(1)',
  arity: 4,
  flags: ['write', 'fast'],
  keys: [oneKey(['RW', 'access', 'delete']), oneKey(['RW', 'insert'], 2)],
  args: [
    { name: 'source', type: 'key', keySpec: 0 },
    { name: 'destination', type: 'key', keySpec: 1 },
    MEMBER,
  ],
  reply: { oneOf: [{ const: 1 }, { const: 0 }] },
  run(call: Call) {
    const { db, reply } = call;
    const from = call.write(1);
    const to = call.write(2);
    // Without a source, the destination's type does not matter.
    if (from === 0) {
      reply.int(0);
      return;
    }
    mustBeSet(call, from);
    if (to !== 0) mustBeSet(call, to);
    const source = view(0).attach(db, from);
    if (from === to) reply.int(holds(call, source, 3));
    else reply.int(move(call, source, to) ? 1 : 0);
  },
};

/** @param to the destination's entry, 0 if it has none */
function move(call: Call, source: KeySet, to: number): boolean {
  const { args, db } = call;
  const off = args.off(3);
  const len = args.len(3);
  if (!source.remove(args.buf, off, len)) return false;
  source.settle();
  call.changed(1, EventClass.Set, 'srem');
  if (source.size === 0) call.emptied(1, source.entry);
  const target = to !== 0 ? view(0).attach(db, to) : createSet(call, 2, 3, 1);
  if (target.add(args.buf, off, len)) {
    target.settle();
    call.changed(2, EventClass.Set, 'sadd');
  }
  return true;
}

function mustBeSet({ db }: Call, e: number): void {
  if (((KindSet.Set >>> db.kind(e)) & 1) === 0) throw WRONG_TYPE;
}

/** Whether argument `i` is a member of the set, as the reply's number. */
function holds({ args }: Call, set: KeySet | undefined, i: number): 0 | 1 {
  return set?.has(args.buf, args.off(i), args.len(i), args.hash(i)) ? 1 : 0;
}
