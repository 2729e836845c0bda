/**
 * The server's face to the world: which sockets it listens on, and how a connection becomes a client.
 *
 *     tcp  (port)       ─────────────────────────────────┐
 *     unix (unixsocket) ─────────────────────────────────┼─> door ──> clients
 *     tls  (tls-port)   ──> door ──> handshake ──────────┘
 *
 * It follows the configuration: CONFIG SET of `port`, `tls-port` or `bind` moves the sockets,
 * CONFIG SET of anything about certificates reloads them, and connections that are there stay.
 * Whatever can't be done is refused, and what was before goes on.
 */
import type { Socket } from 'node:net';
import type { Log } from './api/log.js';
import type { Peer } from './clients.js';
import type { ServerClock } from './clock.js';
import type { ChangeHook, Config } from './config/config.js';
import type { DirectiveName } from './config/directives.js';
import type { Door } from './door.js';
import type { ListenerFacts } from './info/context.js';
import {
  type AcceptOptions,
  type ListenerKind,
  PortListener,
  peerOf,
  UnixListener,
} from './listeners.js';
import { maxClientsRefusal } from './open-files.js';
import type { Stats } from './stats.js';
import { TlsAcceptor } from './tls/acceptor.js';
import { TlsConfigError } from './tls/pem-files.js';
import { newReadBuffer, Transport } from './transport.js';

export interface NetworkParts {
  readonly config: Config;
  readonly clock: ServerClock;
  readonly door: Door;
  readonly log: Log;
  readonly stats: Stats;
  /** Whether port 0 means "any free port" (library) and not "no TCP" (command line). */
  readonly portZeroIsAny: boolean;
  onConnection(transport: Transport, peer: Peer): void;
}

/** Directives that a reload of certificates reads. */
const TLS_DIRECTIVES: readonly DirectiveName[] = [
  'tls-cert-file',
  'tls-key-file',
  'tls-key-file-pass',
  'tls-client-cert-file',
  'tls-client-key-file',
  'tls-client-key-file-pass',
  'tls-dh-params-file',
  'tls-ca-cert-file',
  'tls-ca-cert-dir',
  'tls-replication',
  'tls-cluster',
  'tls-protocols',
  'tls-ciphers',
  'tls-ciphersuites',
  'tls-prefer-server-ciphers',
  'tls-session-caching',
  'tls-session-cache-size',
  'tls-session-cache-timeout',
];
const PORT_FAILURE = 'Unable to listen on this port. Check server logs.';
const TLS_FAILURE = 'Unable to update TLS configuration. Check server logs.';

export class Network {
  private readonly tcp: PortListener;
  private readonly tls: PortListener;
  private readonly unix: UnixListener;
  private readonly acceptor: TlsAcceptor;
  /** Shared by all connections whose bytes come by their descriptor. */
  private readonly readBuffer = newReadBuffer();

  constructor(private readonly parts: NetworkParts) {
    const { clock, config, log, stats } = parts;
    const accept = (kind: ListenerKind, onSocket: (socket: Socket) => void): AcceptOptions => ({
      kind,
      log,
      onSocket,
    });
    this.tcp = new PortListener(accept('tcp', (socket) => this.accepted(socket)));
    this.tls = new PortListener(accept('tls', (socket) => this.acceptedTls(socket)));
    this.unix = new UnixListener(accept('unix', (socket) => this.accepted(socket)));
    this.acceptor = new TlsAcceptor({
      clock,
      log,
      onConnection: parts.onConnection,
      onFailed: () => {
        stats.tlsHandshakesFailed++;
      },
    });
    this.followConfig(config);
  }

  /** The port for clear text, 0 when there is none. */
  get port(): number {
    return this.tcp.port;
  }

  /** The port for TLS, 0 when there is none. */
  get tlsPort(): number {
    return this.tls.port;
  }

  /** Connections that are clients once their handshake is done. */
  get handshakes(): number {
    return this.acceptor.pending;
  }

  /** Where it listens now, in INFO's order. */
  listeners(): ListenerFacts[] {
    const facts: ListenerFacts[] = [];
    const { tcp, unix, tls } = this;
    if (tcp.port !== 0) facts.push({ kind: 'tcp', addresses: tcp.addresses, port: tcp.port });
    if (unix.path !== undefined) facts.push({ kind: 'unix', addresses: [unix.path], port: 0 });
    if (tls.port !== 0) facts.push({ kind: 'tls', addresses: tls.addresses, port: tls.port });
    return facts;
  }

  /**
   * Begins to listen.
   * @throws ListenError, or TlsConfigError; nothing is left open then
   */
  async open(): Promise<void> {
    const { values } = this.parts.config;
    try {
      if (this.usesTls()) this.acceptor.configure(values);
      await this.listenTcp();
      if (values.unixsocket) {
        await this.unix.listen({
          path: values.unixsocket,
          mode: values.unixsocketperm,
          backlog: values['tcp-backlog'],
        });
      }
      await this.listenTls();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Stops listening; connections stay. */
  async close(): Promise<void> {
    this.acceptor.close();
    await Promise.all([this.tcp.close(), this.tls.close(), this.unix.close()]);
  }

  // ---- connections

  private accepted(socket: Socket): void {
    this.keepAlive(socket);
    const peer = peerOf(socket, this.unix.path);
    this.parts.onConnection(Transport.accept(socket, this.readBuffer), peer);
  }

  /** A place is taken before the handshake: without one, there is nobody to talk to yet. */
  private acceptedTls(socket: Socket): void {
    const { door, stats } = this.parts;
    const peer = peerOf(socket);
    if (door.isFull) {
      stats.connectionsRejected++;
      socket.destroy();
      return;
    }
    this.keepAlive(socket);
    this.acceptor.accept(socket, peer);
  }

  private keepAlive(socket: Socket): void {
    const seconds = this.parts.config.values['tcp-keepalive'];
    if (seconds > 0) socket.setKeepAlive(true, seconds * 1000);
  }

  // ---- configuration

  private followConfig(config: Config): void {
    const { values } = config;
    const onListening = (name: DirectiveName, hook: ChangeHook) =>
      config.onChange([name], hook, true);
    onListening('port', () => this.attempt(PORT_FAILURE, () => this.listenTcp()));
    onListening('tls-port', () => {
      // As in Redis: certificates that nobody needed so far are read now.
      if (!this.acceptor.isConfigured && !this.configured()) return TLS_FAILURE;
      return this.attempt(PORT_FAILURE, () => this.listenTls());
    });
    onListening('bind', () =>
      this.attempt('Failed to bind to specified addresses.', async () => {
        await this.listenTcp();
        await this.listenTls();
      }),
    );
    config.onChange(TLS_DIRECTIVES, () => {
      if (this.usesTls()) return this.configured() ? undefined : TLS_FAILURE;
      this.acceptor.forget();
      return undefined;
    });
    config.onChange(['tls-auth-clients'], () => {
      this.acceptor.followClientAuth(values);
      return undefined;
    });
    config.onChange(['maxclients'], () => maxClientsRefusal(values.maxclients));
  }

  private usesTls(): boolean {
    const { values } = this.parts.config;
    return values['tls-port'] !== 0 || values['tls-replication'] || values['tls-cluster'];
  }

  /** Reads all certificates anew. @returns whether they can be used; if not, the log says why */
  private configured(): boolean {
    try {
      this.acceptor.configure(this.parts.config.values);
      return true;
    } catch (error) {
      if (!(error instanceof TlsConfigError)) throw error;
      this.parts.log.warning(error.message);
      return false;
    }
  }

  /** Listens on what `bind` and `port` say now. @throws ListenError */
  private listenTcp(): Promise<void> {
    const { bind, port } = this.parts.config.values;
    if (port === 0 && !this.parts.portZeroIsAny) return this.tcp.close();
    return this.tcp.listen({ bind, port, backlog: this.backlog });
  }

  /** Listens on what `bind` and `tls-port` say now. @throws ListenError */
  private listenTls(): Promise<void> {
    const { bind, 'tls-port': port } = this.parts.config.values;
    return port === 0 ? this.tls.close() : this.tls.listen({ bind, port, backlog: this.backlog });
  }

  private get backlog(): number {
    return this.parts.config.values['tcp-backlog'];
  }

  /** @returns `failure` if it can't be done */
  private async attempt(failure: string, action: () => Promise<void>): Promise<string | undefined> {
    try {
      await action();
      return undefined;
    } catch {
      return failure;
    }
  }
}
