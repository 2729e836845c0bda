/**
 * Who looks at the page: each browser has a session with a connection of its own to the server,
 * which is authenticated as the user who has logged in.
 *
 * A session is known by a random cookie that scripts can't read and other sites' pages can't send.
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Link } from './link.js';

const COOKIE = 'respd_session';
const TOKEN_BYTES = 24;
/** A session that asks nothing for so long is over. */
const IDLE_MS = 15 * 60 * 1000;
/** The oldest one goes when there are more. */
const MAX_SESSIONS = 64;

export interface SessionParts {
  /** Unix ms. */
  now(): number;
  /** Takes a connection of this HTTP client. */
  attach(stream: Duplex, request: IncomingMessage): void;
}

export class Session {
  readonly token = randomBytes(TOKEN_BYTES).toString('base64url');
  isLoggedIn = false;
  lastUsedMs = 0;
  private last: Promise<unknown> = Promise.resolve();

  constructor(readonly link: Link) {}

  /** Does one thing after the other: what they ask depends on the database they have chosen. */
  inTurn<T>(task: () => Promise<T>): Promise<T> {
    const done = this.last.then(task);
    this.last = done.catch(() => {});
    return done;
  }
}

export class Sessions {
  private readonly byToken = new Map<string, Session>();

  constructor(private readonly parts: SessionParts) {}

  /** The session of this request, if it has one. */
  find(request: IncomingMessage): Session | undefined {
    this.expire();
    const session = this.byToken.get(cookieOf(request));
    if (session === undefined || !session.link.isOpen) return undefined;
    session.lastUsedMs = this.parts.now();
    return session;
  }

  /** Begins a session, as the default user. */
  begin(request: IncomingMessage): Session {
    if (this.byToken.size >= MAX_SESSIONS) this.end(this.byToken.values().next().value!);
    const session = new Session(this.connect(request));
    session.lastUsedMs = this.parts.now();
    this.byToken.set(session.token, session);
    return session;
  }

  end(session: Session): void {
    this.byToken.delete(session.token);
    session.link.close();
  }

  endAll(): void {
    for (const session of [...this.byToken.values()]) this.end(session);
  }

  /** A connection for one request. */
  connect(request: IncomingMessage): Link {
    const link = new Link((stream) => this.parts.attach(stream, request));
    // To look is not to use: keys that are shown do not become recently used for it.
    link.command('CLIENT', 'NO-TOUCH', 'ON').catch(() => {});
    link.command('CLIENT', 'SETINFO', 'LIB-NAME', 'respd-web').catch(() => {});
    return link;
  }

  /** The header that gives the browser its session; an empty token takes it away. */
  static cookie(token: string): string {
    const age = token === '' ? '; Max-Age=0' : '';
    return `${COOKIE}=${token}; HttpOnly; SameSite=Strict; Path=/${age}`;
  }

  private expire(): void {
    const before = this.parts.now() - IDLE_MS;
    for (const session of [...this.byToken.values()]) {
      if (session.lastUsedMs < before || !session.link.isOpen) this.end(session);
    }
  }
}

function cookieOf(request: IncomingMessage): string {
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [name, value] = part.trim().split('=');
    if (name === COOKIE) return value ?? '';
  }
  return '';
}
