/**
 * How a server ends: SHUTDOWN and signals.
 *
 *     asked (a signal) ──cron──> preparing ──data are safe──> stopped
 *           └──SHUTDOWN ABORT       └──they can't be saved──> as if nothing had been
 *
 * What has to be done about the data is the DataKeeper's: children that write in the background are
 * ended, and a last snapshot is saved if there are save points. It is saved in slices, so that signals are
 * heard meanwhile; but clients wait, for whatever they changed now would not be in it. If it fails the
 * server goes on, unless it was told to end by all means.
 *
 * Then the server stops listening, forces the append-only file to disk, sends what is due, ends all
 * connections, and whoever started it is told, so that the command line can end the process and a library
 * can go on.
 *
 * Source: prepareForShutdown and finishShutdown in Redis 7.2's server.c.
 */
import type { Client } from './api/client.js';
import type { Log } from './api/log.js';
import type { Lifecycle, ShutdownOptions } from './api/server.js';

/** What is being written in the background: an RDB file, or the append-only file's (first) base. */
export type BackgroundWork = 'snapshot' | 'rewrite' | 'first base';

/** Sees to it that no data are lost when the server ends. */
export interface DataKeeper {
  readonly work: BackgroundWork | undefined;
  /** Ends what is being written in the background, and removes what was written. */
  endWork(): void;
  /** Whether save points are configured. */
  readonly hasSavePoints: boolean;
  /** Saves all keys, in slices. @returns whether that was possible; if not, the log says why */
  save(): Promise<boolean>;
  /** Removes what `save` has written so far: the process ends at once. */
  abandonSave(): void;
}

export interface LifecycleParts {
  readonly data: DataKeeper;
  readonly log: Log;
  isLoading(): boolean;
  /** Whether a script is halfway through: signals wait until it is done. */
  isBusy(): boolean;
  /** Whether the cron stands still (DEBUG PAUSE-CRON): signals wait for it then. */
  isCronPaused(): boolean;
  /** Has all clients' commands wait, or go on. */
  setFrozen(isFrozen: boolean): void;
  /** Has the append-only file on disk, and ends everything. */
  stop(): Promise<void>;
}

/** The words of `shutdown-on-sigterm` and `shutdown-on-sigint`. */
export type ShutdownWord = 'default' | 'save' | 'nosave' | 'now' | 'force';

const NOT_SHUTTING_DOWN = 'ERR No shutdown in progress.';
const REFUSED = 'ERR Errors trying to SHUTDOWN. Check logs.';

export class ServerLifecycle implements Lifecycle {
  /** What a signal has asked for, that was not begun yet. */
  private asked: ShutdownOptions | undefined = undefined;
  /** Whether the server is about to end. */
  private isEnding = false;

  constructor(private readonly parts: LifecycleParts) {}

  /** Whether a signal has asked for the end, or it is coming. */
  get isDue(): boolean {
    return this.asked !== undefined || this.isEnding;
  }

  shutdown(options: ShutdownOptions, client: Client): void {
    // It gets no reply unless the server goes on.
    client.block({ kind: 'async' });
    void this.end(options).then((isOver) => {
      if (!isOver) client.unblock((reply) => reply.error(REFUSED));
    });
  }

  /** A signal that was sent before the client's request may be heard after it: both have come by then. */
  abortShutdown(client: Client): void {
    client.block({ kind: 'async' });
    setImmediate(() => {
      const isAborted = this.abort();
      client.unblock((reply) => (isAborted ? reply.ok() : reply.error(NOT_SHUTTING_DOWN)));
    });
  }

  private abort(): boolean {
    if (this.asked === undefined) return false;
    this.asked = undefined;
    this.parts.log.notice('Shutdown manually aborted.');
    return true;
  }

  /** As `shutdown`, in the words of the configuration, a little later: until then it can be aborted. */
  shutdownBySignal(words: readonly ShutdownWord[]): void {
    if (this.isDue) return;
    this.asked = {
      save: words.includes('save') ? true : words.includes('nosave') ? false : undefined,
      now: words.includes('now'),
      force: words.includes('force'),
    };
    if (!this.parts.isCronPaused()) setImmediate(() => this.obey());
  }

  /** Does what a signal has asked for; to be called by the cron. */
  obey(): void {
    const { asked } = this;
    if (asked === undefined || this.parts.isBusy()) return;
    this.asked = undefined;
    void this.end(asked);
  }

  /** The process ends at once: leaves no half-written file behind. */
  abandon(): void {
    this.parts.data.abandonSave();
  }

  /**
   * Ends the server.
   * @returns whether it has ended: not if the data can't be saved, unless forced
   */
  async end(options: ShutdownOptions): Promise<boolean> {
    const { log, stop } = this.parts;
    if (this.isEnding) return true;
    this.isEnding = true;
    log.notice('User requested shutdown...');
    if (!this.endWork(options.force) || !(await this.savesIfDue(options))) {
      log.warning('Errors trying to shut down the server. Check the logs for more information.');
      this.isEnding = false;
      return false;
    }
    await stop();
    return true;
  }

  /** @returns false: the server must go on */
  private endWork(force: boolean): boolean {
    const { data, log } = this.parts;
    const { work } = data;
    if (work === undefined) return true;
    if (work === 'snapshot') {
      log.warning('There is a child saving an .rdb. Killing it!');
    } else {
      // Without its base the log is worth nothing, and there may be no other copy of the data.
      if (work === 'first base') {
        log.warning(`Writing initial AOF${force ? '. Exit anyway.' : ", can't exit."}`);
        if (!force) return false;
      }
      log.warning('There is a child rewriting the AOF. Killing it!');
    }
    data.endWork();
    return true;
  }

  /** @returns false: the server must go on */
  private async savesIfDue({ save, force }: ShutdownOptions): Promise<boolean> {
    const { data, isLoading, log, setFrozen } = this.parts;
    // Half of the data must not take the place of all.
    if (save === false || isLoading() || !(save ?? data.hasSavePoints)) return true;
    log.notice('Saving the final RDB snapshot before exiting.');
    setFrozen(true);
    if (await data.save()) return true;
    log.warning(`Error trying to save the DB${force ? '. Exit anyway.' : ", can't exit."}`);
    if (!force) setFrozen(false);
    return force;
  }
}
