/**
 * A connection to the server that MIGRATE sends keys to: requests go out as fast as it takes them, and
 * replies come back in their order. Whatever goes on restarts the clock; when nothing has for as long
 * as the command allows, the link is given up.
 *
 *     write AUTH, SELECT, RESTORE a, RESTORE b … ──>
 *                                                <── OK, OK, OK, BUSYKEY …
 */
import type { Duplex } from 'node:stream';
import Parser from 'redis-parser';
import type { Clock, TimerHandle } from '../api/clock.js';
import type { LinkFailure } from '../api/migration.js';

export interface ExchangeEvents {
  /** A reply. @param error its text, if it is one */
  onReply(error: string | undefined): void;
  /** All replies have come, or no more will. @param isTimeout nothing has happened for too long */
  onEnd(failure: LinkFailure | undefined, isTimeout: boolean): void;
}

/** Requests under way. */
interface Exchange {
  readonly events: ExchangeEvents;
  readonly pieces: Iterator<Uint8Array>;
  readonly timeoutMs: number;
  repliesLeft: number;
  timer: TimerHandle | undefined;
  hasWritten: boolean;
}

export class TargetLink {
  /** The database that the other side has selected; -1: unknown. */
  database = -1;
  /** When it was used last, Unix ms. */
  usedMs = 0;
  isClosed = false;
  private isConnected = false;
  /** Nobody listens there: Redis finds out only when it writes, and says so. */
  private isRefused = false;
  private exchange: Exchange | undefined = undefined;

  /** @param stream that connects, and then emits `readyEvent` */
  constructor(
    private readonly stream: Duplex,
    readyEvent: 'connect' | 'secureConnect',
    private readonly clock: Clock,
  ) {
    const parser = new Parser({
      returnBuffers: true,
      returnReply: () => this.replied(undefined),
      returnError: (error) => this.replied(error.message),
      returnFatalError: () => this.close(),
    });
    stream.on(readyEvent, () => {
      this.isConnected = true;
      this.goOn();
    });
    stream.on('data', (bytes: Buffer) => parser.execute(bytes));
    stream.on('drain', () => this.goOn());
    stream.on('error', (error: NodeJS.ErrnoException) => {
      this.isRefused = !this.isConnected && error.syscall === 'connect';
      this.close();
    });
    for (const event of ['end', 'close']) stream.on(event, () => this.close());
  }

  /** Sends requests; their replies are told one by one. */
  send(
    pieces: Iterable<Uint8Array>,
    replies: number,
    timeoutMs: number,
    events: ExchangeEvents,
  ): void {
    this.exchange = {
      events,
      pieces: pieces[Symbol.iterator](),
      timeoutMs,
      repliesLeft: replies,
      timer: undefined,
      hasWritten: false,
    };
    if (this.isConnected) this.goOn();
    else this.restartClock();
  }

  close(): void {
    this.isClosed = true;
    this.stream.destroy();
    this.end(this.failure, false);
  }

  private get failure(): LinkFailure {
    if (!this.isConnected) return this.isRefused ? 'write' : 'connect';
    return this.exchange?.hasWritten === true && this.stream.writableLength === 0
      ? 'read'
      : 'write';
  }

  private goOn(): void {
    const { exchange } = this;
    if (exchange === undefined) return;
    this.restartClock();
    while (!exchange.hasWritten) {
      const { done, value } = exchange.pieces.next();
      if (done === true) exchange.hasWritten = true;
      else if (!this.stream.write(value)) return;
    }
  }

  private replied(error: string | undefined): void {
    const { exchange } = this;
    // Nobody has asked: it talks nonsense.
    if (exchange === undefined) {
      this.close();
      return;
    }
    exchange.events.onReply(error);
    if (--exchange.repliesLeft === 0) this.end(undefined, false);
    else this.restartClock();
  }

  private restartClock(): void {
    const exchange = this.exchange!;
    this.clock.clearTimer(exchange.timer);
    exchange.timer = this.clock.setTimer(() => {
      const { failure } = this;
      this.isClosed = true;
      this.end(failure, true);
      this.stream.destroy();
    }, exchange.timeoutMs);
  }

  private end(failure: LinkFailure | undefined, isTimeout: boolean): void {
    const { exchange } = this;
    if (exchange === undefined) return;
    this.exchange = undefined;
    this.clock.clearTimer(exchange.timer);
    exchange.events.onEnd(failure, isTimeout);
  }
}
