/**
 * How reading and claiming by groups is told to replicas and the log: by what became of it. A
 * delivery depends on who asks when; the XCLAIM that stands for it says who owns the entry now, since
 * when, and how often it was delivered, and can be run again without harm.
 */
import type { Consumer, ConsumerGroup } from '../../keyspace/stream/consumer-group.js';
import { deliveries, deliveryTime } from '../../keyspace/stream/pending.js';
import type { Stream } from '../../keyspace/stream/stream.js';
import type { StreamId } from '../../keyspace/stream/stream-id.js';
import type { Call } from '../../server/api/call.js';

/** Has nothing propagated but what `propagateAs` is given. */
export function propagateOnlyEffects(call: Call): void {
  call.rewritten ??= [];
}

/** @param key, group arguments that name them @param address of the pending entry */
export function propagateClaim(
  call: Call,
  key: number,
  groupName: number,
  stream: Stream,
  group: ConsumerGroup,
  id: StreamId,
  address: number,
): void {
  if (!call.propagating) return;
  const { args } = call;
  const { arena } = stream.home;
  call.propagateAs(
    'XCLAIM',
    args.bytes(key),
    args.bytes(groupName),
    group.ownerOf(address)!.name,
    '0',
    id.toString(),
    'TIME',
    String(deliveryTime(arena, address)),
    'RETRYCOUNT',
    String(deliveries(arena, address)),
    'FORCE',
    'JUSTID',
    'LASTID',
    group.lastId.toString(),
  );
}

/** Where a group stands, when no claim says so. */
export function propagateGroupId(
  call: Call,
  key: number,
  groupName: number,
  group: ConsumerGroup,
): void {
  if (!call.propagating) return;
  const { args } = call;
  call.propagateAs(
    'XGROUP',
    'SETID',
    args.bytes(key),
    args.bytes(groupName),
    group.lastId.toString(),
    'ENTRIESREAD',
    String(group.entriesRead),
  );
}

export function propagateConsumer(
  call: Call,
  key: number,
  groupName: number,
  consumer: Consumer,
): void {
  if (!call.propagating) return;
  const { args } = call;
  call.propagateAs(
    'XGROUP',
    'CREATECONSUMER',
    args.bytes(key),
    args.bytes(groupName),
    consumer.name,
  );
}
