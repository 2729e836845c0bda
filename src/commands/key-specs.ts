/** The key specs that many commands share. */
import type { KeyFlag, KeySpec } from '../server/api/command.js';

/** One key, argument `index`. */
export function oneKey(flags: readonly KeyFlag[], index = 1): KeySpec {
  return { flags, begin: { index }, find: { lastKey: 0, step: 1, limit: 0 } };
}

/** Every argument from `index` on (or every `step`th). */
export function allKeys(flags: readonly KeyFlag[], index = 1, step = 1): KeySpec {
  return { flags, begin: { index }, find: { lastKey: -1, step, limit: 0 } };
}

/** As many keys as argument `index` says, behind it. */
export function countedKeys(flags: readonly KeyFlag[], index: number): KeySpec {
  return { flags, begin: { index }, find: { keyNumIndex: 0, firstKey: 1, step: 1 } };
}
