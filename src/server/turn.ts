/**
 * The end of a turn of the event loop: the only place where bytes leave the process.
 *
 * Whatever runs during a turn (requests, timers) marks clients as due; once the turn's reads are
 * done, everything due is sent, one write per connection. Later features add their steps here, in
 * this order: clients that became ready, AOF, replicas, invalidations, replies. So what a client
 * reads is already where it was promised to be.
 */
import type { ReplyWriter } from '../resp/reply-writer.js';
import type { ClientImpl } from './client.js';
import type { ServerClock } from './clock.js';
import type { Stats } from './stats.js';

/** Fill of the shared reply buffer beyond which the turn's output goes out early, in bytes. */
const EARLY_BYTES = 192 * 1024;

export class Turn {
  /** Due clients: the first `dueCount`; the array keeps its length, to keep its memory. */
  private due: (ClientImpl | undefined)[] = [];
  private dueCount = 0;
  private spare: (ClientImpl | undefined)[] = [];
  private scheduled = false;
  private readonly atEnd = () => {
    this.scheduled = false;
    this.end();
  };

  /** Runs first: clients that wait no more. */
  beforeSending: () => void = () => {};

  constructor(
    private readonly reply: ReplyWriter,
    private readonly stats: Stats,
    private readonly clock: ServerClock,
  ) {}

  /** Has the client's replies sent at the end of this turn. */
  add(client: ClientImpl): void {
    client.isDue = true;
    this.due[this.dueCount++] = client;
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
    if (this.reply.pos > EARLY_BYTES) this.end();
  }

  /** Sends all that is due. */
  end(): void {
    this.beforeSending();
    const { due, dueCount, stats } = this;
    this.due = this.spare;
    this.dueCount = 0;
    this.spare = due;
    for (let i = 0; i < dueCount; i++) {
      due[i]!.flush();
      due[i] = undefined;
    }
    stats.countTurn();
    stats.writesProcessed += dueCount;
    if (this.dueCount === 0) this.reply.rewind();
    this.clock.stale = true;
  }
}
