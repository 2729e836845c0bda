/** Work that stops when it is time to, and goes on where it was: encoding and decoding. */
import { type LuaRuntime, PAUSE } from '../runtime.js';
import type { Results, Steps } from '../value.js';
import { finished, finishedAfterPause } from './finished.js';

export interface Resumable<T extends Results> {
  /** Goes on. @returns false if it is time to pause, true if it is done */
  run(): boolean;
  /** Once it is done: the result. */
  finish(): T;
  /** Steps of work that were not yet spent. */
  readonly steps: number;
}

/** The call of a stepped function that does the work, which has begun. */
export function inSteps<T extends Results>(lua: LuaRuntime, work: Resumable<T>): Steps<T> {
  if (!work.run()) return resumed(work);
  const result = work.finish();
  return lua.spend(work.steps) ? finishedAfterPause(result) : finished(result);
}

function* resumed<T extends Results>(work: Resumable<T>): Steps<T> {
  do yield PAUSE;
  while (!work.run());
  return work.finish();
}
