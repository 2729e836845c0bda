/**
 * Keyspace notifications: what happens to keys, as Pub/Sub messages.
 *
 *     SET k v   in database 0, class `$`, event `set`
 *       K:  channel __keyspace@0__:k     message set
 *       E:  channel __keyevent@0__:set   message k
 *
 * `notify-keyspace-events` says in which of the two forms, and for which classes of events. While it
 * leaves nothing to publish, the keyspace is not even listened to; see Observers. Permissions do not
 * apply: an event is published by the server, not by the client that caused it.
 *
 * Source: https://redis.io/docs/latest/develop/use/keyspace-notifications/
 */
import type { Database } from '../keyspace/database.js';
import { EventClass, type KeyspaceObserver } from '../keyspace/events.js';
import type { Observers } from './observers.js';

const CLASS_OF_LETTER: { readonly [letter: string]: number } = {
  g: EventClass.Generic,
  $: EventClass.String,
  l: EventClass.List,
  s: EventClass.Set,
  h: EventClass.Hash,
  z: EventClass.Zset,
  x: EventClass.Expired,
  e: EventClass.Evicted,
  t: EventClass.Stream,
  d: EventClass.Module,
  m: EventClass.KeyMiss,
  n: EventClass.New,
};
/** What `A` stands for: all but misses and new keys, which came later. */
const ALL_LETTERS = 'g$lshzxetd';

/** Where events go. */
export interface EventSink {
  /** Whether nobody could get a message that is published now. */
  readonly isDeserted: boolean;
  announce(channel: Buffer, message: Uint8Array): number;
}

export class Notifications implements KeyspaceObserver {
  /** Bits of EventClass. */
  private classes = 0;
  private byKey = false;
  private byEvent = false;

  constructor(
    private readonly observers: Observers,
    private readonly sink: EventSink,
  ) {}

  /** @param letters of `notify-keyspace-events`, known ones only */
  configure(letters: string): void {
    this.classes = 0;
    for (const letter of letters.replaceAll('A', ALL_LETTERS)) {
      this.classes |= CLASS_OF_LETTER[letter] ?? 0;
    }
    this.byKey = letters.includes('K');
    this.byEvent = letters.includes('E');
    this.observers.listen(this, this.classes !== 0 && (this.byKey || this.byEvent));
  }

  keyEvent(db: Database, eventClass: number, event: string, key: Uint8Array): void {
    const { sink } = this;
    if ((this.classes & eventClass) === 0 || sink.isDeserted) return;
    if (this.byKey) {
      const channel = Buffer.concat([Buffer.from(`__keyspace@${db.index}__:`), key]);
      sink.announce(channel, Buffer.from(event));
    }
    if (this.byEvent) sink.announce(Buffer.from(`__keyevent@${db.index}__:${event}`), key);
  }

  keyChanged(): void {}

  flushed(): void {}

  swapped(): void {}

  keyExpired(): void {}

  keyEvicted(): void {}

  fieldExpired(): void {}
}
