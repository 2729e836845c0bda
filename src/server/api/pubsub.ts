/**
 * Pub/Sub as commands see it: who listens to what, and messages to those who do.
 *
 * A client listens to channels by name, to patterns of channel names, and to shard channels. Those
 * are a world of their own: their messages go to their subscribers only, never through a pattern.
 *
 * Source: https://redis.io/docs/latest/develop/interact/pubsub/
 */
import type { Args } from '../../resp/args.js';
import type { Client } from './client.js';
import type { Named } from './subscriptions.js';

/** The three things that a client can listen to. */
export type TopicKind = 'channel' | 'pattern' | 'shard';

/** A channel, pattern or shard channel that somebody listens to. */
export interface Topic extends Named {
  readonly kind: TopicKind;
  /** In the order in which they came. */
  readonly subscribers: ReadonlySet<Client>;
}

export interface PubsubApi {
  /** Has the client listen to this too. @returns how many of this sort it listens to now */
  subscribe(client: Client, kind: TopicKind, name: Buffer): number;
  /** Has the client listen to this no more, if it did. @returns as `subscribe` */
  unsubscribe(client: Client, kind: TopicKind, name: Buffer): number;
  /** How many the client listens to: shard channels, or channels and patterns together. */
  countOf(client: Client, kind: TopicKind): number;
  /** Ends all that the client listens to, without a word to it. */
  forget(client: Client): void;
  /**
   * Sends a message to all who listen.
   * @param channel number of the argument that names it @param message number of that which is sent
   * @returns how many times it was sent
   */
  publish(args: Args, channel: number, message: number): number;
  publishShard(args: Args, channel: number, message: number): number;
  /** Sends the client bytes that are no reply: behind the reply to the command that is running. */
  tell(client: Client, message: Buffer): void;
  /** What anybody listens to, by name (latin1). */
  topics(kind: TopicKind): ReadonlyMap<string, Topic>;
}
