/**
 * A stream on its way into an RDB file: its macro nodes as they are, its counters, its groups with
 * what is pending. A generator that yields where its step is over (see walk-collections.ts).
 *
 *     nodes { key, listpack }  length  last ID  [first ID  greatest deleted ID  entries added]
 *     groups { name  last ID  [entries read]  pending { ID  delivery time  deliveries }
 *              consumers { name  seen time  [active time]  pending { ID } } }
 *
 * What is in brackets came with versions 2 and 3 of the format.
 */
import type { Arena } from '../../datastructs/arena.js';
import type { Rax } from '../../datastructs/rax.js';
import { RaxIterator } from '../../datastructs/rax-iterator.js';
import type { Consumer, ConsumerGroup } from '../../keyspace/stream/consumer-group.js';
import { NodeStore } from '../../keyspace/stream/node-store.js';
import { deliveries, deliveryTime } from '../../keyspace/stream/pending.js';
import type { Stream } from '../../keyspace/stream/stream.js';
import { ID_KEY_BYTES, type StreamId } from '../../keyspace/stream/stream-id.js';
import type { ChunkWriter } from './chunk-writer.js';
import { RdbType } from './format.js';
import type { StepLimit, Steps } from './walk-collections.js';

/** Whether some consumer was last active at another time than it was last seen. */
export function hasOwnActiveTimes(stream: Stream): boolean {
  if (stream.groups === undefined) return false;
  for (const group of stream.groups) {
    for (const consumer of group.consumers) {
      if (consumer.activeTime !== consumer.seenTime) return true;
    }
  }
  return false;
}

/** @param type RdbType.StreamListpacks, StreamListpacks2 or StreamListpacks3 */
export function* writeStream(
  out: ChunkWriter,
  limit: StepLimit,
  stream: Stream,
  type: number,
): Steps {
  yield* writeNodes(out, limit, stream);
  const hasCounters = type !== RdbType.StreamListpacks;
  out.count(stream.length);
  writeId(out, stream.lastId);
  if (hasCounters) {
    writeId(out, stream.firstId);
    writeId(out, stream.maxDeletedId);
    out.countSigned(stream.entriesAdded);
  }
  const { groups } = stream;
  out.count(groups === undefined ? 0 : groups.size);
  if (groups === undefined) return;
  for (const group of [...groups]) {
    out.string(group.name, 0, group.name.length);
    writeId(out, group.lastId);
    if (hasCounters) out.countSigned(group.entriesRead);
    yield* writePending(out, limit, group.pel, stream.home);
    yield* writeConsumers(out, limit, group, type === RdbType.StreamListpacks3);
  }
}

function* writeNodes(out: ChunkWriter, limit: StepLimit, stream: Stream): Steps {
  const node = new NodeStore();
  const it = new RaxIterator().attach(stream.nodes);
  out.count(stream.nodes.size);
  let more = it.first();
  while (more) {
    out.string(it.key, 0, ID_KEY_BYTES);
    const { range } = node.open(stream, it.value, it.key, 0);
    out.string(range.buf, range.off, range.len);
    if (out.length >= limit.at) more = yield* pauseAt(it, stream.nodes);
    else more = it.next();
  }
}

/** @param home of the arena with the pending entries; none if only IDs are to be written */
function* writePending(
  out: ChunkWriter,
  limit: StepLimit,
  pel: Rax,
  home: { readonly arena: Arena } | undefined,
): Steps {
  out.count(pel.size);
  const it = new RaxIterator().attach(pel);
  let more = it.first();
  while (more) {
    out.bytes(it.key, 0, ID_KEY_BYTES);
    if (home !== undefined) {
      out.int64(deliveryTime(home.arena, it.value));
      out.countSigned(deliveries(home.arena, it.value));
    }
    if (out.length >= limit.at) more = yield* pauseAt(it, pel);
    else more = it.next();
  }
}

function* writeConsumers(
  out: ChunkWriter,
  limit: StepLimit,
  group: ConsumerGroup,
  hasActiveTime: boolean,
): Steps {
  const consumers: Consumer[] = [...group.consumers];
  out.count(consumers.length);
  for (const consumer of consumers) {
    out.string(consumer.name, 0, consumer.name.length);
    out.int64(consumer.seenTime);
    if (hasActiveTime) out.int64(consumer.activeTime);
    yield* writePending(out, limit, consumer.pel, undefined);
  }
}

/** Yields, and goes on to the key behind. @returns whether there is one */
function* pauseAt(it: RaxIterator, rax: Rax): Generator<void, boolean, void> {
  const key = it.key.slice(0, it.len);
  yield;
  return it.attach(rax).seekGt(key, 0, key.length);
}

function writeId(out: ChunkWriter, id: StreamId): void {
  out.countWords(id.msHigh, id.msLow);
  out.countWords(id.seqHigh, id.seqLow);
}
