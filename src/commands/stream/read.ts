/**
 * XREAD: entries of one or more streams behind the given IDs; with BLOCK, it waits for one.
 *
 * Its reply is a map from streams to entries; streams that have nothing new are left out.
 */
import { hasEntryBehind } from '../../keyspace/stream/edges.js';
import { StreamId } from '../../keyspace/stream/stream-id.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { parseId } from './ids.js';
import { readStream, streamAt } from './lookup.js';
import {
  BLOCK_ARG,
  COUNT_ARG,
  parseReadOptions,
  type ReadOptions,
  readKeys,
  STREAMS_ARG,
  streamKeys,
  waitOrNull,
  withoutDollars,
} from './read-options.js';
import { replyRange } from './reply.js';

const NEW_ONLY_IN_GROUP = new ReplyError(
  'ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.',
);
const LAST = StreamId.max();

export const xread: CommandSpec = {
  name: 'xread',
  summary: 'Returns entries of streams behind given IDs, or waits for them.',
  since: '5.0.0',
  group: 'stream',
  complexity: 'O(N) where N is the number of entries returned.',
  arity: -4,
  flags: ['blocking', 'readonly'],
  keys: [streamKeys(1)],
  args: [COUNT_ARG, BLOCK_ARG, STREAMS_ARG],
  reply: {
    oneOf: [
      { mapOf: { arrayOf: { tuple: ['bulk', { arrayOf: 'bulk' }] } } },
      { arrayOf: { tuple: ['bulk', 'any'] } },
      'null',
    ],
  },
  getKeys: readKeys,
  run(call: Call) {
    const options = parseReadOptions(call, false);
    const ids = parseIds(call, options);
    const { reply } = call;
    const served: number[] = [];
    for (let k = 0; k < options.keys; k++) {
      const stream = readStream(call, options.keysAt + k);
      if (stream !== undefined && hasEntryBehind(stream, ids[k]!)) served.push(k);
    }
    if (served.length > 0) {
      if (reply.resp3) reply.map(served.length);
      else reply.array(served.length);
      for (const k of served) serve(call, options, k, ids[k]!);
      return;
    }
    const waits = options.deadlineMs !== undefined && call.canBlock;
    const request = waits ? withoutDollars(call.args, options, ids) : undefined;
    waitOrNull(call, options, false, request);
  },
};

/** The ID behind which to read, for each stream. */
function parseIds(call: Call, options: ReadOptions): StreamId[] {
  const { args } = call;
  const ids: StreamId[] = [];
  for (let k = 0; k < options.keys; k++) {
    const i = options.keysAt + options.keys + k;
    const stream = readStream(call, options.keysAt + k);
    if (args.is(i, '$')) {
      const id = new StreamId();
      ids.push(stream === undefined ? id : id.copyFrom(stream.lastId));
    } else if (args.is(i, '>')) throw NEW_ONLY_IN_GROUP;
    else ids.push(parseId(args, i));
  }
  return ids;
}

/** Replies what the `k`th stream has behind an ID, which is changed. */
function serve(call: Call, options: ReadOptions, k: number, id: StreamId): void {
  const { args, reply } = call;
  const key = options.keysAt + k;
  const stream = streamAt(call, key);
  if (!reply.resp3) reply.array(2);
  reply.bulk(args.buf, args.off(key), args.len(key));
  id.increment();
  replyRange(reply, stream, id, LAST, options.count);
}
