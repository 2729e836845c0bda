/**
 * Reads streams (see walk-stream.ts for what follows what). Each stage reads one item at a time and
 * says which stage comes next, so that reading may stop for more bytes between any two items.
 */
import { NOT_FOUND } from '../../datastructs/rax.js';
import { Kind } from '../../keyspace/kinds.js';
import type { LooseValue } from '../../keyspace/loose-value.js';
import type { Consumer, ConsumerGroup } from '../../keyspace/stream/consumer-group.js';
import { counter } from '../../keyspace/stream/counter.js';
import { updateFirstId } from '../../keyspace/stream/edges.js';
import { entriesUpTo } from '../../keyspace/stream/lag.js';
import { setDeliveries } from '../../keyspace/stream/pending.js';
import { Stream } from '../../keyspace/stream/stream.js';
import { ID_KEY_BYTES, StreamId } from '../../keyspace/stream/stream-id.js';
import { checkListpack } from './check-listpack.js';
import { RdbType } from './format.js';
import type { RdbInput } from './input.js';
import type { LoadContext } from './load-context.js';
import type { ValueLoader } from './value-loader.js';

const Stage = {
  Begin: 0,
  Nodes: 1,
  Counters: 2,
  Group: 3,
  Pending: 4,
  Consumer: 5,
  Owned: 6,
  End: 7,
};

export class StreamLoader implements ValueLoader {
  private stage = Stage.Begin;
  private readonly stream: Stream;
  private group!: ConsumerGroup;
  private consumer!: Consumer;
  /** Nodes, groups, consumers, pending entries still to come. */
  private nodes = 0;
  private groups = 0;
  private consumers = 0;
  private pending = 0;
  /** Pending entries of the group that a consumer has taken. */
  private owned = 0;
  /** The greatest ID of all nodes. */
  private readonly greatest = new StreamId();
  private readonly id = new StreamId();
  private readonly key = new Uint8Array(ID_KEY_BYTES);

  constructor(
    private readonly type: number,
    private readonly context: LoadContext,
  ) {
    this.stream = new Stream(context.db.arena);
  }

  read(input: RdbInput): void {
    for (; this.stage !== Stage.End; input.mark()) this.readItem(input);
  }

  finish(value: LooseValue): void {
    this.stream.settleHome();
    value.setObject(Kind.Stream, this.stream);
  }

  drop(): void {
    this.stream.nodesLoaded();
    this.context.db.discard(this.stream.dispose());
  }

  private readItem(input: RdbInput): void {
    switch (this.stage) {
      case Stage.Begin:
        this.nodes = input.elements(2);
        this.stage = this.nodes > 0 ? Stage.Nodes : Stage.Counters;
        return;
      case Stage.Nodes:
        this.readNode(input);
        if (--this.nodes === 0) this.stage = Stage.Counters;
        return;
      case Stage.Counters:
        this.readCounters(input);
        this.stage = this.groups > 0 ? Stage.Group : Stage.End;
        return;
      case Stage.Group:
        this.readGroup(input);
        this.stage = Stage.Pending;
        return;
      case Stage.Pending:
        if (this.pending > 0) {
          this.readPending(input);
          this.pending--;
          return;
        }
        this.consumers = input.elements(1);
        this.nextConsumer(input);
        return;
      case Stage.Consumer:
        this.readConsumer(input);
        this.consumers--;
        this.stage = Stage.Owned;
        if (this.pending === 0) this.nextConsumer(input);
        return;
      default:
        this.readOwned(input);
        if (--this.pending === 0) this.nextConsumer(input);
    }
  }

  private readNode(input: RdbInput): void {
    const { first, second, streamNode } = this.context;
    input.string(first);
    if (first.len !== ID_KEY_BYTES)
      throw input.fault('Stream node key entry is not the size of a stream ID');
    input.string(second);
    const { buf, off, len } = second;
    const key = first.buf.slice(first.off, first.off + first.len);
    if (checkListpack(buf, off, len) <= 0)
      throw input.fault('Stream listpack integrity check failed.');
    if (!streamNode.check(key, buf, off, len))
      throw input.fault('Stream listpack integrity check failed.');
    if (streamNode.lastId.compare(this.greatest) > 0) this.greatest.copyFrom(streamNode.lastId);
    if (!this.stream.loadNode(key, buf, off, len, streamNode.live)) {
      throw input.fault('Listpack re-added with existing key');
    }
  }

  private readCounters(input: RdbInput): void {
    const { stream } = this;
    // Each time anew: this item may be read more than once.
    const told = input.count();
    readId(input, stream.lastId);
    const hasCounters = this.type !== RdbType.StreamListpacks;
    if (hasCounters) {
      readId(input, stream.firstId);
      readId(input, stream.maxDeletedId);
      stream.entriesAdded = counter(input.signedExact());
    }
    const groups = input.elements(1);
    // Of the nodes it is known how many entries they have; what is told may be wrong.
    if (told > 0 && stream.length === 0)
      throw input.fault('Stream length inconsistent with rax entries');
    if (this.greatest.compare(stream.lastId) > 0) {
      throw input.fault("Stream entry above the stream's last ID");
    }
    stream.nodesLoaded();
    if (!hasCounters) {
      updateFirstId(stream);
      stream.entriesAdded = stream.length;
    }
    this.groups = groups;
  }

  private readGroup(input: RdbInput): void {
    const { stream } = this;
    const { first } = this.context;
    input.string(first);
    readId(input, this.id);
    const hasCounter = this.type !== RdbType.StreamListpacks;
    const told = hasCounter ? counter(input.signedExact()) : 0;
    const pending = input.elements(ID_KEY_BYTES);
    if (stream.group(first.buf, first.off, first.len) !== undefined) {
      throw input.fault('Duplicated consumer group name');
    }
    const read = hasCounter ? told : entriesUpTo(stream, this.id);
    this.group = stream.addGroup(copyOf(first.view()), this.id, read);
    this.pending = pending;
    this.owned = 0;
    this.groups--;
  }

  private readPending(input: RdbInput): void {
    const { group, key, stream } = this;
    this.readKey(input);
    const time = input.int64();
    const times = counter(input.signedExact());
    if (group.pending(key) !== NOT_FOUND)
      throw input.fault('Duplicated global PEL entry loading stream consumer group');
    const address = group.addUnowned(key, time);
    setDeliveries(stream.home.arena, address, times);
  }

  private readConsumer(input: RdbInput): void {
    const { group } = this;
    const { first } = this.context;
    input.string(first);
    const seen = input.int64();
    const active = this.type === RdbType.StreamListpacks3 ? input.int64() : seen;
    const pending = input.elements(ID_KEY_BYTES);
    if (group.consumers.find(first.buf, first.off, first.len) !== undefined) {
      throw input.fault('Duplicate stream consumer detected.');
    }
    this.consumer = group.addConsumer(copyOf(first.view()), seen);
    this.consumer.activeTime = active;
    this.pending = pending;
  }

  private readOwned(input: RdbInput): void {
    const { group, key } = this;
    this.readKey(input);
    const address = group.pending(key);
    if (address === NOT_FOUND) throw input.fault('Consumer entry not found in group global PEL');
    if (group.ownerOf(address) !== undefined) {
      throw input.fault('Duplicated consumer PEL entry loading a stream consumer group');
    }
    group.give(key, address, this.consumer);
    this.owned++;
  }

  /** To the next consumer, or if there is none to the next group. */
  private nextConsumer(input: RdbInput): void {
    this.stage = Stage.Consumer;
    if (this.consumers > 0) return;
    if (this.owned !== this.group.pel.size) {
      throw input.fault('Stream CG PEL entry without consumer');
    }
    this.stage = this.groups > 0 ? Stage.Group : Stage.End;
  }

  private readKey(input: RdbInput): void {
    const at = input.take(ID_KEY_BYTES);
    for (let i = 0; i < ID_KEY_BYTES; i++) this.key[i] = input.buf[at + i]!;
  }
}

function readId(input: RdbInput, id: StreamId): void {
  input.words();
  id.msHigh = input.high;
  id.msLow = input.low;
  input.words();
  id.seqHigh = input.high;
  id.seqLow = input.low;
}

function copyOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes);
}
