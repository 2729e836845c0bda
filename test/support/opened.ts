/**
 * What a test opens is closed when it is over, the last first: servers, their clients, folders.
 *
 *     const opened = new Opened();
 *     test('…', async () => {
 *       const server = await opened.server({ maxclients: 50 });
 *       const client = await opened.client(server);
 *       …                                                   // nothing to clean up
 *     });
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis, type RedisOptions } from 'ioredis';
import { afterEach } from 'vitest';
import { type CreateServerOptions, createServer, type RespdServer } from '../../src/index.js';
import { RespClient } from './resp-client.js';
import type { ServerProcess } from './server-process.js';

export class Opened {
  private readonly open: { close(): unknown }[] = [];

  /** To be made where tests are declared: at the top of a file, or of a `describe`. */
  constructor() {
    afterEach(async () => {
      for (const one of this.open.splice(0).reverse()) await one.close();
    });
  }

  /** Has something closed with the rest. */
  keep<T extends { close(): unknown }>(one: T): T {
    this.open.push(one);
    return one;
  }

  /** Closes what was opened last: now. */
  async closeLast(): Promise<void> {
    await this.open.pop()?.close();
  }

  /** A server in this process. */
  async server(options: CreateServerOptions = {}): Promise<RespdServer> {
    return this.keep(await createServer({ debugArena: true, ...options }));
  }

  /** A client that shows each byte. */
  async client({ port }: { readonly port: number }, host?: string): Promise<RespClient> {
    return this.keep(await RespClient.connect(port, host));
  }

  /** A client as programs have it; a connection that was lost stays lost. */
  redis({ url }: { readonly url: string }, options: RedisOptions = {}): Redis {
    const redis = new Redis(url, { retryStrategy: null, ...options });
    redis.on('error', () => {});
    this.keep({ close: () => redis.disconnect() });
    return redis;
  }

  /** An empty folder. */
  folder(): string {
    const path = mkdtempSync(join(tmpdir(), 'respd-test-'));
    this.keep({ close: () => rmSync(path, { recursive: true, force: true }) });
    return path;
  }

  /** Waits until a server of its own process serves. */
  async process(server: ServerProcess): Promise<[RespClient, ServerProcess]> {
    this.keep({ close: () => server.kill() });
    await server.ready();
    return [await server.connect(), server];
  }
}
