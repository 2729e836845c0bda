/**
 * What a CONFIG SET changes at once. Values that are looked up where they are used need nothing
 * here; these are kept in fields of hot code, or stand for something that has to be done.
 */
import type { EncodingLimits } from '../keyspace/encoding-limits.js';
import type { Keyspace } from '../keyspace/keyspace.js';
import type { RequestReader } from '../resp/request-reader.js';
import type { Acl } from './acl/acl.js';
import { clientMemoryLimit } from './client-eviction.js';
import type { Clients } from './clients.js';
import type { Config } from './config/config.js';
import type { Charges } from './execution/charges.js';
import { type Gate, ServerGate } from './gate.js';
import type { Notifications } from './notifications.js';
import type { DiskErrors } from './persistence/disk-errors.js';
import type { Tracking } from './tracking/tracking.js';

export interface ConfigFollowers {
  readonly acl: Acl;
  readonly charges: Charges;
  readonly gate: Gate;
  readonly reader: RequestReader;
  readonly keyspace: Keyspace;
  readonly clients: Clients;
  readonly notifications: Notifications;
  readonly tracking: Tracking;
  readonly diskErrors: DiskErrors;
}

export function followConfig(config: Config, followers: ConfigFollowers): void {
  followEncodings(config, followers.keyspace.limits);
  config.onChange(['requirepass'], (now) => {
    followers.acl.setDefaultPassword(now.requirepass ?? '');
    return undefined;
  });
  const applyNotifications = () => {
    followers.notifications.configure(config.values['notify-keyspace-events']);
    return undefined;
  };
  applyNotifications();
  config.onChange(['notify-keyspace-events'], applyNotifications);
  const applyClientMemory = () => {
    const { maxmemory, 'maxmemory-clients': setting } = config.values;
    followers.clients.limitMemory(clientMemoryLimit(setting, maxmemory));
    return undefined;
  };
  applyClientMemory();
  config.onChange(['maxmemory', 'maxmemory-clients'], applyClientMemory);
  const applyTracking = () => {
    followers.tracking.setLimit(config.values['tracking-table-max-keys']);
    return undefined;
  };
  applyTracking();
  config.onChange(['tracking-table-max-keys'], applyTracking);
  const applyLazyFreeing = () => {
    followers.keyspace.expiresLazily = config.values['lazyfree-lazy-expire'];
    followers.keyspace.evictsLazily = config.values['lazyfree-lazy-eviction'];
    followers.keyspace.setReplacesLazily(config.values['lazyfree-lazy-server-del']);
    return undefined;
  };
  applyLazyFreeing();
  config.onChange(
    ['lazyfree-lazy-expire', 'lazyfree-lazy-eviction', 'lazyfree-lazy-server-del'],
    applyLazyFreeing,
  );
  config.onChange(['save', 'stop-writes-on-bgsave-error'], () => {
    followers.diskErrors.update();
    return undefined;
  });
  const applyReplicas = () => {
    const { 'min-replicas-max-lag': lag, 'min-replicas-to-write': wanted } = config.values;
    // There are none yet.
    followers.gate.set(ServerGate.FewReplicas, wanted > 0 && lag > 0);
    return undefined;
  };
  applyReplicas();
  config.onChange(['min-replicas-to-write', 'min-replicas-max-lag'], applyReplicas);
  const applyLimits = () => {
    followers.reader.maxBulkLength = config.values['proto-max-bulk-len'];
    followers.charges.trackLatency = config.values['latency-tracking'];
    return undefined;
  };
  applyLimits();
  config.onChange(['proto-max-bulk-len', 'latency-tracking'], applyLimits);
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
