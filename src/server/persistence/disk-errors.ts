/**
 * Refuses writes while what is written can't be kept: the last snapshot failed, or the append-only file
 * can't be written or synced. Better that somebody notices than that data are lost in silence.
 *
 * The parts that write say so when their state may have changed (`update`); while nothing is wrong, no
 * command is asked (ServerGate.DiskFailing).
 *
 * Source: writeCommandsDeniedByDiskError in Redis 7.2's server.c.
 */
import { type DiskGate, type Gate, ServerGate } from '../gate.js';

export interface DiskErrorsParts {
  readonly gate: Gate;
  /**
   * Whether the last snapshot in the background has failed, there are save points, and
   * `stop-writes-on-bgsave-error` is set.
   */
  snapshotFailed(): boolean;
  /** The system's words for what keeps the append-only file from being written, if anything does. */
  appendFailure(): string | undefined;
}

const SNAPSHOT_FAILED =
  "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. " +
  'Commands that may modify the data set are disabled, because this instance is configured to report ' +
  'errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check ' +
  'the Redis logs for details about the RDB error.';

export class DiskErrors implements DiskGate {
  /** The error that writes are refused with; undefined: all is well. */
  refusal: string | undefined = undefined;

  constructor(private readonly parts: DiskErrorsParts) {}

  update(): void {
    this.refusal = this.error();
    this.parts.gate.set(ServerGate.DiskFailing, this.refusal !== undefined);
  }

  private error(): string | undefined {
    if (this.parts.snapshotFailed()) return SNAPSHOT_FAILED;
    const why = this.parts.appendFailure();
    return why === undefined ? undefined : `MISCONF Errors writing to the AOF file: ${why}`;
  }
}
