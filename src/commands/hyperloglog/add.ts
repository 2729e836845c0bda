/**
 * PFADD, PFMERGE: what changes a HyperLogLog.
 *
 * Both forget the cached count. PFMERGE tells of a `pfadd`: it is an addition of many elements.
 */
import {
  forgetCount,
  isDense,
  mergeInto,
  Outcome,
  REGISTERS,
} from '../../datastructs/hyperloglog.js';
import { EventClass } from '../../keyspace/events.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { allKeys, oneKey } from '../key-specs.js';
import { addEmpty, CORRUPTED, edit, openChecked, storeEdited } from './store.js';

export const pfadd: CommandSpec = {
  name: 'pfadd',
  summary: 'Adds elements to a HyperLogLog, which is made if it does not exist.',
  since: '2.8.9',
  group: 'hyperloglog',
  complexity: 'O(1) per element.',
  arity: -2,
  flags: ['write', 'denyoom', 'fast'],
  keys: [oneKey(['RW', 'insert'])],
  args: [
    { name: 'key', type: 'key', keySpec: 0 },
    { name: 'element', type: 'string', optional: true, multiple: true },
  ],
  reply: { oneOf: [{ const: 0 }, { const: 1 }] },
  run(call: Call) {
    const found = call.write(1);
    if (found !== 0) openChecked(call, found);
    const e = found !== 0 ? found : addEmpty(call, 1);
    const updates = addElements(call, e) + (found === 0 ? 1 : 0);
    if (updates > 0) {
      forgetCount(call.db.buf, call.db.off);
      call.changed(1, EventClass.String, 'pfadd');
      call.dirty += updates - 1;
    }
    call.reply.int(updates > 0 ? 1 : 0);
  },
};

export const pfmerge: CommandSpec = {
  name: 'pfmerge',
  summary: 'Merges HyperLogLogs into one.',
  since: '2.8.9',
  group: 'hyperloglog',
  complexity: 'O(N) where N is the number of HyperLogLogs, each of them costly.',
  arity: -2,
  flags: ['write', 'denyoom'],
  keys: [oneKey(['RW', 'access', 'insert']), allKeys(['RO', 'access'], 2)],
  args: [
    { name: 'destkey', type: 'key', keySpec: 0 },
    { name: 'sourcekey', type: 'key', keySpec: 1, optional: true, multiple: true },
  ],
  reply: 'OK',
  run(call: Call) {
    const { args, db } = call;
    const registers = new Uint8Array(REGISTERS);
    let dense = false;
    for (let i = 1; i < args.count; i++) {
      const e = call.read(i);
      if (e === 0) continue;
      openChecked(call, e);
      dense ||= isDense(db.buf, db.off);
      if (!mergeInto(registers, db.buf, db.off, db.len)) throw CORRUPTED;
    }
    const found = call.write(1);
    raise(call, found !== 0 ? found : addEmpty(call, 1), registers, dense);
    forgetCount(db.buf, db.off);
    call.changed(1, EventClass.String, 'pfadd');
    call.reply.ok();
  },
};

/** Adds all elements and opens the result. @returns how many of them changed a register */
function addElements(call: Call, e: number): number {
  const { args } = call;
  const sparseMax = call.server.config.values['hll-sparse-max-bytes'];
  const hll = edit(call, e);
  let updates = 0;
  for (let i = 2; i < args.count; i++) {
    const outcome = hll.add(args.buf, args.off(i), args.len(i), sparseMax);
    if (outcome === Outcome.Changed) updates++;
    if (outcome !== Outcome.Corrupted) continue;
    // Redis finds this out when the elements before are in; so do we, to hold the same bytes.
    storeEdited(call, e);
    throw CORRUPTED;
  }
  storeEdited(call, e);
  return updates;
}

/** Raises an entry's registers, makes it dense if it is to be, and opens it. */
function raise(call: Call, e: number, registers: Uint8Array, dense: boolean): void {
  const sparseMax = call.server.config.values['hll-sparse-max-bytes'];
  const hll = edit(call, e);
  if (dense && !hll.toDense()) throw CORRUPTED;
  for (let i = 0; i < REGISTERS; i++) if (registers[i] !== 0) hll.set(i, registers[i]!, sparseMax);
  storeEdited(call, e);
}
