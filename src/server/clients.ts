/**
 * All clients of a server: their arrival, their bytes, their waiting and their end.
 */
import { Duplex } from 'node:stream';
import type { Database } from '../keyspace/database.js';
import type { Keyspace } from '../keyspace/keyspace.js';
import type { ReplyWriter } from '../resp/reply-writer.js';
import type { Acl } from './acl/acl.js';
import type { BlockReason, Client, ClientRegistry } from './api/client.js';
import { ClientFlag } from './api/client.js';
import { clientInfo } from './api/client-info.js';
import type { TimerHandle } from './api/clock.js';
import type { Log } from './api/log.js';
import type { Blocking } from './blocking.js';
import { type ClientHost, ClientImpl } from './client.js';
import { ClientEviction } from './client-eviction.js';
import type { ServerClock } from './clock.js';
import { type Deadline, Deadlines } from './deadlines.js';
import type { Executor } from './execution/executor.js';
import {
  type DiskGate,
  type Gate,
  type GateState,
  type MemoryGate,
  type ScriptGate,
  ServerGate,
} from './gate.js';
import type { OutputBudget } from './output-budget.js';
import { type OutputLimitValues, outputLimitOf, UNLIMITED_BYTES } from './output-limits.js';
import { describeQueryBufferLimit } from './protocol-error.js';
import type { Stats } from './stats.js';
import { Transport } from './transport.js';
import type { Turn } from './turn.js';

export interface ClientsParts {
  readonly acl: Acl;
  readonly memory: MemoryGate;
  readonly disk: DiskGate;
  readonly scripts: ScriptGate;
  readonly blocking: Blocking;
  readonly clock: ServerClock;
  readonly executor: Executor;
  readonly gate: Gate;
  readonly keyspace: Keyspace;
  /** For replies outside of a client's own requests. */
  readonly sideReply: ReplyWriter;
  readonly turn: Turn;
  readonly stats: Stats;
  readonly log: Log;
  /** A client's connection has ended: what is kept for it elsewhere is to be forgotten. */
  onGone(client: ClientImpl): void;
  firstDatabase(): Database;
  /** The error for a connection that may not stay; undefined: it may. */
  refusal(peer: Peer): Buffer | undefined;
  /** `client-query-buffer-limit`, bytes. */
  queryBufferLimit(): number;
  /** `client-output-buffer-limit` */
  outputLimits(): OutputLimitValues;
  /** `repl-backlog-size`, bytes. */
  backlogBytes(): number;
  /** A client's buffer for a request that has not come whole has so many bytes now. */
  onInputGrew(bytes: number): void;
  /** Memory that others keep for a client, in bytes. */
  stateBytes(client: ClientImpl): number;
}

export interface Peer {
  addr: string;
  laddr: string;
  isLocal: boolean;
  isUnixSocket: boolean;
}

/** The other side of a client that has none. */
const NOBODY: Peer = { addr: '', laddr: '', isLocal: true, isUnixSocket: false };
const CLOSING = ClientFlag.CloseAfterReply | ClientFlag.CloseAsap;
/** Clients whose requests run however much waits for them, and those that are held already. */
const NEVER_HELD = ClientFlag.Master | ClientFlag.Replica | ClientFlag.Behind;
/** Why requests that have come are not run. */
const NOT_RUN = ClientFlag.CloseAfterReply | ClientFlag.CloseAsap | ClientFlag.Behind;
/** While memory is counted, reads up to this size wait until the larger ones are counted, in bytes. */
const SMALL_READ = 1024;
/** The cron looks after so many clients at least. */
const TEND_MIN = 5;

export class Clients implements ClientRegistry, ClientHost, GateState {
  pausedUntilMs = 0;
  pausedWritesOnly = false;
  isLoading = false;
  isFrozen = false;
  isMigrating = false;
  /** Whether a script was left that goes on later. */
  private isScripting = false;
  /** Clients that wait, for whatever reason. */
  blockedCount = 0;
  private readonly clients = new Map<number, ClientImpl>();
  private nextId = 1;
  private pauseTimer: TimerHandle | undefined;
  private readonly pausedClients = new Set<ClientImpl>();
  /** Where the cron goes on looking after clients. */
  private tending: Iterator<ClientImpl> = this.clients.values();
  /** Clients whose waiting requests run at the end of the turn. */
  private ready: ClientImpl[] = [];
  /** Whether memory is counted, or small reads are left of when it was. */
  private isCounting = false;
  /** Small reads of this turn that are taken at its end. */
  private smallReads = new Map<ClientImpl, Buffer>();
  private readonly deadlines: Deadlines;
  readonly eviction: ClientEviction;

  constructor(
    clock: ServerClock,
    private readonly parts: () => ClientsParts,
    log: Log,
    private readonly budget: OutputBudget<ClientImpl>,
  ) {
    this.deadlines = new Deadlines(clock);
    this.eviction = new ClientEviction({ log, now: () => clock.now(), all: () => this.all() });
  }

  get acl(): Acl {
    return this.parts().acl;
  }

  get memory(): MemoryGate {
    return this.parts().memory;
  }

  get scripts(): ScriptGate {
    return this.parts().scripts;
  }

  get disk(): DiskGate {
    return this.parts().disk;
  }

  get count(): number {
    return this.clients.size;
  }

  /** Of those that wait, how many do so until a certain time. */
  get deadlineCount(): number {
    return this.deadlines.size;
  }

  get evictedCount(): number {
    return this.eviction.evicted;
  }

  byId(id: number): ClientImpl | undefined {
    return this.clients.get(id);
  }

  all(): IterableIterator<ClientImpl> {
    return this.clients.values();
  }

  /** Bytes of all clients' buffers. */
  get memoryBytes(): number {
    let total = 0;
    for (const client of this.clients.values()) total += client.memoryBytes;
    return total;
  }

  /** Welcomes a connection, or turns it away. @returns undefined: it may not stay */
  add(transport: Transport, peer: Peer): ClientImpl | undefined {
    const { clock, stats, log } = this.parts();
    const refusal = this.parts().refusal(peer);
    if (refusal !== undefined) {
      stats.connectionsRejected++;
      transport.writeOwned(refusal);
      transport.end();
      return undefined;
    }
    stats.connectionsReceived++;
    const client = new ClientImpl(transport, this, {
      ...peer,
      id: this.nextId++,
      createdMs: clock.now(),
      db: this.parts().firstDatabase(),
      budget: this.budget,
      user: this.acl.defaultUser,
    });
    this.acl.resetClient(client);
    this.clients.set(client.id, client);
    log.verbose(`Accepted ${client.addr}`);
    transport.listen({
      onData: (buf, length) => this.received(client, buf, length),
      onEnd: () => this.ended(client),
      onDrain: () => client.drained(),
      onClose: () => this.gone(client),
    });
    return client;
  }

  /** A client without a connection, which runs commands for the server itself. */
  makeInternal(): ClientImpl {
    const { clock, firstDatabase } = this.parts();
    const nowhere = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
    return new ClientImpl(Transport.over(nowhere), this, {
      ...NOBODY,
      id: 0,
      createdMs: clock.now(),
      db: firstDatabase(),
      budget: this.budget,
      user: this.acl.defaultUser,
    });
  }

  pause(untilMs: number, writesOnly: boolean): void {
    const { clock } = this.parts();
    // Of two pauses, the later end and the stronger kind hold.
    const active = this.pausedUntilMs > clock.now();
    this.pausedWritesOnly = active ? this.pausedWritesOnly && writesOnly : writesOnly;
    this.pausedUntilMs = active ? Math.max(this.pausedUntilMs, untilMs) : untilMs;
    this.setPausedGate();
    this.holdExpiry();
    clock.clearTimer(this.pauseTimer);
    this.pauseTimer = clock.setTimer(() => this.unpause(), this.pausedUntilMs - clock.now());
  }

  unpause(): void {
    const { clock } = this.parts();
    clock.clearTimer(this.pauseTimer);
    this.pauseTimer = undefined;
    this.pausedUntilMs = 0;
    this.setPausedGate();
    this.holdExpiry();
    this.releasePaused();
  }

  /** Has all clients' commands wait, or go on. */
  setFrozen(isFrozen: boolean): void {
    this.isFrozen = isFrozen;
    this.holdExpiry();
    this.setPausedGate();
    if (!isFrozen) this.releasePaused();
  }

  /** Keys are on their way to another server: nothing is written, and nothing expires meanwhile. */
  setMigrating(isMigrating: boolean): void {
    this.isMigrating = isMigrating;
    this.holdExpiry();
    this.setPausedGate();
  }

  /** A script was left that goes on later, or is done: nothing expires meanwhile. */
  setScripting(isScripting: boolean): void {
    this.isScripting = isScripting;
    this.holdExpiry();
  }

  /** Runs what was held. What still has to wait will be held again. */
  releasePaused(): void {
    for (const client of [...this.pausedClients]) client.unblock();
    this.parts().blocking.pauseEnded();
  }

  private holdExpiry(): void {
    const { keyspace } = this.parts();
    keyspace.expiryHeld = this.isLoading || this.isScripting || this.isPaused;
  }

  private setPausedGate(): void {
    this.parts().gate.set(ServerGate.Paused, this.isPaused);
  }

  private get isPaused(): boolean {
    return this.isFrozen || this.isMigrating || this.pausedUntilMs !== 0;
  }

  /** Data are being loaded, or no longer: commands are refused meanwhile, and no key expires. */
  setLoading(isLoading: boolean): void {
    this.isLoading = isLoading;
    this.holdExpiry();
    this.parts().gate.set(ServerGate.Loading, isLoading);
  }

  /** A command of this client must wait for the end of the pause; it is run again then. */
  hold(client: ClientImpl): void {
    client.block({ kind: 'pause' });
  }

  /** Ends all connections at once. */
  closeAll(): void {
    const { clock } = this.parts();
    clock.clearTimer(this.pauseTimer);
    this.deadlines.stop();
    for (const client of this.clients.values()) client.transport.destroy();
  }

  /** Ends connections that have said nothing for `timeoutSeconds`. */
  closeIdle(timeoutSeconds: number): void {
    if (timeoutSeconds === 0) return;
    const { clock, log } = this.parts();
    const exempt = ClientFlag.Blocked | ClientFlag.Pubsub | ClientFlag.Replica | ClientFlag.Master;
    for (const client of this.clients.values()) {
      if ((client.flags & exempt) !== 0) continue;
      if (clock.now() - client.lastInteractionMs <= timeoutSeconds * 1000) continue;
      log.verbose('Closing idle client');
      client.close(false);
    }
  }

  /** Looks after some clients' buffers: after all of them about once a second. */
  tend(runsPerSecond: number): void {
    const { clock } = this.parts();
    const now = clock.now();
    const share = Math.max(TEND_MIN, Math.ceil(this.clients.size / runsPerSecond));
    for (let i = 0; i < share; i++) {
      const { value: client } = this.tending.next();
      if (client === undefined) {
        this.tending = this.clients.values();
        return;
      }
      client.trimInput(now);
      client.trimReplyPeak(now);
      this.checkOutputLimit(client);
      if (this.eviction.isOn) this.touch(client);
    }
  }

  // ---- ClientHost

  flushLater(client: ClientImpl): void {
    this.parts().turn.add(client);
  }

  flushMessagesLater(client: ClientImpl): void {
    this.parts().turn.addListener(client);
  }

  /** Not at once: another client's command may be what has ended this one's waiting. */
  resume(client: ClientImpl): void {
    if (client.inputBytes === 0 && !client.hasEnded) return;
    this.ready.push(client);
    this.parts().turn.schedule();
  }

  /** Runs the requests of clients that wait no more; at the end of a turn. */
  runReady(): void {
    if (this.isCounting) this.takeSmallReads();
    if (this.ready.length === 0) return;
    const { ready } = this;
    this.ready = [];
    for (const client of ready) {
      if (client.closed || client.blockedBy !== undefined) continue;
      if ((client.flags & NOT_RUN) !== 0) continue;
      try {
        if (client.inputBytes > 0) this.runWaiting(client);
        if (client.hasEnded) this.closeEnded(client);
      } catch (error) {
        this.failed(client, error);
      }
    }
  }

  /** Through a writer of its own: another client's command may be under way. */
  reply(client: ClientImpl, write: (reply: ReplyWriter) => void): boolean {
    const { sideReply } = this.parts();
    const { errors } = sideReply;
    sideReply.open(client.resp === 3);
    write(sideReply);
    const chunks = sideReply.take();
    const isSilent = (client.flags & (ClientFlag.ReplyOff | ClientFlag.ReplySkip)) !== 0;
    if (!isSilent) client.queueReply(chunks);
    return sideReply.errors !== errors;
  }

  addDeadline(deadline: Deadline): void {
    this.deadlines.add(deadline);
  }

  removeDeadline(deadline: Deadline): void {
    this.deadlines.remove(deadline);
  }

  blockedChanged(client: ClientImpl, before: BlockReason | undefined): void {
    const kind = (before ?? client.blockedBy)?.kind;
    const step = before === undefined ? 1 : -1;
    if (kind === 'script') return; // it runs, to everyone else
    this.blockedCount += step;
    // Having waited is not having been idle.
    if (before !== undefined) client.lastInteractionMs = this.parts().clock.now();
    if (kind !== 'pause') return;
    if (before === undefined) this.pausedClients.add(client);
    else this.pausedClients.delete(client);
  }

  // ---- input

  private received(client: ClientImpl, buf: Buffer, length: number): void {
    try {
      if (this.isCounting) this.receiveCounted(client, buf, length);
      else this.take(client, buf, length);
    } catch (error) {
      this.failed(client, error);
    }
  }

  /** Whatever goes wrong with one client's bytes is the end of that client, not of the server. */
  failed(client: ClientImpl, error: unknown): void {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.parts().log.warning(`Internal error with client ${client.addr}, closing it: ${what}`);
    client.close(false);
  }

  /**
   * While `maxmemory-clients` is set. In one turn the kernel may report a small request before the
   * big one of another client that was sent earlier: it waits until that one is counted.
   */
  private receiveCounted(client: ClientImpl, buf: Buffer, length: number): void {
    this.takeSmallRead(client);
    if (length > SMALL_READ) {
      this.takeCounted(client, buf, length);
      return;
    }
    this.smallReads.set(client, Buffer.from(buf.subarray(0, length)));
    this.parts().turn.schedule();
  }

  private takeSmallReads(): void {
    for (const client of [...this.smallReads.keys()]) {
      try {
        this.takeSmallRead(client);
      } catch (error) {
        this.failed(client, error);
      }
    }
    this.isCounting = this.eviction.isOn;
  }

  private takeSmallRead(client: ClientImpl): void {
    const bytes = this.smallReads.get(client);
    if (bytes === undefined) return;
    this.smallReads.delete(client);
    this.takeCounted(client, bytes, bytes.length);
  }

  /** What was done before must leave room for this client. */
  private takeCounted(client: ClientImpl, buf: Buffer, length: number): void {
    this.eviction.settle();
    if (client.closed) return;
    this.take(client, buf, length);
    this.touch(client);
  }

  private take(client: ClientImpl, buf: Buffer, length: number): void {
    const { executor, stats, turn } = this.parts();
    stats.netInputBytes += length;
    stats.readsProcessed++;
    if ((client.flags & CLOSING) !== 0) return;
    if (client.inEnd === client.inStart && client.blockedBy === undefined) {
      client.beginReading(length);
      const at = executor.run(client, buf, 0, length);
      client.endReading();
      if (at < length) client.keepInput(buf, at, length);
    } else if (client.blockedBy?.onInput !== undefined) {
      client.blockedBy.onInput(buf.subarray(0, length));
    } else {
      client.keepInput(buf, 0, length);
      const isHeld = client.blockedBy !== undefined || (client.flags & NOT_RUN) !== 0;
      if (!isHeld && client.inputBytes >= client.inNeeded) this.runWaiting(client);
    }
    if (client.inEnd !== client.inStart) this.checkQueryBuffer(client);
    turn.relieve();
  }

  private runWaiting(client: ClientImpl): void {
    const { executor } = this.parts();
    client.consumeInput(executor.run(client, client.inBuf, client.inStart, client.inEnd));
  }

  private checkQueryBuffer(client: ClientImpl): void {
    const { clock, queryBufferLimit, stats, log } = this.parts();
    if (client.inputBytes <= queryBufferLimit()) return;
    stats.queryBufferLimitDisconnections++;
    const input = client.inBuf.subarray(client.inStart, client.inEnd);
    log.warning(describeQueryBufferLimit(client, input, clock.now()));
    client.close(false);
  }

  // ---- output

  /** Has its memory counted at the end of the turn. */
  private touch(client: ClientImpl): void {
    this.eviction.touch(client);
    this.parts().turn.schedule();
  }

  /** `maxmemory-clients`, in bytes. @param bytes 0: no limit */
  limitMemory(bytes: number): void {
    const { eviction } = this;
    eviction.setLimit(bytes);
    const { turn } = this.parts();
    turn.onSent = eviction.isOn ? (client) => eviction.touch(client) : undefined;
    if (eviction.isOn) this.isCounting = true;
    turn.schedule();
  }

  /** To be called at the end of a turn, when all is sent. */
  settle(): void {
    this.eviction.settle();
  }

  stateBytes(client: ClientImpl): number {
    return this.parts().stateBytes(client);
  }

  /**
   * The reply of a client's command has grown so much that it is moved out of the shared buffer.
   * @param bytes of the reply so far
   * @returns whether it is of any use to go on writing it
   */
  replyGrows({ id }: Client, bytes: number): boolean {
    const client = this.clients.get(id);
    if (client === undefined) return true;
    if ((client.flags & ClientFlag.CloseAsap) !== 0) return false;
    this.checkOutput(client, bytes);
    return (client.flags & ClientFlag.CloseAsap) === 0;
  }

  outputGrew(client: ClientImpl): void {
    this.checkOutput(client, 0);
  }

  inputGrew(bytes: number): void {
    this.parts().onInputGrew(bytes);
  }

  /** @param writing bytes of a reply that is being written */
  private checkOutput(client: ClientImpl, writing: number): void {
    if ((client.flags & ClientFlag.CloseAsap) !== 0) return;
    if (this.exceedsOutputLimit(client, writing)) {
      this.logOutputLimit(client, 'scheduled to be closed ASAP');
      client.closeAsap();
      return;
    }
    if ((client.flags & NEVER_HELD) !== 0) return;
    if (!this.budget.isExceededBy(client.output.bytes, writing)) return;
    client.hold();
    this.budget.hold(client);
  }

  outputShrank(client: ClientImpl): void {
    if (client.hasCaughtUp) this.letGo(client);
    for (const other of this.budget.relieved()) this.letGo(other);
  }

  private letGo(client: ClientImpl): void {
    this.budget.release(client);
    client.goOn();
  }

  /** The cron's look at what waits for the client: it may do so for too long. */
  private checkOutputLimit(client: ClientImpl): void {
    if (client.outputBytes <= UNLIMITED_BYTES || !this.exceedsOutputLimit(client, 0)) return;
    this.logOutputLimit(client, 'closed');
    client.close(false);
  }

  private exceedsOutputLimit(client: ClientImpl, writing: number): boolean {
    const { backlogBytes, clock, outputLimits } = this.parts();
    const limit = outputLimitOf(outputLimits(), client.flags);
    if (limit.hardBytes === 0 && limit.softBytes === 0) return false;
    const bytes = client.outputBytes + writing;
    const backlog = (client.flags & ClientFlag.Replica) !== 0 ? backlogBytes() : 0;
    const now = clock.stale ? clock.now() : clock.ms;
    return client.outputWatch.isExceeded(limit, bytes, now, backlog);
  }

  private logOutputLimit(client: ClientImpl, done: string): void {
    const { clock, log, stats } = this.parts();
    stats.clientOutputLimitDisconnections++;
    const who = clientInfo(client, clock.now());
    log.warning(`Client ${who} ${done} for overcoming of output buffer limits.`);
  }

  private ended(client: ClientImpl): void {
    this.takeSmallRead(client);
    client.hasEnded = true;
    this.closeEnded(client);
  }

  /** Closes the connection of a client that will send no more, unless it is to be answered first. */
  private closeEnded(client: ClientImpl): void {
    if ((client.flags & ClientFlag.Behind) !== 0) return;
    if (client.blockedBy !== undefined && this.isAnsweredFirst(client.blockedBy)) return;
    client.close(client.outputBytes > 0);
  }

  /**
   * Whether the command that a client waits for is one that Redis runs in one go: it learns only
   * afterwards that the client has ended its side, when all that was sent before is answered.
   */
  private isAnsweredFirst({ kind, onInput }: BlockReason): boolean {
    if (kind === 'pause') return this.isMigrating || this.isScripting;
    return onInput === undefined && (kind === 'async' || kind === 'script');
  }

  gone(client: ClientImpl): void {
    if (!this.clients.delete(client.id)) return;
    this.parts().onGone(client);
    client.disconnected();
    this.eviction.forget(client);
    this.smallReads.delete(client);
    this.budget.release(client);
    for (const other of this.budget.relieved()) this.letGo(other);
  }
}

/** Whether an address is of this machine. */
export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1' || address.startsWith('::ffff:127.');
}

export type { Client };
