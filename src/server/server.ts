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
import { Call } from './api/call.js';
import type { Client } from './api/client.js';
import type { CommandSpec } from './api/command.js';
import type { ServerApi } from './api/server.js';
import { checkPassword, setUser } from './auth.js';
import { Blocking } from './blocking.js';
import { Clients } from './clients.js';
import type { ServerClock } from './clock.js';
import { CommandTableImpl } from './command-table.js';
import type { Config } from './config/config.js';
import { Cron } from './cron.js';
import { type CrashSignal, ServerDebug } from './debug.js';
import { Executor } from './executor.js';
import { followConfig } from './follow-config.js';
import { ClientPeaks } from './info/client-peaks.js';
import type { ListenerFacts } from './info/context.js';
import { Info } from './info/info.js';
import { ServerLifecycle } from './lifecycle.js';
import { Listeners } from './listeners.js';
import type { ServerLog } from './log.js';
import { MemoryTracker } from './memory.js';
import { SAMPLE_PERIOD_MS } from './rate-sampler.js';
import { Stats } from './stats.js';
import { Transactions } from './transactions.js';
import { Transport } from './transport.js';
import { Turn } from './turn.js';
import { Watches } from './watches.js';

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
  /** The commands it has; by default all there are. For tests. */
  commands?: readonly CommandSpec[];
  /** Whether port 0 means "any free port" (library) and not "no TCP" (command line). */
  portZeroIsAny?: boolean;
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
  readonly clients: Clients;
  readonly blocking: Blocking;
  readonly transactions: Transactions;
  readonly listeners: Listeners;
  readonly cron: Cron;
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

  private readonly watches: Watches;
  private readonly clientPeaks = new ClientPeaks();
  private readonly replyWriter: ReplyWriter;
  private readonly call: Call;
  private readonly portZeroIsAny: boolean;
  private readonly onStopped: (exitCode: number) => void;
  private stopping: Promise<void> | undefined;

  constructor(options: ServerOptions) {
    const { config, clock, log } = options;
    this.config = config;
    this.clock = clock;
    this.log = log;
    this.random = options.random ?? Math.random;
    this.portZeroIsAny = options.portZeroIsAny ?? false;
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
    };
    this.turn = new Turn(this.replyWriter, this.stats, clock);
    this.clients = new Clients(clock, () => this.clientsParts);
    this.executor = new Executor({
      clock,
      log,
      commands: this.commands,
      keyspace: this.keyspace,
      reply: this.replyWriter,
      call: this.call,
      stats: this.stats,
      gateState: this.clients,
      onPaused: (client) => this.clients.hold(client),
      onExecRefused: (client) => this.transactions.reset(client),
      onKeysReady: () => this.blocking.serve(),
    });
    this.blocking = new Blocking({
      clock,
      executor: this.executor,
      gateState: this.clients,
      stats: this.stats,
      turn: this.turn,
      failed: (client, error) => this.clients.failed(client, error),
    });
    this.watches = new Watches(this.keyspace, () => clock.now());
    this.transactions = new Transactions({
      call: this.call,
      watches: this.watches,
      run: (client, command, args) => this.executor.runQueued(client, command, args),
    });
    this.clientsParts = this.makeClientsParts();
    this.listeners = new Listeners((transport, peer) => this.clients.add(transport, peer), log);
    this.memory = new MemoryTracker(this.keyspace, () => this.clients.memoryBytes);
    this.lifecycle = new ServerLifecycle({
      log,
      hasSavePoints: () => config.values.save.length > 0,
      stop: () => void this.stop(),
    });
    this.cron = new Cron(clock, () => config.values.hz, this.stats);
    this.expireCycle = new ExpireCycle(this.keyspace, {
      now: () => clock.now(),
      micros: () => clock.micros(),
      hz: () => config.values.hz,
      effort: () => config.values['active-expire-effort'],
      isActive: () => this.debug.activeExpire && !this.keyspace.expiryHeld,
      defer: (go) => setImmediate(go),
    });
    this.turn.beforeSending = () => {
      if (this.executor.keysReady) this.blocking.serve();
      this.clients.runReady();
      this.expireCycle.fast();
    };
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
    this.scheduleTasks();
    followConfig(config, {
      executor: this.executor,
      limits: this.keyspace.limits,
      listenTcp: () => this.listenTcp(),
    });
  }

  private readonly clientsParts: ReturnType<Server['makeClientsParts']>;

  /** The TCP port in use, 0 when there is none. */
  get port(): number {
    return this.listeners.port;
  }

  /**
   * Begins to serve.
   * @throws ListenError when an address can't be listened on; nothing is left open then
   */
  async start(): Promise<void> {
    try {
      await this.listen();
    } catch (error) {
      await this.listeners.close();
      throw error;
    }
    this.cron.start();
  }

  /** Takes a connection that is no socket of its own: for tests and embedding. */
  attach(stream: Duplex): void {
    this.clients.add(Transport.over(stream), {
      addr: 'stream:0',
      laddr: 'stream:0',
      isLocal: true,
      isUnixSocket: false,
    });
  }

  /** Stops listening, ends all connections and frees what is held. */
  stop(exitCode = 0): Promise<void> {
    this.stopping ??= (async () => {
      this.cron.stop();
      const closed = this.listeners.close();
      this.turn.end();
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

  authenticate(user: string, password: Uint8Array): boolean {
    const right = checkPassword(user, password, this.config.values.requirepass ?? '');
    if (!right) this.stats.authFailures++;
    return right;
  }

  setAuthenticated(client: Client, user: string | undefined): void {
    setUser(client, user, this.passwordRequired());
  }

  private passwordRequired(): boolean {
    return (this.config.values.requirepass ?? '') !== '';
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
      listeners: () => this.listenerFacts(),
      shutdownAtMs: () => undefined,
    });
  }

  private listenerFacts(): ListenerFacts[] {
    const { bind, unixsocket } = this.config.values;
    const facts: ListenerFacts[] = [];
    if (this.port !== 0) facts.push({ kind: 'tcp', addresses: bind, port: this.port });
    if (unixsocket) facts.push({ kind: 'unix', addresses: [unixsocket], port: 0 });
    return facts;
  }

  private makeClientsParts() {
    const { config } = this;
    return {
      blocking: this.blocking,
      clock: this.clock,
      executor: this.executor,
      keyspace: this.keyspace,
      sideReply: new ReplyWriter((code) => this.stats.countError(code)),
      transactions: this.transactions,
      turn: this.turn,
      stats: this.stats,
      log: this.log,
      firstDatabase: () => this.keyspace.databases[0]!,
      passwordRequired: () => this.passwordRequired(),
      maxClients: () => config.values.maxclients,
      queryBufferLimit: () => config.values['client-query-buffer-limit'],
    };
  }

  private async listen(): Promise<void> {
    const { values } = this.config;
    await this.listenTcp();
    if (values.unixsocket) {
      await this.listeners.listenUnix({
        path: values.unixsocket,
        mode: values.unixsocketperm,
        backlog: values['tcp-backlog'],
      });
    }
  }

  /** Listens on what `bind` and `port` say now, instead of before. @throws ListenError */
  private listenTcp(): Promise<void> {
    const { values } = this.config;
    if (values.port === 0 && !this.portZeroIsAny) return this.listeners.closeTcp();
    return this.listeners.listenTcp({
      bind: values.bind,
      port: values.port,
      backlog: values['tcp-backlog'],
      keepAliveSeconds: values['tcp-keepalive'],
    });
  }

  private scheduleTasks(): void {
    const { cron, clock, keyspace, config } = this;
    const { call, random } = this;
    cron.every(0, followAccessClock({ call, clock, config, keyspace, random }));
    cron.every(0, () => this.expireCycle.slow());
    const maintenance = new Maintenance(keyspace, {
      micros: () => clock.micros(),
      rehashes: () => config.values.activerehashing,
    });
    cron.every(0, () => maintenance.run());
    cron.every(SAMPLE_PERIOD_MS, () => {
      this.memory.sample();
      this.stats.sample(clock.micros());
    });
    cron.every(1000, () => this.clientPeaks.sample(this.clients.all(), clock.now()));
    cron.every(1000, () => this.clients.closeIdle(config.values.timeout));
    cron.every(0, () => this.clients.tend(config.values.hz));
  }
}
