/** The commands that one client has queued since MULTI. */
import type { Args } from '../resp/args.js';
import type { RegisteredCommand } from './command-table.js';

/** Commands that run at once inside of a transaction. */
const NEVER_QUEUED = new Set(['exec', 'discard', 'multi', 'watch', 'quit', 'reset']);

/** What a queued command takes beside its request's bytes: the objects, their views (measured: 870). */
const QUEUED_BYTES = 896;

interface Queued {
  readonly command: RegisteredCommand;
  readonly args: Args;
}

/** What one client has queued. */
export class Transaction {
  readonly queue: Queued[] = [];
  /** Whether a command was refused. */
  isRefused = false;
  /** Bits of all commands in the queue. */
  bits = 0;
  /** Bits that all commands in the queue have. */
  commonBits = -1;
  /** Of the requests' copies. */
  bytes = 0;

  /** All memory that the queue takes, in bytes. */
  get memoryBytes(): number {
    return this.bytes + this.queue.length * QUEUED_BYTES;
  }

  /** @param bits of the command, as its script makes them if it runs one */
  add(command: RegisteredCommand, args: Args, bits: number): void {
    const copy = args.copy();
    this.queue.push({ command, args: copy });
    this.bits |= bits;
    this.commonBits &= bits;
    this.bytes += copy.buf.length;
  }
}

/** Whether a client inside of a transaction has this command queued. */
export function isQueued(command: RegisteredCommand): boolean {
  return !NEVER_QUEUED.has(command.fullName);
}
