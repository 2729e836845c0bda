/** XRANGE, XREVRANGE: entries by their IDs; XLEN: how many there are. */
import { StreamId } from '../../keyspace/stream/stream-id.js';
import type { Args } from '../../resp/args.js';
import { SYNTAX_ERROR } from '../../resp/errors.js';
import type { Call } from '../../server/api/call.js';
import type { ArgSpec, CommandSpec } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';
import { parseEnd, parseStart } from './ids.js';
import { readStream } from './lookup.js';
import { replyRange, replyReverse } from './reply.js';

const KEY: ArgSpec = { name: 'key', type: 'key', keySpec: 0 };
const START: ArgSpec = { name: 'start', type: 'string' };
const END: ArgSpec = { name: 'end', type: 'string' };
const COUNT: ArgSpec = { name: 'count', type: 'integer', token: 'COUNT', optional: true };

/** What the two commands share. */
const FORM = {
  since: '5.0.0',
  group: 'stream',
  complexity: 'O(N) where N is the number of entries returned.',
  arity: -4,
  flags: ['readonly'],
  keys: [oneKey(['RO', 'access'])],
  history: [['6.2.0', 'The ends of a range may be left out of it, with `(`.']],
  reply: { oneOf: [{ arrayOf: { tuple: ['bulk', { arrayOf: 'bulk' }] } }, 'null'] },
} as const;

export const xrange: CommandSpec = {
  ...FORM,
  name: 'xrange',
  summary: 'Returns the entries of a stream within a range of IDs.',
  args: [KEY, START, END, COUNT],
  run(call: Call) {
    const start = parseStart(call.args, 2, startId);
    const end = parseEnd(call.args, 3, endId);
    answer(call, start, end, replyRange);
  },
};

export const xrevrange: CommandSpec = {
  ...FORM,
  name: 'xrevrange',
  summary: 'Returns the entries of a stream within a range of IDs, the last one first.',
  args: [KEY, END, START, COUNT],
  run(call: Call) {
    const start = parseStart(call.args, 3, startId);
    const end = parseEnd(call.args, 2, endId);
    answer(call, start, end, replyReverse);
  },
};

export const xlen: CommandSpec = {
  name: 'xlen',
  summary: 'Returns the number of entries of a stream.',
  since: '5.0.0',
  group: 'stream',
  complexity: 'O(1)',
  arity: 2,
  flags: ['readonly', 'fast'],
  keys: [oneKey(['RO'])],
  args: [KEY],
  reply: 'integer',
  run(call: Call) {
    call.reply.int(readStream(call, 1)?.length ?? 0);
  },
};

// Scratch.
const startId = new StreamId();
const endId = new StreamId();

/** No COUNT is given. */
const ALL = -1;

function answer(
  call: Call,
  start: StreamId,
  end: StreamId,
  replyWith: typeof replyRange | typeof replyReverse,
): void {
  const { args, reply } = call;
  const count = args.count > 4 ? parseCount(args) : ALL;
  const stream = readStream(call, 1);
  if (stream === undefined) reply.array(0);
  else if (count === 0) reply.nilArray();
  else replyWith(reply, stream, start, end, Math.max(count, 0));
}

function parseCount(args: Args): number {
  let count = ALL;
  for (let i = 4; i < args.count; i += 2) {
    if (!args.is(i, 'COUNT') || i + 1 >= args.count) throw SYNTAX_ERROR;
    count = Math.max(0, args.int(i + 1));
  }
  return count;
}
