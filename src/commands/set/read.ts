/** SMEMBERS and SSCAN: all members, at once or some at each call. */
import { Kind } from '../../keyspace/kinds.js';
import type { KeySet } from '../../keyspace/set/key-set.js';
import type { Call } from '../../server/api/call.js';
import type { ArgSpec, CommandSpec } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';
import {
  matches,
  parseCursor,
  parseScanOptions,
  replyNothingScanned,
  SCAN_ARGS,
  type ScanOptions,
  scanDict,
} from '../scan-options.js';
import { readSet, replyMembers } from './open.js';

const KEY: ArgSpec = { name: 'key', type: 'key', keySpec: 0 };

export const smembers: CommandSpec = {
  name: 'smembers',
  summary: 'Returns all members of a set.',
  since: '1.0.0',
  group: 'set',
  complexity: 'O(N) where N is the number of members.',
  arity: 2,
  flags: ['readonly'],
  keys: [oneKey(['RO', 'access'])],
  args: [KEY],
  tips: ['nondeterministic_output_order'],
  reply: { setOf: 'bulk' },
  run(call: Call) {
    const set = readSet(call, 1);
    if (set === undefined) call.reply.set(0);
    else replyMembers(call, set);
  },
};

export const sscan: CommandSpec = {
  name: 'sscan',
  summary: 'Returns the members of a set, some at each call.',
  since: '2.8.0',
  group: 'set',
  complexity: 'O(1) for each call; O(N) for all, where N is the number of members.',
  arity: -3,
  flags: ['readonly'],
  keys: [oneKey(['RO', 'access'])],
  args: [KEY, { name: 'cursor', type: 'integer' }, ...SCAN_ARGS],
  tips: ['nondeterministic_output'],
  reply: { tuple: ['bulk', { arrayOf: 'bulk' }] },
  run(call: Call) {
    const { args, reply } = call;
    const cursor = parseCursor(args, 2);
    const set = readSet(call, 1);
    if (set === undefined) {
      // Options are not even looked at.
      replyNothingScanned(reply);
      return;
    }
    const options = parseScanOptions(args, 3, false);
    if (set.kind === Kind.SetDict) replySome(call, set, cursor, options);
    else replyAll(call, set, options);
  },
};

/** A step through a hashtable. */
function replySome(call: Call, set: KeySet, from: number, options: ScanOptions): void {
  const { reply } = call;
  const { dict } = set.table!;
  const found: number[] = [];
  const isWanted = (e: number) => {
    dict.locate(e);
    return matches(options, dict.buf, dict.keyOff, dict.keyLen);
  };
  const cursor = scanDict(dict, from, options.count, isWanted, found);
  reply.array(2);
  reply.bulkInt(cursor);
  reply.array(found.length);
  for (const e of found) {
    dict.locate(e);
    reply.bulk(dict.buf, dict.keyOff, dict.keyLen);
  }
}

/** Small sets are returned as a whole. */
function replyAll(call: Call, set: KeySet, options: ScanOptions): void {
  const { reply } = call;
  reply.array(2);
  reply.bulkInt(0);
  const begun = reply.beginDeferred();
  let count = 0;
  for (set.rewind(); set.next(); ) {
    if (!matches(options, set.buf, set.off, set.len)) continue;
    reply.bulk(set.buf, set.off, set.len);
    count++;
  }
  reply.endDeferred(begun, 'array', count);
}
