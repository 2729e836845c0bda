/**
 * PFCOUNT: of one key, with the count cached in its string; of several, of their union, each time
 * anew.
 *
 * Filling the cache changes the string, so this reading command counts a change and is propagated.
 */
import {
  cacheCount,
  cachedCount,
  count,
  countRegisters,
  hasCount,
  mergeInto,
  REGISTERS,
} from '../../datastructs/hyperloglog.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { allKeys } from '../key-specs.js';
import { CORRUPTED, openChecked, openRaw } from './store.js';

export const pfcount: CommandSpec = {
  name: 'pfcount',
  summary: 'Returns about how many distinct elements HyperLogLogs have seen.',
  since: '2.8.9',
  group: 'hyperloglog',
  complexity: 'O(1), very fast, for one key; O(N), each costly, for N keys.',
  arity: -2,
  flags: ['readonly', 'may_replicate'],
  keys: [
    {
      ...allKeys(['RW', 'access']),
      notes:
        'RW because it may change the internal representation of the key, and propagate to replicas',
    },
  ],
  args: [{ name: 'key', type: 'key', keySpec: 0, multiple: true }],
  reply: 'integer',
  run(call: Call) {
    if (call.args.count > 2) countUnion(call);
    else countOne(call);
  },
};

function countUnion(call: Call): void {
  const { args, db } = call;
  const registers = new Uint8Array(REGISTERS);
  for (let i = 1; i < args.count; i++) {
    const e = call.read(i);
    if (e === 0) continue;
    openChecked(call, e);
    if (!mergeInto(registers, db.buf, db.off, db.len)) throw CORRUPTED;
  }
  call.reply.int64(BigInt(countRegisters(registers)));
}

function countOne(call: Call): void {
  const { db, reply } = call;
  const e = call.read(1);
  if (e === 0) {
    reply.int(0);
    return;
  }
  openRaw(call, e);
  if (hasCount(db.buf, db.off)) {
    reply.int64(cachedCount(db.buf, db.off));
    return;
  }
  const counted = count(db.buf, db.off, db.len);
  if (Number.isNaN(counted)) throw CORRUPTED;
  cacheCount(db.buf, db.off, counted);
  tellCached(call);
  reply.int64(BigInt(counted));
}

/** A change that has no notification. */
function tellCached(call: Call): void {
  call.dirty++;
  if (call.keyspace.observed) call.keyspace.observer!.keyChanged(call.db, call.args.view(1));
}
