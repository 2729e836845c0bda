/** How RDB files are to be written, as the configuration and the moment have it. */
import { isLfuPolicy } from '../../keyspace/access-clock.js';
import { UsageField } from '../../persistence/rdb/entry-encoder.js';
import type { SaveSettings } from '../../persistence/rdb/save-file.js';
import { RdbFormat } from '../../persistence/snapshot/rdb-format.js';
import type { Clock } from '../api/clock.js';
import type { Config } from '../api/config.js';
import { REDIS_VERSION } from '../api/version.js';

export interface RdbSettingsParts {
  readonly clock: Clock;
  readonly config: Config;
  usedBytes(): number;
  /** The code of all libraries of functions. */
  functions(): readonly Uint8Array[];
}

/** @param isAofBase whether the file begins an append-only file */
export function rdbSettings(parts: RdbSettingsParts, isAofBase: boolean): SaveSettings {
  const { clock, config, functions, usedBytes } = parts;
  const { values } = config;
  const version = values['rdb-version'];
  return {
    version: version === 'auto' ? undefined : Number(version),
    usage: usageField(values['maxmemory-policy']),
    now: clock.now(),
    lfuDecayMinutes: values['lfu-decay-time'],
    functions: functions(),
    compresses: values.rdbcompression,
    sums: values.rdbchecksum,
    syncs: isAofBase
      ? values['aof-rewrite-incremental-fsync']
      : values['rdb-save-incremental-fsync'],
    delayUs: values['rdb-key-save-delay'],
    notes: [
      ['redis-ver', REDIS_VERSION],
      ['redis-bits', '64'],
      ['ctime', String(Math.floor(clock.now() / 1000))],
      ['used-mem', String(usedBytes())],
      ['aof-base', isAofBase ? '1' : '0'],
    ],
  };
}

export function rdbFormat(parts: RdbSettingsParts, isAofBase: boolean): RdbFormat {
  return new RdbFormat(rdbSettings(parts, isAofBase));
}

function usageField(policy: string): number {
  if (policy.endsWith('-lru')) return UsageField.Idle;
  return isLfuPolicy(policy) ? UsageField.Freq : UsageField.None;
}
