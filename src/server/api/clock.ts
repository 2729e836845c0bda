/** Time, handed in so that tests and simulations can drive it. */
export interface Clock {
  /** Unix time in ms. */
  now(): number;
  /** Unix time in microseconds. */
  unixMicros(): number;
  /** Microseconds of a clock that never goes back, with a fraction. */
  micros(): number;
  /** Calls once, after `ms`. */
  setTimer(callback: () => void, ms: number): TimerHandle;
  clearTimer(timer: TimerHandle | undefined): void;
}

export type TimerHandle = object;
