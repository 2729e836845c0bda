/**
 * Where the server listens: TCP on each `bind` address, and a Unix socket.
 */
import { chmodSync, unlinkSync } from 'node:fs';
import { type AddressInfo, createServer, isIPv6, type Server, type Socket } from 'node:net';
import type { Log } from './api/log.js';
import { isLoopback, type Peer } from './clients.js';
import { newReadBuffer, Transport } from './transport.js';

export interface ListenOptions {
  /** As in `bind`: a leading `-` makes an address optional, `*` is all of a family. */
  bind: readonly string[];
  port: number;
  backlog: number;
  /** Seconds; 0: no TCP keepalive. */
  keepAliveSeconds: number;
}

export interface UnixOptions {
  path: string;
  /** File mode, 0 for the default. */
  mode: number;
  backlog: number;
}

/** An address can't be listened on. */
export class ListenError extends Error {
  constructor(
    readonly address: string,
    readonly reason: string,
    readonly isUnix = false,
  ) {
    super(`Failed listening on ${address}: ${reason}`);
    this.name = 'ListenError';
  }
}

export class Listeners {
  /** The TCP port in use (with `--port 0` the one the system chose); 0 when there is none. */
  port = 0;
  private tcp: Server[] = [];
  private unix: { server: Server; path: string } | undefined;
  private readonly readBuffer = newReadBuffer();

  constructor(
    private readonly onConnection: (transport: Transport, peer: Peer) => void,
    private readonly log: Log,
  ) {}

  /**
   * Listens on these addresses instead of the present ones, which are kept if that fails.
   * @throws ListenError
   */
  async listenTcp(options: ListenOptions): Promise<void> {
    const before = this.tcp;
    const portBefore = this.port;
    // The same port on the same addresses can't be had twice: the old ones go first.
    const samePort = options.port !== 0 && options.port === portBefore;
    if (samePort) await Promise.all(before.map(closeServer));
    const added: Server[] = [];
    let port = options.port;
    try {
      for (const entry of options.bind) {
        const optional = entry.startsWith('-');
        const address = optional ? entry.slice(1) : entry;
        try {
          const server = await this.listenOne(address, port, options);
          port = (server.address() as AddressInfo).port;
          added.push(server);
        } catch (error) {
          const { code, message } = error as NodeJS.ErrnoException;
          const unavailable = code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT';
          this.log.warning(
            `Warning: Could not create server TCP listening socket ${address}:${port}: ${reason(code, message)}`,
          );
          if (optional && unavailable) continue;
          throw new ListenError(`${address}:${port}`, reason(code, message));
        }
      }
    } catch (error) {
      await Promise.all(added.map(closeServer));
      throw error;
    }
    if (!samePort) await Promise.all(before.map(closeServer));
    this.tcp = added;
    this.port = added.length > 0 ? port : 0;
  }

  async closeTcp(): Promise<void> {
    await Promise.all(this.tcp.map(closeServer));
    this.tcp = [];
    this.port = 0;
  }

  /** @throws ListenError */
  async listenUnix(options: UnixOptions): Promise<void> {
    removeSocket(options.path);
    const server = this.newServer(0);
    try {
      await listen(server, { path: options.path, backlog: options.backlog });
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      throw new ListenError(options.path, reason(code, message), true);
    }
    if (options.mode !== 0) chmodSync(options.path, options.mode);
    this.unix = { server, path: options.path };
  }

  /** Stops listening; connections stay. */
  async close(): Promise<void> {
    await this.closeTcp();
    if (this.unix === undefined) return;
    await closeServer(this.unix.server);
    removeSocket(this.unix.path);
    this.unix = undefined;
  }

  private async listenOne(address: string, port: number, options: ListenOptions): Promise<Server> {
    const server = this.newServer(options.keepAliveSeconds);
    const host = address === '*' ? '0.0.0.0' : address === '::*' ? '::' : address;
    await listen(server, { host, port, backlog: options.backlog, ipv6Only: isIPv6(host) });
    return server;
  }

  private newServer(keepAliveSeconds: number): Server {
    return createServer(
      {
        pauseOnConnect: true,
        allowHalfOpen: true,
        noDelay: true,
        keepAlive: keepAliveSeconds > 0,
        keepAliveInitialDelay: keepAliveSeconds * 1000,
      },
      (socket) => this.accepted(socket),
    );
  }

  private accepted(socket: Socket): void {
    const peer = peerOf(socket, this.unix?.path ?? '');
    const transport = Transport.accept(socket, this.readBuffer);
    this.onConnection(transport, peer);
  }
}

function peerOf(socket: Socket, unixPath: string): Peer {
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

function hostPort(host: string, port: number): string {
  const plain = host.startsWith('::ffff:') ? host.slice(7) : host;
  return plain.includes(':') ? `[${plain}]:${port}` : `${plain}:${port}`;
}

function listen(server: Server, options: object): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.off('error', reject);
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

/** The system's words, as C's strerror has them. */
function reason(code: string | undefined, message: string): string {
  const known: Record<string, string> = {
    EADDRINUSE: 'bind: Address already in use',
    EADDRNOTAVAIL: 'bind: Cannot assign requested address',
    EACCES: 'bind: Permission denied',
    ENOENT: 'bind: No such file or directory',
    ENOTFOUND: 'Name or service not known',
  };
  return known[code ?? ''] ?? message;
}
