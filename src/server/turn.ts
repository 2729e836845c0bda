/**
 * The end of a turn of the event loop: the only place where bytes leave the process.
 *
 * Whatever runs during a turn (requests, timers) marks clients as due; once the turn's reads are
 * done, everything due is sent, one write per connection. Later features add their steps here, in
 * this order: clients that became ready, AOF, replicas, invalidations, replies, messages. So what a
 * client reads is already where it was promised to be; if it can't be yet (the file is being synced),
 * the replies of those who have written wait for a later turn. Last, clients that take too much memory are
 * ended.
 *
 * Replies go before messages to subscribers: who has published doesn't wait for thousands of writes
 * (Redis sends to those first who became due last, which comes to the same). Nor do others: after
 * MESSAGES_MAX_US the rest of the messages is left to the next turn, whose requests are read before.
 * They may be left only while they are few bytes, so that nobody's output limit is exceeded by it,
 * and publishers can't outrun the sending.
 */
import type { ReplyWriter } from '../resp/reply-writer.js';
import { type ClientImpl, Due } from './client.js';
import type { ServerClock } from './clock.js';
import type { MessageBuffer } from './message-buffer.js';
import { UNLIMITED_BYTES } from './output-limits.js';
import type { Stats } from './stats.js';

/** Fill of the shared reply buffer beyond which the turn's output goes out early, in bytes. */
const EARLY_BYTES = 192 * 1024;
/** … and so many of messages that go to many clients. */
const EARLY_MESSAGE_BYTES = 96 * 1024;
/** Sending of messages takes so long at a time, in microseconds, … */
const MESSAGES_MAX_US = 5000;
/** … and the clock is read after so many clients. */
const MESSAGES_AT_ONCE = 64;

/** From no write on. */
const NOBODY = Number.POSITIVE_INFINITY;

export class Turn {
  /** Due clients: the first `dueCount`; the array keeps its length, to keep its memory. */
  private due: (ClientImpl | undefined)[] = [];
  private dueCount = 0;
  private spare: (ClientImpl | undefined)[] = [];
  /** Clients that are due messages only, and may have been sent them since. */
  private listeners: ClientImpl[] = [];
  private scheduled = false;
  private readonly atEnd = () => {
    this.scheduled = false;
    this.end();
  };

  /** Runs first: clients that wait no more. */
  beforeSending: () => void = () => {};
  /**
   * Runs then: what was changed goes to disk. Answers from which write on clients have to wait for their
   * replies (their `writeOffset` is greater); Infinity: none has to. Undefined: nobody wants to know.
   */
  writeOut: (() => number) | undefined = undefined;
  /** Told of each client that was sent something, if anybody wants to know. */
  onSent: ((client: ClientImpl) => void) | undefined = undefined;
  /** Runs last. */
  afterSending: () => void = () => {};

  constructor(
    private readonly reply: ReplyWriter,
    private readonly stats: Stats,
    private readonly clock: ServerClock,
    private readonly messages: MessageBuffer,
  ) {}

  /** Has the client's replies sent at the end of this turn. */
  add(client: ClientImpl): void {
    client.due = Due.Replies;
    this.due[this.dueCount++] = client;
    this.schedule();
  }

  /** Has the messages to a client that is due nothing sent, at the end of this turn or soon after. */
  addListener(client: ClientImpl): void {
    client.due = Due.Messages;
    this.listeners.push(client);
    this.schedule();
  }

  /** Has the turn's end come, if nothing else is due. */
  schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(this.atEnd);
  }

  /** Sends early when much has been gathered; to be called between two clients' requests. */
  relieve(): void {
    if (this.reply.pos > EARLY_BYTES || this.messages.bytes > EARLY_MESSAGE_BYTES) this.end();
  }

  /** Sends all that is due. */
  end(): void {
    this.beforeSending();
    const heldFrom = this.writeOut === undefined ? NOBODY : this.writeOut();
    const { due, dueCount, onSent, stats } = this;
    this.due = this.spare;
    this.dueCount = 0;
    this.spare = due;
    let sent = 0;
    let kept = 0;
    for (let i = 0; i < dueCount; i++) {
      const client = due[i]!;
      due[i] = undefined;
      if (heldFrom !== NOBODY && client.writeOffset > heldFrom) {
        this.keepBack(client);
        kept++;
        continue;
      }
      sent += client.flush();
      if (onSent !== undefined) onSent(client);
    }
    stats.writesProcessed += dueCount - kept;
    stats.netOutputBytes += sent;
    if (this.messages.bytes > 0 || this.listeners.length > 0) this.sendMessages();
    this.afterSending();
    // Without a tick nothing has run but what was to be sent.
    stats.countTurn(this.clock.stale ? 0 : this.clock.micros() - this.clock.turnUs);
    if (this.dueCount === kept) this.reply.rewind();
    this.clock.stale = true;
  }

  /** The client's replies have to wait for a later turn. */
  private keepBack(client: ClientImpl): void {
    client.keepBack();
    this.due[this.dueCount++] = client;
  }

  /** As `end`, with all messages, however long that takes: the server stops. */
  finish(): void {
    do this.end();
    while (this.listeners.length > 0);
  }

  /** Sends what is due to listeners, for a while. */
  private sendMessages(): void {
    const { listeners, onSent, stats, clock, messages } = this;
    const isPatient = messages.bytes <= UNLIMITED_BYTES && listeners.length > MESSAGES_AT_ONCE;
    const until = isPatient ? clock.micros() + MESSAGES_MAX_US : 0;
    let sent = 0;
    let i = 0;
    while (i < listeners.length) {
      const client = listeners[i++]!;
      if (client.due === Due.Nothing) continue;
      sent += client.flush();
      stats.writesProcessed++;
      if (onSent !== undefined) onSent(client);
      if (isPatient && i % MESSAGES_AT_ONCE === 0 && clock.micros() > until) break;
    }
    stats.netOutputBytes += sent;
    if (i < listeners.length) {
      this.listeners = listeners.slice(i);
      this.schedule();
      return;
    }
    this.listeners = [];
    messages.rewind();
  }
}
