/**
 * Backpressure: how much the replies that wait for all clients together may grow.
 *
 * Redis buffers without end for a client that sends requests and does not read the replies, unless
 * a limit is set for its class (client-output-buffer-limit; none for normal clients), and then ends
 * it. respd has the same limits; but where they allow more, it does not answer faster than it is
 * listened to, either:
 *
 *     replies that wait for all clients > budget, and for this client > FAIR_BYTES
 *        -> this client is *behind*: its requests are not run and its socket is not read, so that
 *           the kernel's buffers fill and the client's own sending waits
 *     it has read nearly all, or the others have -> its requests run on, where they stopped
 *
 * The budget is large, a share of the machine's memory, and one client alone may take all of it.
 * So a program that writes a huge pipeline first and reads afterwards works as it does with Redis;
 * it would have to have more replies waiting than the budget, and requests left beyond what the
 * kernel's buffers take, to wait for ever. And since a client that reads never needs more than
 * FAIR_BYTES ahead, one that takes the whole budget does not keep others from being served.
 *
 * What is not held back: the replies of one command (or transaction) in progress, and messages to
 * subscribers, which nobody has asked for just now: those fall under the limits of their class.
 *
 * Invariant: waiting replies <= budget + clients x (FAIR_BYTES + what one command answers).
 */
import os from 'node:os';

/** What may wait for each client, whatever waits for the others, in bytes. */
export const FAIR_BYTES = 64 * 1024;
/** The budget: this share of the memory that the process may use, … */
const MEMORY_SHARE = 8;
/** … but no less than this, in bytes. */
const BUDGET_MIN_BYTES = 256 * 1024 * 1024;
/** Below this part of the budget, all who are behind may go on. */
const RELIEVED = 0.75;

/** `C`: what holds a client. */
export class OutputBudget<C> {
  /** Bytes that wait for all clients. */
  used = 0;
  private readonly behind = new Set<C>();

  constructor(readonly limitBytes = defaultBudget()) {}

  /**
   * Whether a client must read some before it goes on.
   * @param bytes that wait for it @param writing bytes of a reply to it that is being written
   */
  isExceededBy(bytes: number, writing: number): boolean {
    return bytes + writing > FAIR_BYTES && this.used + writing > this.limitBytes;
  }

  /** The client has to read before it goes on. */
  hold(client: C): void {
    this.behind.add(client);
  }

  /** The client goes on, or is gone. */
  release(client: C): void {
    this.behind.delete(client);
  }

  /** Those who may go on because others have read. */
  relieved(): readonly C[] {
    if (this.behind.size === 0 || this.used > this.limitBytes * RELIEVED) return NOBODY;
    return [...this.behind];
  }
}

const NOBODY: readonly never[] = [];

/** In bytes. */
function defaultBudget(): number {
  const memory = Math.min(os.totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  return Math.max(BUDGET_MIN_BYTES, Math.floor(memory / MEMORY_SHARE));
}
