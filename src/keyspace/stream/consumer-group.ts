/**
 * A consumer group: readers who share a stream's entries out among them. Each entry goes to one
 * consumer and is pending (in the group's list and in that consumer's) until it is acknowledged.
 *
 *     group   last-delivered ID ──────────────┐
 *     stream  ... 1-0  2-0  3-0  4-0  5-0 ... │ new: goes to whoever asks first
 *     pending     1-0 -> Alice     4-0 -> Bob ┘ 2-0, 3-0, 5-0 are acknowledged
 *
 * Invariant: an ID is in the group's list if and only if it is in the list of exactly one of its
 * consumers, and both refer to the same block (pending.ts).
 *
 * Source: https://redis.io/docs/latest/develop/data-types/streams/#consumer-groups
 */
import type { Arena } from '../../datastructs/arena.js';
import { DOUBLE_FIELD } from '../../datastructs/double-field.js';
import { NOT_FOUND, Rax } from '../../datastructs/rax.js';
import { RaxIterator } from '../../datastructs/rax-iterator.js';
import type { Counter } from './counter.js';
import { evacuateTree } from './evacuate-tree.js';
import type { StreamHome } from './home.js';
import { type Named, NameIndex } from './name-index.js';
import {
  addPending,
  copyPending,
  freePending,
  NO_CONSUMER,
  pendingConsumer,
  setDeliveries,
  setDeliveryTime,
  setPendingConsumer,
} from './pending.js';
import { ID_KEY_BYTES, StreamId } from './stream-id.js';

/** What `entriesRead` is when nobody can know how many entries the group has passed. */
export const ENTRIES_READ_UNKNOWN = -1;
/** `activeTime` of a consumer that never got an entry. */
export const NEVER_ACTIVE = -1;

/** Bytes on the JavaScript heap, about, for used_memory. */
export const CONSUMER_BYTES = 430;
export const GROUP_BYTES = 960;

export class Consumer implements Named {
  index = 0;
  /** When it tried to read or claim last, Unix ms. */
  seenTime = DOUBLE_FIELD;
  /** When it read or claimed an entry last, Unix ms, or NEVER_ACTIVE. */
  activeTime = DOUBLE_FIELD;

  constructor(
    readonly name: Uint8Array,
    /** Its pending entries. */
    readonly pel: Rax,
    nowMs: number,
  ) {
    this.seenTime = nowMs;
    this.activeTime = NEVER_ACTIVE;
  }
}

export class ConsumerGroup implements Named {
  index = 0;
  /** The last entry that was delivered; only entries behind it are new. */
  readonly lastId = new StreamId();
  /** How many entries the group has passed since the stream began, or ENTRIES_READ_UNKNOWN. */
  entriesRead: Counter = ENTRIES_READ_UNKNOWN;

  constructor(
    readonly name: Uint8Array,
    private readonly home: StreamHome,
    /** All pending entries. */
    readonly pel = new Rax(home.arena),
    readonly consumers = new NameIndex<Consumer>(home.arena),
  ) {}

  /** Bytes of its blocks. */
  get blockBytes(): number {
    let bytes = this.pel.bytes + this.consumers.rax.bytes;
    for (const consumer of this.consumers) bytes += consumer.pel.bytes;
    return bytes;
  }

  /** Adds a consumer whose name is not there. */
  addConsumer(name: Uint8Array, nowMs: number): Consumer {
    const consumer = new Consumer(name, new Rax(this.home.arena), nowMs);
    this.consumers.add(consumer);
    this.home.consumers++;
    return consumer;
  }

  /** Removes a consumer and the entries that are pending for it. */
  removeConsumer(consumer: Consumer): void {
    const it = new RaxIterator().attach(consumer.pel);
    for (let ok = it.first(); ok; ok = it.next()) this.pel.remove(it.key, 0, it.len);
    this.freeList(consumer.pel);
    this.consumers.remove(consumer);
    this.home.consumers--;
  }

  /** The block of a pending entry, or NOT_FOUND. @param key an ID as a key */
  pending(key: Uint8Array): number {
    return this.pel.find(key, 0, ID_KEY_BYTES);
  }

  /** The consumer that owns a pending entry, if it has one. */
  ownerOf(address: number): Consumer | undefined {
    const index = pendingConsumer(this.home.arena, address);
    return index === NO_CONSUMER ? undefined : this.consumers.at(index);
  }

  /**
   * Makes an entry pending for a consumer, who has just got it. If it is pending already (the
   * group's last ID was set back), it is taken from whoever had it.
   * @returns its block
   */
  deliver(key: Uint8Array, consumer: Consumer, nowMs: number): number {
    const { arena } = this.home;
    const address = addPending(arena, consumer.index, nowMs);
    const before = this.pel.add(key, 0, ID_KEY_BYTES, address);
    if (before !== NOT_FOUND) {
      freePending(arena, address);
      this.give(key, before, consumer);
      setDeliveryTime(arena, before, nowMs);
      setDeliveries(arena, before, 1);
      return before;
    }
    this.home.pending++;
    consumer.pel.set(key, 0, ID_KEY_BYTES, address);
    return address;
  }

  /** Makes an entry pending for nobody as yet: `give` must follow. @returns its block */
  addUnowned(key: Uint8Array, nowMs: number): number {
    const address = addPending(this.home.arena, NO_CONSUMER, nowMs);
    this.pel.set(key, 0, ID_KEY_BYTES, address);
    this.home.pending++;
    return address;
  }

  /** Gives a pending entry to a consumer. */
  give(key: Uint8Array, address: number, consumer: Consumer): void {
    const owner = this.ownerOf(address);
    if (owner === consumer) return;
    owner?.pel.remove(key, 0, ID_KEY_BYTES);
    consumer.pel.set(key, 0, ID_KEY_BYTES, address);
    setPendingConsumer(this.home.arena, address, consumer.index);
  }

  /** Has an entry no longer be pending. */
  drop(key: Uint8Array, address: number): void {
    this.ownerOf(address)?.pel.remove(key, 0, ID_KEY_BYTES);
    this.pel.remove(key, 0, ID_KEY_BYTES);
    freePending(this.home.arena, address);
    this.home.pending--;
  }

  /** Frees all blocks. */
  clear(): void {
    for (const consumer of this.consumers) consumer.pel.clear(ignore);
    this.home.consumers -= this.consumers.size;
    this.consumers.rax.clear(ignore);
    this.freeList(this.pel);
  }

  /** A group of the same content in another place. */
  copy(home: StreamHome): ConsumerGroup {
    const { arena } = this.home;
    const moved = new Map<number, number>();
    const pel = this.pel.copy(home.arena, (address) => {
      const copy = copyPending(arena, address, home.arena);
      moved.set(address, copy);
      return copy;
    });
    const consumers = this.consumers.copy(home.arena, (consumer) => {
      const list = consumer.pel.copy(home.arena, (address) => moved.get(address)!);
      const copy = new Consumer(consumer.name, list, consumer.seenTime);
      copy.index = consumer.index;
      copy.activeTime = consumer.activeTime;
      return copy;
    });
    const copy = new ConsumerGroup(this.name, home, pel, consumers);
    copy.index = this.index;
    copy.lastId.copyFrom(this.lastId);
    copy.entriesRead = this.entriesRead;
    home.pending += pel.size;
    home.consumers += consumers.size;
    return copy;
  }

  /** Moves all blocks to another arena, which the home must be told of after that. */
  rehome(arena: Arena): void {
    const from = this.home.arena;
    const moved = new Map<number, number>();
    const move = (address: number): number => {
      const copy = copyPending(from, address, arena);
      moved.set(address, copy);
      freePending(from, address);
      return copy;
    };
    this.pel.rehome(arena, move);
    this.consumers.rax.rehome(arena, (value) => value);
    for (const consumer of this.consumers) {
      consumer.pel.rehome(arena, (address) => moved.get(address)!);
    }
  }

  /** See OwnedObject.evacuate. */
  *evacuate(count: number): Generator<void> {
    yield* evacuateTree(this.pel, count, (key, address) => this.moveBlock(key, address));
    for (const { pel } of this.consumers.inAnyOrder()) yield* evacuateTree(pel, count, ignore);
    yield* evacuateTree(this.consumers.rax, count, ignore);
  }

  /** Moves a pending entry's block, if its segment is being emptied. */
  private moveBlock(key: Uint8Array, address: number): void {
    const { arena } = this.home;
    if (!arena.isLeaving(address)) return;
    const moved = copyPending(arena, address, arena);
    freePending(arena, address);
    this.pel.set(key, 0, ID_KEY_BYTES, moved);
    this.ownerOf(moved)?.pel.set(key, 0, ID_KEY_BYTES, moved);
  }

  /** Frees a list of pending entries with its blocks. */
  private freeList(pel: Rax): void {
    const { home } = this;
    pel.clear((address) => {
      freePending(home.arena, address);
      home.pending--;
    });
  }
}

function ignore(): void {}
