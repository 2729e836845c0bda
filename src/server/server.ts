/**
 * A server: all its parts, put together and brought up and down.
 *
 * Nothing here is shared between servers: a process can hold many. What belongs to the process
 * (signals, arguments, its end) is main.ts's.
 */
import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { allCommands } from '../commands/index.js';
import { CollectionMemory } from '../keyspace/collection-memory.js';
import { Defragmenter, type DefragSettings } from '../keyspace/defragmenter.js';
import { ExpireCycle } from '../keyspace/expire-cycle.js';
import { Keyspace } from '../keyspace/keyspace.js';
import { Maintenance } from '../keyspace/maintenance.js';
import { type AofFiles, nodeAofFiles } from '../persistence/aof/files.js';
import { ProcessLauncher } from '../persistence/snapshot/process-launcher.js';
import type { WorkerLauncher } from '../persistence/snapshot/worker-process.js';
import { ReplyWriter } from '../resp/reply-writer.js';
import type { ScriptEngine } from '../scripting/engine.js';
import { LuaEngine } from '../scripting/lua/engine.js';
import { followAccessClock } from './access-clock.js';
import { Acl } from './acl/acl.js';
import { Call } from './api/call.js';
import { ClientFlag, ClientGate } from './api/client.js';
import type { CommandSpec } from './api/command.js';
import type { ServerApi } from './api/server.js';
import { REDIS_VERSION } from './api/version.js';
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
import { Eviction } from './eviction.js';
import type { CommandListeners } from './execution/checked-path.js';
import { Execution } from './execution/execution.js';
import { followConfig } from './follow-config.js';
import { Gate, ServerGate } from './gate.js';
import { HotKeys } from './hot-keys.js';
import { ClientPeaks } from './info/client-peaks.js';
import { Info } from './info/info.js';
import { LatencyMonitor } from './latency-monitor.js';
import { ServerLifecycle } from './lifecycle.js';
import type { ServerLog } from './log.js';
import { MemoryTracker } from './memory.js';
import { MessageBuffer } from './message-buffer.js';
import { Migrations } from './migration/migrations.js';
import { Monitors } from './monitors.js';
import { Network } from './network.js';
import { Notifications } from './notifications.js';
import { Observers } from './observers.js';
import { OutputBudget } from './output-budget.js';
import { AofBase } from './persistence/aof-base.js';
import { AppendOnly } from './persistence/append-only.js';
import { ServerDataKeeper } from './persistence/data-keeper.js';
import { DiskErrors } from './persistence/disk-errors.js';
import { FinalSave } from './persistence/final-save.js';
import { Loading } from './persistence/loading.js';
import { DataLoader } from './persistence/loading-data.js';
import { Persistence } from './persistence/persistence.js';
import { RdbSaves } from './persistence/rdb-saves.js';
import { LogReplay } from './persistence/replay.js';
import { Snapshots } from './persistence/snapshots.js';
import { Propagation } from './propagation/propagation.js';
import { Pubsub } from './pubsub/pubsub.js';
import { SAMPLE_PERIOD_MS } from './rate-sampler.js';
import { DebugForks, type ForkedServer } from './scripting/debug-forks.js';
import { Scripting } from './scripting/scripting.js';
import { WriteRefusals } from './scripting/write-refusals.js';
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
  /** The disk, for the append-only file; by default the real one. */
  aofFiles?: AofFiles;
  /** The commands it has; by default all there are. For tests. */
  commands?: readonly CommandSpec[];
  /** Whether port 0 means "any free port" (library) and not "no TCP" (command line). */
  portZeroIsAny?: boolean;
  /** How much may wait for clients that do not read; by default a share of memory. For tests. */
  outputBudgetBytes?: number;
  /** Path of the program, for INFO. */
  executable?: string;
  /** The scripting languages it has; by default all there are. For tests. */
  engines?: readonly ScriptEngine[];
  /** Whether it serves a debugging session, with a copy of another server's data (debug-forks.ts). */
  isFork?: boolean;
  /** Ends the process when a client had it crash (DEBUG SEGFAULT); by default the server stops. */
  onCrash?: (signal: CrashSignal) => void;
  /** Starts the processes that write snapshots; by default real ones. For tests. */
  workers?: WorkerLauncher;
  /** Told of each such process. */
  onWorker?: (pid: number) => void;
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
  readonly migration: Migrations;
  readonly scripting: Scripting;
  readonly tracking: Tracking;
  readonly slowLog: SlowLog;
  readonly latency: LatencyMonitor;
  readonly hotKeys: HotKeys;
  readonly monitors: Monitors;
  readonly pubsub: Pubsub;
  readonly persistence: Persistence;
  readonly snapshots: Snapshots;
  readonly rdbSaves: RdbSaves;
  readonly finalSave: FinalSave;
  readonly dataLoading: Loading;
  readonly loading: DataLoader;
  readonly propagation: Propagation;
  readonly appendOnly: AppendOnly;
  /** Why writes are refused: what writes to disk says when that may have changed. */
  readonly diskErrors: DiskErrors;
  readonly network: Network;
  readonly cron: Cron;
  private readonly maintenance: Maintenance;
  readonly execution: Execution;
  readonly gate = new Gate();
  readonly turn: Turn;
  readonly memory: MemoryTracker;
  readonly eviction: Eviction;
  readonly defragmenter: Defragmenter;
  private readonly collectionMemory: CollectionMemory;
  readonly expireCycle: ExpireCycle;
  readonly lifecycle: ServerLifecycle;
  readonly info: Info;
  readonly debug: ServerDebug;
  readonly startedMs: number;
  /** 40 hexadecimal digits, another one at every start. */
  readonly runId: string;

  private readonly aofFiles: AofFiles;
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
    this.aofFiles = options.aofFiles ?? nodeAofFiles;
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
      this.eviction.resetCounters();
      this.appendOnly.resetCounters();
      this.defragmenter.resetCounters();
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
    this.propagation = new Propagation({
      call: this.call,
      keyspace: this.keyspace,
      frees: (isEvicted) => {
        const { values } = config;
        const lazy = isEvicted ? values['lazyfree-lazy-eviction'] : values['lazyfree-lazy-expire'];
        return lazy ? 'lazily' : 'at once';
      },
      scheduleTurn: () => this.turn.schedule(),
    });
    this.hotKeys = new HotKeys({
      clock,
      hasher: this.keyspace.hasher,
      stats: this.stats,
      random: this.random,
      onActive: (isActive) => {
        this.gate.set(ServerGate.HotKeys, isActive);
        const { hotKeys } = this;
        this.execution.charges.onRun = isActive
          ? (args, usec) => hotKeys.noteRun(args, usec)
          : undefined;
      },
    });
    const { call, gate, stats } = this;
    this.execution = new Execution({
      acl: this.acl,
      call,
      clock,
      commands: this.commands,
      gate,
      gateState: this.clients,
      listeners: this.makeListeners(new CrossProtocolGuard(clock, log)),
      log,
      onSlow: (client, command, args, usec) => slowCommands.note(client, command, args, usec),
      propagation: this.propagation,
      reply: this.replyWriter,
      stats,
    });
    const { charges, inner, late, pushes } = this.execution;
    this.monitors = new Monitors(gate, pushes, clock);
    this.blocking = new Blocking({
      clock,
      charges,
      gate,
      late,
      gateState: this.clients,
      stats: this.stats,
      turn: this.turn,
      failed: (client, error) => this.clients.failed(client, error),
    });
    this.observers = new Observers(this.keyspace);
    this.pubsub = new Pubsub({
      messages,
      push: (client, buf, start, end) => pushes.pushBytes(client, buf, start, end),
    });
    this.snapshots = new Snapshots({
      clock,
      config,
      keyspace: this.keyspace,
      launcher: options.workers ?? new ProcessLauncher(),
      onWalking: (isWalking) => this.gate.set(ServerGate.Saving, isWalking),
      defer: (go) => setImmediate(go),
      onSlice: (micros) => this.latency.add('snapshot-slice', micros / 1000),
      onWorker: options.onWorker ?? (() => {}),
    });
    this.rdbSaves = new RdbSaves({
      clock,
      config,
      keyspace: this.keyspace,
      log,
      snapshots: this.snapshots,
      dirty: () => this.call.dirty,
      functions: () => this.scripting.functions.codes(),
      usedBytes: () => this.memory.used(),
      onStatus: () => this.diskErrors.update(),
    });
    this.persistence = new Persistence({ config, log, rdb: this.rdbSaves });
    this.finalSave = new FinalSave({
      clock,
      config,
      keyspace: this.keyspace,
      log,
      functions: () => this.scripting.functions.codes(),
      usedBytes: () => this.memory.used(),
    });
    this.dataLoading = new Loading({
      clock,
      config,
      onActive: (isActive) => {
        this.clients.setLoading(isActive);
        if (isActive) this.snapshots.expect(this.dataLoading.totalBytes);
      },
      sendDue: () => this.turn.end(),
      sample: () => this.memory.sample(),
    });
    this.loading = this.makeLoader();
    config.isLoading = () => this.loading.isActive;
    this.notifications = new Notifications(this.observers, this.pubsub);
    this.tracking = new Tracking({
      gate,
      pushes,
      observers: this.observers,
      clientById: (id) => this.clients.byId(id),
      meter: this.keyspace.meter,
      scheduleTurn: () => this.turn.schedule(),
    });
    this.watches = new Watches(this.keyspace, this.observers, () => clock.now());
    this.transactions = new Transactions({
      call: this.call,
      watches: this.watches,
      propagation: this.propagation,
      run: (client, command, args) => inner.runQueued(client, command, args),
    });
    this.scripting = this.makeScripting(options);
    this.migration = new Migrations({
      clock,
      config,
      late,
      log,
      isScriptSuspended: () => this.scripting.isSuspended,
      holdWrites: (isHeld) => this.clients.setMigrating(isHeld),
      release: () => this.clients.releasePaused(),
    });
    this.appendOnly = this.makeAppendOnly();
    this.collectionMemory = new CollectionMemory(this.keyspace);
    this.memory = new MemoryTracker(
      this.keyspace,
      () => this.clients.memoryBytes,
      () => this.clients.count,
      {
        collections: this.collectionMemory,
        scripts: () => this.scripting.cache.size,
        scriptBytes: () => this.scripting.cache.bytes,
        functionBytes: () => this.scripting.functions.bytes,
        logBytes: () => this.appendOnly.bufferBytes,
      },
    );
    this.eviction = new Eviction({
      clock,
      config,
      gate,
      keyspace: this.keyspace,
      clientBytes: () => this.memory.recentClientBytes(),
      sample: () => this.memory.sample(),
      refresh: (now) => this.memory.refresh(now),
      isHeld: () => this.keyspace.expiryHeld,
      settle: () => this.propagation.settle(),
      latency: this.latency,
      defer: (go) => setImmediate(go),
      sendDue: () => this.turn.end(),
    });
    this.diskErrors = new DiskErrors({
      gate,
      snapshotFailed: () => this.rdbSaves.refusesWrites,
      appendFailure: () => this.appendOnly.file.failure,
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
    this.lifecycle = new ServerLifecycle({
      data: this.makeDataKeeper(),
      log,
      isLoading: () => this.loading.isActive,
      isBusy: () => this.scripting.isSuspended,
      isCronPaused: () => this.cron.paused || this.scripting.isSuspended,
      setFrozen: (isFrozen) => this.clients.setFrozen(isFrozen),
      stop: () => this.stop(),
    });
    this.cron = new Cron(clock, () => config.values.hz, this.stats);
    this.maintenance = new Maintenance(this.keyspace, {
      micros: () => clock.micros(),
      rehashes: () => config.values.activerehashing,
    });
    this.defragmenter = new Defragmenter({
      keyspace: this.keyspace,
      collections: this.collectionMemory,
      settings: () => defragSettings(config),
      micros: () => clock.micros(),
      isHeld: () => this.keyspace.isHeld,
      later: (go, ms) => void (ms === 0 ? setImmediate(go) : clock.setTimer(go, ms)),
      onSlice: (micros) => this.latency.add('active-defrag-cycle', micros / 1000),
    });
    this.expireCycle = new ExpireCycle(this.keyspace, {
      now: () => clock.now(),
      micros: () => clock.micros(),
      hz: () => config.values.hz,
      effort: () => config.values['active-expire-effort'],
      isActive: () => this.debug.activeExpire && !this.keyspace.expiryHeld,
      defer: (go) => setImmediate(go),
      onGo: (micros) => {
        this.latency.add('expire-cycle', micros / 1000);
        this.propagation.settle();
      },
    });
    this.turn.beforeSending = () => {
      if (this.blocking.hasReady) this.blocking.serve();
      this.clients.runReady();
      this.expireCycle.fast();
      if (!this.scripting.isSuspended) this.tracking.broadcast();
      this.propagation.settle();
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
    slowCommands.follow(config, charges, stats);
    this.scheduleTasks();
    followConfig(config, {
      acl: this.acl,
      charges,
      gate,
      keyspace: this.keyspace,
      reader: this.execution.batch.reader,
      clients: this.clients,
      notifications: this.notifications,
      tracking: this.tracking,
      diskErrors: this.diskErrors,
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
      this.dataLoading.stop();
      this.cron.stop();
      this.appendOnly.rewriter.stop();
      this.snapshots.stop();
      this.scripting.stop();
      this.migration.stop();
      this.latency.stop();
      this.maintenance.stop();
      this.defragmenter.end();
      this.hotKeys.stop();
      const closed = this.network.close();
      this.appendOnly.file.finish();
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
      onSaving: (client, command, args) => this.snapshots.beforeCommand(client, command, args),
    };
  }

  private makeDataKeeper(): ServerDataKeeper {
    const { appendOnly, config, finalSave, snapshots } = this;
    return new ServerDataKeeper({ appendOnly, config, finalSave, snapshots });
  }

  private makeAppendOnly(): AppendOnly {
    const { clock, config, keyspace, latency, log, propagation, snapshots } = this;
    const base = new AofBase({
      clock,
      config,
      keyspace,
      log,
      snapshots,
      functions: () => this.scripting.functions.codes(),
      usedBytes: () => this.memory.used(),
    });
    return new AppendOnly({
      clock,
      config,
      files: this.aofFiles,
      log,
      propagation,
      base,
      saveBase: (path, format) => base.save(path, format),
      timesWrites: () => latency.threshold > 0,
      onLatency: (event, micros) => latency.add(event, micros / 1000),
      sleep: (ms) => this.debug.sleep(ms),
      onFatal: () => void this.stop(1),
      onHealth: () => this.diskErrors.update(),
      onFed: (isFed) => {
        this.turn.writeOut = isFed ? () => this.appendOnly.flush() : undefined;
      },
      scheduleTurn: () => this.turn.schedule(),
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

  private makeLoader(): DataLoader {
    const { call, clients, clock, commands, config, keyspace, log } = this;
    const { invocation } = this.execution;
    return new DataLoader({
      commands,
      replay: new LogReplay({
        call,
        clock,
        reply: this.replyWriter,
        failed: (error, command, reply) => invocation.failed(error, command, reply),
      }),
      loading: this.dataLoading,
      rdb: {
        clock,
        config,
        keyspace,
        log,
        skipsChecksums: () => this.persistence.skipsChecksums,
        loadFunctions: (code, replaces) => this.scripting.functions.loadFrom(code, replaces),
      },
      log: {
        files: this.aofFiles,
        flush: () => this.appendOnly.file.flushAll(),
        begin: ({ manifest }, total, base) => this.appendOnly.file.begin(manifest, { total, base }),
      },
      scripts: () => this.scripting,
      makeClient: () => clients.makeInternal(),
      dropTransaction: (client) => this.transactions.reset(client),
      onUnexpectedError: (command) => this.panicOnError(command),
      countChanges(changes) {
        call.dirty += changes;
      },
      forgetChanges: () => this.rdbSaves.forgetChanges(),
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
      loading: this.dataLoading,
      snapshots: this.snapshots,
      rdbSaves: this.rdbSaves,
      appendOnly: this.appendOnly,
      memory: this.memory,
      pubsub: this.pubsub,
      tracking: this.tracking,
      migration: this.migration,
      scripting: () => this.scripting.counts,
      stats: this.stats,
      expireCycle: this.expireCycle,
      eviction: this.eviction,
      defragmenter: this.defragmenter,
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
      memory: this.eviction,
      scripts: this.scripting,
      disk: this.diskErrors,
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
      onInputGrew: (bytes: number) => this.eviction.noteInput(bytes),
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
      memory: () => this.eviction,
      propagation: this.propagation,
      refusals: new WriteRefusals({
        disk: () => this.diskErrors,
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
    const { clock, config, log, random, snapshots } = this;
    return new DebugForks({
      clock,
      config,
      log,
      snapshots,
      fork: () => {
        const copies = { clock: clock.clone(), config: config.clone() };
        return new Fork(new Server({ ...copies, commands, isFork: true, log, random }));
      },
    });
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
    cron.every(0, () => this.lifecycle.obey());
    cron.every(0, () => this.expireCycle.slow());
    cron.every(0, () => this.snapshots.tend());
    // What a script has changed so far is not to be saved while it is half done.
    cron.every(0, () => {
      if (!this.scripting.isSuspended) this.rdbSaves.tend();
    });
    cron.every(1000, () => this.migration.tend());
    cron.every(0, () => this.tracking.evict());
    cron.every(0, () => this.maintenance.run());
    cron.every(0, () => this.collectionMemory.run());
    cron.every(1000, () => this.defragmenter.check());
    cron.every(SAMPLE_PERIOD_MS, () => {
      this.memory.sample();
      this.eviction.follow();
      this.stats.sample(clock.micros());
    });
    cron.every(1000, () => this.clientPeaks.sample(this.clients.all(), clock.now()));
    cron.every(1000, () => this.clients.closeIdle(config.values.timeout));
    cron.every(0, () => this.clients.tend(config.values.hz));
    cron.every(0, () => this.appendOnly.tend(false));
    cron.every(1000, () => this.appendOnly.tend(true));
  }
}

/** A server that has a debugging session. */
class Fork implements ForkedServer {
  readonly keyspace: Keyspace;

  constructor(private readonly server: Server) {
    this.keyspace = server.keyspace;
  }

  join(stream: Duplex, { db, flags, gate, resp, user }: ClientImpl): void {
    const client = this.server.clients.add(Transport.over(stream), INSIDE)!;
    client.flags |= flags & ClientFlag.ScriptDebug;
    client.gate = gate & ClientGate.Restricted;
    client.authenticated = true;
    client.user = user;
    client.resp = resp;
    client.db = this.keyspace.databases[db.index]!;
  }

  stop(): void {
    void this.server.stop();
  }
}

function defragSettings({ values }: Config): DefragSettings {
  return {
    isOn: values.activedefrag,
    ignoreBytes: values['active-defrag-ignore-bytes'],
    lowerPercent: values['active-defrag-threshold-lower'],
    upperPercent: values['active-defrag-threshold-upper'],
    minEffort: values['active-defrag-cycle-min'],
    maxEffort: values['active-defrag-cycle-max'],
  };
}

/** The version that scripts are told: in words, and as 0x00MMmmpp. */
function scriptVersion(): { text: string; number: number } {
  const [major, minor, patch] = REDIS_VERSION.split('.').map(Number);
  return { text: REDIS_VERSION, number: (major! << 16) | (minor! << 8) | patch! };
}
