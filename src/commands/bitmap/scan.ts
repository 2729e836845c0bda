/**
 * BITCOUNT and BITPOS: count the set bits of a part of a string, find the first bit of a value.
 *
 * A part's ends are bytes or, with BIT, bits; both belong to it, and negative ones count from the
 * string's end. Without an end, BITPOS takes the string to go on with zeros.
 */
import type { Args } from '../../resp/args.js';
import { SYNTAX_ERROR } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { ArgSpec, CommandSpec } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';
import { countOnes, findBit } from './bits.js';

const KEY: ArgSpec = { name: 'key', type: 'key', keySpec: 0 };
const END: ArgSpec = { name: 'end', type: 'integer' };
const UNIT: ArgSpec = {
  name: 'unit',
  type: 'oneof',
  optional: true,
  since: '7.0.0',
  args: [
    { name: 'byte', type: 'pure-token', token: 'BYTE' },
    { name: 'bit', type: 'pure-token', token: 'BIT' },
  ],
};
const BAD_BIT = new ReplyError('ERR The bit argument must be 1 or 0.');

export const bitcount: CommandSpec = {
  name: 'bitcount',
  summary: 'Counts the set bits of a string or a part of it.',
  since: '2.6.0',
  group: 'bitmap',
  complexity: 'O(N)',
  arity: -2,
  flags: ['readonly'],
  keys: [oneKey(['RO', 'access'])],
  args: [
    KEY,
    {
      name: 'range',
      type: 'block',
      optional: true,
      args: [{ name: 'start', type: 'integer' }, END, UNIT],
    },
  ],
  history: [['7.0.0', 'Takes `BYTE` or `BIT`.']],
  reply: 'integer',
  run(call: Call) {
    const { args, db, reply } = call;
    const e = call.readString(1);
    if (e === 0) {
      reply.int(0);
      return;
    }
    if (args.count === 3 || args.count > 5) throw SYNTAX_ERROR;
    let start = 0;
    let end = -1;
    let unit = 8;
    if (args.count > 2) {
      start = args.int(2);
      end = args.int(3);
      if (isReversed(args, start, end)) {
        reply.int(0);
        return;
      }
      if (args.count === 5) unit = unitBits(args, 4);
    }
    db.open(e);
    const size = (db.len * 8) / unit;
    start = fromStart(start, size);
    end = Math.min(fromStart(end, size), size - 1);
    const isEmpty = start > end;
    reply.int(isEmpty ? 0 : countOnes(db.buf, db.off, start * unit, (end + 1) * unit - 1));
  },
};

export const bitpos: CommandSpec = {
  name: 'bitpos',
  summary: 'Finds the first set or clear bit of a string or a part of it.',
  since: '2.8.7',
  group: 'bitmap',
  complexity: 'O(N)',
  arity: -3,
  flags: ['readonly'],
  keys: [oneKey(['RO', 'access'])],
  args: [
    KEY,
    { name: 'bit', type: 'integer' },
    {
      name: 'range',
      type: 'block',
      optional: true,
      args: [
        { name: 'start', type: 'integer' },
        { name: 'end-unit-block', type: 'block', optional: true, args: [END, UNIT] },
      ],
    },
  ],
  history: [['7.0.0', 'Takes `BYTE` or `BIT`.']],
  reply: { oneOf: ['integer', { const: -1 }] },
  run(call: Call) {
    const { args, db, reply } = call;
    const bit = args.int(2);
    if (bit !== 0 && bit !== 1) throw BAD_BIT;
    const e = call.readString(1);
    if (e === 0) {
      reply.int(-bit);
      return;
    }
    if (args.count > 6) throw SYNTAX_ERROR;
    let start = args.count > 3 ? args.int(3) : 0;
    const unit = args.count === 6 ? unitBits(args, 5) : 8;
    const hasEnd = args.count > 4;
    let end = hasEnd ? args.int(4) : -1;
    db.open(e);
    const size = (db.len * 8) / unit;
    start = fromStart(start, size);
    end = Math.min(fromStart(end, size), size - 1);
    if (start > end) {
      reply.int(-1);
      return;
    }
    const found = findBit(db.buf, db.off, start * unit, (end + 1) * unit - 1, bit);
    reply.int(found === -1 && bit === 0 && !hasEnd ? db.len * 8 : found);
  },
};

/** Whether two ends that count from the string's end are the wrong way round. */
function isReversed(args: Args, start: number, end: number): boolean {
  if (start >= 0 || end >= 0) return false;
  if (Number.isSafeInteger(start) || Number.isSafeInteger(end)) return start > end;
  return args.int64(2) > args.int64(3);
}

function fromStart(n: number, size: number): number {
  return n < 0 ? Math.max(n + size, 0) : n;
}

/** Bits of the unit that argument `i` names. */
function unitBits(args: Args, i: number): number {
  if (args.is(i, 'BIT')) return 1;
  if (args.is(i, 'BYTE')) return 8;
  throw SYNTAX_ERROR;
}
