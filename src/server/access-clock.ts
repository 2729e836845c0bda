/**
 * Gives keys the access clock that `maxmemory-policy` needs: when a key was last used, or how often
 * (see keyspace/access-clock.ts).
 */
import { isLfuPolicy, LfuClock, lruClock, newLfuClock } from '../keyspace/access-clock.js';
import type { Keyspace } from '../keyspace/keyspace.js';
import type { Call } from './api/call.js';
import type { Clock } from './api/clock.js';
import type { Config } from './config/config.js';

export interface AccessClockParts {
  readonly call: Call;
  readonly clock: Clock;
  readonly config: Config;
  readonly keyspace: Keyspace;
  /** A number in [0, 1). */
  readonly random: () => number;
}

/** Sets the clock up. @returns what the cron is to call: it tells the keyspace the time */
export function followAccessClock(parts: AccessClockParts): () => void {
  const { call, clock, config, keyspace, random } = parts;
  const { values } = config;
  const lfu = new LfuClock(random(), values['lfu-log-factor'], values['lfu-decay-time']);
  const tellTime = (): void => {
    const now = clock.now();
    keyspace.setClock(call.lfu === undefined ? lruClock(now) : newLfuClock(now));
  };
  const choose = (): undefined => {
    call.lfu = isLfuPolicy(values['maxmemory-policy']) ? lfu : undefined;
    tellTime();
  };
  choose();
  config.onChange(['maxmemory-policy'], choose);
  config.onChange(['lfu-log-factor', 'lfu-decay-time'], () => {
    lfu.configure(values['lfu-log-factor'], values['lfu-decay-time']);
    return undefined;
  });
  return tellTime;
}
