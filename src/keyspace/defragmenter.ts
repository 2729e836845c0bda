/**
 * Active defragmentation: gives memory back that deleted keys have left in pieces.
 *
 * A segment of an arena (32 MiB) goes back to the system once it holds nothing. After many keys were
 * deleted all over, every segment holds a little. Then the emptiest are chosen, nothing is allocated
 * there any more, and a walk over all keys moves what they have in these segments to others. Last, the
 * dict's entries are closed up, so that the end of their table can go, too. In between, collections that
 * have an arena of their own are walked (collection-defragmenter.ts).
 *
 *     segments   |#  # |###  |  # #|# ## |   #  |      # in use
 *     measure     keep  keep  empty keep  empty        a segment at a time
 *     walk       |# ## |###  |     |# ## |#     | …    then `trim` gives the empty ones back
 *
 * It goes in short slices, between the turns of the event loop, and takes the share of time that
 * `effort` says: more, the more there is to gain (Redis: active-defrag-cycle-min to -max).
 *
 * Redis asks its allocator, jemalloc, which blocks had better move, and does this with each block; here
 * the arena knows.
 */
import { DOUBLE_FIELD } from '../datastructs/double-field.js';
import { CollectionDefragmenter } from './collection-defragmenter.js';
import type { Database } from './database.js';
import type { Keyspace } from './keyspace.js';
import { chooseSegments, type SparseSegment } from './sparse-segments.js';

export interface DefragSettings {
  /** `activedefrag` */
  readonly isOn: boolean;
  /** Bytes in use by no one from which on it begins. */
  readonly ignoreBytes: number;
  /** In percent of the bytes in use: where it begins, and where it works hardest. */
  readonly lowerPercent: number;
  readonly upperPercent: number;
  /** Percent of the time that it takes then. */
  readonly minEffort: number;
  readonly maxEffort: number;
}

export interface DefragmenterParts {
  readonly keyspace: Keyspace;
  settings(): DefragSettings;
  micros(): number;
  /** What collections with an arena of their own hold and do not use. */
  readonly collections?: { readonly wastedBytes: number; readonly usedBytes: number };
  /** Whether nothing may move now: a snapshot is taken, data is loaded, a script waits. */
  isHeld(): boolean;
  /** Calls after so many milliseconds; 0: after this turn. */
  later(go: () => void, ms: number): void;
  /** Told of how long each slice took. */
  onSlice?(micros: number): void;
}

/** A slice takes so long: in the same turn may be a call of the cron (maintenance.ts). */
const SLICE_MICROS = 300;
/** Keys looked at between two looks at the clock. */
const KEYS_AT_ONCE = 32;
/** Of entry numbers that are closed up. */
const NUMBERS_AT_ONCE = 256;
/** A dict is closed up if so many of its numbers are in no use, … */
const GAPS_MIN = 1 << 18;
/** … which is one of so many of all. */
const GAPS_SHARE = 4;

/** What it does to a database, in this order. */
const Phase = {
  Measuring: 0,
  Emptying: 1,
  Moving: 2,
  Staying: 3,
  Collections: 4,
  Closing: 5,
} as const;

export class Defragmenter {
  /** Percent of the time that it takes now; 0: it rests. INFO's active_defrag_running. */
  effort = 0;
  /** Keys of which something was moved, and those of which nothing was. */
  hits = DOUBLE_FIELD;
  misses = DOUBLE_FIELD;
  /** Time that it has been at work, in microseconds. */
  private workedMicros = DOUBLE_FIELD;
  private startedAt = DOUBLE_FIELD;

  private readonly collections = new CollectionDefragmenter();
  private queue: Database[] = [];
  private db: Database | undefined = undefined;
  private phase: number = Phase.Measuring;
  /** Entry that is moved next, or segment, or place among those chosen. */
  private next = 1;
  private sparse: SparseSegment[] = [];
  /** Segments that are to be emptied, or are. */
  private chosen: number[] = [];
  /** What the walk began with: flushing gives a database another. */
  private dict: Database['dict'] | undefined = undefined;
  private readonly goOn = () => this.slice();

  constructor(private readonly parts: DefragmenterParts) {
    this.hits = 0;
    this.misses = 0;
    this.workedMicros = 0;
    this.startedAt = 0;
  }

  /** Time since it last began, in microseconds; 0 while it rests. */
  get currentMicros(): number {
    return this.effort === 0 ? 0 : this.parts.micros() - this.startedAt;
  }

  get totalMicros(): number {
    return this.workedMicros + this.currentMicros;
  }

  resetCounters(): void {
    this.hits = 0;
    this.misses = 0;
    this.workedMicros = 0;
    if (this.effort !== 0) this.startedAt = this.parts.micros();
  }

  /** Begins, if there is reason to; sets the effort anew if it is at work. For the cron. */
  check(): void {
    const { isOn } = this.parts.settings();
    if (!isOn) {
      if (this.effort !== 0) this.end();
      return;
    }
    const effort = this.effortNeeded();
    if (this.effort !== 0) {
      // What has begun is done; it may only get harder.
      this.effort = Math.max(this.effort, effort);
      return;
    }
    if (effort === 0 || this.parts.isHeld()) return;
    this.queue = this.parts.keyspace.databases.filter((db) => db.size > 0);
    this.effort = effort;
    this.startedAt = this.parts.micros();
    this.parts.later(this.goOn, 0);
  }

  /** Ends at once: the server stops, or a snapshot is to be taken. */
  end(): void {
    if (this.effort === 0) return;
    this.leave();
    this.queue = [];
    this.workedMicros += this.currentMicros;
    this.effort = 0;
  }

  private effortNeeded(): number {
    const { keyspace, settings } = this.parts;
    const { ignoreBytes, lowerPercent, upperPercent, minEffort, maxEffort } = settings();
    let wasted = this.parts.collections?.wastedBytes ?? 0;
    let used = this.parts.collections?.usedBytes ?? 0;
    for (const { arena, dict } of keyspace.databases) {
      wasted += arena.touchedBytes - arena.usedBytes + dict.unusedEntryBytes;
      used += arena.usedBytes;
    }
    const percent = (wasted * 100) / Math.max(used, 1);
    if (wasted < ignoreBytes || percent < lowerPercent) return 0;
    const range = Math.max(upperPercent - lowerPercent, 1);
    const share = Math.min(1, (percent - lowerPercent) / range);
    return Math.round(minEffort + share * (maxEffort - minEffort));
  }

  private slice(): void {
    if (this.effort === 0) return;
    if (this.parts.isHeld()) {
      this.end();
      return;
    }
    const { micros, later, onSlice } = this.parts;
    const start = micros();
    while (micros() - start < SLICE_MICROS) {
      if (!this.step()) {
        this.end();
        break;
      }
    }
    const took = micros() - start;
    onSlice?.(took);
    if (this.effort === 0) return;
    later(this.goOn, Math.ceil((took * (100 / this.effort - 1)) / 1000));
  }

  /** A little more. @returns whether there is more to do */
  private step(): boolean {
    if (this.db === undefined || this.db.dict !== this.dict) {
      const db = this.queue.shift();
      if (db === undefined) return false;
      this.enter(db);
      return true;
    }
    if (this.phase === Phase.Measuring) this.measureOne(this.db);
    else if (this.phase === Phase.Emptying) this.emptyOne(this.db);
    else if (this.phase === Phase.Moving) this.moveSome(this.db);
    else if (this.phase === Phase.Staying) this.stayOne(this.db);
    else if (this.phase === Phase.Collections) this.tendCollections(this.db);
    else if (!this.db.closeGaps(NUMBERS_AT_ONCE)) this.leave();
    return true;
  }

  private enter(db: Database): void {
    this.db = db;
    this.dict = db.dict;
    this.sparse = [];
    this.chosen = [];
    // The first is small, and never given back.
    this.begin(Phase.Measuring, 1);
  }

  private begin(phase: number, next: number): void {
    this.phase = phase;
    this.next = next;
  }

  private measureOne({ arena }: Database): void {
    if (this.next >= arena.segments) {
      this.chosen = chooseSegments(this.sparse, arena.capacityBytes - arena.usedBytes);
      this.begin(Phase.Emptying, 0);
      return;
    }
    const segment = this.next++;
    const used = arena.sparseBytes(segment);
    if (used >= 0) this.sparse.push({ segment, used });
  }

  private emptyOne(db: Database): void {
    if (this.next < this.chosen.length) db.arena.beginEmptying(this.chosen[this.next++]!);
    else if (this.chosen.length > 0) this.begin(Phase.Moving, 1);
    else this.beginCollections(db);
  }

  private stayOne(db: Database): void {
    if (this.next < this.chosen.length) db.arena.endEmptying(this.chosen[this.next++]!);
    else this.beginCollections(db);
  }

  private moveSome(db: Database): void {
    const { dict } = db;
    const end = Math.min(this.next + KEYS_AT_ONCE, dict.entryTop);
    for (let e = this.next; e < end; e++) {
      if (!dict.isUsed(e)) continue;
      if (db.moveBlocks(e)) this.hits++;
      else this.misses++;
    }
    this.next = end;
    if (end === dict.entryTop) this.begin(Phase.Staying, 0);
  }

  private beginCollections(db: Database): void {
    this.begin(Phase.Collections, 0);
    this.chosen = [];
    this.collections.begin(db);
  }

  private tendCollections(db: Database): void {
    const { collections } = this;
    const before = collections.walked;
    const goesOn = collections.step();
    this.hits += collections.walked - before;
    if (goesOn) return;
    collections.end();
    this.beginClosing(db);
  }

  private beginClosing(db: Database): void {
    const { dict } = db;
    const gaps = dict.entryTop - 1 - dict.size;
    if (gaps < GAPS_MIN || gaps * GAPS_SHARE < dict.entryTop) {
      this.db = undefined;
      return;
    }
    this.begin(Phase.Closing, 0);
    dict.beginClosing();
  }

  /** Is done with the database, or leaves it as it is. */
  private leave(): void {
    const { db } = this;
    this.db = undefined;
    this.collections.end();
    if (db === undefined || db.dict !== this.dict) return;
    if (this.phase === Phase.Closing) db.dict.endClosing();
    else for (const segment of this.chosen) db.arena.endEmptying(segment);
  }
}
