/**
 * Chooses keys to evict: the eight policies of `maxmemory-policy`.
 *
 *     which keys   allkeys: any; volatile: those that expire
 *     which first  lru: unused for longest; lfu: least used; ttl: expires first; random: any
 *
 * All but random draw some keys of every database and remember the best (candidates.ts). The draws
 * are of entry numbers, which are dense: each key is as likely drawn as any other.
 */
import { DOUBLE_FIELD } from '../../datastructs/double-field.js';
import { idleSeconds, lfuCounter } from '../access-clock.js';
import type { Database } from '../database.js';
import type { Keyspace } from '../keyspace.js';
import { EvictionCandidates } from './candidates.js';

export type EvictionOrder = 'none' | 'lru' | 'lfu' | 'ttl' | 'random';

export interface EvictorSettings {
  /** `lfu-decay-time` */
  lfuDecayMinutes(): number;
  /** `maxmemory-samples` */
  samples(): number;
  /** Unix ms */
  now(): number;
}

/** Draws that are looked at together. */
const DRAWS_AT_ONCE = 16;
const LFU_MAX = 255;
/** Beyond all times of expiry. */
const LATEST = Number.MAX_SAFE_INTEGER;

export class Evictor {
  private order: EvictionOrder = 'none';
  private isVolatileOnly = false;
  private readonly candidates = new EvictionCandidates();
  private readonly drawn = new Int32Array(DRAWS_AT_ONCE);
  /** As of the choice that is being made: Unix ms, and `lfu-decay-time`. */
  private now = DOUBLE_FIELD;
  private decayMinutes = 0;
  /** Whose turn it is to lose a random key. */
  private nextDatabase = 0;

  /** The database of the key that `choose` found. */
  database: Database | undefined = undefined;

  constructor(
    private readonly keyspace: Keyspace,
    private readonly settings: EvictorSettings,
  ) {
    this.now = 0;
  }

  /** @param policy of `maxmemory-policy` */
  set policy(policy: string) {
    const [keys, order] = policy.split('-');
    this.order = order === undefined ? 'none' : (order as EvictionOrder);
    this.isVolatileOnly = keys === 'volatile';
    this.candidates.clear();
  }

  /** Whether nothing is ever evicted. */
  get isIdle(): boolean {
    return this.order === 'none';
  }

  /** The key that should go next. @returns its entry in `database`; 0: there is none */
  choose(): number {
    if (this.order === 'none') return 0;
    if (this.order === 'lfu') {
      this.now = this.settings.now();
      this.decayMinutes = this.settings.lfuDecayMinutes();
    }
    return this.order === 'random' ? this.chooseAny() : this.chooseBest();
  }

  private chooseBest(): number {
    const { candidates, keyspace } = this;
    for (;;) {
      let keys = 0;
      for (const db of keyspace.databases) {
        const count = this.countOf(db);
        if (count > 0) this.draw(db, count);
        keys += count;
      }
      if (keys === 0) return 0;
      const e = candidates.take();
      if (e !== 0) {
        this.database = candidates.database;
        return e;
      }
    }
  }

  private chooseAny(): number {
    const { databases, random } = this.keyspace;
    for (let i = 0; i < databases.length; i++) {
      const db = databases[this.nextDatabase++ % databases.length]!;
      const count = this.countOf(db);
      if (count === 0) continue;
      this.database = db;
      return this.isVolatileOnly
        ? db.expires.entryOf(Math.floor(random() * count))
        : db.dict.randomEntry(random);
    }
    return 0;
  }

  /** Keys of a database that may go. */
  private countOf(db: Database): number {
    return this.isVolatileOnly ? db.expires.size : db.size;
  }

  /** Offers some of a database's keys, all if they are few. */
  private draw(db: Database, count: number): void {
    const { random } = this.keyspace;
    const samples = this.settings.samples();
    if (this.isVolatileOnly) {
      const all = count <= samples;
      const draws = all ? count : samples;
      for (let i = 0; i < draws; i++) {
        this.offer(db, db.expires.entryOf(all ? i : Math.floor(random() * count)));
      }
      return;
    }
    const { dict } = db;
    if (count > samples) {
      const { drawn } = this;
      for (let left = samples; left > 0; left -= DRAWS_AT_ONCE) {
        // All draws first, so that the processor waits for the memory of all at the same time.
        const draws = Math.min(left, DRAWS_AT_ONCE);
        for (let i = 0; i < draws; i++) drawn[i] = dict.randomEntry(random);
        for (let i = 0; i < draws; i++) this.offer(db, drawn[i]!);
      }
      return;
    }
    for (let e = 1; e < dict.entryTop; e++) if (dict.isUsed(e)) this.offer(db, e);
  }

  private offer(db: Database, e: number): void {
    this.candidates.offer(db, e, this.scoreOf(db, e));
  }

  /** The greater, the sooner it goes. */
  private scoreOf(db: Database, e: number): number {
    if (this.order === 'lru') return idleSeconds(db.clockOf(e), db.clock);
    if (this.order === 'ttl') return LATEST - db.expiry(e);
    return LFU_MAX - lfuCounter(db.clockOf(e), this.now, this.decayMinutes);
  }
}
