/**
 * The web face (`http-port`): `/metrics` for Prometheus, `/health`, and a page that shows a person
 * what the server is doing.
 *
 *     browser ──HTTP──> session ──RESP, as its user──> server
 *
 * It is off unless a port is set, listens on loopback unless told otherwise, and reads only. A user
 * who needs a password logs in on the page, and names it in HTTP's Basic scheme for /metrics.
 */
import { readFileSync } from 'node:fs';
import {
  createServer,
  type Server as HttpListener,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import xxhash from 'xxhashjs';
import type { Server } from '../server/server.js';
import { ENDPOINTS } from './api.js';
import { History } from './history.js';
import {
  basicCredentials,
  HttpError,
  isForeign,
  isOwnName,
  readJson,
  send,
  sendJson,
} from './http.js';
import { CommandError } from './link.js';
import { scrape } from './metrics.js';
import { type Session, Sessions } from './sessions.js';

const LOGIN_MAX_BYTES = 4096;
/** After a wrong password, so that guessing takes long. */
const LOGIN_PENALTY_MS = 500;
const HEADERS_TIMEOUT_MS = 10_000;

/** The page's files, beside this one (and, in the package, beside the bundle). */
const FILES: Readonly<Record<string, readonly [file: string, contentType: string]>> = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/style.css': ['style.css', 'text/css; charset=utf-8'],
  '/app.js': ['app.js', 'text/javascript; charset=utf-8'],
  '/charts.js': ['charts.js', 'text/javascript; charset=utf-8'],
  '/dom.js': ['dom.js', 'text/javascript; charset=utf-8'],
  '/format.js': ['format.js', 'text/javascript; charset=utf-8'],
  '/keys.js': ['keys.js', 'text/javascript; charset=utf-8'],
  '/icon.svg': ['icon.svg', 'image/svg+xml'],
};

/** The HTTP status that says best what an error reply says. */
const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  NOAUTH: 401,
  WRONGPASS: 401,
  NOPERM: 403,
  DENIED: 403,
  LOADING: 503,
  CLOSED: 503,
};

export class WebServer {
  private listeners: HttpListener[] = [];
  private readonly history: History;
  private readonly sessions: Sessions;

  /** @param attach gives the server a connection that serves this HTTP client */
  constructor(
    private readonly server: Server,
    attach: (stream: Duplex, client: Socket) => void,
  ) {
    const { clock, info, stats } = server;
    this.history = new History({
      now: () => clock.now(),
      info: (sections) => info.render(sections),
      commandUsec: () => stats.commandMicros,
    });
    this.sessions = new Sessions({
      now: () => clock.now(),
      attach: (stream, { socket }) => attach(stream, socket),
    });
  }

  /** The port in use, 0 when there is none. */
  get port(): number {
    const address = this.listeners[0]?.address() as AddressInfo | null | undefined;
    return address?.port ?? 0;
  }

  /** Listens, if there is a port to listen on. @throws Error when that can't be had */
  async start(): Promise<void> {
    const { values } = this.server.config;
    const port = values['http-port'];
    if (port === 0) return;
    const hosts = values['http-bind'];
    try {
      for (const host of hosts) await this.listen(host, port);
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.history.start();
    this.server.log.notice(`Ready to show metrics and a page on http://${urlHost(hosts)}:${port}/`);
  }

  async stop(): Promise<void> {
    this.history.stop();
    this.sessions.endAll();
    const closing = this.listeners;
    this.listeners = [];
    await Promise.all(
      closing.map((listener) => {
        const closed = new Promise<void>((resolve) => listener.close(() => resolve()));
        listener.closeAllConnections();
        return closed;
      }),
    );
  }

  private async listen(entry: string, port: number): Promise<void> {
    const isOptional = entry.startsWith('-');
    const host = isOptional ? entry.slice(1) : entry;
    const listener = createServer({ headersTimeout: HEADERS_TIMEOUT_MS }, (request, response) => {
      this.answer(request, response).catch((error) => this.fail(response, error));
    });
    try {
      await new Promise<void>((resolve, reject) => {
        listener.once('error', reject);
        listener.listen({ host: host === '*' ? '0.0.0.0' : host, port }, () => resolve());
      });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (isOptional && (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT')) return;
      throw error;
    }
    this.listeners.push(listener);
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    if (pathname === '/health') return this.health(response);
    if (!isOwnName(request.headers.host)) {
      throw new HttpError(421, 'Call this server by localhost, its address or its own name.');
    }
    const isPost = request.method === 'POST';
    if (!isPost && request.method !== 'GET' && request.method !== 'HEAD') {
      throw new HttpError(405, 'Only GET and POST are known here.', { Allow: 'GET, HEAD, POST' });
    }
    if (isPost && isForeign(request)) throw new HttpError(403, 'Not from another site.');
    if (isPost && pathname === '/api/login') return this.login(request, response);
    if (isPost && pathname === '/api/logout') return this.logout(request, response);
    if (isPost) throw new HttpError(404, 'There is nothing here to post to.');
    if (pathname === '/metrics') return this.metrics(request, response);
    if (pathname.startsWith('/api/')) {
      return this.callApi(pathname.slice('/api/'.length), searchParams, request, response);
    }
    const file = FILES[pathname];
    if (file === undefined) throw new HttpError(404, 'There is no such page.');
    this.sendFile(request, response, ...file);
  }

  /** A file of the page; a browser that has it as it is keeps it. */
  private sendFile(
    request: IncomingMessage,
    response: ServerResponse,
    name: string,
    contentType: string,
  ): void {
    const content = readFileSync(new URL(`./page/${name}`, import.meta.url));
    const tag = `"${xxhash.h32(content, 0).toString(16)}"`;
    const headers = { ETag: tag, 'Cache-Control': 'no-cache' };
    if (request.headers['if-none-match'] === tag) response.writeHead(304, headers).end();
    else send(response, 200, contentType, content, headers);
  }

  /** For load balancers and orchestrators: whether the server serves. */
  private health(response: ServerResponse): void {
    sendJson(response, 200, { status: 'ok' });
  }

  private async metrics(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const link = this.sessions.connect(request);
    try {
      const credentials = basicCredentials(request);
      if (credentials !== undefined) await link.command('AUTH', ...credentials);
      const { text, contentType } = await scrape(link);
      send(response, 200, contentType, text);
    } catch (error) {
      if (error instanceof CommandError && STATUS_OF_CODE[error.code] === 401) {
        throw new HttpError(401, error.message, { 'WWW-Authenticate': 'Basic realm="respd"' });
      }
      throw error;
    } finally {
      link.close();
    }
  }

  private async callApi(
    name: string,
    query: URLSearchParams,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const endpoint = Object.hasOwn(ENDPOINTS, name) ? ENDPOINTS[name] : undefined;
    if (endpoint === undefined && name !== 'session') throw new HttpError(404, 'No such question.');
    const known = this.sessions.find(request);
    const session = known ?? this.sessions.begin(request);
    const headers: Record<string, string> = {};
    if (known === undefined) headers['Set-Cookie'] = Sessions.cookie(session.token);
    const { history } = this;
    const { link } = session;
    const ask = endpoint ?? (() => describe(session));
    const answer = await session
      .inTurn(() => ask({ link, query, history }))
      .catch((error) => {
        throw withHeaders(error, headers);
      });
    sendJson(response, 200, answer, headers);
  }

  private async login(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { user, password } = await readJson(request, LOGIN_MAX_BYTES);
    if (typeof user !== 'string' || typeof password !== 'string') {
      throw new HttpError(400, 'A user and a password are needed.');
    }
    const session = this.sessions.begin(request);
    try {
      await session.link.command('AUTH', user === '' ? 'default' : user, password);
    } catch (error) {
      this.sessions.end(session);
      await new Promise((resolve) => setTimeout(resolve, LOGIN_PENALTY_MS));
      throw error;
    }
    session.isLoggedIn = true;
    const before = this.sessions.find(request);
    if (before !== undefined) this.sessions.end(before);
    sendJson(response, 200, await describe(session), {
      'Set-Cookie': Sessions.cookie(session.token),
    });
  }

  private logout(request: IncomingMessage, response: ServerResponse): void {
    const session = this.sessions.find(request);
    if (session !== undefined) this.sessions.end(session);
    sendJson(response, 200, {}, { 'Set-Cookie': Sessions.cookie('') });
  }

  private fail(response: ServerResponse, error: unknown): void {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const { status, message, headers } = asHttpError(error);
    if (status === 500) {
      this.server.log.warning(`Internal error while answering HTTP: ${String(error)}`);
    }
    sendJson(response, status, { error: message }, headers);
  }
}

/** Who the session is, and whether it may ask anything. */
async function describe({ link, isLoggedIn }: Session): Promise<unknown> {
  try {
    await link.command('PING');
    const user = await link.text('ACL', 'WHOAMI').catch(() => 'default');
    return { user, isLoggedIn, needsLogin: false };
  } catch (error) {
    if (error instanceof CommandError && error.code === 'NOAUTH') {
      return { user: null, isLoggedIn: false, needsLogin: true };
    }
    throw error;
  }
}

function asHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof CommandError) {
    return new HttpError(STATUS_OF_CODE[error.code] ?? 400, error.message);
  }
  return new HttpError(500, 'Something went wrong, see the log of the server.');
}

function withHeaders(error: unknown, headers: Record<string, string>): HttpError {
  const { status, message, headers: own } = asHttpError(error);
  return new HttpError(status, message, { ...own, ...headers });
}

function urlHost(hosts: readonly string[]): string {
  const host = (hosts[0] ?? '').replace(/^-/, '');
  if (host === '*') return '0.0.0.0';
  return host.includes(':') ? `[${host}]` : host;
}
