/**
 * Handshakes: from an accepted TCP connection to one whose bytes are clear.
 *
 *     raw socket ──accept──> tls.Server ──secureConnection──> Transport (public events)
 *                                       └─tlsClientError────> one line in the log
 *
 * The tls.Server listens nowhere; it is handed connections. To reload certificates is to make
 * another one: handshakes under way end with the old one, connections know nothing of either, and
 * tickets of the old one are worth nothing to the new one, so a client can't resume a session that
 * was made under rules that no longer hold.
 *
 * Until its handshake is done, a connection is no client: it takes a place (see Door), and nothing
 * else. It has HANDSHAKE_LIMIT_MS for it.
 */
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls';
import type { Clock, TimerHandle } from '../api/clock.js';
import type { Log } from '../api/log.js';
import type { Peer } from '../clients.js';
import type { DirectiveValues } from '../config/directives.js';
import { descriptorOf, Transport } from '../transport.js';
import { errorWords, TlsConfigError } from './pem-files.js';
import { SessionCache } from './session-cache.js';
import { clientAuth, serverOptions } from './settings.js';

/** Longer than the slowest honest client takes; how long a silent one may hold its place. */
const HANDSHAKE_LIMIT_MS = 30_000;
const UNEXPECTED_EOF = 'error:0A000126:SSL routines::unexpected eof while reading';

export interface AcceptorParts {
  readonly clock: Clock;
  readonly log: Log;
  onConnection(transport: Transport, peer: Peer): void;
  /** A handshake has failed. */
  onFailed(): void;
}

/** A connection whose handshake is under way. */
interface Handshake {
  readonly peer: Peer;
  readonly fd: number;
  readonly limit: TimerHandle;
}

export class TlsAcceptor {
  private options: TlsOptions | undefined;
  private server: Server | undefined;
  private readonly handshakes = new Map<Socket, Handshake>();

  constructor(private readonly parts: AcceptorParts) {}

  get isConfigured(): boolean {
    return this.options !== undefined;
  }

  /** How many handshakes are under way. */
  get pending(): number {
    return this.handshakes.size;
  }

  /**
   * Takes over new certificates and rules for the connections to come.
   * @throws TlsConfigError and keeps the old ones
   */
  configure(values: DirectiveValues): void {
    const options = serverOptions(values);
    try {
      this.renew(options, values);
    } catch (error) {
      throw new TlsConfigError(`Failed to configure TLS: ${errorWords(error)}`);
    }
    this.options = options;
  }

  /** Asks the clients to come for certificates as `tls-auth-clients` says now; reads no file. */
  followClientAuth(values: DirectiveValues): void {
    if (this.options !== undefined) this.renew(this.options, values);
  }

  private renew(options: TlsOptions, values: DirectiveValues): void {
    const server = createServer({ ...options, ...clientAuth(values) });
    server.on('secureConnection', (socket) => this.established(socket));
    server.on('tlsClientError', (error, socket) => this.failed(socket, error));
    if (values['tls-session-caching']) this.keepSessions(server, values);
    this.server = server;
  }

  /** Nobody needs certificates any more: they are read anew before the next use. */
  forget(): void {
    this.options = undefined;
    this.server = undefined;
  }

  private keepSessions(server: Server, values: DirectiveValues): void {
    const cache = new SessionCache(
      this.parts.clock,
      values['tls-session-cache-size'],
      values['tls-session-cache-timeout'] * 1000,
    );
    server.on('newSession', (id, bytes, done) => {
      cache.add(id, bytes);
      done();
    });
    server.on('resumeSession', (id, done) => done(null, cache.find(id) ?? null));
  }

  /** Begins the handshake of a connection. */
  accept(raw: Socket, peer: Peer): void {
    const { clock } = this.parts;
    if (this.server === undefined) {
      raw.destroy(); // the port is about to be closed
      return;
    }
    const limit = clock.setTimer(() => {
      this.report(raw, 'Connection timed out');
      raw.destroy();
    }, HANDSHAKE_LIMIT_MS);
    this.handshakes.set(raw, { peer, fd: descriptorOf(raw), limit });
    raw.on('error', () => raw.destroy());
    // The server may have more to say of it.
    raw.on('close', () => setImmediate(() => this.report(raw, UNEXPECTED_EOF)));
    this.server.emit('connection', raw);
  }

  /** Ends the handshakes that are under way. */
  close(): void {
    for (const raw of [...this.handshakes.keys()]) {
      this.take(raw);
      raw.destroy();
    }
  }

  private established(socket: TLSSocket): void {
    // `optional`: nobody has to show a certificate, but one that is shown has to be good.
    if (!socket.authorized && socket.getPeerX509Certificate() !== undefined) {
      this.failed(socket, undefined);
      socket.destroy();
      return;
    }
    const handshake = this.take(rawSocket(socket));
    if (handshake === undefined) {
      socket.destroy();
      return;
    }
    // Whoever ends its side during the handshake is gone; later, it may still read.
    socket.allowHalfOpen = true;
    this.parts.onConnection(Transport.over(socket, handshake.fd), handshake.peer);
  }

  private failed(socket: TLSSocket, error: Error | undefined): void {
    this.report(rawSocket(socket), failureWords(socket, error));
  }

  /** Writes one line for a handshake that has failed. */
  private report(raw: Socket, words: string): void {
    const handshake = this.take(raw);
    if (handshake === undefined) return;
    const { addr, laddr } = handshake.peer;
    this.parts.onFailed();
    this.parts.log.warning(
      `Error accepting a client connection: ${words} (addr=${addr} laddr=${laddr})`,
    );
  }

  /** The connection's handshake, which is over one way or the other. */
  private take(raw: Socket): Handshake | undefined {
    const handshake = this.handshakes.get(raw);
    if (handshake === undefined) return undefined;
    this.handshakes.delete(raw);
    this.parts.clock.clearTimer(handshake.limit);
    return handshake;
  }
}

/** The connection below; Node has no public name for it. */
function rawSocket(socket: TLSSocket): Socket {
  return (socket as unknown as { _parent: Socket })._parent;
}

/** OpenSSL's words, also where Node has others: a bad certificate, and a peer that went away. */
function failureWords(socket: TLSSocket, error: Error | undefined): string {
  if (socket.authorizationError) return 'error:0A000086:SSL routines::certificate verify failed';
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ECONNRESET') {
    return UNEXPECTED_EOF;
  }
  return errorWords(error);
}
