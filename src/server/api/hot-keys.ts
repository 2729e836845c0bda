/** Hot keys, as commands see them: HOTKEYS. See server/hot-keys.ts. */
import type { HeavyHitter } from '../../datastructs/heavy-hitters.js';

export interface HotKeysOptions {
  readonly byCpu: boolean;
  readonly byNet: boolean;
  /** How many keys are told. */
  readonly count: number;
  /** How long to watch, in ms; 0: until it is stopped. */
  readonly durationMs: number;
  /** One command in so many is looked at. */
  readonly sampleRatio: number;
}

export interface HotKeysReport {
  readonly options: HotKeysOptions;
  readonly isActive: boolean;
  /** Unix ms. */
  readonly startMs: number;
  readonly durationMs: number;
  /** Of all commands, sampled or not, in microseconds and bytes. */
  readonly allMicros: number;
  readonly allBytes: number;
  /** Of the process, in ms. */
  readonly cpuUserMs: number;
  readonly cpuSystemMs: number;
  /** Bytes of the commands that were looked at. */
  readonly netBytes: number;
  readonly byCpu: readonly HeavyHitter[];
  readonly byNet: readonly HeavyHitter[];
}

export interface HotKeysApi {
  /** Whether commands are being watched. */
  readonly isActive: boolean;
  /** Begins to watch; what was found before is forgotten. */
  start(options: HotKeysOptions): void;
  /** Stops; what was found stays. */
  stop(): void;
  /** Forgets all. */
  reset(): void;
  /** What was found; undefined: nothing was ever watched, or it was forgotten. */
  report(): HotKeysReport | undefined;
}
