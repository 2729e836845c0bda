/**
 * A server: all its parts, put together and brought up and down.
 *
 * Nothing here is shared between servers: a process can hold many. What belongs to the process
 * (signals, arguments, its end) is main.ts's.
 */
import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { allCommands } from '../commands/index.js';
import { ExpireCycle } from '../keyspace/expire-cycle.js';
import { Keyspace } from '../keyspace/keyspace.js';
import { Maintenance } from '../keyspace/maintenance.js';
import { ReplyWriter } from '../resp/reply-writer.js';
import { followAccessClock } from './access-clock.js';
import { Acl } from './acl/acl.js';
import { Call } from './api/call.js';
import type { CommandSpec } from './api/command.js';
import type { ServerApi } from './api/server.js';
import { Blocking } from './blocking.js';
import type { ClientImpl } from './client.js';
import { Clients, type Peer } from './clients.js';
import type { ServerClock } from './clock.js';
import { CommandTableImpl } from './command-table.js';
import type { Config } from './config/config.js';
import type { ConfigFiles } from './config/host.js';
import { nodeFiles } from './config/node-files.js';
import { Cron } from './cron.js';
import { CrossProtocolGuard } from './cross-protocol.js';
import { type CrashSignal, ServerDebug } from './debug.js';
import { Door } from './door.js';
import { Executor } from './executor.js';
import { followConfig } from './follow-config.js';
import { ClientPeaks } from './info/client-peaks.js';
import { Info } from './info/info.js';
import { LatencyMonitor } from './latency-monitor.js';
import { ServerLifecycle } from './lifecycle.js';
import type { ServerLog } from './log.js';
import { MemoryTracker } from './memory.js';
import { MessageBuffer } from './message-buffer.js';
import { Monitors } from './monitors.js';
import { Network } from './network.js';
import { Notifications } from './notifications.js';
import { Observers } from './observers.js';
import { OutputBudget } from './output-budget.js';
import { Persistence } from './persistence/persistence.js';
import { Pubsub } from './pubsub/pubsub.js';
import { SAMPLE_PERIOD_MS } from './rate-sampler.js';
import { SlowCommands } from './slow-commands.js';
import { SlowLog } from './slowlog.js';
import { Stats } from './stats.js';
import { Tracking } from './tracking/tracking.js';
import { Transactions } from './transactions.js';
import { Transport } from './transport.js';
import { Turn } from './turn.js';
import { Watches } from './watches.js';

/** What a stream shows for its addresses. */
const INSIDE: Peer = {
  addr: 'stream:0',
  laddr: 'stream:0',
  isLocal: true,
  isUnixSocket: false,
};

export interface ServerOptions {
  config: Config;
  clock: ServerClock;
  log: ServerLog;
  /** A number in [0, 1). */
  random?: () => number;
  /** The config file's absolute path, for INFO and CONFIG REWRITE. */
  configFile?: string;
  /** Who supervises the process, for INFO. */
  supervisedBy?: string;
  /** Check the arenas' every free; slow. For tests. */
  debugArena?: boolean;
  /** The disk, for the ACL file; by default the real one. */
  files?: ConfigFiles;
  /** The commands it has; by default all there are. For tests. */
  commands?: readonly CommandSpec[];
  /** Whether port 0 means "any free port" (library) and not "no TCP" (command line). */
  portZeroIsAny?: boolean;
  /** How much may wait for clients that do not read; by default a share of memory. For tests. */
  outputBudgetBytes?: number;
  /** Path of the program, for INFO. */
  executable?: string;
  /** Ends the process when a client had it crash (DEBUG SEGFAULT); by default the server stops. */
  onCrash?: (signal: CrashSignal) => void;
  /** Told when SHUTDOWN or a signal has ended the server. */
  onStopped?: (exitCode: number) => void;
}

export class Server implements ServerApi {
  readonly config: Config;
  readonly clock: ServerClock;
  readonly log: ServerLog;
  readonly random: () => number;
  readonly stats = new Stats();
  readonly keyspace: Keyspace;
  readonly commands: CommandTableImpl;
  readonly acl: Acl;
  readonly clients: Clients;
  readonly blocking: Blocking;
  readonly transactions: Transactions;
  readonly tracking: Tracking;
  readonly slowLog: SlowLog;
  readonly latency: LatencyMonitor;
  readonly monitors: Monitors;
  readonly pubsub: Pubsub;
  readonly persistence: Persistence;
  readonly network: Network;
  readonly cron: Cron;
  private readonly maintenance: Maintenance;
  readonly executor: Executor;
  readonly turn: Turn;
  readonly memory: MemoryTracker;
  readonly expireCycle: ExpireCycle;
  readonly lifecycle: ServerLifecycle;
  readonly info: Info;
  readonly debug: ServerDebug;
  readonly startedMs: number;
  /** 40 hexadecimal digits, another one at every start. */
  readonly runId: string;

  private readonly observers: Observers;
  private readonly notifications: Notifications;
  private readonly watches: Watches;
  private readonly clientPeaks = new ClientPeaks();
  private readonly replyWriter: ReplyWriter;
  private readonly call: Call;
  private readonly door: Door;
  private readonly onStopped: (exitCode: number) => void;
  private stopping: Promise<void> | undefined;

  constructor(options: ServerOptions) {
    const { config, clock, log } = options;
    this.config = config;
    this.clock = clock;
    this.log = log;
    this.random = options.random ?? Math.random;
    this.onStopped = options.onStopped ?? (() => {});
    this.startedMs = clock.now();
    this.runId = this.randomHex(20);

    this.keyspace = new Keyspace({
      databases: config.values.databases,
      random: this.random,
      debugArena: options.debugArena,
    });
    this.commands = new CommandTableImpl(options.commands ?? allCommands);
    this.replyWriter = new ReplyWriter((code) => this.stats.countError(code));
    this.call = new Call(this, this.keyspace, this.replyWriter);
    this.stats.dirtyOf = () => this.call.dirty;
    this.stats.resetOthers = () => {
      this.keyspace.resetCounters();
      this.expireCycle.resetCounters();
      this.clients.eviction.evicted = 0;
    };
    const messages = new MessageBuffer();
    this.turn = new Turn(this.replyWriter, this.stats, clock, messages);
    clock.onTurn = () => this.turn.schedule();
    clock.stale = true;
    const budget = new OutputBudget<ClientImpl>(options.outputBudgetBytes);
    this.clients = new Clients(clock, () => this.clientsParts, log, budget);
    this.acl = new Acl({
      commands: this.commands,
      config,
      files: options.files ?? nodeFiles(),
      log,
      stats: this.stats,
      clients: () => this.clients.all(),
      now: () => clock.now(),
    });
    this.replyWriter.onGrown = (bytes) => this.clients.replyGrows(this.call.client, bytes);
    this.slowLog = new SlowLog(
      () => clock.now(),
      () => config.values['slowlog-max-len'],
    );
    this.latency = new LatencyMonitor(() => clock.now());
    this.stats.onLongTurn = (micros) => this.latency.add('event-loop', micros / 1000);
    const slowCommands = new SlowCommands(this.slowLog, this.latency);
    const crossProtocol = new CrossProtocolGuard(clock, log);
    this.executor = new Executor({
      clock,
      log,
      commands: this.commands,
      keyspace: this.keyspace,
      reply: this.replyWriter,
      call: this.call,
      stats: this.stats,
      gateState: this.clients,
      acl: this.acl,
      onPaused: (client) => this.clients.hold(client),
      onHttp: (client) => crossProtocol.refuse(client),
      onExecRefused: (client) => this.transactions.reset(client),
      onKeysReady: () => this.blocking.serve(),
      onMonitored: (client, command, args) => this.monitors.tell(client, command, args),
      onTracked: (client, command, args) => this.tracking.remember(client, command, args),
      onTrackedDone: (client, command) => this.tracking.done(client, command),
      onTrackingFull: () => this.tracking.evict(),
      onSlow: (client, command, args, usec) => slowCommands.note(client, command, args, usec),
    });
    this.monitors = new Monitors(this.executor, clock);
    this.blocking = new Blocking({
      clock,
      executor: this.executor,
      gateState: this.clients,
      stats: this.stats,
      turn: this.turn,
      failed: (client, error) => this.clients.failed(client, error),
    });
    this.observers = new Observers(this.keyspace);
    this.pubsub = new Pubsub({
      messages,
      push: (client, buf, start, end) => this.executor.pushBytes(client, buf, start, end),
    });
    this.persistence = new Persistence({
      clock,
      config,
      keyspace: this.keyspace,
      log,
      usedBytes: () => this.memory.used(),
    });
    this.notifications = new Notifications(this.observers, this.pubsub);
    this.tracking = new Tracking({
      executor: this.executor,
      observers: this.observers,
      clientById: (id) => this.clients.byId(id),
      scheduleTurn: () => this.turn.schedule(),
    });
    this.watches = new Watches(this.keyspace, this.observers, () => clock.now());
    this.transactions = new Transactions({
      call: this.call,
      watches: this.watches,
      run: (client, command, args) => this.executor.runQueued(client, command, args),
    });
    this.clientsParts = this.makeClientsParts();
    this.door = new Door({
      values: config.values,
      connections: () => this.clients.count + this.network.handshakes,
      defaultUserIsOpen: () => this.acl.defaultNeedsNoPassword,
    });
    this.network = new Network({
      config,
      clock,
      door: this.door,
      log,
      stats: this.stats,
      portZeroIsAny: options.portZeroIsAny ?? false,
      onConnection: (transport, peer) => this.clients.add(transport, peer),
    });
    this.memory = new MemoryTracker(
      this.keyspace,
      () => this.clients.memoryBytes,
      () => this.tracking.bytes,
    );
    this.lifecycle = new ServerLifecycle({
      log,
      hasSavePoints: () => config.values.save.length > 0,
      stop: () => void this.stop(),
    });
    this.cron = new Cron(clock, () => config.values.hz, this.stats);
    this.maintenance = new Maintenance(this.keyspace, {
      micros: () => clock.micros(),
      rehashes: () => config.values.activerehashing,
    });
    this.expireCycle = new ExpireCycle(this.keyspace, {
      now: () => clock.now(),
      micros: () => clock.micros(),
      hz: () => config.values.hz,
      effort: () => config.values['active-expire-effort'],
      isActive: () => this.debug.activeExpire && !this.keyspace.expiryHeld,
      defer: (go) => setImmediate(go),
      onGo: (micros) => this.latency.add('expire-cycle', micros / 1000),
    });
    this.turn.beforeSending = () => {
      if (this.executor.keysReady) this.blocking.serve();
      this.clients.runReady();
      this.expireCycle.fast();
      this.tracking.broadcast();
    };
    this.turn.afterSending = () => this.clients.settle();
    this.info = this.makeInfo(options);
    this.debug = new ServerDebug({
      call: this.call,
      clients: this.clients,
      config,
      cron: this.cron,
      info: this.info,
      log,
      onCrash: options.onCrash ?? (() => void this.stop(1)),
    });
    slowCommands.follow(config, this.executor, this.stats);
    this.scheduleTasks();
    followConfig(config, {
      acl: this.acl,
      executor: this.executor,
      limits: this.keyspace.limits,
      clients: this.clients,
      notifications: this.notifications,
      tracking: this.tracking,
    });
  }

  private readonly clientsParts: ReturnType<Server['makeClientsParts']>;

  /** The TCP port in use, 0 when there is none. */
  get port(): number {
    return this.network.port;
  }

  /** The port for TLS in use, 0 when there is none. */
  get tlsPort(): number {
    return this.network.tlsPort;
  }

  /**
   * Begins to serve.
   * @throws ListenError when an address can't be listened on, TlsConfigError when certificates can't
   *   be used; nothing is left open then
   */
  async start(): Promise<void> {
    await this.network.open();
    this.cron.start();
  }

  /** Takes a connection that is no socket of its own: for tests, embedding, the web face. */
  attach(stream: Duplex, peer: Peer = INSIDE): void {
    this.clients.add(Transport.over(stream), peer);
  }

  /** Stops listening, ends all connections and frees what is held. */
  stop(exitCode = 0): Promise<void> {
    this.stopping ??= (async () => {
      this.cron.stop();
      this.latency.stop();
      this.maintenance.stop();
      const closed = this.network.close();
      this.turn.finish();
      this.clients.closeAll();
      await closed;
      this.onStopped(exitCode);
    })();
    return this.stopping;
  }

  // ---- ServerApi

  randomHex(bytes: number): string {
    return randomBytes(bytes).toString('hex');
  }

  private makeInfo(options: ServerOptions): Info {
    return new Info({
      blocking: this.blocking,
      clientPeaks: this.clientPeaks,
      clients: this.clients,
      clock: this.clock,
      commands: this.commands,
      config: this.config,
      keyspace: this.keyspace,
      memory: this.memory,
      pubsub: this.pubsub,
      tracking: this.tracking,
      stats: this.stats,
      expireCycle: this.expireCycle,
      identity: {
        startedMs: this.startedMs,
        runId: this.runId,
        replicationId: this.randomHex(20),
        executable: options.executable ?? '',
        configFile: options.configFile ?? '',
        supervised: options.supervisedBy ?? 'no',
      },
      listeners: () => this.network.listeners(),
      shutdownAtMs: () => undefined,
    });
  }

  private makeClientsParts() {
    const { config } = this;
    return {
      acl: this.acl,
      blocking: this.blocking,
      clock: this.clock,
      executor: this.executor,
      keyspace: this.keyspace,
      sideReply: new ReplyWriter((code) => this.stats.countError(code)),
      turn: this.turn,
      stats: this.stats,
      log: this.log,
      onGone: (client: ClientImpl) => this.forget(client),
      firstDatabase: () => this.keyspace.databases[0]!,
      refusal: (peer: Peer) => this.door.refusal(peer),
      queryBufferLimit: () => config.values['client-query-buffer-limit'],
      outputLimits: () => config.values['client-output-buffer-limit'],
      backlogBytes: () => config.values['repl-backlog-size'],
      stateBytes: (client: ClientImpl) => this.watches.bytesOf(client),
    };
  }

  /** Ends what is kept for a client whose connection has ended. */
  private forget(client: ClientImpl): void {
    this.transactions.unwatch(client);
    this.tracking.disable(client);
    this.pubsub.forget(client);
    this.monitors.remove(client);
  }

  private scheduleTasks(): void {
    const { cron, clock, keyspace, config } = this;
    const { call, random } = this;
    cron.every(0, followAccessClock({ call, clock, config, keyspace, random }));
    cron.every(0, () => this.expireCycle.slow());
    cron.every(0, () => this.tracking.evict());
    cron.every(0, () => this.maintenance.run());
    cron.every(SAMPLE_PERIOD_MS, () => {
      this.memory.sample();
      this.stats.sample(clock.micros());
    });
    cron.every(1000, () => this.clientPeaks.sample(this.clients.all(), clock.now()));
    cron.every(1000, () => this.clients.closeIdle(config.values.timeout));
    cron.every(0, () => this.clients.tend(config.values.hz));
  }
}
