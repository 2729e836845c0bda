/**
 * Client-side caching: a client that keeps copies of what it has read is told when a key changes.
 *
 *     default:  GET k ──> table: k -> { A }          SET k ──> A: invalidate [k], and k is forgotten
 *     BCAST:    A listens to "user:"                 SET user:7, SET user:9
 *                                                      ──> at the turn's end: invalidate [user:7 user:9]
 *
 * A message goes out at once, but never into the middle of a reply: what concerns the client whose
 * command (or transaction) is running waits until that is answered. Messages are pushes of RESP3; a
 * client may have them sent to another one (REDIRECT), which in RESP2 has to be subscribed to
 * something, as it can be told of nothing else.
 *
 * The keyspace is listened to only while somebody tracks or the table holds keys. A change then
 * costs one lookup in the table, and one for each length of prefix in the prefix table.
 *
 * Source: https://redis.io/docs/latest/develop/reference/client-side-caching/
 */
import type { MemoryMeter } from '../../datastructs/memory-meter.js';
import type { Database } from '../../keyspace/database.js';
import type { KeyspaceObserver } from '../../keyspace/events.js';
import type { Args } from '../../resp/args.js';
import { type Client, ClientFlag, ClientGate } from '../api/client.js';
import { type Command, CommandBit } from '../api/command-table.js';
import { keyPositions } from '../api/keys.js';
import type { TrackingApi, TrackingCounts, TrackingOptions } from '../api/tracking.js';
import type { ClientImpl } from '../client.js';
import type { Pushes } from '../execution/pushes.js';
import { type Gate, ServerGate } from '../gate.js';
import { Invalidation, redirectBroken } from './invalidation.js';
import { checkOptions } from './options.js';
import { PrefixTable } from './prefix-table.js';
import { TrackedClient } from './tracked-client.js';
import { TrackingTable } from './tracking-table.js';

type Tracked = TrackedClient<ClientImpl>;

/** Keys that are removed at a time while there are too many; more each time that it was not enough. */
const EVICTED_AT_ONCE = 100;

export interface TrackingParts {
  readonly gate: Gate;
  /** A client that tracks passes the gate, and so is the current one while its command runs. */
  readonly pushes: Pushes;
  readonly observers: { listen(observer: KeyspaceObserver, listens: boolean): void };
  clientById(id: number): ClientImpl | undefined;
  /** Counts the memory of the table. */
  readonly meter: MemoryMeter;
  /** There is something to do at the turn's end. */
  scheduleTurn(): void;
}

export class Tracking implements TrackingApi, TrackingCounts, KeyspaceObserver {
  private readonly table: TrackingTable;
  private readonly prefixes = new PrefixTable<Tracked, ClientImpl>();
  private readonly tracked = new Set<Tracked>();
  /** How many clients have their messages sent to the client of this number. */
  private readonly redirections = new Map<number, number>();
  /** For the client whose command is running: to be sent once it is answered. */
  private pending: { readonly to: Tracked; readonly message: Invalidation }[] = [];
  /** The next change is that of a key which was due: nobody's. */
  private isServers = false;
  /** `tracking-table-max-keys`; 0: no limit. */
  private maxKeys = 0;
  /** Times in a row that evicting was not enough. */
  private exceeded = 0;

  constructor(private readonly parts: TrackingParts) {
    this.table = new TrackingTable(parts.meter);
  }

  get clientCount(): number {
    return this.tracked.size;
  }

  get keyCount(): number {
    return this.table.size;
  }

  get itemCount(): number {
    return this.table.items;
  }

  get prefixCount(): number {
    return this.prefixes.size;
  }

  /** Memory of the table. */
  get bytes(): number {
    return this.table.bytes;
  }

  // ---- CLIENT TRACKING

  enable(client: Client, options: TrackingOptions): void {
    const impl = client as ClientImpl;
    checkOptions(impl.tracking, options);
    const state = impl.tracking ?? new TrackedClient(impl);
    this.redirected(state.redirect, -1);
    this.redirected(options.redirect, 1);
    state.set(options);
    impl.tracking = state;
    impl.flags &= ~(ClientFlag.TrackingBroken | ClientFlag.TrackingBcast);
    impl.flags |= ClientFlag.Tracking;
    if (options.isBcast) {
      impl.flags |= ClientFlag.TrackingBcast;
      const prefixes = options.prefixes.length > 0 ? options.prefixes : [NO_BYTES];
      for (const bytes of prefixes) state.joinedTo(this.prefixes.join(bytes, state));
    }
    this.tracked.add(state);
    this.settleGate(impl);
    this.checkSize();
    this.listen();
  }

  disable(client: Client): void {
    const impl = client as ClientImpl;
    const state = impl.tracking;
    if (state === undefined) return;
    for (const prefix of state.joined) this.prefixes.leave(prefix, state);
    impl.tracking = undefined;
    impl.flags &= ~(ClientFlag.Tracking | ClientFlag.TrackingBroken | ClientFlag.TrackingBcast);
    this.tracked.delete(state);
    this.redirected(state.redirect, -1);
    // While its command is running, `done` is still to come.
    if (impl !== this.parts.pushes.current) this.settleGate(impl);
    this.listen();
  }

  chooseNext(client: Client): void {
    (client as ClientImpl).tracking!.chooseNext();
  }

  canRedirect(id: number): boolean {
    return this.receiver(id) !== undefined;
  }

  // ---- what is told of commands

  /** A command of a client that tracks has run; EXEC's commands one by one. */
  remember(client: ClientImpl, command: Command, args: Args): void {
    const { tracking: state } = client;
    if (state === undefined || (command.bits & CommandBit.Readonly) === 0) return;
    if (!state.remembers) return;
    if ((command.bits & CommandBit.Pubsub) !== 0) return;
    // Of a script, the keys count that its commands read.
    if (command.spec.group === 'scripting') return;
    const { keyFirst, keyStep } = command;
    if (command.movableKeys || keyFirst === 0) {
      for (const { index } of keyPositions(command.spec, args)) this.add(args, index, client.id);
    } else {
      const last = command.keyLast < 0 ? args.count + command.keyLast : command.keyLast;
      for (let i = keyFirst; i <= last && i < args.count; i += keyStep) {
        this.add(args, i, client.id);
      }
    }
    this.checkSize();
  }

  private add(args: Args, i: number, id: number): void {
    this.table.add(args.buf, args.off(i), args.len(i), id);
  }

  /** A request of a client that tracks has been answered. @param command undefined: unknown */
  done(client: ClientImpl, command: Command | undefined): void {
    if (this.pending.length > 0) {
      const { pending } = this;
      this.pending = [];
      for (const { to, message } of pending) this.send(to, message);
    }
    const { tracking: state } = client;
    const keepsChoice = client.transaction !== undefined || command?.parent?.fullName === 'client';
    if (!keepsChoice) state?.endChoice();
    if (state === undefined) this.settleGate(client);
  }

  // ---- what the keyspace tells

  keyChanged(_db: Database, key: Uint8Array): void {
    const by = this.isServers ? undefined : this.parts.pushes.current;
    this.isServers = false;
    if (this.prefixes.size > 0) {
      this.prefixes.change(key, by);
      if (this.prefixes.isDirty) this.parts.scheduleTurn();
    }
    if (this.table.size > 0) this.invalidate(key, true);
  }

  /** Which database it is does not matter: keys are not told apart by it. */
  flushed(): void {
    const { current } = this.parts.pushes;
    const message = Invalidation.ofAll();
    for (const state of this.tracked) {
      if (state.client === current) this.pending.push({ to: state, message });
      else this.send(state, message);
    }
    this.table.clear();
    this.listen();
  }

  keyExpired(): void {
    this.isServers = true;
  }

  keyEvicted(): void {
    this.isServers = true;
  }

  fieldExpired(): void {
    this.isServers = true;
  }

  /** As in Redis, whoever exchanges databases has to tell the clients. */
  swapped(): void {}

  keyEvent(): void {}

  // ---- messages

  /** The turn's end: tells of the changes of keys with a prefix. */
  broadcast(): void {
    if (!this.prefixes.isDirty) return;
    for (const prefix of this.prefixes.takeDirty()) {
      let shared: Invalidation | undefined;
      for (const state of prefix.clients) {
        if (!state.noLoop) {
          shared ??= Invalidation.ofKeys(prefix.keys());
          this.send(state, shared);
          continue;
        }
        const keys = prefix.keys(state.client);
        if (keys.length > 0) this.send(state, Invalidation.ofKeys(keys));
      }
      prefix.changed.clear();
    }
  }

  /** Forgets a key and tells its clients. @param waits whether the running command comes first */
  private invalidate(key: Uint8Array, waits: boolean): void {
    const owners = this.table.take(key, 0, key.length);
    if (owners === undefined) return;
    const message = Invalidation.ofKey(key);
    if (typeof owners === 'number') this.tell(owners, message, waits);
    else for (const id of owners) this.tell(id, message, waits);
    if (this.table.size === 0) this.listen();
  }

  private tell(id: number, message: Invalidation, waits: boolean): void {
    const state = this.parts.clientById(id)?.tracking;
    // In broadcasting mode, what was read before that is not told.
    if (state === undefined || state.isBcast) return;
    const isCurrent = state.client === this.parts.pushes.current;
    if (isCurrent && state.noLoop) return;
    if (isCurrent && waits) this.pending.push({ to: state, message });
    else this.send(state, message);
  }

  private send(state: Tracked, message: Invalidation): void {
    const { pushes } = this.parts;
    const { client, redirect } = state;
    if (redirect === 0) {
      if (client.resp === 3) pushes.push(client, message.encoded(3));
      return;
    }
    const receiver = this.receiver(redirect);
    if (receiver === undefined) {
      client.flags |= ClientFlag.TrackingBroken;
      if (client.resp === 3) pushes.push(client, redirectBroken(redirect));
    } else if (receiver.resp === 3 || (receiver.flags & ClientFlag.Pubsub) !== 0) {
      pushes.push(receiver, message.encoded(receiver.resp));
    }
  }

  /** The client of this number, unless it is leaving. */
  private receiver(id: number): ClientImpl | undefined {
    const client = this.parts.clientById(id);
    if (client === undefined || (client.flags & ClientFlag.CloseAfterReply) !== 0) return undefined;
    return client;
  }

  /** One client more or less has its messages sent to this one. */
  private redirected(id: number, step: 1 | -1): void {
    if (id === 0) return;
    const count = (this.redirections.get(id) ?? 0) + step;
    if (count > 0) this.redirections.set(id, count);
    else this.redirections.delete(id);
    const receiver = this.parts.clientById(id);
    if (receiver !== undefined) this.settleGate(receiver);
  }

  /** Who tracks, or gets messages that its own commands may cause, has its commands observed. */
  private settleGate(client: ClientImpl): void {
    const isConcerned = client.tracking !== undefined || this.redirections.has(client.id);
    if (isConcerned) client.gate |= ClientGate.Tracking;
    else client.gate &= ~ClientGate.Tracking;
  }

  private listen(): void {
    this.parts.observers.listen(this, this.tracked.size > 0 || this.table.size > 0);
  }

  // ---- the table's limit

  /** @param maxKeys `tracking-table-max-keys`; 0: no limit */
  setLimit(maxKeys: number): void {
    this.maxKeys = maxKeys;
    this.checkSize();
  }

  private get isFull(): boolean {
    return this.maxKeys > 0 && this.table.size > this.maxKeys && this.tracked.size > 0;
  }

  /** While there are too many keys, every command is preceded by `evict`. */
  private checkSize(): void {
    if (this.isFull) this.parts.gate.set(ServerGate.TrackingFull, true);
  }

  /** Removes keys beyond the limit, and tells the clients that have read them. */
  evict(): void {
    const { gate } = this.parts;
    for (let left = EVICTED_AT_ONCE * (this.exceeded + 1); left > 0 && this.isFull; left--) {
      this.invalidate(this.table.next()!, false);
    }
    if (this.isFull) {
      this.exceeded++;
      return;
    }
    this.exceeded = 0;
    gate.set(ServerGate.TrackingFull, false);
  }
}

const NO_BYTES = Buffer.alloc(0);
