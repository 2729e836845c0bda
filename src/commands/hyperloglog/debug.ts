/** PFDEBUG: looks inside a HyperLogLog. GETREG and TODENSE make a sparse one dense. */
import { denseRegister, describeRuns, isDense, REGISTERS } from '../../datastructs/hyperloglog.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { untilNul } from '../../text/c-string.js';
import { oneKey } from '../key-specs.js';
import { CORRUPTED, edit, openRaw, storeEdited } from './store.js';

const MISSING = new ReplyError('ERR The specified key does not exist');
const NOT_SPARSE = new ReplyError('ERR HLL encoding is not sparse');

export const pfdebug: CommandSpec = {
  name: 'pfdebug',
  summary: 'Looks inside a HyperLogLog.',
  since: '2.8.9',
  group: 'hyperloglog',
  complexity: 'N/A',
  arity: 3,
  flags: ['write', 'denyoom', 'admin'],
  keys: [oneKey(['RW', 'access'], 2)],
  args: [
    { name: 'subcommand', type: 'string' },
    { name: 'key', type: 'key', keySpec: 0 },
  ],
  docFlags: ['syscmd'],
  reply: 'any',
  run(call: Call) {
    const { args } = call;
    const e = call.write(2);
    if (e === 0) throw MISSING;
    openRaw(call, e);
    if (args.is(1, 'GETREG')) replyRegisters(call, e);
    else if (args.is(1, 'DECODE')) replyRuns(call);
    else if (args.is(1, 'ENCODING')) call.reply.status(isOpenDense(call) ? 'dense' : 'sparse');
    else if (args.is(1, 'TODENSE')) call.reply.int(makeDense(call, e) ? 1 : 0);
    else throw new ReplyError(`ERR Unknown PFDEBUG subcommand '${untilNul(args.text(1))}'`);
  },
};

function isOpenDense(call: Call): boolean {
  return isDense(call.db.buf, call.db.off);
}

/** Makes the open string dense. @returns whether it was sparse */
function makeDense(call: Call, e: number): boolean {
  if (isOpenDense(call)) return false;
  if (!edit(call, e).toDense()) throw CORRUPTED;
  storeEdited(call, e);
  call.dirty++;
  return true;
}

function replyRegisters(call: Call, e: number): void {
  const { db, reply } = call;
  makeDense(call, e);
  reply.array(REGISTERS);
  for (let i = 0; i < REGISTERS; i++) reply.int(denseRegister(db.buf, db.off, i));
}

function replyRuns(call: Call): void {
  const { db, reply } = call;
  if (isOpenDense(call)) throw NOT_SPARSE;
  reply.bulkText(describeRuns(db.buf, db.off, db.len));
}
