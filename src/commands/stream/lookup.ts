/** Finding streams, groups and consumers, and what is said when they are not there. */
import { EventClass } from '../../keyspace/events.js';
import { Kind, KindSet } from '../../keyspace/kinds.js';
import type { Consumer, ConsumerGroup } from '../../keyspace/stream/consumer-group.js';
import type { Stream } from '../../keyspace/stream/stream.js';
import { WRONG_TYPE } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import { untilNul } from '../../text/c-string.js';

/** The stream at argument `i`, for reading; counts a hit or miss. @throws WRONGTYPE */
export function readStream(call: Call, i: number): Stream | undefined {
  const e = call.readKind(i, KindSet.Stream);
  return e === 0 ? undefined : (call.db.objectOf(e) as Stream);
}

/** The stream at argument `i`, for writing. @throws WRONGTYPE */
export function writeStream(call: Call, i: number): Stream | undefined {
  const e = call.writeKind(i, KindSet.Stream);
  return e === 0 ? undefined : (call.db.objectOf(e) as Stream);
}

/** The stream at argument `i`, which was looked up before. @throws WRONGTYPE */
export function foundStream(call: Call, i: number): Stream | undefined {
  const e = call.peek(i);
  if (e !== 0 && call.db.kind(e) !== Kind.Stream) throw WRONG_TYPE;
  return e === 0 ? undefined : (call.db.objectOf(e) as Stream);
}

/** The stream at argument `i`, which is known to be one. */
export function streamAt(call: Call, i: number): Stream {
  return call.db.objectOf(call.peek(i)) as Stream;
}

/** The stream's group that argument `i` names. */
export function groupOf(call: Call, stream: Stream, i: number): ConsumerGroup | undefined {
  const { args } = call;
  return stream.group(args.buf, args.off(i), args.len(i));
}

/** The group's consumer that argument `i` names. */
export function consumerOf(call: Call, group: ConsumerGroup, i: number): Consumer | undefined {
  const { args } = call;
  return group.consumers.find(args.buf, args.off(i), args.len(i));
}

/** Adds the consumer that argument `i` names to a group of the stream at argument `key`. */
export function createConsumer(call: Call, key: number, group: ConsumerGroup, i: number): Consumer {
  const consumer = group.addConsumer(keptName(call, i), call.now);
  call.dirty++;
  call.notify(key, EventClass.Stream, 'xgroup-createconsumer');
  return consumer;
}

/** A copy of a name in argument `i`, to be kept: on the heap, not in a slab that it would hold fast. */
export function keptName(call: Call, i: number): Uint8Array {
  return new Uint8Array(call.args.view(i));
}

/**
 * The stream and the group that a command needs, both of them.
 * @param find how the stream is looked up @throws NOGROUP, WRONGTYPE
 */
export function requireGroup(
  call: Call,
  key: number,
  name: number,
  find: typeof readStream = readStream,
): { stream: Stream; group: ConsumerGroup } {
  const stream = find(call, key);
  const group = stream && groupOf(call, stream, name);
  if (stream === undefined || group === undefined) throw noKeyOrGroup(call, key, name);
  return { stream, group };
}

/** @param where what the message ends with */
export function noKeyOrGroup(call: Call, key: number, name: number, where = ''): ReplyError {
  const { args } = call;
  const [k, group] = [untilNul(args.text(key)), untilNul(args.text(name))];
  return new ReplyError(`NOGROUP No such key '${k}' or consumer group '${group}'${where}`);
}

/** For commands that are told apart only once the key is known to exist. */
export function noGroup(call: Call, key: number, name: number): ReplyError {
  const { args } = call;
  const [k, group] = [untilNul(args.text(key)), untilNul(args.text(name))];
  return new ReplyError(`NOGROUP No such consumer group '${group}' for key name '${k}'`);
}
