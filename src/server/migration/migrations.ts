/**
 * Moves keys to other servers (MIGRATE), while the event loop goes on.
 *
 *     MIGRATE   what the keys hold is encoded; from now on nothing may be written …
 *     link      RESTOREs go out, replies come in; others read meanwhile
 *     end       what the target has taken is removed here; … and who wanted to write goes on
 *
 * Redis does nothing else until the last reply has come. Here only writes wait, for as long as CLIENT
 * PAUSE WRITE would have them wait, and nothing expires: so each key is in one place or the other for
 * whoever writes, as if MIGRATE had stopped the world. Therefore one runs at a time.
 *
 * Links are kept for ten seconds; one that turns out to be dead before the first reply has come is
 * replaced by another, once.
 *
 * Source: https://redis.io/docs/latest/commands/migrate/ and cluster.c of Redis 7.2.
 */
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Args } from '../../resp/args.js';
import { encodeRequest } from '../../resp/encode-request.js';
import type { WaitingCall } from '../api/blocking.js';
import type { BlockReason } from '../api/client.js';
import type { Clock } from '../api/clock.js';
import type { Config } from '../api/config.js';
import type { Log } from '../api/log.js';
import type {
  LinkFailure,
  MigrationApi,
  MigrationResult,
  MigrationTarget,
} from '../api/migration.js';
import type { ClientImpl } from '../client.js';
import type { RegisteredCommand } from '../command-table.js';
import type { LateCommand, LateCommands } from '../execution/late-commands.js';
import { clientOptions } from '../tls/settings.js';
import { TargetLink } from './target-link.js';

const LINKS_MAX = 64;
const LINK_TTL_MS = 10_000;
/** How soon to look again whether a script has ended that was left in the middle. */
const SCRIPT_POLL_MS = 1;

export interface MigrationsParts {
  readonly clock: Clock;
  readonly config: Config;
  readonly late: LateCommands;
  readonly log: Log;
  /** Whether a script was left in the middle: nothing may be changed. */
  isScriptSuspended(): boolean;
  /** Whether those who want to write have to wait. */
  holdWrites(isHeld: boolean): void;
  /** Those who had to wait go on. */
  release(): void;
}

/** A MIGRATE that waits for the target. */
class MigrationWait implements BlockReason, LateCommand {
  readonly kind = 'async';
  readonly client: ClientImpl;
  readonly command: RegisteredCommand;
  readonly request: Args;
  readonly accepted: boolean[] = [];
  error: string | undefined = undefined;
  mayRetry = true;
  /** What the command has taken so far, in microseconds. */
  usec = 0;

  constructor(
    call: WaitingCall,
    readonly target: MigrationTarget,
    readonly requests: readonly Uint8Array[],
    readonly finish: (result: MigrationResult) => void,
  ) {
    this.client = call.client as ClientImpl;
    this.command = call.command as RegisteredCommand;
    this.request = call.args.copy();
  }

  get requestBytes(): number {
    return this.requests.reduce((sum, request) => sum + request.length, this.request.buf.length);
  }

  charge(usec: number): void {
    this.usec += usec;
  }
}

export class Migrations implements MigrationApi {
  /** By `host:port`, the one that was used longest ago first. */
  private readonly links = new Map<string, TargetLink>();
  private isStopped = false;

  constructor(private readonly parts: MigrationsParts) {}

  get linkCount(): number {
    return this.links.size;
  }

  send(
    call: WaitingCall,
    target: MigrationTarget,
    requests: readonly Uint8Array[],
    finish: (result: MigrationResult) => void,
  ): void {
    const wait = new MigrationWait(call, target, requests, finish);
    call.client.block(wait);
    this.parts.holdWrites(true);
    this.attempt(wait);
  }

  /** The cron's part: closes links that nobody has used for long. */
  tend(): void {
    const now = this.parts.clock.now();
    for (const [name, link] of this.links) {
      if (now - link.usedMs > LINK_TTL_MS) this.drop(name, link);
    }
  }

  /** The server ends. */
  stop(): void {
    this.isStopped = true;
    for (const [name, link] of this.links) this.drop(name, link);
  }

  private attempt(wait: MigrationWait): void {
    const { credentials, database, host, port, timeoutMs } = wait.target;
    const name = `${host}:${port}`;
    const link = this.link(name, host, port);
    if (link === undefined) {
      // Not at once: the command is not done yet.
      this.parts.clock.setTimer(() => this.conclude(wait, 'connect'), 0);
      return;
    }
    const preface: Uint8Array[] = [];
    if (credentials.length > 0) preface.push(encodeRequest('AUTH', ...credentials));
    if (link.database !== database) preface.push(encodeRequest('SELECT', String(database)));
    let isAfterPreface = 0;
    let hasReplies = false;
    let prefaceError: string | undefined;
    link.usedMs = this.parts.clock.now();
    link.send([...preface, ...wait.requests], preface.length + wait.requests.length, timeoutMs, {
      onReply: (error) => {
        if (isAfterPreface < preface.length) {
          isAfterPreface++;
          prefaceError ??= error;
          return;
        }
        hasReplies = true;
        wait.error ??= prefaceError ?? error;
        wait.accepted.push((prefaceError ?? error) === undefined);
      },
      onEnd: (failure, isTimeout) => {
        link.database = wait.error === undefined && failure === undefined ? database : -1;
        if (failure !== undefined) this.drop(name, link);
        const isFirst = !hasReplies && wait.mayRetry && failure !== 'connect';
        if (failure !== undefined && !isTimeout && isFirst && !this.isStopped) {
          wait.mayRetry = false;
          this.attempt(wait);
        } else this.conclude(wait, failure);
      },
    });
  }

  /** A link that was kept, or a new one; undefined: there can't be any. */
  private link(name: string, host: string, port: number): TargetLink | undefined {
    const kept = this.links.get(name);
    this.links.delete(name);
    const link = kept === undefined || kept.isClosed ? this.open(host, port) : kept;
    if (link === undefined) return undefined;
    for (const [oldest, other] of this.links) {
      if (this.links.size < LINKS_MAX) break;
      this.drop(oldest, other);
    }
    this.links.set(name, link);
    return link;
  }

  private open(host: string, port: number): TargetLink | undefined {
    const { clock, config, log } = this.parts;
    const { values } = config;
    try {
      if (values['tls-cluster']) {
        const socket = connectTls({ host, port, ...clientOptions(values, host) });
        return new TargetLink(socket, 'secureConnect', clock);
      }
      const socket = connect({ host, port, noDelay: true });
      return new TargetLink(socket, 'connect', clock);
    } catch (error) {
      // No such port, or no certificate.
      log.warning(`MIGRATE: can't connect to ${host}:${port}: ${(error as Error).message}`);
      return undefined;
    }
  }

  private drop(name: string, link: TargetLink): void {
    if (this.links.get(name) === link) this.links.delete(name);
    link.close();
  }

  /** All is known that will ever be: the command goes on. */
  private conclude(wait: MigrationWait, failure: LinkFailure | undefined): void {
    const { clock, holdWrites, isScriptSuspended, late, release } = this.parts;
    if (this.isStopped) return;
    if (isScriptSuspended()) {
      clock.setTimer(() => this.conclude(wait, failure), SCRIPT_POLL_MS);
      return;
    }
    const { accepted, client, error, finish } = wait;
    const begin = clock.micros();
    holdWrites(false);
    late.goOn(wait, clock.now(), () => {
      late.conclude(wait, begin, () => finish({ accepted, error, failure }));
    });
    client.unblock();
    release();
  }
}
