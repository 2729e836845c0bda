/**
 * XADD: appends an entry.
 *
 * Its ID is given, or made from the clock (`*`), or its time is given and the rest made (`ms-*`);
 * in every case it must be above all IDs that the stream has ever had. XADD with `*` and no options
 * is the hot path: nothing is allocated; guarded by `npm run bench -- streams`.
 */
import { EventClass } from '../../keyspace/events.js';
import { Kind } from '../../keyspace/kinds.js';
import { ENTRY_MAX_BYTES, Stream } from '../../keyspace/stream/stream.js';
import { StreamId } from '../../keyspace/stream/stream-id.js';
import { trimStream } from '../../keyspace/stream/trim.js';
import type { Args } from '../../resp/args.js';
import { wrongArity } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';
import { parseNewId } from './ids.js';
import { writeStream } from './lookup.js';
import { replyId } from './reply.js';
import { TRIM_ARGS, TrimOptions } from './trim-options.js';

const ZERO_ID = new ReplyError('ERR The ID specified in XADD must be greater than 0-0');
const EXHAUSTED = new ReplyError(
  'ERR The stream has exhausted the last possible ID, unable to add more items',
);
const NOT_ABOVE = new ReplyError(
  'ERR The ID specified in XADD is equal or smaller than the target stream top item',
);
const TOO_LARGE = new ReplyError('ERR Elements are too large to be stored');

/** Where the new entry's ID comes from. */
const GIVEN = 0;
const FROM_TIME = 1;
const FROM_CLOCK = 2;

export const xadd: CommandSpec = {
  name: 'xadd',
  summary: 'Appends an entry to a stream, which it creates if need be.',
  since: '5.0.0',
  group: 'stream',
  complexity: 'O(1) for adding; O(N) for trimming, where N is the number of entries removed.',
  arity: -5,
  flags: ['write', 'denyoom', 'fast'],
  keys: [
    {
      ...oneKey(['RW', 'update']),
      notes: 'UPDATE instead of INSERT because of the optional trimming feature',
    },
  ],
  args: [
    { name: 'key', type: 'key', keySpec: 0 },
    {
      name: 'nomkstream',
      type: 'pure-token',
      token: 'NOMKSTREAM',
      optional: true,
      since: '6.2.0',
    },
    { name: 'trim', type: 'block', optional: true, args: TRIM_ARGS },
    {
      name: 'id-selector',
      type: 'oneof',
      args: [
        { name: 'auto-id', type: 'pure-token', token: '*' },
        { name: 'id', type: 'string' },
      ],
    },
    {
      name: 'data',
      type: 'block',
      multiple: true,
      args: [
        { name: 'field', type: 'string' },
        { name: 'value', type: 'string' },
      ],
    },
  ],
  history: [
    ['6.2.0', 'Takes `NOMKSTREAM`, `MINID` and `LIMIT`.'],
    ['7.0.0', 'Takes IDs of the form `<ms>-*`.'],
  ],
  tips: ['nondeterministic_output'],
  reply: { oneOf: ['bulk', 'null'] },
  run(call: Call) {
    const { args, db, reply } = call;
    let idAt = 2;
    let trim: TrimOptions | undefined;
    let creates = true;
    if (!args.is(2, '*')) {
      trim = new TrimOptions(call);
      for (; idAt < args.count && !args.is(idAt, '*'); idAt++) {
        const taken = trim.take(idAt);
        if (taken !== 0) idAt = taken;
        else if (args.is(idAt, 'NOMKSTREAM')) creates = false;
        else break;
      }
    }
    const source = idAt < args.count ? parseSource(args, idAt) : FROM_CLOCK;
    trim?.checkStrategy();
    trim?.checkLimit();
    const first = idAt + 1;
    const given = args.count - first;
    if (given < 2 || given % 2 === 1) throw wrongArity('xadd');
    if (source === GIVEN && newId.isZero) throw ZERO_ID;

    const found = writeStream(call, 1);
    if (found === undefined && !creates) {
      reply.nil();
      return;
    }
    makeId(call, found, source);
    checkSize(args, first);
    const stream = found ?? new Stream(db.arena);
    entry.take(args, first, given / 2);
    stream.append(newId, entry, call.keyspace.limits);

    if (found === undefined) {
      call.addObject(1, Kind.Stream, stream);
    } else {
      call.signalReady(1);
    }
    replyId(reply, newId);
    call.changed(1, EventClass.Stream, 'xadd');
    if (trim !== undefined && trim.thresholdAt !== 0 && trimStream(stream, trim.target()) > 0) {
      call.notify(1, EventClass.Stream, 'xtrim');
    }
    // Else its blocks are the database's, which counts them itself.
    if (stream.home.owned) db.settle(stream);
    if (call.propagating && (source !== GIVEN || trim?.isVague))
      propagate(call, source, idAt, trim, stream);
  },
};

/** The fields and values of the entry being added, as the stream wants them. */
class EntryArguments {
  buf: Uint8Array = new Uint8Array(0);
  offs = new Int32Array(0);
  lens = new Int32Array(0);
  at = 0;
  fields = 0;

  take(args: Args, first: number, fields: number): void {
    this.buf = args.buf;
    this.offs = args.offs as Int32Array<ArrayBuffer>;
    this.lens = args.lens as Int32Array<ArrayBuffer>;
    this.at = args.base + first;
    this.fields = fields;
  }
}

// Scratch.
const newId = new StreamId();
const entry = new EntryArguments();

/** Reads the ID in argument `i` into `newId`. */
function parseSource(args: Args, i: number): number {
  if (args.is(i, '*')) return FROM_CLOCK;
  return parseNewId(args, i, newId) ? GIVEN : FROM_TIME;
}

/** Makes `newId` the new entry's ID. @throws ReplyError if there is none above the last */
function makeId(call: Call, stream: Stream | undefined, source: number): void {
  const last = stream?.lastId ?? NO_ID;
  if (last.isMax) throw EXHAUSTED;
  if (source === FROM_CLOCK) {
    newId.setTime(call.now);
    if (call.now <= last.ms) newId.copyFrom(last).increment();
    return;
  }
  if (source === FROM_TIME && newId.sameMs(last)) {
    if (last.hasLastSeq) throw NOT_ABOVE;
    newId.copyFrom(last).increment();
  }
  if (newId.compare(last) <= 0) throw NOT_ABOVE;
}

const NO_ID = new StreamId();

function checkSize(args: Args, first: number): void {
  let bytes = 0;
  for (let i = first; i < args.count; i++) bytes += args.len(i);
  if (bytes > ENTRY_MAX_BYTES) throw TOO_LARGE;
}

/** The request with the ID that was made, and trimmed to exactly what it was trimmed to. */
function propagate(
  call: Call,
  source: number,
  idAt: number,
  trim: TrimOptions | undefined,
  stream: Stream,
): void {
  const { args } = call;
  const request: (string | Uint8Array)[] = [];
  for (let i = 0; i < args.count; i++) request.push(args.bytes(i));
  if (source !== GIVEN) request[idAt] = newId.toString();
  if (trim?.isVague) trim.rewrite(request, stream);
  call.propagateAs(...request);
}
