/**
 * HRANDFIELD: random fields of a hash, one, some different ones, or some that may repeat.
 *
 * Fields that are due are removed first, as in Redis 7.4: then every draw hits. Different fields are
 * drawn by number where the hash is much bigger than the count; else one walk over the hash decides
 * at each field by the chance that is left (Knuth's Algorithm S), so nothing is copied.
 */
import { expireAllDue } from '../../keyspace/hash/expire-fields.js';
import { SYNTAX_ERROR } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { INT64_MAX } from '../../text/int64.js';
import { checkDrawn } from '../draw-limit.js';
import { oneKey } from '../key-specs.js';
import { FIELDS, KEY, openForRead, replyField, replyValue } from './access.js';

const OUTSIDE_LONG = new ReplyError(
  `ERR value is out of range, value must between -${INT64_MAX} and ${INT64_MAX}`,
);
const OUT_OF_RANGE = new ReplyError('ERR value is out of range');
/** With values, a count is doubled for the reply. */
const MAX_WITH_VALUES = INT64_MAX / 2n;
/** A table this many times bigger than the count is drawn from, not walked. */
const SPARSE = 3;

export const hrandfield: CommandSpec = {
  name: 'hrandfield',
  summary: 'Returns random fields of a hash.',
  since: '6.2.0',
  group: 'hash',
  complexity: 'O(N) where N is the number of fields returned',
  arity: -2,
  flags: ['readonly'],
  keys: [oneKey(['RO', 'access'])],
  args: [
    KEY,
    {
      name: 'options',
      type: 'block',
      optional: true,
      args: [
        { name: 'count', type: 'integer' },
        { name: 'withvalues', type: 'pure-token', token: 'WITHVALUES', optional: true },
      ],
    },
  ],
  tips: ['nondeterministic_output'],
  reply: {
    oneOf: ['null', 'bulk', { arrayOf: 'bulk' }, { arrayOf: { tuple: ['bulk', 'bulk'] } }],
  },
  run(call: Call) {
    const { args, reply } = call;
    const counted = args.count > 2;
    const count = counted ? parseCount(call) : 1;
    const withValues = args.count > 3;
    if (!openFresh(call)) {
      if (counted) reply.array(0);
      else reply.nil();
    } else if (!counted) {
      FIELDS.go(FIELDS.randomPlace(call.keyspace.random));
      replyField(call);
    } else if (count < 0) replyRepeated(call, -count, withValues);
    else replyDifferent(call, Math.min(count, FIELDS.count), withValues);
  },
};

/** The count, rounded if it is beyond 2^53. @throws ReplyError */
function parseCount(call: Call): number {
  const { args } = call;
  const count = args.int64(2);
  if (count < -INT64_MAX) throw OUTSIDE_LONG;
  if (args.count > 4 || (args.count === 4 && !args.is(3, 'WITHVALUES'))) throw SYNTAX_ERROR;
  if (args.count === 4 && (count < -MAX_WITH_VALUES || count > MAX_WITH_VALUES)) {
    throw OUT_OF_RANGE;
  }
  return Number(count);
}

/** Opens the hash without its fields that are due. @returns whether there is one, still */
function openFresh(call: Call): boolean {
  if (!openForRead(call)) return false;
  expireAllDue(call.keyspace, FIELDS, call.now);
  return FIELDS.count > 0;
}

function replyRepeated(call: Call, count: number, withValues: boolean): void {
  const { random } = call.keyspace;
  beginReply(call, count, withValues);
  // A listpack is walked once, for the places.
  const places = FIELDS.table === undefined ? allPlaces() : undefined;
  for (let i = 0; i < count; i++) {
    checkDrawn(call.reply);
    FIELDS.go(
      places === undefined
        ? FIELDS.randomPlace(random)
        : places[Math.floor(random() * places.length)]!,
    );
    replyPair(call, withValues);
  }
}

/** @param count at most as many as there are */
function replyDifferent(call: Call, count: number, withValues: boolean): void {
  beginReply(call, count, withValues);
  if (FIELDS.table !== undefined && count * SPARSE <= FIELDS.count) draw(call, count, withValues);
  else select(call, count, withValues);
}

/** Draws until there are `count` different ones. */
function draw(call: Call, count: number, withValues: boolean): void {
  const { random } = call.keyspace;
  const drawn = new Set<number>();
  while (drawn.size < count) {
    const place = FIELDS.randomPlace(random);
    if (drawn.has(place)) continue;
    drawn.add(place);
    FIELDS.go(place);
    replyPair(call, withValues);
  }
}

/** Walks over the hash and takes each field with the chance that it takes to end with `count`. */
function select(call: Call, count: number, withValues: boolean): void {
  const { random } = call.keyspace;
  let left = FIELDS.count;
  let wanted = count;
  for (FIELDS.rewind(); wanted > 0 && FIELDS.next(); left--) {
    if (wanted < left && random() * left >= wanted) continue;
    wanted--;
    replyPair(call, withValues);
  }
}

function allPlaces(): Int32Array {
  const places = new Int32Array(FIELDS.count);
  let n = 0;
  for (FIELDS.rewind(); FIELDS.next(); ) places[n++] = FIELDS.place;
  return places;
}

/** In RESP2 a field's value follows it; in RESP3 each pair is an array of its own. */
function beginReply(call: Call, count: number, withValues: boolean): void {
  const { reply } = call;
  reply.array(withValues && !reply.resp3 ? count * 2 : count);
}

function replyPair(call: Call, withValues: boolean): void {
  if (withValues && call.reply.resp3) call.reply.array(2);
  replyField(call);
  if (withValues) replyValue(call);
}
