/**
 * SCAN, KEYS, RANDOMKEY: what keys there are.
 *
 * SCAN's guarantee (every key that is there from the first call to the last is returned at least
 * once) is the dict's; see there. SCAN removes keys that are due when it meets them; KEYS only
 * passes them over.
 */
import type { Database } from '../../keyspace/database.js';
import { typeName } from '../../keyspace/kinds.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { globMatch, isPlainPattern } from '../../text/glob.js';
import {
  matches,
  parseCursor,
  parseScanOptions,
  SCAN_ARGS,
  type ScanOptions,
  scanDict,
} from '../scan-options.js';

const STAR = 42;

export const scan: CommandSpec = {
  name: 'scan',
  summary: 'Returns the keys of the database, some at each call.',
  since: '2.8.0',
  group: 'generic',
  complexity: 'O(1) for each call; O(N) for all, where N is the number of keys.',
  arity: -2,
  flags: ['readonly', 'touches_arbitrary_keys'],
  args: [
    { name: 'cursor', type: 'integer' },
    ...SCAN_ARGS,
    { name: 'type', type: 'string', token: 'TYPE', optional: true, since: '6.0.0' },
  ],
  history: [['6.0.0', 'Takes `TYPE`.']],
  tips: ['nondeterministic_output', 'request_policy:special', 'response_policy:special'],
  reply: { tuple: ['bulk', { arrayOf: 'bulk' }] },
  run(call: Call) {
    const { args, db, reply } = call;
    const from = parseCursor(args, 1);
    const options = parseScanOptions(args, 2, true);
    const found: number[] = [];
    const wanted = (e: number) => isWanted(call, e, options);
    const cursor = scanDict(db.dict, from, options.count, wanted, found);

    reply.array(2);
    reply.bulkInt(cursor);
    reply.array(found.length);
    for (const e of found) replyKey(call, e);
  },
};

export const keys: CommandSpec = {
  name: 'keys',
  summary: 'Returns the keys that match a pattern.',
  since: '1.0.0',
  group: 'generic',
  complexity: 'O(N) where N is the number of keys in the database.',
  arity: 2,
  flags: ['readonly'],
  categories: ['dangerous'],
  args: [{ name: 'pattern', type: 'pattern' }],
  tips: ['request_policy:all_shards', 'nondeterministic_output_order'],
  reply: { arrayOf: 'bulk' },
  run(call: Call) {
    const { args, db, reply } = call;
    const pattern = args.view(1);
    if (isPlainPattern(pattern)) {
      replyOnly(call, db.find(args.buf, args.off(1), args.len(1), 0));
      return;
    }
    const { dict } = db;
    // To a match, `*` is not the empty key; but KEYS * means all.
    const matchesAll = args.len(1) === 1 && pattern[0] === STAR;
    const begun = reply.beginDeferred();
    let count = 0;
    for (let e = 1; e < dict.entryTop; e++) {
      if (!dict.isUsed(e)) continue;
      dict.locate(e);
      if (!matchesAll && !globMatch(pattern, dict.buf, dict.keyOff, dict.keyLen)) continue;
      if (isDue(call, db, e)) continue;
      replyKey(call, e);
      count++;
    }
    reply.endDeferred(begun, 'array', count);
  },
};

/** Keys that RANDOMKEY draws at most while none may be removed (as in Redis). */
const HELD_TRIES = 100;

export const randomkey: CommandSpec = {
  name: 'randomkey',
  summary: 'Returns a random key of the database.',
  since: '1.0.0',
  group: 'generic',
  complexity: 'O(1)',
  arity: 1,
  flags: ['readonly', 'touches_arbitrary_keys'],
  tips: ['request_policy:all_shards', 'response_policy:special', 'nondeterministic_output'],
  reply: { oneOf: ['bulk', 'null'] },
  run(call: Call) {
    const { db, keyspace, reply } = call;
    for (let tries = 1; ; tries++) {
      const e = db.dict.randomEntry(keyspace.random);
      if (e === 0) {
        reply.nil();
        return;
      }
      // During CLIENT PAUSE keys that are due stay: there may be no other.
      if (!isDue(call, db, e) || (keyspace.expiryHeld && tries === HELD_TRIES)) {
        replyKey(call, e);
        return;
      }
      keyspace.expire(db, e);
    }
  },
};

/** Whether SCAN returns this key; if it is due, it is removed. */
function isWanted(call: Call, e: number, options: ScanOptions): boolean {
  const { db, keyspace } = call;
  const { dict } = db;
  dict.locate(e);
  if (!matches(options, dict.buf, dict.keyOff, dict.keyLen)) return false;
  const due = isDue(call, db, e);
  if (due) keyspace.expire(db, e);
  if (options.type === undefined) return !due;
  // Redis looks the key up to learn its type, and counts that.
  if (due) keyspace.misses++;
  else keyspace.hits++;
  return !due && typeName(db.kind(e)) === options.type;
}

function isDue(call: Call, db: Database, e: number): boolean {
  return db.isVolatile(e) && db.expiry(e) < call.now;
}

/** Replies an array of this key, or an empty one. */
function replyOnly(call: Call, e: number): void {
  if (e === 0 || isDue(call, call.db, e)) {
    call.reply.array(0);
    return;
  }
  call.reply.array(1);
  replyKey(call, e);
}

function replyKey(call: Call, e: number): void {
  const { dict } = call.db;
  dict.locate(e);
  call.reply.bulk(dict.buf, dict.keyOff, dict.keyLen);
}
