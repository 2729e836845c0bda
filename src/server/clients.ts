/**
 * All clients of a server: their arrival, their bytes, their waiting and their end.
 */
import type { Database } from '../keyspace/database.js';
import type { Keyspace } from '../keyspace/keyspace.js';
import type { ReplyWriter } from '../resp/reply-writer.js';
import type { BlockReason, Client, ClientRegistry } from './api/client.js';
import { ClientFlag, ClientGate } from './api/client.js';
import type { TimerHandle } from './api/clock.js';
import type { Log } from './api/log.js';
import type { Blocking } from './blocking.js';
import { type ClientHost, ClientImpl } from './client.js';
import type { ServerClock } from './clock.js';
import { type Deadline, Deadlines } from './deadlines.js';
import type { Executor } from './executor.js';
import { type GateState, ServerGate } from './gate.js';
import { describeQueryBufferLimit } from './protocol-error.js';
import type { Stats } from './stats.js';
import type { Transactions } from './transactions.js';
import type { Transport } from './transport.js';
import type { Turn } from './turn.js';

export interface ClientsParts {
  readonly blocking: Blocking;
  readonly clock: ServerClock;
  readonly executor: Executor;
  readonly keyspace: Keyspace;
  /** For replies outside of a client's own requests. */
  readonly sideReply: ReplyWriter;
  readonly transactions: Transactions;
  readonly turn: Turn;
  readonly stats: Stats;
  readonly log: Log;
  firstDatabase(): Database;
  passwordRequired(): boolean;
  maxClients(): number;
  /** `client-query-buffer-limit`, bytes. */
  queryBufferLimit(): number;
}

export interface Peer {
  addr: string;
  laddr: string;
  isLocal: boolean;
  isUnixSocket: boolean;
}

/** The cron looks after so many clients at least. */
const TEND_MIN = 5;

export class Clients implements ClientRegistry, ClientHost, GateState {
  pausedUntilMs = 0;
  pausedWritesOnly = false;
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
  private readonly deadlines: Deadlines;

  constructor(
    clock: ServerClock,
    private readonly parts: () => ClientsParts,
  ) {
    this.deadlines = new Deadlines(clock);
  }

  get count(): number {
    return this.clients.size;
  }

  /** Of those that wait, how many do so until a certain time. */
  get deadlineCount(): number {
    return this.deadlines.size;
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

  /** Welcomes a connection, or turns it away when there are too many. */
  add(transport: Transport, peer: Peer): void {
    const { clock, stats, log } = this.parts();
    if (this.clients.size >= this.parts().maxClients()) {
      stats.connectionsRejected++;
      transport.writeOwned(Buffer.from('-ERR max number of clients reached\r\n'));
      transport.end();
      return;
    }
    stats.connectionsReceived++;
    const client = new ClientImpl(transport, this, {
      ...peer,
      id: this.nextId++,
      createdMs: clock.now(),
      db: this.parts().firstDatabase(),
    });
    if (this.parts().passwordRequired()) {
      client.authenticated = false;
      client.gate |= ClientGate.NeedsAuth;
    }
    this.clients.set(client.id, client);
    log.verbose(`Accepted ${client.addr}`);
    transport.listen({
      onData: (buf, length) => this.received(client, buf, length),
      onEnd: () => this.ended(client),
      onClose: () => this.gone(client),
    });
  }

  pause(untilMs: number, writesOnly: boolean): void {
    const { clock, executor } = this.parts();
    // Of two pauses, the later end and the stronger kind hold.
    const active = this.pausedUntilMs > clock.now();
    this.pausedWritesOnly = active ? this.pausedWritesOnly && writesOnly : writesOnly;
    this.pausedUntilMs = active ? Math.max(this.pausedUntilMs, untilMs) : untilMs;
    executor.gate |= ServerGate.Paused;
    this.parts().keyspace.expiryHeld = true;
    clock.clearTimer(this.pauseTimer);
    this.pauseTimer = clock.setTimer(() => this.unpause(), this.pausedUntilMs - clock.now());
  }

  unpause(): void {
    const { clock, executor } = this.parts();
    clock.clearTimer(this.pauseTimer);
    this.pauseTimer = undefined;
    this.pausedUntilMs = 0;
    executor.gate &= ~ServerGate.Paused;
    this.parts().keyspace.expiryHeld = false;
    for (const client of [...this.pausedClients]) client.unblock();
    this.parts().blocking.pauseEnded();
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
    }
  }

  // ---- ClientHost

  flushLater(client: ClientImpl): void {
    this.parts().turn.add(client);
  }

  /** Not at once: another client's command may be what has ended this one's waiting. */
  resume(client: ClientImpl): void {
    if (client.queryBufferBytes === 0) return;
    this.ready.push(client);
    this.parts().turn.schedule();
  }

  /** Runs the requests of clients that wait no more; at the end of a turn. */
  runReady(): void {
    if (this.ready.length === 0) return;
    const { ready } = this;
    this.ready = [];
    for (const client of ready) {
      if (client.closed || client.blockedBy !== undefined) continue;
      if ((client.flags & ClientFlag.CloseAfterReply) !== 0) continue;
      try {
        this.runWaiting(client);
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
      this.take(client, buf, length);
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

  private take(client: ClientImpl, buf: Buffer, length: number): void {
    const { executor, stats, turn } = this.parts();
    stats.netInputBytes += length;
    stats.readsProcessed++;
    if (client.flags & ClientFlag.CloseAfterReply) return;
    if (client.inEnd === client.inStart && client.blockedBy === undefined) {
      client.beginReading(length);
      const at = executor.run(client, buf, 0, length);
      client.endReading();
      if (at < length) client.keepInput(buf, at, length);
    } else {
      client.keepInput(buf, 0, length);
      if (client.blockedBy === undefined && client.queryBufferBytes >= client.inNeeded) {
        this.runWaiting(client);
      }
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
    if (client.queryBufferBytes <= queryBufferLimit()) return;
    stats.queryBufferLimitDisconnections++;
    const input = client.inBuf.subarray(client.inStart, client.inEnd);
    log.warning(describeQueryBufferLimit(client, input, clock.now()));
    client.close(false);
  }

  private ended(client: ClientImpl): void {
    client.close(client.blockedBy === undefined && client.outputBytes > 0);
  }

  gone(client: ClientImpl): void {
    if (!this.clients.delete(client.id)) return;
    this.parts().transactions.unwatch(client);
    client.disconnected();
  }
}

/** Whether an address is of this machine. */
export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1' || address.startsWith('::ffff:127.');
}

export type { Client };
