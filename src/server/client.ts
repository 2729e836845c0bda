/**
 * A connected client: its state for commands (api/client.ts), the bytes that wait to be parsed, and
 * the replies that wait to be written.
 *
 *     in:   read buffer ──whole requests──> run at once
 *                       └─the rest────────> inBuf[inStart..inEnd) ──with later bytes──> run
 *     out:  this turn's stretch of the shared reply buffer (seg*), behind chunks of its own (queue)
 */
import type { Database } from '../keyspace/database.js';
import type { ReplyWriter } from '../resp/reply-writer.js';
import { RequestProgress } from '../resp/request-reader.js';
import type { BlockReason, Client } from './api/client.js';
import { ClientFlag } from './api/client.js';
import { Deadline } from './deadlines.js';
import type { Transaction } from './transaction.js';
import type { Transport } from './transport.js';

/** What a client needs of its server. */
export interface ClientHost {
  /** Replies are due: flush at the end of the turn. */
  flushLater(client: ClientImpl): void;
  /** Has the client's waiting requests run again. */
  resume(client: ClientImpl): void;
  /** Writes a reply outside of a command. @returns whether it is an error */
  reply(client: ClientImpl, write: (reply: ReplyWriter) => void): boolean;
  /** The connection has been ended at once. */
  gone(client: ClientImpl): void;
  addDeadline(deadline: Deadline): void;
  removeDeadline(deadline: Deadline): void;
  blockedChanged(client: ClientImpl, by: BlockReason | undefined): void;
}

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
  user = 'default';
  lastInteractionMs: number;
  lastCommand = 'NULL';
  blockedBy: BlockReason | undefined;
  /** Set between MULTI and EXEC. */
  transaction: Transaction | undefined = undefined;
  /** Whether the connection is gone. */
  closed = false;

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

  /** Whether the client is in the turn's list. */
  isDue = false;
  private segBuf: Buffer = NO_BYTES;
  private segStart = 0;
  private segEnd = 0;
  private queue: Buffer[] = [];
  private queueBytes = 0;
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
    this.db = options.db;
    if (options.isUnixSocket) this.flags |= ClientFlag.UnixSocket;
  }

  // ---- input

  get queuedCommands(): number {
    return this.transaction === undefined ? -1 : this.transaction.queue.length;
  }

  get queuedBytes(): number {
    return this.transaction === undefined ? 0 : this.transaction.bytes;
  }

  get queryBufferBytes(): number {
    return this.reading + this.inEnd - this.inStart;
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
    return this.queueBytes + this.segEnd - this.segStart + this.transport.buffered;
  }

  get freshOutputBytes(): number {
    return this.segEnd - this.segStart;
  }

  get outputChunks(): number {
    return this.queue.length + (this.transport.buffered > 0 ? 1 : 0);
  }

  get memoryBytes(): number {
    const requestBytes = this.blockedBy?.requestBytes ?? 0;
    return CLIENT_BYTES + this.inBuf.length + this.outputBytes + requestBytes;
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
    if (!this.isDue) this.host.flushLater(this);
  }

  /** Takes over replies that were written elsewhere. */
  queueReply(chunks: readonly Buffer[]): void {
    this.queueSegment();
    for (const chunk of chunks) this.queueChunk(chunk);
    if (!this.isDue) this.host.flushLater(this);
  }

  /** Writes what is due; called once, at the end of the turn. */
  flush(): void {
    this.isDue = false;
    const { transport } = this;
    if (this.closed) {
      this.dropOutput();
      return;
    }
    if (this.queue.length > 0) {
      for (const chunk of this.queue) transport.writeOwned(chunk);
      this.queue = [];
      this.queueBytes = 0;
    }
    if (this.segEnd > this.segStart) {
      transport.write(this.segBuf, this.segStart, this.segEnd);
      this.segStart = 0;
      this.segEnd = 0;
      this.segBuf = NO_BYTES;
    }
    if ((this.flags & ClientFlag.CloseAfterReply) !== 0) this.transport.end();
  }

  close(afterReply: boolean): void {
    if (this.closed) return;
    if (afterReply) {
      this.flags |= ClientFlag.CloseAfterReply;
      if (!this.isDue) this.host.flushLater(this);
    } else {
      this.transport.destroy();
      this.host.gone(this);
    }
  }

  /** The connection is gone: forgets what can't be sent any more. */
  disconnected(): void {
    this.closed = true;
    this.dropOutput();
    this.dropDeadline();
    const by = this.blockedBy;
    if (by !== undefined) {
      this.blockedBy = undefined;
      this.host.blockedChanged(this, by);
      by.onClose?.();
    }
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
    if (by.kind !== 'pause') this.flags &= ~ClientFlag.ReplySkip;
    by.onUnblock?.(failed);
    this.host.resume(this);
  }

  private dropDeadline(): void {
    if (this.deadline !== undefined) this.host.removeDeadline(this.deadline);
    this.deadline = undefined;
  }

  private queueSegment(): void {
    if (this.segEnd === this.segStart) return;
    this.queueChunk(Buffer.from(this.segBuf.subarray(this.segStart, this.segEnd)));
    this.segStart = 0;
    this.segEnd = 0;
  }

  private queueChunk(chunk: Buffer): void {
    this.queue.push(chunk);
    this.queueBytes += chunk.length;
  }

  private dropOutput(): void {
    this.queue = [];
    this.queueBytes = 0;
    this.segStart = 0;
    this.segEnd = 0;
    this.segBuf = NO_BYTES;
  }
}

const NO_BYTES = Buffer.alloc(0);
/** What a client takes by itself, in bytes: this object, its socket, their maps (measured). */
const CLIENT_BYTES = 4096;
