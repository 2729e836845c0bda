/**
 * Keeps memory within `maxmemory`: before a command runs, keys are evicted until it is.
 *
 * What counts is what data, tables and client buffers hold, not what Node.js itself takes; and not
 * what the keys' changes are waiting in on their way to disk and to replicas, since evicting makes
 * more of that.
 *
 * One command is not held up for long: after a time limit (`maxmemory-eviction-tenacity`) the command
 * runs and evicting goes on between turns. Where nothing can be evicted, commands that need memory are
 * refused.
 *
 * While there is room this costs nothing: the keyspace's meter sounds as soon as it counts more than the
 * limit, and only then ServerGate.MemoryLimited is set, until enough has gone. Clients' buffers are not in
 * the meter; they are summed up by the cron, when much comes in that is no whole request yet, and, once
 * memory is above the limit, before each command (once in a millisecond). What they take lowers the
 * meter's limit. So replies that wait for a slow client may be seen 100 ms late. Redis counts them at once,
 * from the moment they are written; but a reply's bytes pass through the turn's buffer, the client's queue
 * and Node's stream, and to count them at each of these would cost every command, not only those of a
 * server with a limit.
 */
import { DOUBLE_FIELD } from '../datastructs/double-field.js';
import { Evictor } from '../keyspace/eviction/evictor.js';
import type { Keyspace } from '../keyspace/keyspace.js';
import type { Config } from './config/config.js';
import { type Gate, type MemoryGate, ServerGate } from './gate.js';

export interface EvictionParts {
  readonly clock: { now(): number; micros(): number };
  readonly config: Config;
  readonly gate: Gate;
  readonly keyspace: Keyspace;
  /** What counts beside the keyspace's: clients' buffers, as they were last summed up. */
  clientBytes(): number;
  /** Has them summed up anew. */
  sample(): void;
  /** The same, unless that was a moment ago. @param now ms of a clock that never goes back */
  refresh(now: number): void;
  /** Whether keys must not be evicted now: a script waits, clients are paused, data is loaded. */
  isHeld(): boolean;
  latency: { add(event: 'eviction-cycle', ms: number): void };
  /** Has what was removed so far passed on, by itself. */
  settle(): void;
  defer(go: () => void): void;
  /** Sends what clients are due. */
  sendDue(): void;
}

/** Clients' buffers are summed up again when new ones for their requests come to so many bytes. */
const INPUT_NOTED = 64 * 1024;
/** Between two looks at the clock. */
const KEYS_AT_ONCE = 16;
/** A tenacity of up to this is so many times 50 microseconds … */
const LINEAR_TENACITY = 10;
const LINEAR_MICROS = 50;
/** … above it, 15 % more for each. */
const TENACITY_FACTOR = 1.15;
const TENACITY_MAX = 100;

export class Eviction implements MemoryGate {
  /** Whether there is too much in memory and nothing that may go: what needs memory is refused. */
  isOutOfMemory = false;
  private limitBytes = 0;
  private readonly evictor: Evictor;
  private isDeferred = false;
  /** Bytes of clients' new buffers since they were last summed up for them. */
  private inputBytes = 0;
  /** Since when memory is above the limit, in microseconds; 0: it isn't. */
  private exceededSince = DOUBLE_FIELD;
  private exceededMicros = DOUBLE_FIELD;
  private readonly goOn = () => {
    this.isDeferred = false;
    this.relieve();
    // Messages about what was evicted must not be waiting when clients' memory is next summed up:
    // more would be evicted for them.
    this.parts.sendDue();
  };

  constructor(private readonly parts: EvictionParts) {
    this.exceededSince = 0;
    this.exceededMicros = 0;
    const { clock, config, keyspace } = parts;
    const { values } = config;
    this.evictor = new Evictor(keyspace, {
      lfuDecayMinutes: () => values['lfu-decay-time'],
      samples: () => values['maxmemory-samples'],
      now: () => clock.now(),
    });
    keyspace.meter.onFull = () => parts.gate.set(ServerGate.MemoryLimited, true);
    const apply = (): undefined => {
      this.evictor.policy = values['maxmemory-policy'];
      this.setLimit(values.maxmemory);
    };
    apply();
    config.onChange(['maxmemory', 'maxmemory-policy'], apply);
  }

  /** How long memory was above the limit in all, in microseconds: total_eviction_exceeded_time. */
  get totalExceededMicros(): number {
    return this.exceededMicros + this.currentExceededMicros;
  }

  /** … and has been since it last came above it: current_eviction_exceeded_time. */
  get currentExceededMicros(): number {
    return this.exceededSince === 0 ? 0 : this.parts.clock.micros() - this.exceededSince;
  }

  resetCounters(): void {
    this.exceededMicros = 0;
    if (this.exceededSince !== 0) this.exceededSince = this.parts.clock.micros();
  }

  /** Has the keyspace keep to what clients leave of the limit. To be called after each look at them. */
  follow(): void {
    const { limitBytes, parts } = this;
    const bytes = limitBytes === 0 ? Number.POSITIVE_INFINITY : limitBytes - parts.clientBytes();
    parts.keyspace.meter.setLimit(bytes);
  }

  /** A client has a new buffer for what it sends: others' keys may have to go for it. */
  noteInput(bytes: number): void {
    if (this.limitBytes === 0) return;
    this.inputBytes += bytes;
    if (this.inputBytes < INPUT_NOTED) return;
    this.inputBytes = 0;
    this.parts.refresh(this.parts.clock.micros() / 1000);
    this.follow();
  }

  /**
   * Evicts keys until memory is within the limit, for a while. To be called before a command runs
   * while ServerGate.MemoryLimited is set; sets `isOutOfMemory`.
   */
  relieve(): void {
    const { clock, isHeld, keyspace } = this.parts;
    const now = keyspace.meter.isExceeded || this.exceededSince !== 0 ? clock.micros() : 0;
    if (!this.isExceeded(now)) {
      this.endExceeded(now);
      return;
    }
    if (isHeld()) {
      this.isOutOfMemory = false;
      return;
    }
    if (this.exceededSince === 0) this.exceededSince = now;
    const outcome = this.evictor.isIdle ? 'failed' : this.evict(now);
    this.isOutOfMemory = outcome === 'failed';
    if (outcome === 'late') this.defer();
  }

  /** Whether there is too much, also after a closer look. @param now in microseconds */
  private isExceeded(now: number): boolean {
    const { meter } = this.parts.keyspace;
    if (!meter.isExceeded) return false;
    this.parts.refresh(now / 1000);
    this.follow();
    return meter.isExceeded;
  }

  private setLimit(bytes: number): void {
    this.limitBytes = bytes;
    this.parts.sample();
    this.follow();
    if (bytes === 0) this.relieve();
    else this.defer();
  }

  /** @param start now, in microseconds */
  private evict(start: number): 'enough' | 'late' | 'failed' {
    const { clock, keyspace, latency } = this.parts;
    const { evictor } = this;
    const { meter } = keyspace;
    const limitMicros = this.limitMicros();
    let outcome: 'enough' | 'late' | 'failed' = 'enough';
    for (let keys = 0; meter.isExceeded; keys++) {
      if (keys % KEYS_AT_ONCE === 0 && keys > 0 && clock.micros() - start > limitMicros) {
        outcome = 'late';
        break;
      }
      const e = evictor.choose();
      if (e === 0) {
        outcome = 'failed';
        break;
      }
      keyspace.evict(evictor.database!, e);
    }
    this.parts.settle();
    const end = clock.micros();
    latency.add('eviction-cycle', (end - start) / 1000);
    if (outcome === 'enough') this.endExceeded(end);
    return outcome;
  }

  private limitMicros(): number {
    const tenacity = this.parts.config.values['maxmemory-eviction-tenacity'];
    if (tenacity <= LINEAR_TENACITY) return LINEAR_MICROS * tenacity;
    if (tenacity === TENACITY_MAX) return Number.POSITIVE_INFINITY;
    return LINEAR_MICROS * LINEAR_TENACITY * TENACITY_FACTOR ** (tenacity - LINEAR_TENACITY);
  }

  /** There is room: nobody has to ask until it is used up. @param now in microseconds */
  private endExceeded(now: number): void {
    this.isOutOfMemory = false;
    this.parts.gate.set(ServerGate.MemoryLimited, false);
    this.follow();
    if (this.exceededSince === 0) return;
    this.exceededMicros += now - this.exceededSince;
    this.exceededSince = 0;
  }

  /** Goes on after this turn. */
  private defer(): void {
    if (this.isDeferred) return;
    this.isDeferred = true;
    this.parts.defer(this.goOn);
  }
}
