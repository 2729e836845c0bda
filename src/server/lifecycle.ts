/**
 * How a server ends: SHUTDOWN and signals.
 *
 * A shutdown may be refused (asked to save what can't be saved). Otherwise the server stops
 * listening, sends what is due, ends all connections, and whoever started it is told, so that the
 * command line can end the process and a library can go on.
 */

import type { Log } from './api/log.js';
import type { Lifecycle, ShutdownOptions } from './api/server.js';

export interface LifecycleParts {
  readonly log: Log;
  /** Whether save points are configured, so that a shutdown without options would save. */
  hasSavePoints(): boolean;
  stop(): void;
}

/** The words of `shutdown-on-sigterm` and `shutdown-on-sigint`. */
export type ShutdownWord = 'default' | 'save' | 'nosave' | 'now' | 'force';

export class ServerLifecycle implements Lifecycle {
  constructor(private readonly parts: LifecycleParts) {}

  shutdown({ save, force }: ShutdownOptions): string | undefined {
    const { log } = this.parts;
    log.notice('User requested shutdown...');
    if (save === true && !force) {
      log.warning(
        "Error trying to save the DB, can't exit: this version of respd has no persistence yet.",
      );
      return 'ERR Errors trying to SHUTDOWN. Check logs.';
    }
    if (save !== false && this.parts.hasSavePoints()) {
      log.warning('The data set is not saved: this version of respd has no persistence yet.');
    }
    this.parts.stop();
    return undefined;
  }

  /** Nothing makes a shutdown wait yet, so there is never one to abort. */
  abortShutdown(): boolean {
    return false;
  }

  /** As `shutdown`, in the words of the configuration. @param refused told when it can't be */
  shutdownBySignal(words: readonly ShutdownWord[], refused: () => void): void {
    const save = words.includes('save') ? true : words.includes('nosave') ? false : undefined;
    const error = this.shutdown({
      save,
      now: words.includes('now'),
      force: words.includes('force'),
    });
    if (error !== undefined) refused();
  }
}
