/**
 * Clients that wait for keys: BLPOP, BLMOVE, BZPOPMIN, XREAD BLOCK and their like.
 *
 * A command that finds nothing has its client wait, with a copy of its request. When a key comes
 * that it waits for, its *whole command runs again*, as if it had been sent only now; so there is
 * one piece of code for taking an element, and whoever disconnects has not taken any.
 *
 *     LPUSH jobs x ──keyAdded──> "jobs" is ready     (nothing else happens inside the command)
 *     … the command is done ──serve──> BLPOP jobs of client 7 runs again: [jobs, x]
 *                                      BLMOVE jobs mail of client 9: nothing left, waits on
 *                                      … has a served command made other keys ready? serve them
 *     the client's next command runs
 *
 * Order: keys in the order in which they became ready, the clients of a key in the order in which
 * they came. A command that still finds nothing keeps its place and its deadline. All of that is
 * over before the command after the one that made the keys ready, and what the served commands
 * propagate follows what that one has propagated.
 *
 * A command that waits is counted once, when it is answered, with the time that all its runs took.
 *
 * Source of the behaviour: https://redis.io/docs/latest/commands/blpop/ and blocked.c of Redis 7.2.
 */
import type { Database } from '../keyspace/database.js';
import { KindSet } from '../keyspace/kinds.js';
import type { Args } from '../resp/args.js';
import type { ReplyWriter } from '../resp/reply-writer.js';
import type { BlockingApi, KeyWait, WaitingCall } from './api/blocking.js';
import { type BlockReason, ClientFlag } from './api/client.js';
import type { CommandGroup } from './api/declaration.js';
import type { ClientImpl } from './client.js';
import type { ServerClock } from './clock.js';
import type { RegisteredCommand } from './command-table.js';
import type { Charges } from './execution/charges.js';
import type { LateCommand, LateCommands } from './execution/late-commands.js';
import { type Gate, type GateState, isPaused, ServerGate } from './gate.js';
import { type KeyQueue, KeyQueues, type Waiting } from './key-queues.js';
import type { Stats } from './stats.js';
import type { Turn } from './turn.js';

export interface BlockingParts {
  readonly clock: ServerClock;
  readonly charges: Charges;
  readonly gate: Gate;
  readonly late: LateCommands;
  readonly gateState: GateState;
  readonly stats: Stats;
  readonly turn: Turn;
  /** Something went wrong with this client alone. */
  failed(client: ClientImpl, error: unknown): void;
}

/** What a command of a group waits for: a key of another type doesn't wake it. */
const KINDS_OF_GROUP: { readonly [group in CommandGroup]?: number } = {
  list: KindSet.List,
  'sorted-set': KindSet.Zset,
  stream: KindSet.Stream,
};
/** Of a command of another group, which is woken by deletions at most. */
const NO_KINDS = 0;

/** One client's waiting. */
class KeyWaiting implements BlockReason, LateCommand, Waiting {
  readonly kind = 'keys';
  readonly deadlineMs: number | undefined;
  readonly onDeletion: boolean;
  readonly queues: KeyQueue<KeyWaiting>[] = [];
  /** Kinds of values that wake it, as bits. */
  readonly kinds: number;
  /** Time that the command's runs have taken, in microseconds. */
  usec = 0;
  /** Whether the last run has found nothing. */
  waitsOn = true;
  /** Whether it was not allowed to run again: the client's rights have changed. */
  isRefused = false;

  constructor(
    private readonly blocking: Blocking,
    readonly client: ClientImpl,
    readonly command: RegisteredCommand,
    readonly request: Args,
    private readonly wait: KeyWait,
  ) {
    this.deadlineMs = wait.deadlineMs === 0 ? undefined : wait.deadlineMs;
    this.onDeletion = wait.onDeletion ?? false;
    this.kinds = KINDS_OF_GROUP[command.spec.group] ?? NO_KINDS;
  }

  get requestBytes(): number {
    return this.request.buf.length;
  }

  charge(usec: number): void {
    this.usec += usec;
  }

  onTimeout(reply: ReplyWriter): void {
    if (this.wait.nullReply === 'array') reply.nilArray();
    else reply.nil();
  }

  onUnblock(failed: boolean): void {
    this.blocking.leave(this);
    this.blocking.count(this, failed);
  }

  onClose(): void {
    this.blocking.leave(this);
  }
}

type Queue = KeyQueue<KeyWaiting>;

export class Blocking implements BlockingApi {
  /** By the number of the database. */
  private readonly queues = new Map<number, KeyQueues<KeyWaiting>>();
  private waitingClients = 0;
  /** Queues to serve, in order. */
  private readonly ready: Queue[] = [];
  /** Queues of which some clients must wait for the end of a pause, too. */
  private readonly paused = new Set<Queue>();
  private isServing = false;
  /** Whose command is being run again. */
  private running: KeyWaiting | undefined;
  private readonly onReady = (queue: Queue) => {
    this.ready.push(queue);
    this.parts.turn.schedule();
  };

  constructor(private readonly parts: BlockingParts) {}

  /** Keys that somebody waits for. */
  get keyCount(): number {
    let count = 0;
    for (const { size } of this.queues.values()) count += size;
    return count;
  }

  /** Keys whose going somebody waits for. */
  get onDeletionKeyCount(): number {
    let count = 0;
    for (const { onDeletionSize } of this.queues.values()) count += onDeletionSize;
    return count;
  }

  // ---- waiting

  block(call: WaitingCall, wait: KeyWait): void {
    const { running } = this;
    const client = call.client as ClientImpl;
    const command = call.command as RegisteredCommand;
    command.calls--; // once it is answered, it counts
    if (running !== undefined) {
      running.waitsOn = true;
      return;
    }
    this.parts.stats.commandsProcessed--;
    const waiting = new KeyWaiting(this, client, command, wait.request ?? call.args.copy(), wait);
    this.enter(waiting, call.db, call.args, wait.keys);
    client.block(waiting);
  }

  private enter(waiting: KeyWaiting, db: Database, args: Args, keys: readonly number[]): void {
    const queues = this.queuesOf(db);
    for (const i of keys)
      waiting.queues.push(queues.enter(waiting, args.buf, args.off(i), args.len(i)));
    this.waitingClients++;
    this.parts.gate.set(ServerGate.KeysAwaited, true);
  }

  private queuesOf(db: Database): KeyQueues<KeyWaiting> {
    let queues = this.queues.get(db.index);
    if (queues === undefined) {
      queues = new KeyQueues(db, this.onReady);
      this.queues.set(db.index, queues);
    }
    queues.db = db;
    return queues;
  }

  /** Takes a client out of all its queues. */
  leave(waiting: KeyWaiting): void {
    for (const queue of waiting.queues) queue.leave(waiting);
    if (--this.waitingClients === 0) {
      this.parts.gate.set(ServerGate.KeysAwaited, false);
    }
  }

  // ---- serving

  /** Whether keys are ready that clients wait for. */
  get hasReady(): boolean {
    return this.ready.length > 0;
  }

  /** Serves the clients whose keys are ready; to be called between two commands. */
  serve(): void {
    const { ready } = this;
    if (this.isServing || this.parts.gate.has(ServerGate.Scripting)) return;
    this.isServing = true;
    try {
      for (let i = 0; i < ready.length; i++) {
        const queue = ready[i]!;
        queue.isReady = false;
        this.serveQueue(queue);
      }
    } finally {
      ready.length = 0;
      this.isServing = false;
    }
  }

  /** Clients that were not served for a pause may be now. */
  pauseEnded(): void {
    for (const queue of this.paused) queue.home.ready(queue);
    this.paused.clear();
  }

  private serveQueue(queue: Queue): void {
    const { clock } = this.parts;
    clock.tick();
    // Whoever comes while these are served has to wait for the next time.
    let left = queue.waiting.size;
    for (const waiting of queue.waiting) {
      if (left-- === 0) return;
      const kind = queue.kind(clock.ms);
      if (kind === 0 && queue.onDeletion === 0) return;
      if (!waiting.onDeletion && ((waiting.kinds >>> kind) & 1) === 0) continue;
      if (this.isHeld(waiting)) this.paused.add(queue);
      else this.runAgain(waiting);
    }
  }

  private runAgain(waiting: KeyWaiting): void {
    const { late } = this.parts;
    const { client } = waiting;
    waiting.waitsOn = false;
    client.flags &= ~ClientFlag.Blocked;
    this.running = waiting;
    try {
      const usec = late.runAgain(waiting);
      if (usec < 0) waiting.isRefused = true;
      else waiting.usec += usec;
      if (waiting.waitsOn) client.flags |= ClientFlag.Blocked;
      else client.unblock();
    } catch (error) {
      this.parts.failed(client, error);
    } finally {
      this.running = undefined;
    }
  }

  /** CLIENT PAUSE: whether the command may not run now. */
  private isHeld({ command }: KeyWaiting): boolean {
    const { gate, gateState } = this.parts;
    return gate.has(ServerGate.Paused) && isPaused(gateState, command.bits);
  }

  /** Counts a command that is done: served, or answered otherwise (its deadline, CLIENT UNBLOCK). */
  count(waiting: KeyWaiting, failed: boolean): void {
    const { client, command, request, usec, waitsOn } = waiting;
    const { charges, stats } = this.parts;
    stats.commandsProcessed++;
    if (waiting.isRefused) return;
    charges.done(client, command, request, usec);
    if (!waitsOn) return;
    command.calls++;
    if (failed) command.failed++;
  }
}
