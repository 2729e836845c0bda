/** XACK: has entries no longer be pending. */
import { NOT_FOUND } from '../../datastructs/rax.js';
import { ID_KEY_BYTES, StreamId } from '../../keyspace/stream/stream-id.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';
import { parseId } from './ids.js';
import { groupOf, readStream } from './lookup.js';

export const xack: CommandSpec = {
  name: 'xack',
  summary: 'Acknowledges entries that a consumer group has processed.',
  since: '5.0.0',
  group: 'stream',
  complexity: 'O(1) for each ID.',
  arity: -4,
  flags: ['write', 'fast'],
  keys: [oneKey(['RW', 'update'])],
  args: [
    { name: 'key', type: 'key', keySpec: 0 },
    { name: 'group', type: 'string' },
    { name: 'id', type: 'string', multiple: true },
  ],
  reply: 'integer',
  run(call: Call) {
    const { args, db, reply } = call;
    const stream = readStream(call, 1);
    const group = stream && groupOf(call, stream, 2);
    if (stream === undefined || group === undefined) {
      reply.int(0);
      return;
    }
    // All or nothing: a bad ID behind good ones must not leave those acknowledged.
    for (let i = 3; i < args.count; i++) parseId(args, i, id);
    let acknowledged = 0;
    for (let i = 3; i < args.count; i++) {
      parseId(args, i, id).writeKey(idKey, 0);
      const address = group.pending(idKey);
      if (address === NOT_FOUND) continue;
      group.drop(idKey, address);
      acknowledged++;
    }
    reply.int(acknowledged);
    call.dirty += acknowledged;
    db.settle(stream);
  },
};

// Scratch.
const id = new StreamId();
const idKey = new Uint8Array(ID_KEY_BYTES);
