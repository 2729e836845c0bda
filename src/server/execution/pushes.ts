/**
 * Messages that are no replies: invalidations, what channels bring, the lines of MONITOR.
 *
 *     GET k of client 7 runs       begin(7)
 *       … its reply is written       to 7: it waits; to any other client: it goes out
 *       the reply is whole         replied()
 *       … what belongs to it         to 7: right behind the reply
 *     the next request of 7        end(): what has waited follows the reply
 *
 * For a reply can't be interrupted. All of that is only for a client whose command passes the gate: the
 * others get no messages.
 */
import type { ReplyWriter } from '../../resp/reply-writer.js';
import type { ClientImpl } from '../client.js';

export class Pushes {
  /** The client whose command runs now, if it passes the gate. */
  private client: ClientImpl | undefined = undefined;
  /** Whether its reply may be under way, so that messages to it have to wait. */
  private isReplying = false;
  /** Those. */
  private waiting: Buffer[] = [];
  /** As `waiting`, for a client whose command was left, to be gone on with. */
  private held: Buffer[] = [];

  constructor(private readonly reply: ReplyWriter) {}

  /** The client whose command is running, if it passes the gate. */
  get current(): ClientImpl | undefined {
    return this.client;
  }

  /**
   * Sends a message. To the client whose command is running it goes behind the reply.
   * @param message encoded for this client's protocol; shared by all who get it, so not to be changed
   */
  push(client: ClientImpl, message: Buffer): void {
    this.pushBytes(client, message, 0, message.length);
  }

  /** Sends buf[start..end) as `push` does; it must stay as it is until the turn's end. */
  pushBytes(client: ClientImpl, buf: Buffer, start: number, end: number): void {
    if (client !== this.client) client.deliver(buf, start, end);
    else if (this.isReplying) this.waiting.push(buf.subarray(start, end));
    else this.reply.raw(buf, start, end - start);
  }

  // ---- the client whose command runs

  /** A command of this client's begins. */
  begin(client: ClientImpl): void {
    this.client = client;
    this.isReplying = true;
  }

  /** … or goes on. */
  resume(client: ClientImpl): void {
    this.begin(client);
    this.waiting = this.held;
    this.held = [];
  }

  /** It has not begun to reply: does something that may push messages in front of the reply. */
  beforeReply(work: () => void): void {
    this.isReplying = false;
    work();
    this.isReplying = true;
  }

  /** Its reply is whole. */
  replied(): void {
    this.isReplying = false;
  }

  /** The command is left, to be gone on with. */
  hold(): void {
    this.client = undefined;
    this.held = this.waiting;
    this.waiting = [];
  }

  /** The command is done: what has waited for that follows. */
  end(): void {
    this.client = undefined;
    if (this.waiting.length === 0) return;
    for (const message of this.waiting) this.reply.raw(message, 0, message.length);
    this.waiting = [];
  }
}
