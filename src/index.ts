/**
 * respd as a library: a server inside your own process, for tests and tools.
 *
 *     import { createServer } from 'respd';
 *     const server = await createServer({ port: 0 });
 *     // … connect any Redis client to server.url …
 *     await server.close();
 *
 * Every server has data, clock and log of its own; a process can hold many.
 */
import type { Duplex } from 'node:stream';
import { AclStartError } from './server/acl/acl.js';
import type { Log } from './server/api/log.js';
import { ManualClock, RealClock } from './server/clock.js';
import { Config } from './server/config/config.js';
import { ConfigError } from './server/config/config-error.js';
import type { DirectiveName, DirectiveOptions } from './server/config/directives.js';
import { nodeFiles } from './server/config/node-files.js';
import { ListenError } from './server/listeners.js';
import { LoadError } from './server/persistence/loading-data.js';
import { Server } from './server/server.js';
import { silentLog } from './server/silent-log.js';
import { TlsConfigError } from './server/tls/pem-files.js';
import { WebFace } from './web/web-face.js';

export type { DirectiveOptions };
export { ConfigError, ListenError, LoadError, TlsConfigError };

export interface CreateServerOptions extends DirectiveOptions {
  /**
   * `'real'` (the default), or `'manual'`: time stands still but for `advance`. Expiry, timeouts and
   * periodic work obey it.
   */
  clock?: 'real' | 'manual';
  /** Unix ms at which a manual clock starts; default: now. */
  startMs?: number;
  /** Numbers in [0, 1), for repeatable runs; default: Math.random. */
  random?: () => number;
  /** Where log lines go; default: nowhere. */
  log?: Pick<Log, 'debug' | 'verbose' | 'notice' | 'warning'>;
  /** Checks every block of memory that is freed; slow, for respd's own tests. */
  debugArena?: boolean;
}

export interface RespdServer {
  /** TCP port, 0 when there is none. */
  readonly port: number;
  /** Port for TLS, 0 when there is none. */
  readonly tlsPort: number;
  /** Port for HTTP (metrics and the page), 0 when there is none. */
  readonly httpPort: number;
  /** `redis://127.0.0.1:<port>` (with the password, if one is set). */
  readonly url: string;
  /**
   * Ends all connections, stops listening, frees everything. With `save` or `appendonly` the data are on
   * disk then.
   * @throws Error when they can't be saved; the server has ended nevertheless
   */
  close(): Promise<void>;
  /** Moves a manual clock on. @throws Error with a real clock */
  advance(ms: number): void;
  /** Connects a stream (such as one end of a pair) as a client. */
  attach(stream: Duplex): void;
}

/** Who names one of these has data in files, or will have: they are loaded at the start. */
const OF_FILES = ['dir', 'dbfilename', 'save', 'appendonly'] as const;
const NOT_SAVED = 'The server has ended, but its data could not be saved: see its log.';
const STOPPED = 'a client has ended the server while its data were loaded';

/**
 * Starts a server. Data that were saved in `dir` are loaded if `dir`, `dbfilename`, `save` or
 * `appendonly` are given, before it resolves; without any of them it is empty.
 * @param options every directive of redis.conf by its name (`maxmemory: '100mb'`), and the above.
 *   `port: 0` (the default) takes a free port; `bind` is 127.0.0.1 by default.
 * @throws ConfigError for an option that is unknown or has a bad value
 * @throws ListenError when the address can't be listened on
 * @throws TlsConfigError when there is a tls-port, and the certificates can't be used
 * @throws LoadError when there are data that can't be loaded
 */
export async function createServer(options: CreateServerOptions = {}): Promise<RespdServer> {
  const { clock: clockKind, startMs, random, log, debugArena, ...directives } = options;
  const files = nodeFiles();
  const config = new Config({ workingDirectory: process.cwd(), directories: files });
  config.initialize('bind', ['127.0.0.1']);
  config.initialize('port', 0);
  config.initialize('save', []);
  for (const [name, value] of Object.entries(directives)) {
    if (value === undefined) continue;
    config.initialize(name as DirectiveName, value as never);
  }
  const manual = clockKind === 'manual' ? new ManualClock(startMs) : undefined;
  const server = new Server({
    config,
    clock: manual ?? new RealClock(),
    log: log === undefined ? silentLog : { ...silentLog, ...bound(log) },
    random,
    debugArena,
    portZeroIsAny:
      directives.port !== undefined || !(directives.unixsocket || directives['tls-port']),
  });
  await server.listen();
  try {
    server.acl.loadAtStart([]);
  } catch (error) {
    await server.stop();
    if (!(error instanceof AclStartError)) throw error;
    throw new ConfigError('BAD_VALUE', error.message, { directive: 'aclfile' });
  }
  const web = new WebFace(server);
  try {
    await web.start();
    const hasFiles = OF_FILES.some((name) => directives[name] !== undefined);
    if (hasFiles && !(await server.load())) throw new LoadError(STOPPED, undefined);
  } catch (error) {
    await web.stop();
    await server.stop();
    throw error;
  }
  server.begin();
  return new RunningServer(server, web, manual);
}

class RunningServer implements RespdServer {
  constructor(
    private readonly server: Server,
    private readonly web: WebFace,
    private readonly manual: ManualClock | undefined,
  ) {}

  get port(): number {
    return this.server.port;
  }

  get tlsPort(): number {
    return this.server.tlsPort;
  }

  get httpPort(): number {
    return this.web.port;
  }

  get url(): string {
    const password = this.server.config.values.requirepass;
    const auth = password ? `:${encodeURIComponent(password)}@` : '';
    return `redis://${auth}127.0.0.1:${this.port}`;
  }

  async close(): Promise<void> {
    await this.web.stop();
    const isSafe = await this.server.lifecycle.end({ now: true, force: false });
    await this.server.stop();
    if (!isSafe) throw new Error(NOT_SAVED);
  }

  advance(ms: number): void {
    if (this.manual === undefined) throw new Error("advance() needs { clock: 'manual' }");
    this.manual.advance(ms);
  }

  attach(stream: Duplex): void {
    this.server.attach(stream);
  }
}

function bound(log: NonNullable<CreateServerOptions['log']>): Log {
  return {
    debug: (message) => log.debug(message),
    verbose: (message) => log.verbose(message),
    notice: (message) => log.notice(message),
    warning: (message) => log.warning(message),
  };
}
