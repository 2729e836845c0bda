/**
 * HSETEX: HSET that also says when the fields expire, perhaps only if none (FNX) or all (FXX) of them
 * are there.
 *
 * A time from now is propagated as the instant it means (PXAT). Fields whose time has passed already
 * are set and removed again; that is propagated as HDEL.
 */
import { EventClass } from '../../keyspace/events.js';
import { tellExpired } from '../../keyspace/hash/expire-fields.js';
import { wrongArity } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { untilNul } from '../../text/c-string.js';
import { oneKey } from '../key-specs.js';
import { DATA, FIELDS, find, KEY, keep, Met, meet, openOrBegin } from './access.js';
import { removedFields } from './expire.js';
import { NUM_FIELDS, parseDeadline, TIME_ARGS, TIME_FORMS } from './field-list.js';

const BAD_COUNT = new ReplyError('ERR invalid number of fields');
const NO_TIME = new ReplyError('ERR missing expire time');
const TWO_CONDITIONS = new ReplyError('ERR Only one of FXX or FNX arguments can be specified');
const TWO_LIFETIMES = new ReplyError(
  'ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified',
);

interface Options {
  condition: 'FNX' | 'FXX' | undefined;
  keepsTtl: boolean;
  /** Number of the argument that holds the time; 0: none does. */
  timeAt: number;
  /** When the fields are due, Unix ms; 0: no time is given. */
  atMs: number;
  /** Number of the argument that is the first field. */
  first: number;
}

export const hsetex: CommandSpec = {
  name: 'hsetex',
  summary: 'Sets fields of a hash to values and says when the fields expire.',
  since: '8.0.0',
  group: 'hash',
  complexity: 'O(N) where N is the number of fields being set.',
  arity: -6,
  flags: ['write', 'denyoom', 'fast'],
  keys: [oneKey(['RW', 'update'])],
  args: [
    KEY,
    {
      name: 'condition',
      type: 'oneof',
      optional: true,
      args: [
        { name: 'fnx', type: 'pure-token', token: 'FNX' },
        { name: 'fxx', type: 'pure-token', token: 'FXX' },
      ],
    },
    {
      name: 'expiration',
      type: 'oneof',
      optional: true,
      args: [...TIME_ARGS, { name: 'keepttl', type: 'pure-token', token: 'KEEPTTL' }],
    },
    { name: 'fields', type: 'block', token: 'FIELDS', args: [NUM_FIELDS, DATA] },
  ],
  reply: { oneOf: [{ const: 0 }, { const: 1 }] },
  run(call: Call) {
    const options = parseOptions(call);
    openOrBegin(call);
    if (!isMet(call, options)) {
      call.reply.int(0);
      return;
    }
    setAll(call, options);
    call.changed(1, EventClass.Hash, 'hset');
    call.dirty += (call.args.count - options.first) / 2 - 1;
    if (options.atMs !== 0) expireAll(call, options);
    call.reply.int(1);
  },
};

/** @throws ReplyError */
function parseOptions(call: Call): Options {
  const { args } = call;
  const options: Options = {
    condition: undefined,
    keepsTtl: false,
    timeAt: 0,
    atMs: 0,
    first: 0,
  };
  for (let i = 2; i < args.count; i++) {
    if (args.is(i, 'FIELDS')) {
      parseCount(call, i + 1);
      options.first = i + 2;
      return options;
    }
    i = parseOption(call, i, options);
  }
  throw wrongArity(call.command.fullName);
}

/** @returns the number of the option's last argument @throws ReplyError */
function parseOption(call: Call, i: number, options: Options): number {
  const { args } = call;
  if (args.is(i, 'FNX') || args.is(i, 'FXX')) {
    if (options.condition !== undefined) throw TWO_CONDITIONS;
    options.condition = args.is(i, 'FNX') ? 'FNX' : 'FXX';
    return i;
  }
  const form = TIME_FORMS.find(({ word }) => args.is(i, word));
  const keepsTtl = args.is(i, 'KEEPTTL');
  if (form === undefined && !keepsTtl) {
    throw new ReplyError(`ERR unknown argument: ${untilNul(args.text(i))}`);
  }
  if (options.keepsTtl || options.timeAt !== 0) throw TWO_LIFETIMES;
  options.keepsTtl = keepsTtl;
  if (form === undefined) return i;
  if (i + 1 === args.count) throw NO_TIME;
  options.timeAt = i + 1;
  options.atMs = parseDeadline(call, i + 1, form.unitMs, form.relative ? call.now : 0);
  // The instant 0 has passed like any other.
  if (options.atMs === 0) options.atMs = 1;
  return i + 1;
}

/** Checks the number of fields at argument `i` against those that follow. @throws ReplyError */
function parseCount(call: Call, i: number): void {
  const { args } = call;
  if (i + 2 >= args.count) throw wrongArity(call.command.fullName);
  const count = args.intWithin(i, 1, 0x7fffffff, BAD_COUNT, BAD_COUNT);
  if (count * 2 !== args.count - i - 1) throw wrongArity(call.command.fullName);
}

/** Removes those of the fields that are due. @returns whether the condition is met */
function isMet(call: Call, { condition, first }: Options): boolean {
  const { args } = call;
  let live = 0;
  let dropped = 0;
  for (let i = first; i < args.count; i += 2) {
    const met = meet(call, i);
    if (met === Met.Live) live++;
    else if (met === Met.Dropped) dropped++;
  }
  if (dropped > 0) tellExpired(call.keyspace, FIELDS);
  if (condition === 'FNX') return live === 0;
  return condition !== 'FXX' || live === (args.count - first) / 2;
}

function setAll(call: Call, { first, keepsTtl, atMs }: Options): void {
  const { args } = call;
  const { buf } = args;
  FIELDS.expect((args.count - first) / 2);
  // A deadline that is to be replaced need not be taken away first.
  const keepsDeadline = keepsTtl || atMs !== 0;
  for (let i = first; i < args.count; i += 2) {
    const f = args.off(i);
    const v = args.off(i + 1);
    if (keepsDeadline) FIELDS.update(buf, f, args.len(i), buf, v, args.len(i + 1));
    else FIELDS.set(buf, f, args.len(i), buf, v, args.len(i + 1));
  }
  keep(call);
}

function expireAll(call: Call, options: Options): void {
  const { args } = call;
  const { first, atMs } = options;
  const due = call.isPast(atMs);
  FIELDS.open(call.db, FIELDS.entry);
  if (!due) FIELDS.allowDeadlines();
  const removed: number[] = [];
  for (let i = first; i < args.count; i += 2) {
    if (!find(call, i)) continue; // the same field twice, removed already
    if (due) {
      FIELDS.remove();
      removed.push(i);
    } else FIELDS.setDeadline(atMs);
  }
  if (due) {
    removedFields(call, removed);
    return;
  }
  FIELDS.settle();
  call.notify(1, EventClass.Hash, 'hexpire');
  propagateInstant(call, options);
}

/** Propagates the request with its time as an instant. */
function propagateInstant(call: Call, { timeAt, atMs }: Options): void {
  if (!call.propagating) return;
  const { args } = call;
  const request: (string | Buffer)[] = [];
  for (let i = 0; i < args.count; i++) request.push(args.view(i));
  request[timeAt - 1] = 'PXAT';
  request[timeAt] = String(atMs);
  call.propagateAs(...request);
}
