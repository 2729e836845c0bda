/**
 * A server: all its parts, put together and brought up and down.
 *
 * Nothing here is shared between servers: a process can hold many. What belongs to the process
 * (signals, arguments, its end) is main.ts's.
 */
import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { allCommands } from '../commands/index.js';
import { Keyspace } from '../keyspace/keyspace.js';
import { nodeAofFiles } from '../persistence/aof/files.js';
import { ProcessLauncher } from '../persistence/snapshot/process-launcher.js';
import { ReplyWriter } from '../resp/reply-writer.js';
import { LuaEngine } from '../scripting/lua/engine.js';
import { followAccessClock } from './access-clock.js';
import { Acl } from './acl/acl.js';
import { Call } from './api/call.js';
import type { ServerApi } from './api/server.js';
import { REDIS_VERSION } from './api/version.js';
import { Blocking } from './blocking.js';
import type { ClientImpl } from './client.js';
import { Clients, type Peer } from './clients.js';
import type { ServerClock } from './clock.js';
import { CommandTableImpl } from './command-table.js';
import type { Config } from './config/config.js';
import { nodeFiles } from './config/node-files.js';
import { Cron } from './cron.js';
import { CrossProtocolGuard } from './cross-protocol.js';
import { ServerDebug } from './debug.js';
import { Door } from './door.js';
import type { CommandListeners } from './execution/checked-path.js';
import { Execution } from './execution/execution.js';
import { followConfig } from './follow-config.js';
import { Fork } from './fork.js';
import { Gate, ServerGate } from './gate.js';
import { HotKeys } from './hot-keys.js';
import { ClientPeaks } from './info/client-peaks.js';
import { Info } from './info/info.js';
import { LatencyMonitor } from './latency-monitor.js';
import { ServerLifecycle } from './lifecycle.js';
import type { ServerLog } from './log.js';
import { MessageBuffer } from './message-buffer.js';
import { Messaging } from './messaging.js';
import { Migrations } from './migration/migrations.js';
import { Network } from './network.js';
import { OutputBudget } from './output-budget.js';
import { INSIDE } from './peers.js';
import { Storage } from './persistence/storage.js';
import { Propagation } from './propagation/propagation.js';
import { SAMPLE_PERIOD_MS } from './rate-sampler.js';
import { DebugForks } from './scripting/debug-forks.js';
import { Scripting } from './scripting/scripting.js';
import { WriteRefusals } from './scripting/write-refusals.js';
import type { ServerOptions } from './server-options.js';
import { SlowCommands } from './slow-commands.js';
import { SlowLog } from './slowlog.js';
import { Stats } from './stats.js';
import { Transactions } from './transactions.js';
import { Transport } from './transport.js';
import { Turn } from './turn.js';
import { Upkeep } from './upkeep.js';
import { Watches } from './watches.js';

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
  readonly migration: Migrations;
  readonly scripting: Scripting;
  readonly slowLog: SlowLog;
  readonly latency: LatencyMonitor;
  readonly hotKeys: HotKeys;
  readonly propagation: Propagation;
  readonly gate = new Gate();
  readonly turn: Turn;
  readonly execution: Execution;
  readonly messaging: Messaging;
  readonly storage: Storage;
  readonly upkeep: Upkeep;
  readonly network: Network;
  readonly cron: Cron;
  readonly lifecycle: ServerLifecycle;
  readonly info: Info;
  readonly debug: ServerDebug;
  readonly startedMs: number;
  /** 40 hexadecimal digits, another one at every start. */
  readonly runId: string;

  private readonly watches: Watches;
  private readonly clientPeaks = new ClientPeaks();
  private readonly replyWriter: ReplyWriter;
  private readonly call: Call;
  private readonly door: Door;
  private readonly onStopped: (exitCode: number) => void;
  private stopping: Promise<void> | undefined;

  constructor(options: ServerOptions) {
    const { config, clock, log } = options;
    const { gate, stats } = this;
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
    this.replyWriter = new ReplyWriter((code) => stats.countError(code));
    this.call = new Call(this, this.keyspace, this.replyWriter);
    const messages = new MessageBuffer();
    this.turn = new Turn(this.replyWriter, stats, clock, messages);
    const { call, keyspace, turn } = this;
    clock.onTurn = () => turn.schedule();
    clock.stale = true;
    const budget = new OutputBudget<ClientImpl>(options.outputBudgetBytes);
    this.clients = new Clients(clock, () => this.clientsParts, log, budget);
    const { clients } = this;
    this.replyWriter.onGrown = (bytes) => clients.replyGrows(call.client, bytes);
    this.acl = new Acl({
      commands: this.commands,
      config,
      files: options.files ?? nodeFiles(),
      log,
      stats,
      clients: () => clients.all(),
      now: () => clock.now(),
    });
    this.slowLog = new SlowLog(
      () => clock.now(),
      () => config.values['slowlog-max-len'],
    );
    this.latency = new LatencyMonitor(() => clock.now());
    this.propagation = this.makePropagation();
    this.hotKeys = new HotKeys({
      clock,
      hasher: keyspace.hasher,
      stats,
      random: this.random,
      onActive: (isActive) => {
        gate.set(ServerGate.HotKeys, isActive);
        const { execution, hotKeys } = this;
        execution.charges.onRun = isActive
          ? (args, usec) => hotKeys.noteRun(args, usec)
          : undefined;
      },
    });
    const slowCommands = new SlowCommands(this.slowLog, this.latency);
    this.execution = this.makeExecution(slowCommands);
    const { charges, inner, late, pushes } = this.execution;
    this.messaging = new Messaging({
      clock,
      gate,
      keyspace,
      messages,
      pushes,
      turn,
      clientById: (id) => clients.byId(id),
    });
    this.blocking = new Blocking({
      clock,
      charges,
      gate,
      late,
      gateState: clients,
      stats,
      turn,
      failed: (client, error) => clients.failed(client, error),
    });
    this.watches = new Watches(keyspace, this.messaging.observers, () => clock.now());
    this.transactions = new Transactions({
      call,
      watches: this.watches,
      propagation: this.propagation,
      run: (client, command, args) => inner.runQueued(client, command, args),
    });
    this.storage = this.makeStorage(options);
    this.scripting = this.makeScripting(options);
    this.migration = new Migrations({
      clock,
      config,
      late,
      log,
      isScriptSuspended: () => this.scripting.isSuspended,
      holdWrites: (isHeld) => clients.setMigrating(isHeld),
      release: () => clients.releasePaused(),
    });
    this.upkeep = this.makeUpkeep();
    config.isLoading = () => this.loading.isActive;
    this.clientsParts = this.makeClientsParts();
    this.door = new Door({
      values: config.values,
      connections: () => clients.count + this.network.handshakes,
      defaultUserIsOpen: () => this.acl.defaultNeedsNoPassword,
    });
    this.network = new Network({
      config,
      clock,
      door: this.door,
      log,
      stats,
      portZeroIsAny: options.portZeroIsAny ?? false,
      onConnection: (transport, peer) => clients.add(transport, peer),
    });
    this.lifecycle = new ServerLifecycle({
      data: this.storage.keeper,
      log,
      isLoading: () => this.loading.isActive,
      isBusy: () => this.scripting.isSuspended,
      isCronPaused: () => this.cron.paused || this.scripting.isSuspended,
      setFrozen: (isFrozen) => clients.setFrozen(isFrozen),
      stop: () => this.stop(),
    });
    this.cron = new Cron(clock, () => config.values.hz, stats);
    this.info = this.makeInfo(options);
    this.debug = new ServerDebug({
      call,
      clients,
      config,
      cron: this.cron,
      info: this.info,
      log,
      onCrash: options.onCrash ?? (() => void this.stop(1)),
    });
    this.followTurns();
    this.followStats();
    slowCommands.follow(config, charges, stats);
    this.scheduleTasks();
    followConfig(config, {
      acl: this.acl,
      charges,
      gate,
      keyspace,
      reader: this.execution.batch.reader,
      clients,
      notifications: this.messaging.notifications,
      tracking: this.tracking,
      diskErrors: this.storage.diskErrors,
    });
  }

  private readonly clientsParts: ReturnType<Server['makeClientsParts']>;

  // ---- ServerApi: what is part of a part

  get appendOnly() {
    return this.storage.appendOnly;
  }

  get loading() {
    return this.storage.loading;
  }

  get memory() {
    return this.upkeep.memory;
  }

  get monitors() {
    return this.messaging.monitors;
  }

  get persistence() {
    return this.storage.persistence;
  }

  get pubsub() {
    return this.messaging.pubsub;
  }

  get tracking() {
    return this.messaging.tracking;
  }

  randomHex(bytes: number): string {
    return randomBytes(bytes).toString('hex');
  }

  // ---- its life

  /** The TCP port in use, 0 when there is none. */
  get port(): number {
    return this.network.port;
  }

  /** The port for TLS in use, 0 when there is none. */
  get tlsPort(): number {
    return this.network.tlsPort;
  }

  /**
   * Begins to serve, without data.
   * @throws as `listen`
   */
  async start(): Promise<void> {
    await this.listen();
    this.begin();
  }

  /**
   * Begins to listen.
   * @throws ListenError when an address can't be listened on, TlsConfigError when certificates can't
   *   be used; nothing is left open then
   */
  listen(): Promise<void> {
    return this.network.open();
  }

  /**
   * Loads the data that were saved, while clients are answered. Where there are none it takes no time.
   * @returns whether it is done: the server may have been stopped meanwhile
   * @throws LoadError: there are data, and they can't be loaded
   */
  load(): Promise<boolean> {
    return this.loading.load();
  }

  /** Begins with what is done now and then; last of the start. */
  begin(): void {
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
      this.storage.stop();
      this.scripting.stop();
      this.migration.stop();
      this.latency.stop();
      this.upkeep.stop();
      this.hotKeys.stop();
      const closed = this.network.close();
      this.storage.finish();
      this.turn.finish();
      this.clients.closeAll();
      await closed;
      this.onStopped(exitCode);
    })();
    return this.stopping;
  }

  // ---- its parts

  private makePropagation(): Propagation {
    const { values } = this.config;
    return new Propagation({
      call: this.call,
      keyspace: this.keyspace,
      frees: (isEvicted) => {
        const lazy = isEvicted ? values['lazyfree-lazy-eviction'] : values['lazyfree-lazy-expire'];
        return lazy ? 'lazily' : 'at once';
      },
      scheduleTurn: () => this.turn.schedule(),
    });
  }

  private makeExecution(slowCommands: SlowCommands): Execution {
    const { clock, log } = this;
    return new Execution({
      acl: this.acl,
      call: this.call,
      clock,
      commands: this.commands,
      gate: this.gate,
      gateState: this.clients,
      listeners: this.makeListeners(new CrossProtocolGuard(clock, log)),
      log,
      onSlow: (client, command, args, usec) => slowCommands.note(client, command, args, usec),
      propagation: this.propagation,
      reply: this.replyWriter,
      stats: this.stats,
    });
  }

  /** Who is asked and told of commands that pass the gate. */
  private makeListeners(crossProtocol: CrossProtocolGuard): CommandListeners {
    return {
      hotKeys: this.hotKeys,
      waiting: () => this.blocking,
      onPaused: (client) => this.clients.hold(client),
      onHttp: (client) => crossProtocol.refuse(client),
      onExecRefused: (client) => this.transactions.reset(client),
      onMonitored: (client, command, args, isInScript) =>
        this.monitors.tell(client, command, args, isInScript),
      onTracked: (client, command, args) => this.tracking.remember(client, command, args),
      onTrackedDone: (client, command) => this.tracking.done(client, command),
      onTrackingFull: () => this.tracking.evict(),
      onSaving: (client, command, args) =>
        this.storage.snapshots.beforeCommand(client, command, args),
    };
  }

  private makeStorage(options: ServerOptions): Storage {
    const { clients } = this;
    return new Storage({
      call: this.call,
      clock: this.clock,
      commands: this.commands,
      config: this.config,
      files: options.aofFiles ?? nodeAofFiles,
      gate: this.gate,
      invocation: this.execution.invocation,
      keyspace: this.keyspace,
      latency: this.latency,
      launcher: options.workers ?? new ProcessLauncher(),
      log: this.log,
      propagation: this.propagation,
      reply: this.replyWriter,
      turn: this.turn,
      scripts: () => this.scripting,
      usedBytes: () => this.memory.used(),
      sampleMemory: () => this.memory.sample(),
      makeClient: () => clients.makeInternal(),
      dropTransaction: (client) => this.transactions.reset(client),
      onLoading: (isLoading) => clients.setLoading(isLoading),
      onUnexpectedError: (command) => this.panicOnError(command),
      onWorker: options.onWorker ?? (() => {}),
      sleep: (ms) => this.debug.sleep(ms),
      onFatal: () => void this.stop(1),
    });
  }

  /** A command of the append-only file has answered with an error. */
  private panicOnError(command: string): void {
    this.stats.unexpectedErrorReplies++;
    if (this.config.values['propagation-error-behavior'] !== 'panic') return;
    const message =
      'This server panicked sending an error to its AOF-loading-client after processing the ' +
      `command '${command}'`;
    this.debug.crash({ kind: 'panic', message });
  }

  private makeUpkeep(): Upkeep {
    const { scripting } = this;
    return new Upkeep({
      clients: this.clients,
      clock: this.clock,
      config: this.config,
      gate: this.gate,
      keyspace: this.keyspace,
      latency: this.latency,
      overheads: {
        scripts: () => scripting.cache.size,
        scriptBytes: () => scripting.cache.bytes,
        functionBytes: () => scripting.functions.bytes,
        logBytes: () => this.appendOnly.bufferBytes,
      },
      propagation: this.propagation,
      turn: this.turn,
      looksForDue: () => this.debug.activeExpire,
    });
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
      loading: this.storage.dataLoading,
      snapshots: this.storage.snapshots,
      rdbSaves: this.storage.rdbSaves,
      appendOnly: this.appendOnly,
      memory: this.memory,
      pubsub: this.pubsub,
      tracking: this.tracking,
      migration: this.migration,
      scripting: () => this.scripting.counts,
      stats: this.stats,
      expireCycle: this.upkeep.expireCycle,
      eviction: this.upkeep.eviction,
      defragmenter: this.upkeep.defragmenter,
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
      memory: this.upkeep.eviction,
      scripts: this.scripting,
      disk: this.storage.diskErrors,
      blocking: this.blocking,
      clock: this.clock,
      executor: this.execution.executor,
      gate: this.gate,
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
      onInputGrew: (bytes: number) => this.upkeep.eviction.noteInput(bytes),
      stateBytes: (client: ClientImpl) => this.watches.bytesOf(client),
    };
  }

  private makeScripting(options: ServerOptions): Scripting {
    const { clock, config } = this;
    return new Scripting({
      acl: this.acl,
      call: this.call,
      clock,
      commands: this.commands,
      config,
      forks: options.isFork ? undefined : this.makeForks(options),
      engines: options.engines ?? [new LuaEngine({ version: scriptVersion() })],
      gate: this.gate,
      inner: this.execution.inner,
      late: this.execution.late,
      log: this.log,
      memory: () => this.upkeep.eviction,
      propagation: this.propagation,
      refusals: new WriteRefusals({
        disk: () => this.storage.diskErrors,
        isReadonlyReplica: () => false,
        hasReplicas: () => !this.gate.has(ServerGate.FewReplicas),
      }),
      stats: this.stats,
      defer: (go) => setImmediate(go),
      onMonitored: (client, args) => this.monitors.tellOfScript(client, this.call.command, args),
      onDone: (client) => this.transactions.goOn(client),
      onSuspended: (isSuspended) => this.clients.setScripting(isSuspended),
      release: () => this.clients.releasePaused(),
    });
  }

  private makeForks({ commands }: ServerOptions): DebugForks {
    const { clock, config, log, random } = this;
    return new DebugForks({
      clock,
      config,
      log,
      snapshots: this.storage.snapshots,
      fork: () => {
        const copies = { clock: clock.clone(), config: config.clone() };
        return new Fork(new Server({ ...copies, commands, isFork: true, log, random }));
      },
    });
  }

  /** Ends what is kept for a client whose connection has ended. */
  private forget(client: ClientImpl): void {
    this.transactions.unwatch(client);
    this.messaging.forget(client);
  }

  /** What belongs to a turn's end. */
  private followTurns(): void {
    const { blocking, clients, messaging, propagation, scripting, turn, upkeep } = this;
    turn.beforeSending = () => {
      if (blocking.hasReady) blocking.serve();
      clients.runReady();
      upkeep.expireCycle.fast();
      if (!scripting.isSuspended) messaging.tracking.broadcast();
      propagation.settle();
    };
    turn.afterSending = () => clients.settle();
  }

  private followStats(): void {
    const { appendOnly, call, clients, latency, stats, upkeep } = this;
    stats.onLongTurn = (micros) => latency.add('event-loop', micros / 1000);
    stats.dirtyOf = () => call.dirty;
    stats.resetOthers = () => {
      upkeep.resetCounters();
      clients.eviction.evicted = 0;
      appendOnly.resetCounters();
    };
  }

  private scheduleTasks(): void {
    const { cron, clock, keyspace, config } = this;
    const { call, clients, random } = this;
    cron.every(0, followAccessClock({ call, clock, config, keyspace, random }));
    cron.every(0, () => this.lifecycle.obey());
    this.upkeep.schedule(cron);
    this.storage.schedule(cron);
    cron.every(1000, () => this.migration.tend());
    cron.every(0, () => this.tracking.evict());
    cron.every(SAMPLE_PERIOD_MS, () => this.stats.sample(clock.micros()));
    cron.every(1000, () => this.clientPeaks.sample(clients.all(), clock.now()));
    cron.every(1000, () => clients.closeIdle(config.values.timeout));
    cron.every(0, () => clients.tend(config.values.hz));
  }
}

/** The version that scripts are told: in words, and as 0x00MMmmpp. */
function scriptVersion(): { text: string; number: number } {
  const [major, minor, patch] = REDIS_VERSION.split('.').map(Number);
  return { text: REDIS_VERSION, number: (major! << 16) | (minor! << 8) | patch! };
}
