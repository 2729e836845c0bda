/**
 * Sockets that listen: a TCP port on each `bind` address (one for clear text, one for TLS), and a
 * Unix socket. What becomes of an accepted connection is the network's business (network.ts).
 */
import { chmodSync, unlinkSync } from 'node:fs';
import { type AddressInfo, createServer, isIPv6, type Server, type Socket } from 'node:net';
import { systemErrorText } from '../text/system-error.js';
import type { Log } from './api/log.js';
import { isLoopback, type Peer } from './clients.js';

/** As INFO and the log call them. */
export type ListenerKind = 'tcp' | 'tls' | 'unix';

export interface ListenOptions {
  /** As in `bind`: a leading `-` makes an address optional, `*` is all of a family. */
  bind: readonly string[];
  /** 0: any free one. */
  port: number;
  backlog: number;
}

export interface UnixOptions {
  path: string;
  /** File mode, 0 for the default. */
  mode: number;
  backlog: number;
}

/** How accepted connections are handed over. */
export interface AcceptOptions {
  readonly kind: ListenerKind;
  readonly log: Log;
  onSocket(socket: Socket): void;
}

/** An address can't be listened on. */
export class ListenError extends Error {
  constructor(
    readonly address: string,
    readonly reason: string,
    readonly kind: ListenerKind | 'http',
  ) {
    super(`Failed listening on ${address}: ${reason}`);
    this.name = 'ListenError';
  }
}

export class PortListener {
  /** The port in use (the one the system chose, where any was asked for); 0: none. */
  port = 0;
  /** The addresses in use, as `bind` has them. */
  addresses: readonly string[] = [];
  private servers: Server[] = [];

  constructor(private readonly accept: AcceptOptions) {}

  /**
   * Listens on these addresses instead of the present ones, which are kept if that fails (unless it
   * is the same port: that can't be had twice, so the old ones go first).
   * @throws ListenError
   */
  async listen(options: ListenOptions): Promise<void> {
    if (options.port !== 0 && options.port === this.port) await this.close();
    const servers: Server[] = [];
    const addresses: string[] = [];
    let { port } = options;
    for (const entry of options.bind) {
      try {
        const server = await this.open(entry, port, options.backlog);
        if (server === undefined) continue;
        port = (server.address() as AddressInfo).port;
        servers.push(server);
        addresses.push(entry);
      } catch (error) {
        await Promise.all(servers.map(closeServer));
        throw error;
      }
    }
    await this.close();
    this.servers = servers;
    this.addresses = addresses;
    this.port = servers.length > 0 ? port : 0;
  }

  async close(): Promise<void> {
    const { servers } = this;
    this.servers = [];
    this.addresses = [];
    this.port = 0;
    await Promise.all(servers.map(closeServer));
  }

  /** Listens on one address; undefined: this machine lacks it, and may. @throws ListenError */
  private async open(entry: string, port: number, backlog: number): Promise<Server | undefined> {
    const isOptional = entry.startsWith('-');
    const address = isOptional ? entry.slice(1) : entry;
    const host = address === '*' ? '0.0.0.0' : address === '::*' ? '::' : address;
    const server = newServer(this.accept);
    try {
      await listen(server, this.accept.log, { host, port, backlog, ipv6Only: isIPv6(host) });
      return server;
    } catch (error) {
      const reason = bindFailure(error);
      const { log, kind } = this.accept;
      log.warning(
        `Warning: Could not create server TCP listening socket ${address}:${port}: ${reason}`,
      );
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EADDRNOTAVAIL' && isOptional) return undefined;
      if (code === 'EAFNOSUPPORT' || code === 'EPROTONOSUPPORT') return undefined;
      throw new ListenError(`${address}:${port}`, reason, kind);
    }
  }
}

export class UnixListener {
  /** The socket's path, undefined while it doesn't listen. */
  path: string | undefined = undefined;
  private server: Server | undefined;

  constructor(private readonly accept: AcceptOptions) {}

  /** @throws ListenError */
  async listen(options: UnixOptions): Promise<void> {
    removeSocket(options.path);
    const server = newServer(this.accept);
    try {
      await listen(server, this.accept.log, { path: options.path, backlog: options.backlog });
    } catch (error) {
      throw new ListenError(options.path, bindFailure(error), 'unix');
    }
    if (options.mode !== 0) chmodSync(options.path, options.mode);
    this.server = server;
    this.path = options.path;
  }

  /** Stops listening; connections stay. */
  async close(): Promise<void> {
    const { server, path } = this;
    if (server === undefined || path === undefined) return;
    this.server = undefined;
    this.path = undefined;
    await closeServer(server);
    removeSocket(path);
  }
}

/** Who is at the other end of an accepted connection. @param unixPath of the socket it came by */
export function peerOf(socket: Socket, unixPath = ''): Peer {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  if (remoteAddress === undefined) {
    const addr = `${unixPath}:0`;
    return { addr, laddr: addr, isLocal: true, isUnixSocket: true };
  }
  return {
    addr: hostPort(remoteAddress, remotePort!),
    laddr: hostPort(localAddress!, localPort!),
    isLocal: isLoopback(remoteAddress),
    isUnixSocket: false,
  };
}

export function hostPort(host: string, port: number): string {
  const plain = host.startsWith('::ffff:') ? host.slice(7) : host;
  return plain.includes(':') ? `[${plain}]:${port}` : `${plain}:${port}`;
}

function newServer({ kind, onSocket }: AcceptOptions): Server {
  // A handshake begins by itself, and a peer that ends its side meanwhile is gone.
  const isClear = kind !== 'tls';
  const options = { pauseOnConnect: isClear, allowHalfOpen: isClear, noDelay: true };
  return createServer(options, onSocket);
}

/** Has a server listen. Later, a connection that can't be accepted is a line in the log. */
function listen(server: Server, log: Log, options: object): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.off('error', reject);
      server.on('error', (error) => {
        log.warning(`Accepting client connection: accept: ${systemErrorText(error)}`);
      });
      resolve();
    });
  });
}

/** Connections that were taken over are not counted by the server any more: 'close' may not come. */
function closeServer(server: Server): Promise<void> {
  server.close();
  return new Promise((resolve) => setImmediate(resolve));
}

function removeSocket(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It was not there.
  }
}

function bindFailure(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOTFOUND' ? systemErrorText(error) : `bind: ${systemErrorText(error)}`;
}
