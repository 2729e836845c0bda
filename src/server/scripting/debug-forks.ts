/**
 * Debugging sessions on a copy of the data (SCRIPT DEBUG YES): what they change is lost with them, and
 * others are served meanwhile. Redis forks a child for each.
 *
 *     the client ──EVAL──> waits, and all keys are copied, a slice in every turn
 *                             │
 *                             v
 *                a second server in this process, with those keys and one client; it has no network,
 *                no disk and no cron
 *                             │
 *     the client <──bytes──> its client, whose script is debugged (debug-session.ts)
 *                             │
 *     when that ends, so do the second server and the client's connection
 *
 * The copy takes as much memory as the data, and is made like a snapshot: while one is under way, none
 * can begin.
 */
import type { Duplex } from 'node:stream';
import { isLfuPolicy } from '../../keyspace/access-clock.js';
import type { Keyspace } from '../../keyspace/keyspace.js';
import { UsageField } from '../../persistence/rdb/entry-encoder.js';
import { KeyspaceSink } from '../../persistence/snapshot/keyspace-sink.js';
import { RdbFormat } from '../../persistence/snapshot/rdb-format.js';
import type { Args } from '../../resp/args.js';
import type { BlockReason } from '../api/client.js';
import type { Clock } from '../api/clock.js';
import type { Config } from '../api/config.js';
import type { Log } from '../api/log.js';
import type { ClientImpl } from '../client.js';
import type { Snapshots } from '../persistence/snapshots.js';
import { streamPair } from '../stream-pair.js';

/** A server that serves a debugging session. */
export interface ForkedServer {
  readonly keyspace: Keyspace;
  /** Takes a connection for the client's: its user, its database, its protocol. */
  join(stream: Duplex, client: ClientImpl): void;
  stop(): void;
}

export interface DebugForksParts {
  readonly clock: Clock;
  readonly config: Config;
  readonly log: Log;
  readonly snapshots: Snapshots;
  /** Makes a server without data. */
  fork(): ForkedServer;
}

export class DebugForks {
  private readonly sessions = new Set<DebugFork>();

  constructor(private readonly parts: DebugForksParts) {}

  /**
   * The client waits from now on, and its connection ends with the session.
   * @param request which begins the script
   * @returns whether a session has begun: not while there is a snapshot under way
   */
  begin(client: ClientImpl, request: Args): boolean {
    if (this.parts.snapshots.active !== undefined) return false;
    const session = new DebugFork(client, request, this.parts, () => this.sessions.delete(session));
    this.sessions.add(session);
    client.block(session);
    return true;
  }

  /** The server ends, and they with it. */
  stop(): void {
    for (const session of this.sessions) session.end();
  }
}

class DebugFork implements BlockReason {
  readonly kind = 'async';
  private readonly server: ForkedServer;
  /** The client's end of the connection, and the second server's. */
  private readonly near: Duplex;
  private readonly far: Duplex;
  private readonly stopCopy: () => void;
  private hasEnded = false;

  constructor(
    private readonly client: ClientImpl,
    request: Args,
    private readonly parts: DebugForksParts,
    private readonly onEnd: () => void,
  ) {
    this.server = parts.fork();
    [this.near, this.far] = streamPair();
    this.near.on('data', (bytes: Buffer) => client.queueReply([bytes]));
    this.near.on('end', () => this.end());
    // Read once the second server has its data.
    this.near.write(request.encode());
    this.stopCopy = this.copy();
  }

  onInput(bytes: Buffer): void {
    this.near.write(Buffer.from(bytes));
  }

  onClose(): void {
    this.end();
  }

  end(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.stopCopy();
    this.near.destroy();
    this.server.stop();
    this.client.close(true);
    this.onEnd();
  }

  /** @returns ends it before its time */
  private copy(): () => void {
    const { clock, config, log, snapshots } = this.parts;
    const { values } = config;
    const now = clock.now();
    const countsUses = isLfuPolicy(values['maxmemory-policy']);
    const format = new RdbFormat({
      usage: countsUses ? UsageField.Freq : UsageField.Idle,
      now,
      lfuDecayMinutes: values['lfu-decay-time'],
      // A script can call none.
      functions: [],
      notes: [],
    });
    const sink = new KeyspaceSink(this.server.keyspace, now, countsUses);
    return snapshots.copy(format, sink, () => {
      if (sink.fault === undefined) {
        this.server.join(this.far, this.client);
        return;
      }
      log.warning(`The data could not be copied for a debugging session: ${sink.fault.message}`);
      this.end();
    });
  }
}
