/**
 * The append-only file's parts, put together: the log itself (aof.ts), its rewrites (aof-rewriter.ts),
 * and clients that wait for it (WAITAOF).
 */
import type { ReplyWriter } from '../../resp/reply-writer.js';
import type { AppendOnlyApi, AwaitedSync, RewriteRequest } from '../api/append-only.js';
import type { BlockReason, Client } from '../api/client.js';
import { AppendOnlyFile, type AppendOnlyParts } from './aof.js';
import { AofRewriter, type BaseWriter } from './aof-rewriter.js';

export interface AppendOnlyServiceParts
  extends Omit<AppendOnlyParts, 'isSaving' | 'onProgress' | 'onSwitched'> {
  readonly base: BaseWriter;
  /** Has the turn's end come. */
  scheduleTurn(): void;
}

const SWITCHED_OFF = 'ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.';

export class AppendOnly implements AppendOnlyApi {
  readonly file: AppendOnlyFile;
  readonly rewriter: AofRewriter;
  private readonly waiting = new Map<Client, SyncWaiting>();

  constructor(private readonly parts: AppendOnlyServiceParts) {
    const { base, propagation } = parts;
    this.file = new AppendOnlyFile({
      ...parts,
      isSaving: () => base.isBusy,
      onProgress: () => parts.scheduleTurn(),
      onSwitched: (isOn) => this.switched(isOn),
    });
    this.rewriter = new AofRewriter({
      ...parts,
      aof: this.file,
      isInUnit: () => propagation.isInUnit,
    });
  }

  /** The turn's end: see AppendOnlyFile.flush. */
  flush(): number {
    const heldFrom = this.file.flush();
    if (this.waiting.size > 0) this.answer();
    return heldFrom;
  }

  /** Memory of what waits to be written, in bytes; 0 while it is off. */
  get bufferBytes(): number {
    return this.isOn ? this.file.writer.bufferBytes : 0;
  }

  /** Each run of the cron. */
  tend(isSecond: boolean): void {
    this.file.tend(isSecond);
    this.rewriter.tend();
  }

  /** Zeroes what CONFIG RESETSTAT zeroes. */
  resetCounters(): void {
    this.rewriter.resetCounters();
    this.file.writer.delayedSyncs = 0;
  }

  private switched(isOn: boolean): boolean {
    if (isOn) return this.rewriter.requestFirst();
    this.rewriter.stop();
    this.answer();
    return true;
  }

  // ---- AppendOnlyApi

  get isOn(): boolean {
    return this.file.isOn;
  }

  get flushSleepMicros(): number {
    return this.file.flushSleepMicros;
  }

  set flushSleepMicros(micros: number) {
    this.file.flushSleepMicros = micros;
  }

  rewrite(): RewriteRequest | Promise<RewriteRequest> {
    return this.rewriter.request();
  }

  syncedLocally(client: Client): number {
    return this.file.syncedOffset >= client.writeOffset ? 1 : 0;
  }

  /** There are no replicas yet. */
  syncedReplicas(_client: Client): number {
    return 0;
  }

  awaitSync(client: Client, wanted: AwaitedSync): void {
    const waiting = new SyncWaiting(
      wanted,
      (reply) => this.report(client, reply),
      () => {
        this.waiting.delete(client);
      },
    );
    this.waiting.set(client, waiting);
    client.block(waiting);
    this.parts.scheduleTurn();
  }

  private report(client: Client, reply: ReplyWriter): void {
    reply.array(2);
    reply.int(this.syncedLocally(client));
    reply.int(this.syncedReplicas(client));
  }

  /** Answers those whose writes are safe now. */
  private answer(): void {
    for (const [client, { wanted }] of [...this.waiting]) {
      if (wanted.local > 0 && !this.isOn) client.unblock((reply) => reply.error(SWITCHED_OFF));
      else if (
        this.syncedLocally(client) >= wanted.local &&
        this.syncedReplicas(client) >= wanted.replicas
      ) {
        client.unblock((reply) => this.report(client, reply));
      }
    }
  }
}

/** One client's WAITAOF. */
class SyncWaiting implements BlockReason {
  readonly kind = 'wait';
  readonly deadlineMs: number | undefined;

  constructor(
    readonly wanted: AwaitedSync,
    readonly onTimeout: (reply: ReplyWriter) => void,
    private readonly done: () => void,
  ) {
    this.deadlineMs = wanted.deadlineMs === 0 ? undefined : wanted.deadlineMs;
  }

  onUnblock(): void {
    this.done();
  }

  onClose(): void {
    this.done();
  }
}
