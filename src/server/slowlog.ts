/**
 * The slow log: the last commands that took longer than `slowlog-log-slower-than`.
 *
 *     newest                                   oldest
 *     [ id 41 ][ id 40 ][ id 39 ] … [ id 12 ]           at most `slowlog-max-len`
 *
 * An entry is a copy, and a small one however long the request was: 32 arguments of 128 bytes at
 * most, with a note of how much is missing. Arguments that are secret are hidden (hidden-args.ts).
 *
 * Which commands get here is told in execution/charges.ts and slow-commands.ts.
 */
import Denque from 'denque';
import type { Args } from '../resp/args.js';
import type { Client } from './api/client.js';
import type { Command } from './api/command-table.js';
import type { SlowLogApi, SlowLogEntry } from './api/slowlog.js';
import { HIDDEN, hiddenArguments } from './hidden-args.js';

/** Arguments that are kept of a request; the last one tells how many more there were. */
const MAX_ARGS = 32;
/** Bytes that are kept of an argument. */
const MAX_ARG_BYTES = 128;

export class SlowLog implements SlowLogApi {
  private readonly entries = new Denque<SlowLogEntry>();
  private nextId = 0;

  /** @param now Unix ms @param maxLength `slowlog-max-len` */
  constructor(
    private readonly now: () => number,
    private readonly maxLength: () => number,
  ) {}

  get length(): number {
    return this.entries.length;
  }

  add(client: Client, command: Command, args: Args, usec: number): void {
    this.entries.unshift({
      id: this.nextId++,
      timeSec: Math.floor(this.now() / 1000),
      usec: Math.floor(usec),
      args: shortened(command, args),
      addr: client.addr,
      clientName: client.name,
    });
    this.trim();
  }

  newest(count: number): readonly SlowLogEntry[] {
    const found: SlowLogEntry[] = [];
    for (let i = 0; i < count && i < this.entries.length; i++) found.push(this.entries.peekAt(i)!);
    return found;
  }

  reset(): void {
    this.entries.clear();
  }

  /** Forgets what is beyond the limit. */
  trim(): void {
    const max = this.maxLength();
    while (this.entries.length > max) this.entries.pop();
  }
}

/** A request as it is kept. */
function shortened(command: Command, args: Args): Uint8Array[] {
  const hidden = hiddenArguments(command, args);
  const isLong = args.count > MAX_ARGS;
  const shown = isLong ? MAX_ARGS - 1 : args.count;
  const kept: Uint8Array[] = [];
  for (let i = 0; i < shown; i++) kept.push(hidden.includes(i) ? HIDDEN : shortenedArg(args, i));
  if (isLong) kept.push(Buffer.from(`... (${args.count - shown} more arguments)`));
  return kept;
}

function shortenedArg(args: Args, i: number): Uint8Array {
  const missing = args.len(i) - MAX_ARG_BYTES;
  if (missing <= 0) return args.bytes(i);
  const note = Buffer.from(`... (${missing} more bytes)`);
  return Buffer.concat([args.view(i).subarray(0, MAX_ARG_BYTES), note]);
}
