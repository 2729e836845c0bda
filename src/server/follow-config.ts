/**
 * What a CONFIG SET changes at once. Values that are looked up where they are used need nothing
 * here; these are kept in fields of hot code, or stand for something that has to be done.
 */
import type { Config } from './config/config.js';
import type { Executor } from './executor.js';

export interface ConfigFollowers {
  readonly executor: Executor;
  /** Listens anew on what `port` and `bind` say. @throws when that can't be */
  listenTcp(): Promise<void>;
}

export function followConfig(config: Config, followers: ConfigFollowers): void {
  const { executor } = followers;
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
