/** XGROUP: makes and removes consumer groups and their consumers, and moves a group. */
import { EventClass } from '../../keyspace/events.js';
import { Kind } from '../../keyspace/kinds.js';
import { type ConsumerGroup, ENTRIES_READ_UNKNOWN } from '../../keyspace/stream/consumer-group.js';
import { type Counter, counter } from '../../keyspace/stream/counter.js';
import { Stream } from '../../keyspace/stream/stream.js';
import { StreamId } from '../../keyspace/stream/stream-id.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { ArgSpec, CommandSpec } from '../../server/api/command.js';
import { badSubcommand } from '../bad-subcommand.js';
import { oneKey } from '../key-specs.js';
import { helpCommand } from '../server/help.js';
import { parseAnyId, parseId } from './ids.js';
import { consumerOf, createConsumer, groupOf, keptName, noGroup, writeStream } from './lookup.js';

const BUSY_GROUP = new ReplyError('BUSYGROUP Consumer Group name already exists');
const BAD_ENTRIES_READ = new ReplyError('ERR value for ENTRIESREAD must be positive or -1');
const NO_KEY = new ReplyError(
  'ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use ' +
    'the MKSTREAM option to create an empty stream automatically.',
);

/** Options begin behind XGROUP CREATE key group id. */
const FIRST_OPTION = 5;
/** Arguments of CREATE at most: Redis takes each option once, though in any order. */
const CREATE_MAX = 8;
const SETID_COUNTS = [5, 7];

const KEY: ArgSpec = { name: 'key', type: 'key', keySpec: 0 };
const GROUP: ArgSpec = { name: 'group', type: 'string' };
const CONSUMER: ArgSpec = { name: 'consumer', type: 'string' };
const ID: ArgSpec = {
  name: 'id-selector',
  type: 'oneof',
  args: [
    { name: 'id', type: 'string' },
    { name: 'new-id', type: 'pure-token', token: '$' },
  ],
};

const create: CommandSpec = {
  name: 'create',
  summary: 'Creates a consumer group.',
  since: '5.0.0',
  group: 'stream',
  complexity: 'O(1)',
  arity: -5,
  flags: ['write', 'denyoom'],
  keys: [oneKey(['RW', 'insert'], 2)],
  args: [
    KEY,
    GROUP,
    ID,
    { name: 'mkstream', type: 'pure-token', token: 'MKSTREAM', optional: true },
    { name: 'entries-read', type: 'integer', token: 'ENTRIESREAD', optional: true },
  ],
  history: [['7.0.0', 'Takes `ENTRIESREAD`.']],
  reply: 'OK',
  run(call: Call) {
    const { args, db } = call;
    const { makesStream, entriesRead } = parseOptions(call, true);
    const found = writeStream(call, 2);
    if (found === undefined && !makesStream) throw NO_KEY;
    if (args.count > CREATE_MAX) throw badSubcommand(call);
    const id = args.is(4, '$') ? (found?.lastId ?? new StreamId()) : parseId(args, 4);
    if (found !== undefined && groupOf(call, found, 3) !== undefined) throw BUSY_GROUP;
    const stream = found ?? new Stream(db.arena);
    stream.addGroup(keptName(call, 3), id, entriesRead);
    call.reply.ok();
    if (found === undefined) {
      call.addObject(2, Kind.Stream, stream);
      call.changed(2, EventClass.Stream, 'xgroup-create');
    } else {
      told(call, 'xgroup-create');
      db.settle(stream);
    }
  },
};

const setid: CommandSpec = {
  name: 'setid',
  summary: 'Sets the last entry that a consumer group has got.',
  since: '5.0.0',
  group: 'stream',
  complexity: 'O(1)',
  arity: -5,
  flags: ['write'],
  keys: [oneKey(['RW', 'update'], 2)],
  args: [
    KEY,
    GROUP,
    ID,
    {
      name: 'entriesread',
      display: 'entries-read',
      type: 'integer',
      token: 'ENTRIESREAD',
      optional: true,
    },
  ],
  history: [['7.0.0', 'Takes `ENTRIESREAD`.']],
  reply: 'OK',
  run(call: Call) {
    const { args } = call;
    const { entriesRead } = parseOptions(call, false);
    const { stream, group } = openGroup(call);
    if (!SETID_COUNTS.includes(args.count)) throw badSubcommand(call);
    const id = args.is(4, '$') ? stream.lastId : parseAnyId(args, 4, new StreamId());
    group.lastId.copyFrom(id);
    group.entriesRead = entriesRead;
    call.reply.ok();
    told(call, 'xgroup-setid');
  },
};

const destroy: CommandSpec = {
  name: 'destroy',
  summary: 'Removes a consumer group.',
  since: '5.0.0',
  group: 'stream',
  complexity: 'O(N) where N is the number of pending entries.',
  arity: 4,
  flags: ['write'],
  keys: [oneKey(['RW', 'delete'], 2)],
  args: [KEY, GROUP],
  reply: { oneOf: [{ const: 0 }, { const: 1 }] },
  run(call: Call) {
    const stream = writeStream(call, 2);
    if (stream === undefined) throw NO_KEY;
    const group = groupOf(call, stream, 3);
    if (group === undefined) {
      call.reply.int(0);
      return;
    }
    stream.removeGroup(group);
    call.db.settle(stream);
    call.reply.int(1);
    told(call, 'xgroup-destroy');
    // Who waits for it in XREADGROUP shall learn that it is gone.
    call.signalReady(2);
  },
};

const createconsumer: CommandSpec = {
  name: 'createconsumer',
  summary: 'Creates a consumer of a group.',
  since: '6.2.0',
  group: 'stream',
  complexity: 'O(1)',
  arity: 5,
  flags: ['write', 'denyoom'],
  keys: [oneKey(['RW', 'insert'], 2)],
  args: [KEY, GROUP, CONSUMER],
  reply: { oneOf: [{ const: 0 }, { const: 1 }] },
  run(call: Call) {
    const { stream, group } = openGroup(call);
    if (consumerOf(call, group, 4) !== undefined) {
      call.reply.int(0);
      return;
    }
    createConsumer(call, 2, group, 4);
    call.db.settle(stream);
    call.reply.int(1);
  },
};

const delconsumer: CommandSpec = {
  name: 'delconsumer',
  summary: 'Removes a consumer of a group, with what is pending for it.',
  since: '5.0.0',
  group: 'stream',
  complexity: 'O(N) where N is the number of entries pending for the consumer.',
  arity: 5,
  flags: ['write'],
  keys: [oneKey(['RW', 'delete'], 2)],
  args: [KEY, GROUP, CONSUMER],
  reply: 'integer',
  run(call: Call) {
    const { stream, group } = openGroup(call);
    const consumer = consumerOf(call, group, 4);
    if (consumer === undefined) {
      call.reply.int(0);
      return;
    }
    call.reply.int(consumer.pel.size);
    group.removeConsumer(consumer);
    call.db.settle(stream);
    told(call, 'xgroup-delconsumer');
  },
};

export const xgroup: CommandSpec = {
  name: 'xgroup',
  summary: 'Makes, moves and removes consumer groups.',
  since: '5.0.0',
  group: 'stream',
  complexity: 'Depends on the subcommand.',
  arity: -2,
  flags: [],
  reply: 'any',
  subcommands: [
    create,
    createconsumer,
    delconsumer,
    destroy,
    {
      ...helpCommand(
        'XGROUP',
        '5.0.0',
        [],
        [
          'CREATE <key> <groupname> <id|$> [option]',
          '    Create a new consumer group. Options are:',
          '    * MKSTREAM',
          '      Create the empty stream if it does not exist.',
          '    * ENTRIESREAD entries_read',
          "      Set the group's entries_read counter (internal use).",
          'CREATECONSUMER <key> <groupname> <consumer>',
          '    Create a new consumer in the specified group.',
          'DELCONSUMER <key> <groupname> <consumer>',
          '    Remove the specified consumer.',
          'DESTROY <key> <groupname>',
          '    Remove the specified group.',
          'SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]',
          '    Set the current group ID and entries_read counter.',
        ],
      ),
      group: 'stream',
    },
    setid,
  ],
};

function parseOptions(
  call: Call,
  isCreate: boolean,
): { makesStream: boolean; entriesRead: Counter } {
  const { args } = call;
  let makesStream = false;
  let entriesRead: Counter = ENTRIES_READ_UNKNOWN;
  for (let i = FIRST_OPTION; i < args.count; i++) {
    if (isCreate && args.is(i, 'MKSTREAM')) makesStream = true;
    else if (args.is(i, 'ENTRIESREAD') && i + 1 < args.count) {
      entriesRead = counter(args.int64(++i));
      if (entriesRead < 0 && entriesRead !== ENTRIES_READ_UNKNOWN) throw BAD_ENTRIES_READ;
    } else throw badSubcommand(call);
  }
  return { makesStream, entriesRead };
}

/** The stream and group of a subcommand that needs both. */
function openGroup(call: Call): { stream: Stream; group: ConsumerGroup } {
  const stream = writeStream(call, 2);
  if (stream === undefined) throw NO_KEY;
  const group = groupOf(call, stream, 3);
  if (group === undefined) throw noGroup(call, 2, 3);
  return { stream, group };
}

/** Counts and notifies a change of groups, which is none of the stream's value. */
function told(call: Call, event: string): void {
  call.dirty++;
  call.notify(2, EventClass.Stream, event);
}
