/**
 * Has the web face follow `http-port` and `http-bind`. Its code is loaded when there is a port to
 * listen on for the first time: who doesn't use it starts no later for it.
 */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { isLoopback } from '../server/clients.js';
import { hostPort, ListenError } from '../server/listeners.js';
import type { Server } from '../server/server.js';
import type { WebServer } from './web-server.js';

export class WebFace {
  private web: WebServer | undefined;

  constructor(private readonly server: Server) {
    server.config.onChange(['http-port', 'http-bind'], () => this.restart(), true);
  }

  /** The port in use, 0 when there is none. */
  get port(): number {
    return this.web?.port ?? 0;
  }

  /** Listens, if there is a port to listen on. @throws ListenError when that can't be had */
  async start(): Promise<void> {
    const port = this.server.config.values['http-port'];
    if (port === 0) return;
    const { WebServer } = await import('./web-server.js');
    this.web ??= new WebServer(this.server, (stream, client) => this.attach(stream, client));
    try {
      await this.web.start();
    } catch (error) {
      throw new ListenError(`port ${port}`, (error as Error).message, 'http');
    }
  }

  async stop(): Promise<void> {
    await this.web?.stop();
  }

  /** To the server, such a connection comes from where the HTTP client is. */
  private attach(stream: Duplex, client: Socket): void {
    const { remoteAddress = '', remotePort = 0, localAddress = '', localPort = 0 } = client;
    this.server.attach(stream, {
      addr: hostPort(remoteAddress, remotePort),
      laddr: hostPort(localAddress, localPort),
      isLocal: isLoopback(remoteAddress),
      isUnixSocket: false,
    });
  }

  /** @returns what is wrong with the new address, in words for CONFIG SET */
  private async restart(): Promise<string | undefined> {
    try {
      await this.stop();
      await this.start();
      return undefined;
    } catch (error) {
      const reason = error instanceof ListenError ? error.reason : (error as Error).message;
      return `Can't listen for HTTP: ${reason}`;
    }
  }
}
