/**
 * All keys as they were at one moment, written down while they go on being changed.
 *
 *     the cut                          the walk, some of it in every turn of the event loop
 *     entries   1 2 3 4 5 6 7          1 2 3 | 4 5 6 7      done: what was walked,
 *     marks     . . . . . . .          x x x | . x . .            and 5, for it was to be written to
 *
 * At the cut, each database's entry numbers are noted up to the highest, and nothing is copied. Then
 * the walk goes from number to number, encodes what is not marked, and marks it. Who is about to change
 * or remove an entry says so before (`beforeChange`), and if it is not marked, it is encoded first. So
 * what is written is what was there at the cut, to the byte; only the order of keys is another. Entries
 * that are added later have numbers beyond the highest, or ones that were given up: those are
 * marked when they are given out again (Dict.beginWalk).
 *
 * A big collection takes several steps. If it is about to change between two of them, what is left of
 * it is done at once. Others that are about to change meanwhile can't be put into its middle: they go
 * to a second buffer, `aside`, that follows it.
 *
 * A big value that is deleted or replaced is not encoded then, but left to the snapshot, in a database
 * that nobody else knows: that is walked after the rest, and deleting takes no longer than without a
 * snapshot. A database that is flushed leaves all its keys so. One that is swapped keeps the number
 * that it had at the cut.
 *
 * The idea, versions of entries against an instant, is that of Dragonfly's snapshots
 * (https://github.com/dragonflydb/dragonfly/blob/main/docs/rdbsave.md).
 */
import { DOUBLE_FIELD } from '../../datastructs/double-field.js';
import { EntryMarks } from '../../datastructs/entry-marks.js';
import type { Cut } from '../../keyspace/cut.js';
import type { Database } from '../../keyspace/database.js';
import type { Keyspace } from '../../keyspace/keyspace.js';
import type { OwnedObject } from '../../keyspace/object-table.js';
import { ChunkWriter, type Compression } from '../rdb/chunk-writer.js';
import type { EntryWriter, SnapshotFormat } from './format.js';
import type { SnapshotSink } from './sink.js';

/** The sink gets this much at a time; a step of a big collection is as long. */
const CHUNK_BYTES = 64 * 1024;
/** Entries between two looks at the clock. */
const ENTRIES_PER_LOOK = 16;
/** More than this is not put aside: the big collection that is in the way is done at once. */
const ASIDE_MAX_BYTES = 64 * 1024 * 1024;

/** What becomes of a slice: there is more to do, the sink must drain first, or all is written. */
export type SliceEnd = 'more' | 'full' | 'done';

export interface SnapshotOptions {
  readonly keyspace: Keyspace;
  readonly format: SnapshotFormat;
  readonly sink: SnapshotSink;
  readonly compression: Compression;
  /** Entries between two looks at the clock; by default some. */
  readonly entriesPerLook?: number;
  /** Microseconds of a clock that never goes back. */
  micros(): number;
}

export class Snapshot {
  /** Keys at the cut, and how many of them have been encoded. */
  readonly total: number;
  processed = 0;
  /** Bytes of entries that were encoded because they were about to change. */
  copiedBytes = DOUBLE_FIELD;
  private readonly out: ChunkWriter;
  private readonly aside: ChunkWriter;
  private readonly walker: EntryWriter;
  private readonly hasty: EntryWriter;
  /** Those that are not walked to their end. */
  private readonly cuts: DatabaseCut[] = [];
  /** The database that the last entry belongs to. */
  private selected: DatabaseCut | undefined = undefined;
  /** The entry that `walker` was given last, and its database. */
  private walked = 0;
  private walkedOf: DatabaseCut | undefined = undefined;
  private isOver = false;

  /** Makes the cut. */
  constructor(private readonly options: SnapshotOptions) {
    this.copiedBytes = 0;
    const { compression, format, keyspace } = options;
    this.out = new ChunkWriter(compression);
    this.aside = new ChunkWriter(compression);
    this.walker = format.entries(this.out);
    this.hasty = format.entries(this.aside);
    format.begin(this.out);
    let total = 0;
    for (const db of keyspace.databases) {
      if (db.size === 0) continue;
      total += db.size;
      this.cuts.push(new DatabaseCut(this, db));
    }
    this.total = total;
    // They are taken from the end.
    this.cuts.reverse();
  }

  /** Goes on until about `until`, in microseconds of the clock. */
  step(until: number): SliceEnd {
    const { out, walker } = this;
    const { sink, entriesPerLook = ENTRIES_PER_LOOK } = this.options;
    let walked = 0;
    while (!this.isOver) {
      if (sink.isFull) return 'full';
      if (!walker.isDone) this.goOn(CHUNK_BYTES);
      else if (this.walkEntry()) walked++;
      else {
        this.finish();
        break;
      }
      if (out.length >= CHUNK_BYTES) sink.write(out);
      if (walker.isDone && walked % entriesPerLook !== 0) continue;
      if (this.options.micros() >= until) return 'more';
    }
    return 'done';
  }

  /** Ends it before its time; what was written is worth nothing. */
  abort(): void {
    this.isOver = true;
    for (const cut of this.cuts.splice(0)) cut.release();
  }

  // ---- for DatabaseCut

  /** Encodes an entry that is about to change, and has not been walked. */
  encodeNow(cut: DatabaseCut, e: number): void {
    const { aside, hasty, out, walker } = this;
    if (walker.isDone) {
      this.select(out, cut);
      const before = out.length;
      walker.begin(cut.db, e);
      walker.finish();
      this.copiedBytes += out.length - before;
      if (out.length >= CHUNK_BYTES) this.options.sink.write(out);
    } else {
      this.select(aside, cut);
      const before = aside.length;
      hasty.begin(cut.db, e);
      hasty.finish();
      this.copiedBytes += aside.length - before;
      if (aside.length > ASIDE_MAX_BYTES) this.goOn(Number.POSITIVE_INFINITY);
    }
    this.processed++;
  }

  /** An entry that is encoded is about to go. @returns whether that is only half so: then its object is needed */
  isHalfWalked(cut: DatabaseCut, e: number): boolean {
    return e === this.walked && cut === this.walkedOf && !this.walker.isDone;
  }

  /** The entry that is half encoded is out of others' reach, or they have done with it. */
  forgetWalked(): void {
    this.walkedOf = undefined;
  }

  /** An entry that is encoded is about to change: if that is only half so, it is now done. */
  finishNow(cut: DatabaseCut, e: number): void {
    if (this.isHalfWalked(cut, e)) this.goOn(Number.POSITIVE_INFINITY);
  }

  // ----

  /** Begins with the next entry. @returns false if there is none left */
  private walkEntry(): boolean {
    const { cuts, out } = this;
    for (;;) {
      const cut = cuts[cuts.length - 1];
      if (cut === undefined) return false;
      const e = cut.next();
      if (e === 0) {
        cuts.pop();
        cut.release();
        continue;
      }
      this.select(out, cut);
      this.walked = e;
      this.walkedOf = cut.walksLeft ? undefined : cut;
      this.walker.begin(cut.source, e);
      this.processed++;
      return true;
    }
  }

  /** Goes on with a big collection; when it is done, what was put aside follows. */
  private goOn(bytes: number): void {
    const { aside, out } = this;
    if (!this.walker.step(bytes) || aside.length === 0) return;
    const { sink } = this.options;
    sink.write(out);
    sink.write(aside);
  }

  private select(out: ChunkWriter, cut: DatabaseCut): void {
    if (cut === this.selected) return;
    this.selected = cut;
    const { index, keys, volatileKeys } = cut;
    this.options.format.database(out, index, keys, volatileKeys, !cut.isNamed);
    cut.isNamed = true;
  }

  private finish(): void {
    const { format, sink } = this.options;
    this.isOver = true;
    format.end(this.out);
    sink.write(this.out);
    sink.end(format.header());
  }
}

/** One database at the cut. */
class DatabaseCut implements Cut<Database> {
  readonly index: number;
  readonly keys: number;
  readonly volatileKeys: number;
  /** Whether it was named in what was written. */
  isNamed = false;
  /** Where the keys are: the database, or the twin that a flush has left them in. */
  db: Database;
  private readonly home: Database;
  private readonly marks: EntryMarks;
  private at = 1;
  /** What was deleted or replaced since. */
  private left: Database | undefined = undefined;
  private leftAt = 1;
  /** Entries there that were being walked when they were left. */
  private readonly halfWalked = new Set<number>();
  /** Whether these are walked now: the rest is done. */
  walksLeft = false;

  constructor(
    private readonly snapshot: Snapshot,
    db: Database,
  ) {
    this.db = db;
    this.home = db;
    this.index = db.index;
    this.keys = db.size;
    this.volatileKeys = db.expires.size;
    this.marks = new EntryMarks(db.dict.entryTop);
    db.dict.beginWalk(this.marks);
    db.cut = this;
  }

  /** Marks the next entry that is not. @returns its number, 0 if there is none left */
  next(): number {
    const { marks } = this;
    const { dict } = this.db;
    const { top } = marks;
    let e = this.at;
    while (e < top && (marks.has(e) || !dict.isUsed(e))) e++;
    this.at = e + 1;
    if (e >= top) return this.nextLeft();
    marks.add(e);
    return e;
  }

  /** The database of the entry that `next` has named. */
  get source(): Database {
    return this.walksLeft ? this.left! : this.db;
  }

  beforeLoss(e: number): Database | undefined {
    const { db, marks, snapshot } = this;
    if (e >= marks.top) return undefined;
    const isWalked = marks.has(e);
    if (isWalked) {
      if (!snapshot.isHalfWalked(this, e)) return undefined;
      // Its blocks must stay where they are; if others' are among them, it is small.
      if ((db.objectOf(e) as OwnedObject).sharedBytes > 0) return undefined;
      snapshot.forgetWalked();
    }
    marks.add(e);
    this.left ??= db.twin();
    if (isWalked) this.halfWalked.add(this.left.dict.entryTop);
    return this.left;
  }

  beforeChange(e: number): void {
    const { marks, snapshot } = this;
    if (e >= marks.top) return;
    if (marks.has(e)) snapshot.finishNow(this, e);
    else {
      marks.add(e);
      snapshot.encodeNow(this, e);
    }
  }

  detached(twin: Database): void {
    this.db = twin;
  }

  /** The database is its own again; a twin's memory is its home's to give back. */
  release(): void {
    const { db, home } = this;
    db.cut = undefined;
    db.dict.endWalk();
    if (db !== home) db.discardContent(home);
    this.left?.discardContent(home);
  }

  private nextLeft(): number {
    const { left, halfWalked } = this;
    if (left === undefined) return 0;
    this.walksLeft = true;
    while (halfWalked.has(this.leftAt)) this.leftAt++;
    return this.leftAt < left.dict.entryTop ? this.leftAt++ : 0;
  }
}
