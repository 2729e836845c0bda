/**
 * SPOP and SRANDMEMBER: members by chance, each as likely as the others.
 *
 * Distinct members are drawn with Floyd's algorithm (Bentley: More Programming Pearls, 13), or by
 * Knuth's selection sampling (The Art of Computer Programming 3.4.2, S) where a walk is cheaper.
 *
 * SPOP is propagated as what came of it: SREM of the members, or DEL when none is left.
 */
import { EventClass } from '../../keyspace/events.js';
import { Kind } from '../../keyspace/kinds.js';
import { FreeSet } from '../../keyspace/set/free-set.js';
import type { KeySet } from '../../keyspace/set/key-set.js';
import { MUST_BE_POSITIVE, SYNTAX_ERROR } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { ArgSpec, CommandSpec } from '../../server/api/command.js';
import { checkDrawn } from '../draw-limit.js';
import { oneKey } from '../key-specs.js';
import { readSet, replyMembers, writeSet } from './open.js';

/** SPOP takes members out while what remains, so many times over, is more than they are … */
const TAKE_OUT_FACTOR = 5;
/** … and moves what remains to a new set else. The choice can be seen: OBJECT ENCODING. */
const SREM_BATCH = 1024;
/** SRANDMEMBER walks through the whole set if it wants more than one in so many. */
const WALK_FACTOR = 3;
const LEAST_COUNT = -(2n ** 63n) + 1n;
const COUNT_OUT_OF_RANGE = new ReplyError(
  'ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807',
);

const KEY: ArgSpec = { name: 'key', type: 'key', keySpec: 0 };

export const spop: CommandSpec = {
  name: 'spop',
  summary: 'Removes random members from a set and returns them; the set goes with its last one.',
  since: '1.0.0',
  group: 'set',
  complexity: 'O(1) for one, else O(N) where N is the count.',
  arity: -2,
  flags: ['write', 'fast'],
  keys: [oneKey(['RW', 'access', 'delete'])],
  args: [KEY, { name: 'count', type: 'integer', optional: true, since: '3.2.0' }],
  history: [['3.2.0', 'Takes a `count`.']],
  tips: ['nondeterministic_output'],
  reply: { oneOf: ['null', 'bulk', { setOf: 'bulk' }] },
  run(call: Call) {
    const { args, reply } = call;
    if (args.count > 3) throw SYNTAX_ERROR;
    if (args.count === 3) {
      const count = args.intWithin(2, 0, 2 ** 63, MUST_BE_POSITIVE, MUST_BE_POSITIVE);
      const set = writeSet(call, 1);
      if (set === undefined || count === 0) reply.set(0);
      else popMany(call, set, count);
      return;
    }
    const set = writeSet(call, 1);
    if (set === undefined) reply.nil();
    else popOne(call, set);
  },
};

function popOne(call: Call, set: KeySet): void {
  const { args, reply } = call;
  set.random(call.keyspace.random);
  reply.bulk(set.buf, set.off, set.len);
  if (call.propagating) call.propagateAs('SREM', args.view(1), currentMember(set));
  set.removeCurrent();
  set.settle();
  call.changed(1, EventClass.Set, 'spop');
  if (set.size === 0) call.emptied(1, set.entry);
}

function popMany(call: Call, set: KeySet, count: number): void {
  const { size } = set;
  call.changed(1, EventClass.Set, 'spop');
  call.dirty += Math.min(count, size) - 1;
  if (count >= size) {
    popAll(call, set);
    return;
  }
  call.reply.set(count);
  const gone: Uint8Array[] = [];
  if ((size - count) * TAKE_OUT_FACTOR > count) takeOut(call, set, count, gone);
  else keepSome(call, set, size - count, gone);
  for (let i = 0; i < gone.length; i += SREM_BATCH) {
    call.propagateAs('SREM', call.args.view(1), ...gone.slice(i, i + SREM_BATCH));
  }
}

function popAll(call: Call, set: KeySet): void {
  const { args, keyspace, server } = call;
  keyspace.hits++; // Redis looks the set up once more, as SUNION
  replyMembers(call, set);
  keyspace.noteReplaced(call.db, set.entry);
  call.emptied(1, set.entry);
  call.propagateAs(
    server.config.values['lazyfree-lazy-server-del'] ? 'UNLINK' : 'DEL',
    args.view(1),
  );
}

/** Few of many: takes random members out. */
function takeOut(call: Call, set: KeySet, count: number, gone: Uint8Array[]): void {
  const { random } = call.keyspace;
  if (set.kind === Kind.SetListpack) {
    // One walk: each member is taken with the chance that makes all choices equally likely.
    let left = set.size;
    let wanted = count;
    for (set.rewind(); wanted > 0 && set.next(); left--) {
      if (random() * left >= wanted) continue;
      hand(call, set, gone);
      set.removeCurrent();
      wanted--;
    }
  } else {
    for (let i = 0; i < count; i++) {
      set.random(random);
      hand(call, set, gone);
      set.removeCurrent();
    }
  }
  set.settle();
}

/** Most of them: takes out what remains, hands over the rest, and begins anew with what remains. */
function keepSome(call: Call, set: KeySet, count: number, gone: Uint8Array[]): void {
  const { random } = call.keyspace;
  const kept = new FreeSet(
    call.db,
    set.kind === Kind.SetIntset ? Kind.SetIntset : Kind.SetListpack,
  );
  for (let i = 0; i < count; i++) {
    set.random(random);
    kept.add(set.buf, set.off, set.len, set.hash);
    set.removeCurrent();
  }
  for (set.rewind(); set.next(); ) hand(call, set, gone);
  set.replaceBy(kept);
}

/** Replies the current member and takes note that it goes. */
function hand(call: Call, set: KeySet, gone: Uint8Array[]): void {
  call.reply.bulk(set.buf, set.off, set.len);
  if (call.propagating) gone.push(currentMember(set));
}

function currentMember(set: KeySet): Uint8Array {
  return Buffer.from(set.buf.subarray(set.off, set.off + set.len));
}

export const srandmember: CommandSpec = {
  name: 'srandmember',
  summary: 'Returns random members of a set.',
  since: '1.0.0',
  group: 'set',
  complexity: 'O(1) for one, else O(N) where N is the count without its sign.',
  arity: -2,
  flags: ['readonly'],
  keys: [oneKey(['RO', 'access'])],
  args: [KEY, { name: 'count', type: 'integer', optional: true, since: '2.6.0' }],
  history: [['2.6.0', 'Takes a `count`.']],
  tips: ['nondeterministic_output'],
  reply: { oneOf: ['null', 'bulk', { arrayOf: 'bulk' }] },
  run(call: Call) {
    const { args, keyspace, reply } = call;
    if (args.count > 3) throw SYNTAX_ERROR;
    if (args.count === 3) {
      const count = parseCount(call);
      const set = readSet(call, 1);
      if (set === undefined || count === 0) reply.array(0);
      else replyRandom(call, set, count);
      return;
    }
    const set = readSet(call, 1);
    if (set === undefined) {
      reply.nil();
      return;
    }
    set.random(keyspace.random);
    reply.bulk(set.buf, set.off, set.len);
  },
};

function parseCount({ args }: Call): number {
  const count = args.int(2);
  if (count <= -(2 ** 63) && args.int64(2) < LEAST_COUNT) throw COUNT_OUT_OF_RANGE;
  return count;
}

/** @param count negative: so many draws, in which a member may come again */
function replyRandom(call: Call, set: KeySet, count: number): void {
  const { reply } = call;
  const { size } = set;
  if (count < 0 || count === 1) {
    drawEach(call, set, Math.abs(count));
  } else if (count >= size) {
    reply.array(size);
    for (set.rewind(); set.next(); ) reply.bulk(set.buf, set.off, set.len);
  } else {
    reply.array(count);
    if (set.kind === Kind.SetListpack || count * WALK_FACTOR > size) choose(call, set, count);
    else drawDistinct(call, set, count);
  }
}

function drawEach(call: Call, set: KeySet, count: number): void {
  const { keyspace, reply } = call;
  reply.array(count);
  for (let i = 0; i < count; i++) {
    checkDrawn(reply);
    set.random(keyspace.random);
    reply.bulk(set.buf, set.off, set.len);
  }
}

/** One walk, in which each member is taken with the chance that makes all choices equally likely. */
function choose(call: Call, set: KeySet, count: number): void {
  const { keyspace, reply } = call;
  const { size } = set;
  const walks = set.kind === Kind.SetListpack;
  let wanted = count;
  set.rewind();
  for (let i = 0; wanted > 0; i++) {
    if (walks) set.next();
    if (keyspace.random() * (size - i) >= wanted) continue;
    if (!walks) set.at(i);
    reply.bulk(set.buf, set.off, set.len);
    wanted--;
  }
}

/** As many draws as members wanted: one that has come already stands for the last it could be. */
function drawDistinct(call: Call, set: KeySet, count: number): void {
  const { keyspace, reply } = call;
  const drawn = new Set<number>();
  for (let last = set.size - count; last < set.size; last++) {
    const any = Math.floor(keyspace.random() * (last + 1));
    const index = drawn.has(any) ? last : any;
    drawn.add(index);
    set.at(index);
    reply.bulk(set.buf, set.off, set.len);
  }
}
