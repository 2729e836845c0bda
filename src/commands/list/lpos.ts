/** LPOS: at which indexes an element is. */
import { KindSet } from '../../keyspace/kinds.js';
import { SYNTAX_ERROR } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';
import { KEY } from './arguments.js';
import { cursor, list, needle } from './windows.js';

const RANK_ZERO = new ReplyError(
  "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use " +
    'negative to start from the end of the list',
);
const RANK_OUT_OF_RANGE = new ReplyError(
  'ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807',
);
const COUNT_NEGATIVE = new ReplyError("ERR COUNT can't be negative");
const MAXLEN_NEGATIVE = new ReplyError("ERR MAXLEN can't be negative");
const INT64_MIN_TEXT = '-9223372036854775808';

interface Options {
  /** Which match is the first to tell: 1 is the first from the head, -1 from the tail. */
  rank: number;
  /** How many matches, 0: all; -1: one, and not as an array. */
  count: number;
  /** How many elements are looked at. */
  maxLen: number;
}

export const lpos: CommandSpec = {
  name: 'lpos',
  summary: 'Returns the indexes at which an element is in a list.',
  since: '6.0.6',
  group: 'list',
  complexity:
    'O(N) where N is the number of elements in the list, for the average case. When searching for ' +
    'elements near the head or the tail of the list, or when the MAXLEN option is provided, the ' +
    'command may run in constant time.',
  arity: -3,
  flags: ['readonly'],
  keys: [oneKey(['RO', 'access'])],
  args: [
    KEY,
    { name: 'element', type: 'string' },
    { name: 'rank', type: 'integer', token: 'RANK', optional: true },
    { name: 'num-matches', type: 'integer', token: 'COUNT', optional: true },
    { name: 'len', type: 'integer', token: 'MAXLEN', optional: true },
  ],
  reply: { oneOf: ['null', 'integer', { arrayOf: 'integer' }] },
  run(call: Call) {
    const { args, db, reply } = call;
    const options = parse(call);
    const e = call.readKind(1, KindSet.List);
    if (e === 0) {
      if (options.count >= 0) reply.array(0);
      else reply.nil();
      return;
    }
    list.open(db, e);
    needle.set(args.buf, args.off(2), args.len(2));
    if (options.count >= 0) replyAll(call, options);
    else replyFirst(call, options);
  },
};

function parse({ args }: Call): Options {
  const max = Number.POSITIVE_INFINITY;
  const options = { rank: 1, count: -1, maxLen: max };
  for (let i = 3; i < args.count; i += 2) {
    const at = i + 1;
    if (at >= args.count) throw SYNTAX_ERROR;
    if (args.is(i, 'RANK')) {
      options.rank = args.int(at);
      if (options.rank === 0) throw RANK_ZERO;
      if (options.rank <= -(2 ** 63) && args.text(at) === INT64_MIN_TEXT) throw RANK_OUT_OF_RANGE;
    } else if (args.is(i, 'COUNT')) {
      options.count = args.intWithin(at, 0, max, COUNT_NEGATIVE, COUNT_NEGATIVE);
    } else if (args.is(i, 'MAXLEN')) {
      options.maxLen = args.intWithin(at, 0, max, MAXLEN_NEGATIVE, MAXLEN_NEGATIVE) || max;
    } else {
      throw SYNTAX_ERROR;
    }
  }
  return options;
}

function replyFirst({ reply }: Call, options: Options): void {
  const index = search(options, 1, undefined);
  if (index >= 0) reply.int(index);
  else reply.nil();
}

function replyAll({ reply }: Call, options: Options): void {
  const begun = reply.beginDeferred();
  let found = 0;
  search(options, options.count, (index) => {
    found++;
    reply.int(index);
  });
  reply.endDeferred(begun, 'array', found);
}

/**
 * Looks for the needle in `list`, from the rank's end on.
 * @param max matches from the rank on, 0: all
 * @returns the last match told, -1: none
 */
function search(
  { rank, maxLen }: Options,
  max: number,
  tell: ((index: number) => void) | undefined,
): number {
  const { length } = list;
  const fromTail = rank < 0;
  let toSkip = Math.abs(rank) - 1;
  let told = 0;
  let index = -1;
  let more = cursor.seek(list, fromTail ? length - 1 : 0);
  for (let i = 0; more && i < maxLen; i++) {
    if (cursor.is(needle) && toSkip-- <= 0) {
      index = fromTail ? length - 1 - i : i;
      tell?.(index);
      if (++told === max) break;
    }
    more = fromTail ? cursor.prev() : cursor.next();
  }
  return index;
}
