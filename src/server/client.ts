/**
 * A connected client: its state for commands (api/client.ts), the bytes that wait to be parsed, and
 * the replies that wait to be written.
 *
 *     in:   read buffer ──whole requests──> run at once
 *                       └─the rest────────> inBuf[inStart..inEnd) ──with later bytes──> run
 *     out:  this turn's stretch of the shared reply buffer, or of the messages that many get
 *           (message-buffer.ts): seg*, behind what had to wait: output
 *
 * What has to wait is limited: see output-limits.ts (the client is ended), output-budget.ts (its
 * requests wait, too: ClientFlag.Behind) and client-eviction.ts (the biggest clients are ended).
 */
import { DOUBLE_FIELD } from '../datastructs/double-field.js';
import type { Database } from '../keyspace/database.js';
import type { ReplyWriter } from '../resp/reply-writer.js';
import { RequestProgress } from '../resp/request-reader.js';
import type { User } from './acl/user.js';
import type { BlockReason, Client } from './api/client.js';
import { ClientFlag } from './api/client.js';
import { Deadline } from './deadlines.js';
import type { OutputBudget } from './output-budget.js';
import { FAIR_BYTES } from './output-budget.js';
import { OutputWatch, UNLIMITED_BYTES } from './output-limits.js';
import { OutputQueue, SMALL_BYTES } from './output-queue.js';
import type { ClientSubscriptions } from './pubsub/subscriptions.js';
import type { TrackedClient } from './tracking/tracked-client.js';
import type { Transaction } from './transaction.js';
import type { Transport } from './transport.js';
import { type Unfinished, unfinishedRequest } from './unfinished-request.js';

/** What a client needs of its server. */
export interface ClientHost {
  /** Replies are due: flush at the end of the turn. */
  flushLater(client: ClientImpl): void;
  /** Messages are due: flush at the end of the turn, after all replies. */
  flushMessagesLater(client: ClientImpl): void;
  /** Has the client's waiting requests run again. */
  resume(client: ClientImpl): void;
  /** Writes a reply outside of a command. @returns whether it is an error */
  reply(client: ClientImpl, write: (reply: ReplyWriter) => void): boolean;
  /** The connection has been ended at once. */
  gone(client: ClientImpl): void;
  addDeadline(deadline: Deadline): void;
  removeDeadline(deadline: Deadline): void;
  blockedChanged(client: ClientImpl, by: BlockReason | undefined): void;
  /** A request that has not come whole takes a buffer of so many bytes. */
  inputGrew(bytes: number): void;
  /** More waits for the client than goes without saying: is it too much? */
  outputGrew(client: ClientImpl): void;
  /** The client has taken of what waited for it. */
  outputShrank(client: ClientImpl): void;
  /** Memory that is kept for the client elsewhere (keys it watches, …), in bytes. */
  stateBytes(client: ClientImpl): number;
}

/** What is due to a client at the turn's end, and in which of the turn's lists it is therefore. */
export const Due = { Nothing: 0, Messages: 1, Replies: 2 } as const;

/** Why nothing more may be sent. */
const CLOSING = ClientFlag.CloseAfterReply | ClientFlag.CloseAsap;
/** The peak of what a turn answers is that of the last so many ms, or up to twice as many. */
const PEAK_MS = 5000;
/** The least that is shown as a client's part of the reply buffer, in bytes. */
const REPLY_SHARE_MIN = 1024;

/** A buffer of a client's own is kept for its next input up to this size … */
const INPUT_KEEP_MAX = 1024 * 1024;
/** … until the cron finds it idle so long, or (if larger than that) twice what it needs. */
const INPUT_IDLE_MS = 2000;
const INPUT_RESIZE_FROM = 32 * 1024;
/** Less to gain isn't worth a copy. */
const INPUT_WASTE_MIN = 4096;
/** What a client that has read of late is shown to hold of the read buffer that all share. */
const READ_SHARE = 16 * 1024;

export interface ClientOptions {
  id: number;
  addr: string;
  laddr: string;
  isLocal: boolean;
  isUnixSocket: boolean;
  createdMs: number;
  db: Database;
  budget: OutputBudget<ClientImpl>;
  user: User;
}

export class ClientImpl implements Client {
  readonly id: number;
  readonly addr: string;
  readonly laddr: string;
  readonly fd: number;
  readonly createdMs: number;
  readonly isLocal: boolean;
  name = '';
  libName = '';
  libVer = '';
  flags = 0;
  gate = 0;
  db: Database;
  resp = 2;
  authenticated = true;
  user: User;
  lastInteractionMs: number;
  writeOffset = DOUBLE_FIELD;
  lastCommand = 'NULL';
  blockedBy: BlockReason | undefined;
  subscriptions: ClientSubscriptions | undefined = undefined;
  /** Set by CLIENT TRACKING. */
  tracking: TrackedClient<ClientImpl> | undefined = undefined;
  /** Set between MULTI and EXEC. */
  transaction: Transaction | undefined = undefined;
  /** Whether the connection is gone. */
  closed = false;
  /** Whether it has ended its side: it will send no more. */
  hasEnded = false;

  /** Bytes received and not yet run: inBuf[inStart..inEnd). */
  inBuf: Buffer = NO_BYTES;
  inStart = 0;
  inEnd = 0;
  /** No use parsing before so many bytes are there. */
  inNeeded = 0;
  /** Bytes that the unfinished request will take at least; 0: unknown. */
  inRoom = 0;
  readonly progress = new RequestProgress();
  /** Bytes of the read that is being worked off. */
  reading = 0;
  /** Whether it has read since the cron last found it idle. */
  private hasRead = false;
  /** The most that has waited in inBuf since the cron last looked. */
  private inPeak = 0;

  /** In which of the turn's lists the client is. */
  due: number = Due.Nothing;
  private segBuf: Buffer = NO_BYTES;
  private segStart = 0;
  private segEnd = 0;
  readonly output: OutputQueue;
  readonly outputWatch = new OutputWatch();
  /**
   * The most that one turn's end has sent of late, up to UNLIMITED_BYTES: whatever is not more
   * needs no look at limits.
   */
  private replyPeak = 0;
  private replyPeakMs = 0;
  private deadline: Deadline | undefined;

  constructor(
    readonly transport: Transport,
    private readonly host: ClientHost,
    options: ClientOptions,
  ) {
    this.id = options.id;
    this.addr = options.addr;
    this.laddr = options.laddr;
    this.fd = transport.descriptor;
    this.isLocal = options.isLocal;
    this.createdMs = options.createdMs;
    this.lastInteractionMs = options.createdMs;
    this.writeOffset = 0;
    this.db = options.db;
    this.user = options.user;
    this.output = new OutputQueue(options.budget);
    this.replyPeakMs = options.createdMs;
    if (options.isUnixSocket) this.flags |= ClientFlag.UnixSocket;
  }

  // ---- input

  get queuedCommands(): number {
    return this.transaction === undefined ? -1 : this.transaction.queue.length;
  }

  get queuedBytes(): number {
    return this.transaction === undefined ? 0 : this.transaction.bytes;
  }

  /** Bytes that have come and are not run. */
  get inputBytes(): number {
    return this.reading + this.inEnd - this.inStart;
  }

  get queryBufferBytes(): number {
    return this.hasUnfinished ? this.unfinished.restBytes : this.inputBytes;
  }

  get argumentBytes(): number {
    if (this.blockedBy !== undefined) return this.blockedBy.requestBytes ?? 0;
    return this.hasUnfinished ? this.unfinished.argumentBytes : 0;
  }

  /** Whether what waits is the beginning of a request, which only its rest can get going. */
  private get hasUnfinished(): boolean {
    const waits = this.blockedBy !== undefined || (this.flags & ClientFlag.Behind) !== 0;
    return !waits && this.reading === 0 && this.inEnd > this.inStart;
  }

  private get unfinished(): Unfinished {
    return unfinishedRequest(this.inBuf, this.inStart, this.inEnd);
  }

  get queryBufferFree(): number {
    if (this.inBuf.length > 0) return this.inBuf.length - (this.inEnd - this.inStart);
    return this.hasRead ? Math.max(0, READ_SHARE - this.reading) : 0;
  }

  /** Bytes have come. */
  beginReading(length: number): void {
    this.reading = length;
    this.hasRead = true;
  }

  endReading(): void {
    this.reading = 0;
  }

  /** Appends to the waiting bytes. */
  keepInput(buf: Buffer, start: number, end: number): void {
    const length = end - start;
    const have = this.inEnd - this.inStart;
    if (this.inEnd + length > this.inBuf.length) {
      const want = Math.max(have + length, this.inRoom);
      if (want > this.inBuf.length) {
        // Of the announced size when that is known, else half as much again as is there.
        const size = this.inRoom > have + length ? this.inRoom : Math.ceil(want * 1.5);
        const bigger = Buffer.allocUnsafeSlow(size);
        bigger.set(this.inBuf.subarray(this.inStart, this.inEnd));
        this.inBuf = bigger;
        this.host.inputGrew(size);
      } else {
        this.inBuf.copyWithin(0, this.inStart, this.inEnd);
      }
      this.inStart = 0;
      this.inEnd = have;
    }
    this.inBuf.set(buf.subarray(start, end), this.inEnd);
    this.inEnd += length;
    if (have + length > this.inPeak) this.inPeak = have + length;
  }

  /** The waiting bytes up to `at` have been run. */
  consumeInput(at: number): void {
    this.inStart = at;
    if (at < this.inEnd) return;
    this.inStart = 0;
    this.inEnd = 0;
    if (this.inBuf.length > INPUT_KEEP_MAX) this.inBuf = NO_BYTES;
  }

  /** The cron's look at the input buffer: gives back what it has too much of. */
  trimInput(nowMs: number): void {
    const used = this.inEnd - this.inStart;
    const size = this.inBuf.length;
    const isIdle = nowMs - this.lastInteractionMs > INPUT_IDLE_MS;
    if (isIdle) this.hasRead = false;
    if (size - used > INPUT_WASTE_MIN) {
      if (isIdle) this.resizeInput(used);
      else if (size > INPUT_RESIZE_FROM && size / 2 > this.inPeak) {
        this.resizeInput(Math.max(used, this.inPeak, this.inRoom));
      }
    }
    this.inPeak = Math.max(used, this.inRoom);
  }

  private resizeInput(size: number): void {
    const used = this.inEnd - this.inStart;
    const next = size === 0 ? NO_BYTES : Buffer.allocUnsafeSlow(size);
    next.set(this.inBuf.subarray(this.inStart, this.inEnd));
    this.inBuf = next;
    this.inStart = 0;
    this.inEnd = used;
  }

  // ---- output

  get outputBytes(): number {
    return this.output.bytes + this.segEnd - this.segStart + this.transport.buffered;
  }

  get freshOutputBytes(): number {
    return this.segEnd - this.segStart;
  }

  get outputChunks(): number {
    return this.output.count + (this.transport.buffered > 0 ? 1 : 0);
  }

  get isReading(): boolean {
    return this.transport.isReading;
  }

  get replyPeakBytes(): number {
    return this.replyPeak;
  }

  get replyShareBytes(): number {
    let share = REPLY_SHARE_MIN;
    while (share < this.replyPeak) share *= 2;
    return share;
  }

  get memoryBytes(): number {
    return (
      CLIENT_BYTES +
      this.inBuf.length +
      this.outputBytes +
      (this.blockedBy?.requestBytes ?? 0) +
      (this.transaction?.memoryBytes ?? 0) +
      (this.subscriptions?.bytes ?? 0) +
      (this.tracking?.bytes ?? 0) +
      this.host.stateBytes(this)
    );
  }

  /** Takes over what was written to `reply` since its `open`. */
  collect(reply: ReplyWriter): void {
    if (reply.overflow.length > 0) {
      this.queueReply(reply.take());
      return;
    } else if (reply.pos > reply.start) {
      if (this.segEnd > this.segStart) {
        if (this.segBuf === reply.buf && this.segEnd === reply.start) {
          this.segEnd = reply.pos;
          reply.start = reply.pos;
          return;
        }
        this.queueSegment();
      }
      this.segBuf = reply.buf;
      this.segStart = reply.start;
      this.segEnd = reply.pos;
      reply.start = reply.pos;
    } else {
      return;
    }
    if (this.due !== Due.Replies) this.host.flushLater(this);
  }

  /**
   * Takes over a message that others get, too: buf[start..end), which must stay as it is until the
   * turn's end. Messages that lie one behind the other are sent as one stretch.
   * Allocates nothing then; guarded by `npm run bench`.
   */
  deliver(buf: Buffer, start: number, end: number): void {
    if ((this.flags & ClientFlag.CloseAsap) !== 0) return;
    if (this.segEnd === start && this.segBuf === buf) this.segEnd = end;
    else this.beginMessage(buf, start, end);
    if (this.due === Due.Nothing) this.host.flushMessagesLater(this);
    if (this.output.bytes + this.segEnd - this.segStart > UNLIMITED_BYTES) {
      this.host.outputGrew(this);
    }
  }

  private beginMessage(buf: Buffer, start: number, end: number): void {
    this.queueSegment();
    // Alone in its buffer and large: if it has to wait, then without a copy.
    if (end - start === buf.length && buf.length > SMALL_BYTES) {
      this.output.add(buf);
      return;
    }
    this.segBuf = buf;
    this.segStart = start;
    this.segEnd = end;
  }

  /** Takes over replies that were written elsewhere. */
  queueReply(chunks: readonly Buffer[]): void {
    if ((this.flags & ClientFlag.CloseAsap) !== 0) return;
    this.queueSegment();
    for (const chunk of chunks) this.output.add(chunk);
    if (this.due !== Due.Replies) this.host.flushLater(this);
    if (this.output.bytes > UNLIMITED_BYTES) this.host.outputGrew(this);
  }

  /**
   * Sends what is due, as far as it is taken; called at the end of the turn.
   * The common case is one small stretch that is taken whole; guarded by `npm run bench`.
   * @returns how many bytes have been sent
   */
  flush(): number {
    this.due = Due.Nothing;
    if (this.closed) {
      this.dropOutput();
      return 0;
    }
    const fresh = this.segEnd - this.segStart;
    if (fresh > this.replyPeak || this.output.bytes > 0 || (this.flags & CLOSING) !== 0) {
      const due = fresh + this.output.bytes;
      this.flushSlowly(fresh);
      return this.closed ? 0 : due - this.output.bytes;
    }
    if (fresh > 0) this.sendSegment();
    return fresh - this.output.bytes;
  }

  /** What is due has to wait for a later turn: it gives the turn's stretch free. */
  keepBack(): void {
    if (this.closed) this.dropOutput();
    else this.queueSegment();
  }

  private flushSlowly(fresh: number): void {
    if (fresh > this.replyPeak) this.replyPeak = Math.min(fresh, UNLIMITED_BYTES);
    if (this.outputBytes > UNLIMITED_BYTES) this.host.outputGrew(this);
    if ((this.flags & ClientFlag.CloseAsap) !== 0) {
      this.close(false);
      return;
    }
    if (this.output.bytes === 0) {
      if (fresh > 0) this.sendSegment();
    } else {
      this.queueSegment();
      this.output.sendTo(this.transport);
      this.host.outputShrank(this);
    }
    if (this.output.bytes > 0) return;
    if ((this.flags & ClientFlag.CloseAfterReply) !== 0) this.transport.end();
  }

  /** Sends the turn's stretch; what is not taken waits. */
  private sendSegment(): void {
    const at = this.transport.write(this.segBuf, this.segStart, this.segEnd);
    if (at === this.segEnd) {
      this.dropSegment();
      return;
    }
    this.segStart = at;
    this.queueSegment();
    if (this.output.bytes > UNLIMITED_BYTES) this.host.outputGrew(this);
  }

  /** The transport may take more. */
  drained(): void {
    if (this.output.bytes > 0 && this.due === Due.Nothing) this.host.flushLater(this);
  }

  /** Has the client read some replies before its next request runs. */
  hold(): void {
    this.flags |= ClientFlag.Behind;
    this.transport.pauseReading();
  }

  /** Whether a client that was held has read nearly all that waited. */
  get hasCaughtUp(): boolean {
    return (this.flags & ClientFlag.Behind) !== 0 && this.output.bytes <= FAIR_BYTES / 2;
  }

  /** Its requests run on. */
  goOn(): void {
    this.flags &= ~ClientFlag.Behind;
    if (this.closed) return;
    this.transport.resumeReading();
    this.host.resume(this);
  }

  /** Ends the connection at the end of the turn, and forgets what waits: it is too much. */
  closeAsap(): void {
    this.flags |= ClientFlag.CloseAsap;
    this.dropOutput();
    if (this.due !== Due.Replies) this.host.flushLater(this);
  }

  /** The cron's look at the peak of its replies. */
  trimReplyPeak(nowMs: number): void {
    if (nowMs - this.replyPeakMs < PEAK_MS) return;
    this.replyPeakMs = nowMs;
    this.replyPeak = 0;
  }

  close(afterReply: boolean): void {
    if (this.closed) return;
    if (afterReply) {
      this.stopWaiting();
      this.flags |= ClientFlag.CloseAfterReply;
      if (this.due !== Due.Replies) this.host.flushLater(this);
    } else {
      this.transport.destroy();
      this.host.gone(this);
    }
  }

  /** The connection is gone: forgets what can't be sent any more. */
  disconnected(): void {
    this.closed = true;
    this.dropOutput();
    this.stopWaiting();
  }

  /** What it was blocked by concerns it no more: the connection ends. */
  private stopWaiting(): void {
    const by = this.blockedBy;
    if (by === undefined) return;
    this.dropDeadline();
    this.blockedBy = undefined;
    this.flags &= ~ClientFlag.Blocked;
    this.host.blockedChanged(this, by);
    by.onClose?.();
  }

  // ---- blocking

  block(reason: BlockReason): void {
    this.blockedBy = reason;
    this.flags |= ClientFlag.Blocked;
    this.host.blockedChanged(this, undefined);
    if (reason.deadlineMs === undefined) return;
    this.deadline = new Deadline(reason.deadlineMs, () => {
      this.unblock(reason.onTimeout && ((reply) => reason.onTimeout!(reply)));
    });
    this.host.addDeadline(this.deadline);
  }

  unblock(write?: (reply: ReplyWriter) => void): void {
    const by = this.blockedBy;
    if (by === undefined) return;
    this.dropDeadline();
    this.blockedBy = undefined;
    this.flags &= ~ClientFlag.Blocked;
    this.host.blockedChanged(this, by);
    if (this.closed) return;
    const failed = write !== undefined && this.host.reply(this, write);
    // CLIENT REPLY SKIP was for this reply; a command that was paused has yet to give it.
    if (by.kind !== 'pause' && by.kind !== 'script') this.flags &= ~ClientFlag.ReplySkip;
    by.onUnblock?.(failed);
    this.host.resume(this);
  }

  private dropDeadline(): void {
    if (this.deadline !== undefined) this.host.removeDeadline(this.deadline);
    this.deadline = undefined;
  }

  private queueSegment(): void {
    if (this.segEnd === this.segStart) return;
    this.output.append(this.segBuf, this.segStart, this.segEnd);
    this.dropSegment();
  }

  private dropSegment(): void {
    this.segStart = 0;
    this.segEnd = 0;
    this.segBuf = NO_BYTES;
  }

  private dropOutput(): void {
    this.output.clear();
    this.dropSegment();
  }
}

const NO_BYTES = Buffer.alloc(0);
/** What a client takes by itself, in bytes: this object, its socket, their maps (measured). */
const CLIENT_BYTES = 4096;
