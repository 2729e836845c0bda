/**
 * The walk of a snapshot beside clients: a slice in each turn of the event loop, which takes as long as
 * the rest of the turn did, 0.2 to 1 ms.
 *
 *     turn    clients     slice   clients   slice   clients
 *           |-----------|-------|---------|-------|---------|
 *
 * A sink that is full makes it wait (whoever drains the sink calls `goOn`), and so does
 * `rdb-key-save-delay`: the walk, not the server.
 */
import { DOUBLE_FIELD } from '../../datastructs/double-field.js';
import type { Snapshot } from '../../persistence/snapshot/snapshot.js';
import type { Clock, TimerHandle } from '../api/clock.js';

/** A slice, in microseconds. */
const SLICE_MIN_US = 200;
const SLICE_MAX_US = 1000;

export interface SnapshotWalkParts {
  readonly clock: Clock;
  /** Sets or clears the gate's bit: commands have to be shown to the snapshot. */
  onWalking(isWalking: boolean): void;
  /** Calls soon, after the event loop has served others. */
  defer(go: () => void): void;
  /** Told how long a slice has taken, in microseconds. */
  onSlice(micros: number): void;
}

export class SnapshotWalk {
  /** For how many entries the walk has waited, and what it is to wait yet. */
  private delayed = 0;
  private owedUs = 0;
  /** When the last slice has ended. */
  private sliceEndUs = DOUBLE_FIELD;
  private timer: TimerHandle | undefined = undefined;
  private isOver = false;
  private readonly slice = () => this.walk();
  private readonly afterDelay = () => {
    this.timer = undefined;
    this.walk();
  };

  /** @param delayUs after each entry @param onDone the sink has all; not called after `stop` */
  constructor(
    private readonly snapshot: Snapshot,
    private readonly delayUs: number,
    private readonly parts: SnapshotWalkParts,
    private readonly onDone: () => void,
  ) {
    this.sliceEndUs = 0;
    parts.onWalking(true);
  }

  /**
   * Begins, or goes on now that the sink has room. Not at once: a pipe may have taken all before this
   * turn ends, and the next slice, and the next.
   */
  goOn(): void {
    this.parts.defer(this.slice);
  }

  /** Ends it, if it has not ended. */
  stop(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.parts.clock.clearTimer(this.timer);
    this.snapshot.abort();
    this.parts.onWalking(false);
  }

  private walk(): void {
    if (this.isOver || this.timer !== undefined) return;
    const { clock, onSlice } = this.parts;
    const begin = clock.micros();
    const slice = Math.min(Math.max(begin - this.sliceEndUs, SLICE_MIN_US), SLICE_MAX_US);
    const end = this.snapshot.step(this.delayUs === 0 ? begin + slice : begin);
    this.sliceEndUs = clock.micros();
    onSlice(this.sliceEndUs - begin);
    if (end === 'done') {
      this.stop();
      this.onDone();
    } else if (end === 'more' && !this.isDelayed()) this.goOn();
  }

  /** Whether the walk goes on later, for the entries that were encoded since the last time. */
  private isDelayed(): boolean {
    if (this.delayUs === 0) return false;
    const { processed } = this.snapshot;
    this.owedUs += (processed - this.delayed) * this.delayUs;
    this.delayed = processed;
    const ms = Math.floor(this.owedUs / 1000);
    if (ms === 0) return false;
    this.owedUs -= ms * 1000;
    this.timer = this.parts.clock.setTimer(this.afterDelay, ms);
    return true;
  }
}
