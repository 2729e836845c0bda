/** XTRIM, XDEL: entries go; XSETID: what a stream remembers of those that went. */
import { EventClass } from '../../keyspace/events.js';
import type { Counter } from '../../keyspace/stream/counter.js';
import { counter } from '../../keyspace/stream/counter.js';
import { deleteEntry, lastEntryId, updateFirstId } from '../../keyspace/stream/edges.js';
import { StreamId } from '../../keyspace/stream/stream-id.js';
import { trimStream } from '../../keyspace/stream/trim.js';
import { NO_SUCH_KEY, SYNTAX_ERROR } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';
import { parseId } from './ids.js';
import { writeStream } from './lookup.js';
import { TRIM_ARGS, TrimOptions } from './trim-options.js';

const NO_STRATEGY = new ReplyError(
  'ERR syntax error, XTRIM must be called with a trimming strategy',
);
const NEGATIVE_ADDED = new ReplyError('ERR entries_added must be positive');
const BELOW_GIVEN_DELETED = new ReplyError(
  'ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id',
);
const BELOW_DELETED = new ReplyError(
  'ERR The ID specified in XSETID is smaller than current max_deleted_entry_id',
);
const BELOW_LAST = new ReplyError(
  'ERR The ID specified in XSETID is smaller than the target stream top item',
);
const ADDED_BELOW_LENGTH = new ReplyError(
  'ERR The entries_added specified in XSETID is smaller than the target stream length',
);

export const xtrim: CommandSpec = {
  name: 'xtrim',
  summary: 'Removes the oldest entries of a stream.',
  since: '5.0.0',
  group: 'stream',
  complexity: 'O(N) where N is the number of entries removed, most of them a hundred at once.',
  arity: -4,
  flags: ['write'],
  keys: [oneKey(['RW', 'delete'])],
  args: [
    { name: 'key', type: 'key', keySpec: 0 },
    { name: 'trim', type: 'block', args: TRIM_ARGS },
  ],
  history: [['6.2.0', 'Takes `MINID` and `LIMIT`.']],
  tips: ['nondeterministic_output'],
  reply: 'integer',
  run(call: Call) {
    const { args, reply } = call;
    const trim = new TrimOptions(call);
    for (let i = 2; i < args.count; i++) {
      i = trim.take(i);
      if (i === 0) throw SYNTAX_ERROR;
    }
    trim.checkStrategy();
    if (trim.thresholdAt === 0) throw NO_STRATEGY;
    trim.checkLimit();
    const stream = writeStream(call, 1);
    const removed = stream === undefined ? 0 : trimStream(stream, trim.target());
    reply.int(removed);
    if (stream === undefined || removed === 0) return;
    call.changed(1, EventClass.Stream, 'xtrim');
    call.dirty += removed - 1;
    call.db.settle(stream);
    if (!call.propagating || !trim.isVague) return;
    const request: (string | Uint8Array)[] = [];
    for (let i = 0; i < args.count; i++) request.push(args.bytes(i));
    trim.rewrite(request, stream);
    call.propagateAs(...request);
  },
};

export const xdel: CommandSpec = {
  name: 'xdel',
  summary: 'Removes entries from a stream.',
  since: '5.0.0',
  group: 'stream',
  complexity: 'O(1) for each entry, whatever the size of the stream.',
  arity: -3,
  flags: ['write', 'fast'],
  keys: [oneKey(['RW', 'delete'])],
  args: [
    { name: 'key', type: 'key', keySpec: 0 },
    { name: 'id', type: 'string', multiple: true },
  ],
  reply: 'integer',
  run(call: Call) {
    const { args, reply } = call;
    const stream = writeStream(call, 1);
    if (stream === undefined) {
      reply.int(0);
      return;
    }
    const ids: StreamId[] = [];
    for (let i = 2; i < args.count; i++) ids.push(parseId(args, i));
    let deleted = 0;
    let wasFirst = false;
    for (const id of ids) {
      if (!deleteEntry(stream, id)) continue;
      if (id.compare(stream.firstId) === 0) wasFirst = true;
      deleted++;
    }
    reply.int(deleted);
    if (deleted === 0) return;
    if (wasFirst || stream.length === 0) updateFirstId(stream);
    call.changed(1, EventClass.Stream, 'xdel');
    call.dirty += deleted - 1;
    call.db.settle(stream);
  },
};

export const xsetid: CommandSpec = {
  name: 'xsetid',
  summary: 'Sets the last ID and the counters of a stream; for replication.',
  since: '5.0.0',
  group: 'stream',
  complexity: 'O(1)',
  arity: -3,
  flags: ['write', 'denyoom', 'fast'],
  keys: [oneKey(['RW', 'update'])],
  args: [
    { name: 'key', type: 'key', keySpec: 0 },
    { name: 'last-id', type: 'string' },
    {
      name: 'entries-added',
      type: 'integer',
      token: 'ENTRIESADDED',
      optional: true,
      since: '7.0.0',
    },
    {
      name: 'max-deleted-id',
      type: 'string',
      token: 'MAXDELETEDID',
      optional: true,
      since: '7.0.0',
    },
  ],
  history: [['7.0.0', 'Takes `ENTRIESADDED` and `MAXDELETEDID`.']],
  reply: 'OK',
  run(call: Call) {
    const { args } = call;
    const id = parseId(args, 2);
    const maxDeletedId = new StreamId();
    let added: Counter | undefined;
    for (let i = 3; i < args.count; i += 2) {
      if (i + 1 >= args.count) throw SYNTAX_ERROR;
      if (args.is(i, 'ENTRIESADDED')) {
        added = counter(args.int64(i + 1));
        if (added < 0) throw NEGATIVE_ADDED;
      } else if (args.is(i, 'MAXDELETEDID')) {
        parseId(args, i + 1, maxDeletedId);
        if (id.compare(maxDeletedId) < 0) throw BELOW_GIVEN_DELETED;
      } else throw SYNTAX_ERROR;
    }
    const stream = writeStream(call, 1);
    if (stream === undefined) throw NO_SUCH_KEY;
    if (id.compare(stream.maxDeletedId) < 0) throw BELOW_DELETED;
    if (stream.length > 0) {
      if (id.compare(lastEntryId(stream, new StreamId())) < 0) throw BELOW_LAST;
      if (added !== undefined && added < stream.length) throw ADDED_BELOW_LENGTH;
    }
    stream.lastId.copyFrom(id);
    stream.lastIdIsThere = false;
    if (added !== undefined) stream.entriesAdded = added;
    if (!maxDeletedId.isZero) stream.maxDeletedId.copyFrom(maxDeletedId);
    call.reply.ok();
    call.dirty++;
    call.notify(1, EventClass.Stream, 'xsetid');
  },
};
