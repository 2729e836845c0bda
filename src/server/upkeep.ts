/**
 * What is done about the keyspace beside commands, put together: memory is counted and kept within its
 * limit, keys go when their time has come, tables and arenas are made as small as their content.
 *
 *     MemoryTracker   how much is in use, for what          Eviction        before a command, above maxmemory
 *     ExpireCycle     keys that are due and not asked for   Maintenance     tables that grow or shrink
 *     Defragmenter    blocks that are moved together        CollectionMemory  arenas of big collections
 */
import { CollectionMemory } from '../keyspace/collection-memory.js';
import { Defragmenter, type DefragSettings } from '../keyspace/defragmenter.js';
import { ExpireCycle } from '../keyspace/expire-cycle.js';
import type { Keyspace } from '../keyspace/keyspace.js';
import { Maintenance } from '../keyspace/maintenance.js';
import type { ServerClock } from './clock.js';
import type { Config } from './config/config.js';
import type { Cron } from './cron.js';
import { Eviction } from './eviction.js';
import type { Gate } from './gate.js';
import type { LatencyMonitor } from './latency-monitor.js';
import { type MemoryOverheads, MemoryTracker } from './memory.js';
import type { Propagation } from './propagation/propagation.js';
import { SAMPLE_PERIOD_MS } from './rate-sampler.js';
import type { Turn } from './turn.js';

export interface UpkeepParts {
  readonly clients: { readonly memoryBytes: number; readonly count: number };
  readonly clock: ServerClock;
  readonly config: Config;
  readonly gate: Gate;
  readonly keyspace: Keyspace;
  readonly latency: LatencyMonitor;
  /** What is in memory beside data and clients. */
  readonly overheads: Omit<MemoryOverheads, 'collections'>;
  readonly propagation: Propagation;
  readonly turn: Turn;
  /** Whether keys that are due are looked for (DEBUG SET-ACTIVE-EXPIRE). */
  looksForDue(): boolean;
}

export class Upkeep {
  readonly memory: MemoryTracker;
  readonly eviction: Eviction;
  readonly defragmenter: Defragmenter;
  readonly expireCycle: ExpireCycle;
  private readonly collectionMemory: CollectionMemory;
  private readonly maintenance: Maintenance;

  constructor(private readonly parts: UpkeepParts) {
    const { clients, clock, config, keyspace, overheads } = parts;
    const collections = new CollectionMemory(keyspace);
    this.collectionMemory = collections;
    this.memory = new MemoryTracker(
      keyspace,
      () => clients.memoryBytes,
      () => clients.count,
      { ...overheads, collections },
    );
    this.eviction = this.makeEviction();
    this.maintenance = new Maintenance(keyspace, {
      micros: () => clock.micros(),
      rehashes: () => config.values.activerehashing,
    });
    this.defragmenter = this.makeDefragmenter(collections);
    this.expireCycle = this.makeExpireCycle();
  }

  /** Has done what is to be done now and then. */
  schedule(cron: Cron): void {
    cron.every(0, () => this.expireCycle.slow());
    cron.every(0, () => this.maintenance.run());
    cron.every(0, () => this.collectionMemory.run());
    cron.every(1000, () => this.defragmenter.check());
    cron.every(SAMPLE_PERIOD_MS, () => {
      this.memory.sample();
      this.eviction.follow();
    });
  }

  resetCounters(): void {
    this.parts.keyspace.resetCounters();
    this.expireCycle.resetCounters();
    this.eviction.resetCounters();
    this.defragmenter.resetCounters();
  }

  /** The server stops. */
  stop(): void {
    this.maintenance.stop();
    this.defragmenter.end();
  }

  private makeEviction(): Eviction {
    const { clock, config, gate, keyspace, latency, propagation, turn } = this.parts;
    const { memory } = this;
    return new Eviction({
      clock,
      config,
      gate,
      keyspace,
      clientBytes: () => memory.recentClientBytes(),
      sample: () => memory.sample(),
      refresh: (now) => memory.refresh(now),
      isHeld: () => keyspace.expiryHeld,
      settle: () => propagation.settle(),
      latency,
      defer: (go) => setImmediate(go),
      sendDue: () => turn.end(),
    });
  }

  private makeDefragmenter(collections: CollectionMemory): Defragmenter {
    const { clock, config, keyspace, latency } = this.parts;
    return new Defragmenter({
      keyspace,
      collections,
      settings: () => defragSettings(config),
      micros: () => clock.micros(),
      isHeld: () => keyspace.isHeld,
      later: (go, ms) => void (ms === 0 ? setImmediate(go) : clock.setTimer(go, ms)),
      onSlice: (micros) => latency.add('active-defrag-cycle', micros / 1000),
    });
  }

  private makeExpireCycle(): ExpireCycle {
    const { clock, config, keyspace, latency, looksForDue, propagation } = this.parts;
    return new ExpireCycle(keyspace, {
      now: () => clock.now(),
      micros: () => clock.micros(),
      hz: () => config.values.hz,
      effort: () => config.values['active-expire-effort'],
      isActive: () => looksForDue() && !keyspace.expiryHeld,
      defer: (go) => setImmediate(go),
      onGo: (micros) => {
        latency.add('expire-cycle', micros / 1000);
        propagation.settle();
      },
    });
  }
}

function defragSettings({ values }: Config): DefragSettings {
  return {
    isOn: values.activedefrag,
    ignoreBytes: values['active-defrag-ignore-bytes'],
    lowerPercent: values['active-defrag-threshold-lower'],
    upperPercent: values['active-defrag-threshold-upper'],
    minEffort: values['active-defrag-cycle-min'],
    maxEffort: values['active-defrag-cycle-max'],
  };
}
