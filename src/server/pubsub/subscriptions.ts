/**
 * Who listens to what, seen from both sides:
 *
 *     TopicTable:   name ──> topic ──> its subscribers, in the order in which they came
 *     client.subscriptions:  name ──> the same topic objects
 *
 * A topic is there as long as somebody listens to it. Both sides hold the name once, the topic's, so
 * one more subscriber costs an entry in a set and one in a map, and going costs as little as coming:
 * also for the 10,000th subscriber of a channel.
 */
import { sameBytes } from '../../datastructs/move-bytes.js';
import type { Client } from '../api/client.js';
import type { Topic, TopicKind } from '../api/pubsub.js';
import type { Subscriptions } from '../api/subscriptions.js';

/** A client's own tables, and one entry in them and in the topic's set, in bytes (measured). */
const TABLES_BYTES = 208;
const ENTRY_BYTES = 72;
const NONE: ReadonlyMap<string, TopicImpl> = new Map();

export class TopicImpl implements Topic {
  readonly subscribers = new Set<Client>();

  constructor(
    readonly kind: TopicKind,
    readonly name: Buffer,
    /** The name as latin1. */
    readonly key: string,
  ) {}
}

/** Topics that were found of late, by the hash of their names: so many. A power of two. */
const RECENT = 256;

/** What anybody listens to, of one kind. */
export class TopicTable {
  private readonly topics = new Map<string, TopicImpl>();
  /** Spares a name that is published to again and again from being made a string. */
  private readonly recent = new Array<TopicImpl | undefined>(RECENT).fill(undefined);

  constructor(private readonly kind: TopicKind) {}

  get all(): ReadonlyMap<string, TopicImpl> {
    return this.topics;
  }

  /** The topic whose name is buf[off..off+len). Allocates nothing for one found of late. */
  find(buf: Buffer, off: number, len: number): TopicImpl | undefined {
    if (this.topics.size === 0) return undefined;
    const at = recentPlace(buf, off, len);
    let topic = this.recent[at];
    if (
      topic !== undefined &&
      topic.name.length === len &&
      sameBytes(topic.name, 0, buf, off, len)
    ) {
      return topic;
    }
    topic = this.topics.get(buf.toString('latin1', off, off + len));
    if (topic !== undefined) this.recent[at] = topic;
    return topic;
  }

  /** The topic of this name, new if there is none. */
  open(name: Buffer): TopicImpl {
    const key = name.toString('latin1');
    let topic = this.topics.get(key);
    if (topic === undefined) {
      topic = new TopicImpl(this.kind, Buffer.from(name), key);
      this.topics.set(key, topic);
    }
    return topic;
  }

  /** A client listens to the topic no more. */
  leave(topic: TopicImpl, client: Client): void {
    topic.subscribers.delete(client);
    if (topic.subscribers.size > 0) return;
    this.topics.delete(topic.key);
    const at = recentPlace(topic.name, 0, topic.name.length);
    if (this.recent[at] === topic) this.recent[at] = undefined;
  }
}

/** What one client listens to. Most have topics of one kind only: each map is made when needed. */
export class ClientSubscriptions implements Subscriptions {
  bytes = TABLES_BYTES;
  private ofChannels: Map<string, TopicImpl> | undefined = undefined;
  private ofPatterns: Map<string, TopicImpl> | undefined = undefined;
  private ofShard: Map<string, TopicImpl> | undefined = undefined;

  get channels(): ReadonlyMap<string, TopicImpl> {
    return this.ofChannels ?? NONE;
  }

  get patterns(): ReadonlyMap<string, TopicImpl> {
    return this.ofPatterns ?? NONE;
  }

  get shardChannels(): ReadonlyMap<string, TopicImpl> {
    return this.ofShard ?? NONE;
  }

  get size(): number {
    return this.channels.size + this.patterns.size + this.shardChannels.size;
  }

  *all(): Iterable<TopicImpl> {
    yield* this.channels.values();
    yield* this.patterns.values();
    yield* this.shardChannels.values();
  }

  add(topic: TopicImpl): void {
    const map = this.mapOf(topic.kind);
    if (map.has(topic.key)) return;
    map.set(topic.key, topic);
    this.bytes += bytesOf(topic);
  }

  /** @returns whether it was there */
  remove(topic: TopicImpl): boolean {
    if (!this.mapOf(topic.kind).delete(topic.key)) return false;
    this.bytes -= bytesOf(topic);
    return true;
  }

  private mapOf(kind: TopicKind): Map<string, TopicImpl> {
    switch (kind) {
      case 'channel':
        this.ofChannels ??= new Map();
        return this.ofChannels;
      case 'pattern':
        this.ofPatterns ??= new Map();
        return this.ofPatterns;
      case 'shard':
        this.ofShard ??= new Map();
        return this.ofShard;
    }
  }
}

/** A place among the recent topics, by the last bytes of the name: those in which most differ. */
function recentPlace(name: Buffer, off: number, len: number): number {
  let hash = len;
  for (let i = Math.max(0, len - 6); i < len; i++) hash = (hash * 31 + name[off + i]!) | 0;
  return (hash ^ (hash >>> 8)) & (RECENT - 1);
}

/**
 * What a topic adds to what its subscriber takes. The name is counted for each of several
 * subscribers: a client that listens to long names must not look small for sharing them.
 */
function bytesOf(topic: TopicImpl): number {
  return ENTRY_BYTES + topic.name.length;
}
