/** RESTORE: makes a key of what DUMP has given. */
import {
  isLfuPolicy,
  lruClock,
  restoredLfuClock,
  restoredLruClock,
} from '../../keyspace/access-clock.js';
import { EventClass } from '../../keyspace/events.js';
import { Kind } from '../../keyspace/kinds.js';
import { LooseValue } from '../../keyspace/loose-value.js';
import { SYNTAX_ERROR } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { INT64_MAX } from '../../text/int64.js';
import { oneKey } from '../key-specs.js';

const BUSY_KEY = new ReplyError('BUSYKEY Target key name already exists.');
const INVALID_IDLE = new ReplyError('ERR Invalid IDLETIME value, must be >= 0');
const INVALID_FREQ = new ReplyError('ERR Invalid FREQ value, must be >= 0 and <= 255');
const INVALID_TTL = new ReplyError('ERR Invalid TTL value, must be >= 0');
const WRONG_FOOTER = new ReplyError('ERR DUMP payload version or checksum are wrong');
const BAD_DATA = new ReplyError('ERR Bad data format');
const FREQ_MAX = 255;
/** Of IDLETIME and FREQ: not given. */
const NONE = -1;

interface Options {
  replaces: boolean;
  isAbsolute: boolean;
  idle: number;
  uses: number;
}

const FORM = {
  group: 'generic',
  complexity:
    'O(1) to create the key and O(N*M) to rebuild the value, where N is the number of its elements ' +
    'and M their average size; O(N*M*log(N)) for sorted sets.',
  arity: -4,
  keys: [oneKey(['OW', 'update'])],
  args: [
    { name: 'key', type: 'key', keySpec: 0 },
    { name: 'ttl', type: 'integer' },
    { name: 'serialized-value', type: 'string' },
    { name: 'replace', type: 'pure-token', token: 'REPLACE', optional: true, since: '3.0.0' },
    { name: 'absttl', type: 'pure-token', token: 'ABSTTL', optional: true, since: '5.0.0' },
    { name: 'seconds', type: 'integer', token: 'IDLETIME', optional: true, since: '5.0.0' },
    { name: 'frequency', type: 'integer', token: 'FREQ', optional: true, since: '5.0.0' },
  ],
  history: [
    ['3.0.0', 'Added the `REPLACE` modifier.'],
    ['5.0.0', 'Added the `ABSTTL` modifier.'],
    ['5.0.0', 'Added the `IDLETIME` and `FREQ` options.'],
  ],
  categories: ['dangerous'],
  reply: { const: 'OK' },
} as const;

export const restore: CommandSpec = {
  ...FORM,
  name: 'restore',
  summary: 'Creates a key from what DUMP has returned.',
  since: '2.6.0',
  flags: ['write', 'denyoom'],
  run: restoreKey,
};

export const restoreAsking: CommandSpec = {
  ...FORM,
  name: 'restore-asking',
  summary: 'Moves a key between the nodes of a cluster, which use it among themselves.',
  since: '3.0.0',
  group: 'server',
  categories: ['keyspace', 'dangerous'],
  docFlags: ['syscmd'],
  flags: ['write', 'denyoom', 'asking'],
  run: restoreKey,
};

// What it holds means nothing between calls.
const VALUE = new LooseValue();

function restoreKey(call: Call): void {
  const { args, db, reply } = call;
  const options = parseOptions(call);
  if (!options.replaces && call.write(1) !== 0) throw BUSY_KEY;
  const ttl = args.int64(2);
  if (ttl < 0n) throw INVALID_TTL;
  readPayload(call);

  const removed = options.replaces && removeOld(call);
  const expiry = ttl === 0n || options.isAbsolute ? ttl : sum(ttl, BigInt(call.now));
  if (expiry !== 0n && call.isPast(expiry)) {
    VALUE.drop(db);
    if (removed) tellDeleted(call);
    reply.ok();
    return;
  }
  const e = VALUE.addTo(db, args.buf, args.off(1), args.len(1), 0);
  call.notify(1, EventClass.New, 'new');
  if (expiry !== 0n) {
    db.setExpiry(e, expiry);
    if (!options.isAbsolute) propagateAbsolute(call, expiry);
  }
  setClock(call, e, options);
  call.changed(1, EventClass.Generic, 'restore');
  reply.ok();
}

/** Puts the payload's value into VALUE. @throws ReplyError */
function readPayload({ args, client, db, server }: Call): void {
  const isTrusted = client.user.skipsSanitizing;
  const outcome = server.persistence.deserialize(
    db,
    args.buf,
    args.off(3),
    args.len(3),
    VALUE,
    isTrusted,
  );
  if (outcome === 'wrong footer') throw WRONG_FOOTER;
  if (outcome === 'wrong data' || VALUE.kind === Kind.None) throw BAD_DATA;
}

/** @returns whether there was a key; one that was due doesn't count */
function removeOld(call: Call): boolean {
  const e = call.peek(1);
  if (e === 0) return false;
  call.keyspace.removeReplaced(call.db, e);
  return true;
}

function tellDeleted(call: Call): void {
  const lazy = call.server.config.values['lazyfree-lazy-server-del'];
  call.propagateAs(lazy ? 'UNLINK' : 'DEL', call.args.view(1));
  call.changed(1, EventClass.Generic, 'del');
}

/** The same request with the time at which the key expires, and ABSTTL behind. */
function propagateAbsolute(call: Call, expiry: bigint): void {
  if (!call.propagating) return;
  const { args } = call;
  const request: (string | Uint8Array)[] = [];
  for (let i = 0; i < args.count; i++) request.push(i === 2 ? String(expiry) : args.view(i));
  call.propagateAs(...request, 'ABSTTL');
}

function setClock({ db, now, server }: Call, e: number, { idle, uses }: Options): void {
  if (isLfuPolicy(server.config.values['maxmemory-policy'])) {
    if (uses !== NONE) db.setClock(e, restoredLfuClock(uses, now));
  } else if (idle !== NONE) db.setClock(e, restoredLruClock(idle, lruClock(now)));
}

function sum(ttl: bigint, now: bigint): bigint {
  // As C does it: beyond the greatest number it is negative, and so is past.
  return ttl + now > INT64_MAX ? BigInt.asIntN(64, ttl + now) : ttl + now;
}

function parseOptions({ args }: Call): Options {
  const options: Options = { replaces: false, isAbsolute: false, idle: NONE, uses: NONE };
  for (let i = 4; i < args.count; i++) {
    const hasValue = i + 1 < args.count;
    if (args.is(i, 'REPLACE')) options.replaces = true;
    else if (args.is(i, 'ABSTTL')) options.isAbsolute = true;
    else if (args.is(i, 'IDLETIME') && hasValue && options.uses === NONE) {
      options.idle = args.int(++i);
      if (options.idle < 0) throw INVALID_IDLE;
    } else if (args.is(i, 'FREQ') && hasValue && options.idle === NONE) {
      options.uses = args.int(++i);
      if (options.uses < 0 || options.uses > FREQ_MAX) throw INVALID_FREQ;
    } else throw SYNTAX_ERROR;
  }
  return options;
}
