/**
 * What a CONFIG SET changes at once. Values that are looked up where they are used need nothing
 * here; these are kept in fields of hot code, or stand for something that has to be done.
 */

import type { EncodingLimits } from '../keyspace/encoding-limits.js';
import type { Config } from './config/config.js';
import type { Executor } from './executor.js';

export interface ConfigFollowers {
  readonly executor: Executor;
  readonly limits: EncodingLimits;
  /** Listens anew on what `port` and `bind` say. @throws when that can't be */
  listenTcp(): Promise<void>;
}

export function followConfig(config: Config, followers: ConfigFollowers): void {
  const { executor } = followers;
  followEncodings(config, followers.limits);
  const applyLimits = () => {
    executor.reader.maxBulkLength = config.values['proto-max-bulk-len'];
    executor.trackLatency = config.values['latency-tracking'];
    return undefined;
  };
  applyLimits();
  config.onChange(['proto-max-bulk-len', 'latency-tracking'], applyLimits);
  config.onChange(['port'], () =>
    tryListening(followers, 'Unable to listen on this port. Check server logs.'),
  );
  config.onChange(['bind'], () =>
    tryListening(followers, 'Failed to bind to specified addresses.'),
  );
}

/** Directives that decide on encodings, and the fields that hold their values. */
const ENCODING_LIMITS = {
  'hash-max-listpack-entries': 'hashMaxListpackEntries',
  'hash-max-listpack-value': 'hashMaxListpackValue',
  'list-max-listpack-size': 'listMaxListpackSize',
  'list-compress-depth': 'listCompressDepth',
  'set-max-intset-entries': 'setMaxIntsetEntries',
  'set-max-listpack-entries': 'setMaxListpackEntries',
  'set-max-listpack-value': 'setMaxListpackValue',
  'zset-max-listpack-entries': 'zsetMaxListpackEntries',
  'zset-max-listpack-value': 'zsetMaxListpackValue',
  'stream-node-max-bytes': 'streamNodeMaxBytes',
  'stream-node-max-entries': 'streamNodeMaxEntries',
} as const;

/** Keeps the keyspace's limits at what the configuration says. */
export function followEncodings(config: Config, limits: EncodingLimits): void {
  const names = Object.keys(ENCODING_LIMITS) as (keyof typeof ENCODING_LIMITS)[];
  const apply = () => {
    for (const name of names) limits[ENCODING_LIMITS[name]] = config.values[name];
    return undefined;
  };
  apply();
  config.onChange(names, apply);
}

/** @returns `failure` if the addresses can't be listened on; the old ones then stay */
async function tryListening(
  followers: ConfigFollowers,
  failure: string,
): Promise<string | undefined> {
  try {
    await followers.listenTcp();
    return undefined;
  } catch {
    return failure;
  }
}
