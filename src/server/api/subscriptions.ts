/** What one client listens to, by name (latin1), in the order in which it began to; see pubsub.ts. */
export interface Subscriptions {
  readonly channels: ReadonlyMap<string, Named>;
  readonly patterns: ReadonlyMap<string, Named>;
  readonly shardChannels: ReadonlyMap<string, Named>;
  /** Memory that this takes, in bytes. */
  readonly bytes: number;
}

export interface Named {
  readonly name: Buffer;
}
