/**
 * BITFIELD and BITFIELD_RO: integers of any width within a string, read, set and added to.
 *
 *     BITFIELD k  SET u8 0 200  OVERFLOW SAT  INCRBY u8 0 100  GET i5 #2
 *
 * All subcommands are parsed, and the string is made long enough for all of them, before the first
 * runs. `#2` counts in fields of the type's width. OVERFLOW holds for what follows it.
 *
 * Fields of up to 53 bits take numbers all the way; others, and operands beyond ±2^53, bigints.
 */
import { EventClass } from '../../keyspace/events.js';
import type { Args } from '../../resp/args.js';
import { SYNTAX_ERROR } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { ArgSpec, CommandSpec, KeyPosition } from '../../server/api/command.js';
import { parseInteger } from '../../text/int64.js';
import { oneKey } from '../key-specs.js';
import { NUMBER_BITS, readExact, readField, writeExact, writeField } from './fields.js';
import { fieldOffset } from './offset.js';
import { type FieldType, fitExact, fitGivenExact, fitNumber, type Overflow } from './overflow.js';
import { openWritable } from './writable.js';

/** One subcommand, parsed. */
interface FieldAccess {
  readonly action: 'GET' | 'SET' | 'INCRBY';
  readonly type: FieldType;
  /** Where the field begins, in bits. */
  readonly bit: number;
  /** SET's and INCRBY's number, beyond ±2^53 the nearest double, and its argument. */
  readonly operand: number;
  readonly operandAt: number;
  readonly overflow: Overflow;
}

const INVALID_TYPE = new ReplyError(
  'ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.',
);
const INVALID_OVERFLOW = new ReplyError('ERR Invalid OVERFLOW type specified');
const ONLY_GET = new ReplyError('ERR BITFIELD_RO only supports the GET subcommand');

const OVERFLOWS: readonly Overflow[] = ['WRAP', 'SAT', 'FAIL'];
const SIGNED = 105;
const UNSIGNED = 117;

const KEY: ArgSpec = { name: 'key', type: 'key', keySpec: 0 };
const FIELD: readonly ArgSpec[] = [
  { name: 'encoding', type: 'string' },
  { name: 'offset', type: 'integer' },
];
const GET_BLOCK: ArgSpec = { name: 'get-block', type: 'block', token: 'GET', args: FIELD };
const WRITE_BLOCK: ArgSpec = {
  name: 'write',
  type: 'block',
  args: [
    {
      name: 'overflow-block',
      type: 'oneof',
      token: 'OVERFLOW',
      optional: true,
      args: [
        { name: 'wrap', type: 'pure-token', token: 'WRAP' },
        { name: 'sat', type: 'pure-token', token: 'SAT' },
        { name: 'fail', type: 'pure-token', token: 'FAIL' },
      ],
    },
    {
      name: 'write-operation',
      type: 'oneof',
      args: [
        {
          name: 'set-block',
          type: 'block',
          token: 'SET',
          args: [...FIELD, { name: 'value', type: 'integer' }],
        },
        {
          name: 'incrby-block',
          type: 'block',
          token: 'INCRBY',
          args: [...FIELD, { name: 'increment', type: 'integer' }],
        },
      ],
    },
  ],
};

export const bitfield: CommandSpec = {
  name: 'bitfield',
  summary: 'Reads, sets and adds to integers of any width within a string.',
  since: '3.2.0',
  group: 'bitmap',
  complexity: 'O(1) for each subcommand specified',
  arity: -2,
  flags: ['write', 'denyoom'],
  keys: [
    {
      ...oneKey(['RW', 'access', 'update', 'variable_flags']),
      notes: 'This command allows both access and modification of the key',
    },
  ],
  args: [
    KEY,
    {
      name: 'operation',
      type: 'oneof',
      optional: true,
      multiple: true,
      args: [GET_BLOCK, WRITE_BLOCK],
    },
  ],
  reply: { arrayOf: { oneOf: ['integer', 'null'] } },
  getKeys: bitfieldKeys,
  run(call: Call) {
    const accesses = parseAccesses(call);
    if (accesses.every(isGet)) replyFields(call, accesses);
    else changeFields(call, accesses);
  },
};

export const bitfieldRo: CommandSpec = {
  name: 'bitfield_ro',
  summary: 'Reads integers of any width within a string.',
  since: '6.0.0',
  group: 'bitmap',
  complexity: 'O(1) for each subcommand specified',
  arity: -2,
  flags: ['readonly', 'fast'],
  keys: [oneKey(['RO', 'access'])],
  args: [KEY, { ...GET_BLOCK, optional: true, multiple: true, multipleToken: true }],
  reply: { arrayOf: 'integer' },
  run(call: Call) {
    const accesses = parseAccesses(call);
    if (!accesses.every(isGet)) throw ONLY_GET;
    replyFields(call, accesses);
  },
};

/** BITFIELD's key, which a call with nothing but GETs only reads. */
function bitfieldKeys(args: Args): readonly KeyPosition[] {
  let i = 2;
  while (i < args.count) {
    const rest = args.count - i - 1;
    if (args.is(i, 'GET') && rest >= 2) i += 3;
    else if (args.is(i, 'OVERFLOW') && rest >= 1) i += 2;
    else return [{ index: 1, flags: ['RW', 'access', 'update'] }];
  }
  return [{ index: 1, flags: ['RO', 'access'] }];
}

function isGet({ action }: FieldAccess): boolean {
  return action === 'GET';
}

function parseAccesses(call: Call): readonly FieldAccess[] {
  const { args } = call;
  const accesses: FieldAccess[] = [];
  let overflow: Overflow = 'WRAP';
  let i = 2;
  while (i < args.count) {
    const rest = args.count - i - 1;
    if (args.is(i, 'OVERFLOW') && rest >= 1) {
      overflow = overflowAt(args, i + 1);
      i += 2;
      continue;
    }
    const action = actionAt(args, i, rest);
    const type = typeAt(args, i + 1);
    const bit = fieldOffset(call, i + 2, type.bits);
    const operandAt = i + 3;
    const operand = action === 'GET' ? 0 : args.int(operandAt);
    accesses.push({ action, type, bit, operand, operandAt, overflow });
    i += action === 'GET' ? 3 : 4;
  }
  return accesses;
}

function overflowAt(args: Args, i: number): Overflow {
  const overflow = OVERFLOWS.find((word) => args.is(i, word));
  if (overflow === undefined) throw INVALID_OVERFLOW;
  return overflow;
}

/** @param rest arguments behind this one */
function actionAt(args: Args, i: number, rest: number): FieldAccess['action'] {
  if (rest >= 2 && args.is(i, 'GET')) return 'GET';
  if (rest >= 3 && args.is(i, 'SET')) return 'SET';
  if (rest >= 3 && args.is(i, 'INCRBY')) return 'INCRBY';
  throw SYNTAX_ERROR;
}

/** `i16`, `u8`: the letter is a small one. */
function typeAt(args: Args, i: number): FieldType {
  const off = args.off(i);
  const len = args.len(i);
  const letter = len > 0 ? args.buf[off] : 0;
  if (letter !== SIGNED && letter !== UNSIGNED) throw INVALID_TYPE;
  const signed = letter === SIGNED;
  const bits = parseInteger(args.buf, off + 1, len - 1);
  if (!(bits >= 1 && bits <= (signed ? 64 : 63))) throw INVALID_TYPE;
  return { signed, bits };
}

function replyFields(call: Call, accesses: readonly FieldAccess[]): void {
  const { db, reply } = call;
  const e = call.readString(1);
  if (e !== 0) db.open(e);
  reply.array(accesses.length);
  for (const access of accesses) {
    if (e !== 0) replyField(call, access);
    else reply.int(0);
  }
}

function changeFields(call: Call, accesses: readonly FieldAccess[]): void {
  let bits = 0;
  for (const access of accesses) {
    if (!isGet(access)) bits = Math.max(bits, access.bit + access.type.bits);
  }
  const hasGrown = openWritable(call, Math.ceil(bits / 8));
  let changes = 0;
  call.reply.array(accesses.length);
  for (const access of accesses) {
    if (isGet(access)) replyField(call, access);
    else if (changeField(call, access, hasGrown)) changes++;
  }
  // As in Redis, a string that has only grown (all that should be stored has failed) is no change:
  // nobody is told, and the log and replicas go without it.
  if (changes === 0) return;
  call.changed(1, EventClass.String, 'setbit');
  call.dirty += changes - 1;
}

/** Replies a field of the open string. */
function replyField({ db, reply }: Call, { type, bit }: FieldAccess): void {
  const { bits, signed } = type;
  if (bits <= NUMBER_BITS) reply.int(readField(db.buf, db.off, db.len, bit, bits, signed));
  else reply.int64(readExact(db.buf, db.off, db.len, bit, bits, signed));
}

/**
 * Runs one SET or INCRBY on the open string, and replies it.
 * @param hasGrown whether the string is longer than it was: then everything stored is a change
 * @returns whether it was a change
 */
function changeField(call: Call, access: FieldAccess, hasGrown: boolean): boolean {
  const { db, reply } = call;
  const { type, bit, operand, overflow } = access;
  if (type.bits > NUMBER_BITS) return changeExact(call, access, hasGrown);
  const adds = access.action === 'INCRBY';
  const before = readField(db.buf, db.off, db.len, bit, type.bits, type.signed);
  const wanted = adds ? before + operand : operand;
  const isPlain = adds || type.signed || operand >= 0;
  if (!isPlain || !Number.isSafeInteger(operand) || !Number.isSafeInteger(wanted)) {
    return changeExact(call, access, hasGrown);
  }
  const after = fitNumber(wanted, type, overflow);
  if (Number.isNaN(after)) {
    reply.nil();
    return false;
  }
  reply.int(adds ? after : before);
  writeField(db.buf, db.off, bit, type.bits, after);
  return hasGrown || after !== before;
}

/** As `changeField`, for fields and operands of any width. */
function changeExact(call: Call, access: FieldAccess, hasGrown: boolean): boolean {
  const { args, db, reply } = call;
  const { type, bit, operandAt, overflow } = access;
  const adds = access.action === 'INCRBY';
  const operand = args.int64(operandAt);
  const before = readExact(db.buf, db.off, db.len, bit, type.bits, type.signed);
  const after = adds
    ? fitExact(before + operand, type, overflow)
    : fitGivenExact(operand, type, overflow);
  if (after === undefined) {
    reply.nil();
    return false;
  }
  reply.int64(adds ? after : before);
  writeExact(db.buf, db.off, bit, type.bits, after);
  return hasGrown || after !== before;
}
