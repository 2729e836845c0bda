/**
 * Pub/Sub: messages from whoever publishes to all who listen, at once and never again.
 *
 * A message goes first to those who listen to its channel, in the order in which they came, then,
 * pattern by pattern, to those who listen to one that matches. Who listens to both gets it twice.
 * However many listen, it is encoded once for each protocol (messages.ts); a publisher pays per
 * subscriber for making that client's output a message longer, and per pattern for one match, which
 * takes no more than pattern times name length (text/glob.ts).
 *
 * A client that listens to anything carries ClientFlag.Pubsub and has its gate bit set, since in
 * RESP2 it may do little else, and since what it publishes to itself must wait for the reply.
 */
import type { Args } from '../../resp/args.js';
import { globMatch } from '../../text/glob.js';
import { type Client, ClientFlag, ClientGate } from '../api/client.js';
import type { PubsubApi, TopicKind } from '../api/pubsub.js';
import type { ClientImpl } from '../client.js';
import type { MessageBuffer } from '../message-buffer.js';
import { Message } from './messages.js';
import { ClientSubscriptions, type TopicImpl, TopicTable } from './subscriptions.js';

const MESSAGE = Buffer.from('message');
const PATTERN_MESSAGE = Buffer.from('pmessage');
const SHARD_MESSAGE = Buffer.from('smessage');

export interface PubsubParts {
  readonly messages: MessageBuffer;
  /** Sends a message behind the reply to the client's running command, if any; see Pushes. */
  push(client: ClientImpl, buf: Buffer, start: number, end: number): void;
}

export class Pubsub implements PubsubApi {
  private readonly channels = new TopicTable('channel');
  private readonly patterns = new TopicTable('pattern');
  private readonly shardChannels = new TopicTable('shard');
  /** What is being published. */
  private readonly message: Message;

  constructor(private readonly parts: PubsubParts) {
    this.message = new Message(parts.messages);
  }

  topics(kind: TopicKind): ReadonlyMap<string, TopicImpl> {
    return this.tableOf(kind).all;
  }

  // ---- listening

  subscribe(client: Client, kind: TopicKind, name: Buffer): number {
    const impl = client as ClientImpl;
    const topic = this.tableOf(kind).open(name);
    topic.subscribers.add(client);
    impl.subscriptions ??= new ClientSubscriptions();
    impl.subscriptions.add(topic);
    client.flags |= ClientFlag.Pubsub;
    client.gate |= ClientGate.Subscribed;
    return this.countOf(client, kind);
  }

  unsubscribe(client: Client, kind: TopicKind, name: Buffer): number {
    const { subscriptions } = client as ClientImpl;
    const table = this.tableOf(kind);
    const topic = table.find(name, 0, name.length);
    if (subscriptions !== undefined && topic !== undefined && subscriptions.remove(topic)) {
      table.leave(topic, client);
      if (subscriptions.size === 0) leaveMode(client);
    }
    return this.countOf(client, kind);
  }

  countOf({ subscriptions }: Client, kind: TopicKind): number {
    if (subscriptions === undefined) return 0;
    if (kind === 'shard') return subscriptions.shardChannels.size;
    return subscriptions.channels.size + subscriptions.patterns.size;
  }

  forget(client: Client): void {
    const { subscriptions } = client as ClientImpl;
    if (subscriptions === undefined) return;
    for (const topic of subscriptions.all()) this.tableOf(topic.kind).leave(topic, client);
    leaveMode(client);
  }

  // ---- publishing

  /** Whether nobody could get a message that is published now. */
  get isDeserted(): boolean {
    return this.channels.all.size === 0 && this.patterns.all.size === 0;
  }

  publish(args: Args, channel: number, message: number): number {
    this.begin(args, channel, message);
    return this.sendAll();
  }

  publishShard(args: Args, channel: number, message: number): number {
    this.begin(args, channel, message);
    return this.sendTo(this.shardChannels, SHARD_MESSAGE);
  }

  /** The server's own message to all who listen to a channel. @returns as `publish` */
  announce(channel: Buffer, content: Uint8Array): number {
    this.message.begin(channel, 0, channel.length, content, 0, content.length);
    return this.sendAll();
  }

  tell(client: Client, message: Buffer): void {
    // What ends after its reply gets nothing behind it.
    if ((client.flags & ClientFlag.CloseAfterReply) !== 0) return;
    this.parts.push(client as ClientImpl, message, 0, message.length);
  }

  private begin(args: Args, channel: number, content: number): void {
    const { buf } = args;
    const { message } = this;
    message.begin(
      buf,
      args.off(channel),
      args.len(channel),
      buf,
      args.off(content),
      args.len(content),
    );
  }

  private sendAll(): number {
    let sent = this.sendTo(this.channels, MESSAGE);
    if (this.patterns.all.size === 0) return sent;
    const { channel, channelOff, channelLen } = this.message;
    for (const pattern of this.patterns.all.values()) {
      if (!globMatch(pattern.name, channel, channelOff, channelLen)) continue;
      sent += this.send(pattern, PATTERN_MESSAGE, pattern.name);
    }
    return sent;
  }

  private sendTo(table: TopicTable, word: Buffer): number {
    const { channel, channelOff, channelLen } = this.message;
    const topic = table.find(channel, channelOff, channelLen);
    return topic === undefined ? 0 : this.send(topic, word, undefined);
  }

  /** @returns to how many, those included whose connection is about to end */
  private send({ subscribers }: TopicImpl, word: Buffer, pattern: Buffer | undefined): number {
    const { message, parts } = this;
    message.as(word, pattern);
    for (const client of subscribers) {
      if ((client.flags & ClientFlag.CloseAfterReply) !== 0) continue;
      const { buf, start, end } = message.in(client.resp);
      parts.push(client as ClientImpl, buf, start, end);
    }
    return subscribers.size;
  }

  private tableOf(kind: TopicKind): TopicTable {
    if (kind === 'channel') return this.channels;
    return kind === 'pattern' ? this.patterns : this.shardChannels;
  }
}

/** The client listens to nothing more. */
function leaveMode(client: Client): void {
  client.subscriptions = undefined;
  client.flags &= ~ClientFlag.Pubsub;
  client.gate &= ~ClientGate.Subscribed;
}
