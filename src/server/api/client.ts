/**
 * A client as commands see it: who it is and what it has set. How its bytes come and go is the
 * connection's business (server/connection.ts).
 */
import type { Database } from '../../keyspace/database.js';
import type { ClientTracking } from './client-tracking.js';
import type { Subscriptions } from './subscriptions.js';

/** States of a client, one bit each. */
export const ClientFlag = {
  /** Its connection ends once the replies are sent. */
  CloseAfterReply: 1 << 0,
  /** CLIENT NO-EVICT ON */
  NoEvict: 1 << 1,
  /** CLIENT NO-TOUCH ON: accesses leave the access clock alone */
  NoTouch: 1 << 2,
  /** CLIENT REPLY OFF */
  ReplyOff: 1 << 3,
  /** CLIENT REPLY SKIP: no reply for the next command */
  ReplySkipNext: 1 << 4,
  /** … which is this one */
  ReplySkip: 1 << 5,
  /** Waits: CLIENT PAUSE, a command that answers later, or a blocking command */
  Blocked: 1 << 6,
  /** Inside MULTI */
  Multi: 1 << 7,
  /** Connected by a Unix socket */
  UnixSocket: 1 << 8,
  /** Listens to a channel, pattern or shard channel */
  Pubsub: 1 << 9,
  Master: 1 << 10,
  Replica: 1 << 11,
  Monitor: 1 << 12,
  /** CLIENT TRACKING is on. */
  Tracking: 1 << 13,
  /** … and the client that messages are redirected to is gone. */
  TrackingBroken: 1 << 14,
  /** … in broadcasting mode. */
  TrackingBcast: 1 << 15,
  /** Its connection is about to be ended at once. */
  CloseAsap: 1 << 16,
  /** It must read some replies before its next request runs. */
  Behind: 1 << 17,
  /** A key that it watches has changed: its EXEC will do nothing. */
  WatchBroken: 1 << 18,
  /** Its scripts are debugged: SCRIPT DEBUG … */
  ScriptDebug: 1 << 19,
  /** … while the server waits. */
  ScriptDebugSync: 1 << 20,
} as const;

/** Bits of `gate`: why a command of this client must go through the full list of checks. */
export const ClientGate = {
  NeedsAuth: 1 << 0,
  Multi: 1 << 1,
  /** Its user may not do everything (ACL). */
  Restricted: 1 << 2,
  Reply: 1 << 3,
  /** It is subscribed to something: in RESP2 few commands may be used then. */
  Subscribed: 1 << 4,
  /** CLIENT TRACKING: the keys that it reads are remembered; or it gets another one's messages. */
  Tracking: 1 << 5,
} as const;

/** Who a client has authenticated as. */
export interface AclUser {
  /** One character per byte. */
  readonly name: string;
  /** Whether RESTORE takes its payloads without a close look. */
  readonly skipsSanitizing: boolean;
}

export interface Client {
  readonly id: number;
  /** `ip:port`, or `path:0` for a Unix socket. */
  readonly addr: string;
  readonly laddr: string;
  /** The descriptor's number, -1 where there is none. */
  readonly fd: number;
  readonly createdMs: number;
  /** Whether the peer is on this machine (loopback or Unix socket). */
  readonly isLocal: boolean;
  name: string;
  libName: string;
  libVer: string;
  /** Bits of ClientFlag. */
  flags: number;
  /** Bits of ClientGate; 0 on the common path. */
  gate: number;
  db: Database;
  /** Protocol version, 2 or 3. */
  resp: number;
  authenticated: boolean;
  user: AclUser;
  /** What it listens to; undefined: nothing. */
  subscriptions: Subscriptions | undefined;
  /** What CLIENT TRACKING has set; undefined: it is off. */
  readonly tracking: ClientTracking | undefined;
  lastInteractionMs: number;
  /** Up to where its own commands reach in what was propagated: PropagationApi.offset. */
  writeOffset: number;
  /** Full name of the last command, e.g. `client|list`. */
  lastCommand: string;
  /** Bytes received but not yet run, and room left in the buffer that holds them. */
  readonly queryBufferBytes: number;
  /** Bytes of the arguments of a request that has not come whole, or waits. */
  readonly argumentBytes: number;
  readonly queryBufferFree: number;
  /** Bytes and chunks of replies that the socket has not taken yet. */
  readonly outputBytes: number;
  /** Of those bytes, the ones that this turn's end will send first. */
  readonly freshOutputBytes: number;
  readonly outputChunks: number;
  /** Whether its bytes are read: not while too many replies wait for it. */
  readonly isReading: boolean;
  /**
   * The most that was sent to it at once of late, up to 16 KB, and that rounded up to the size of a
   * buffer: its part of the reply buffer that all share.
   */
  readonly replyPeakBytes: number;
  readonly replyShareBytes: number;
  /** All memory of this client, in bytes. */
  readonly memoryBytes: number;

  /** Ends the connection; `afterReply` lets what is written go out first. */
  close(afterReply: boolean): void;
  /**
   * Stops running this client's requests until `unblock`: its command answers later.
   * `onTimeout` runs at the time given (Unix ms), if it is still blocked.
   */
  block(reason: BlockReason): void;
  /** Goes on; `write` may write the delayed reply first. */
  unblock(write?: (reply: import('../../resp/reply-writer.js').ReplyWriter) => void): void;
  readonly blockedBy: BlockReason | undefined;
  /** Commands queued since MULTI, -1 outside of a transaction; and their bytes. */
  readonly queuedCommands: number;
  readonly queuedBytes: number;
}

export interface BlockReason {
  /** What INFO counts and CLIENT UNBLOCK asks for. */
  readonly kind: 'pause' | 'keys' | 'wait' | 'async' | 'script';
  /** Unix ms; undefined: for ever. */
  readonly deadlineMs?: number;
  /** Bytes that are kept of the request. */
  readonly requestBytes?: number;
  /** Takes note of what a command has taken that is counted only when it is answered. */
  charge?(usec: number): void;
  /** Called when the deadline passes; writes the reply. */
  onTimeout?(reply: import('../../resp/reply-writer.js').ReplyWriter): void;
  /** Takes what the client sends meanwhile; otherwise it waits. */
  onInput?(bytes: Buffer): void;
  /** Called when the client goes on. @param failed whether it has been answered with an error */
  onUnblock?(failed: boolean): void;
  /** Called when the client goes away meanwhile. */
  onClose?(): void;
}

export interface ClientRegistry {
  readonly count: number;
  /** How many are blocked, for whatever reason. */
  readonly blockedCount: number;
  /** How many of them only until a certain time. */
  readonly deadlineCount: number;
  /** How many were ended for lack of memory (`maxmemory-clients`). */
  readonly evictedCount: number;
  byId(id: number): Client | undefined;
  /** All, oldest first. */
  all(): Iterable<Client>;
  /**
   * CLIENT PAUSE. @param untilMs Unix ms @param writesOnly WRITE mode: only writing commands wait
   */
  pause(untilMs: number, writesOnly: boolean): void;
  unpause(): void;
}
