/**
 * Defragmentation of collections that have an arena of their own (see collection.ts).
 *
 *     objects of a database   [ list | set | stream | … ]
 *                                         |
 *     its arena's segments        |###  |  #  |#    |     choose sparse ones, walk the stream's blocks
 *                                 |#####|     |     |     then give the empty ones back
 *
 * A stream of which most was trimmed, or a set that has lost nearly all members, takes as much of the
 * system's memory as it ever had: its pages are empty, or nearly so. What does the moving is the
 * collection itself (OwnedObject.evacuate), some blocks at a time; meanwhile it may change, be deleted
 * or be flushed, so each step looks whether it is still there.
 */
import type { Arena } from '../datastructs/arena.js';
import type { BigArray } from '../datastructs/release.js';
import type { Database } from './database.js';
import type { ObjectTable, OwnedObject } from './object-table.js';
import { chooseSegmentsOf } from './sparse-segments.js';

/** Objects looked at with each step for one that is worth it. */
const OBJECTS_AT_ONCE = 128;
/** Places of a collection looked at with each step. */
const PLACES_AT_ONCE = 32;
/** Less than this to gain is not worth a walk, in bytes. */
const GAIN_MIN = 1024 * 1024;

export class CollectionDefragmenter {
  /** Collections that were walked. */
  walked = 0;
  private db: Database | undefined = undefined;
  /** What the walk began with: flushing while a snapshot is taken gives a database another. */
  private objects: ObjectTable | undefined = undefined;
  private next = 0;

  /** The collection that is walked, and its number. */
  private object: OwnedObject | undefined = undefined;
  private id = 0;
  private arena: Arena | undefined = undefined;
  private chosen: readonly number[] = [];
  /** Undefined: its walk is over, its empty segments are given back. */
  private walk: Iterator<void> | undefined = undefined;
  private readonly give = (array: BigArray) => this.db!.discard([array]);

  /** Begins with a database's collections. */
  begin(db: Database): void {
    this.end();
    this.db = db;
    this.objects = db.objects;
    this.next = 0;
  }

  /** A little more. @returns whether there is more to do */
  step(): boolean {
    const { db } = this;
    if (db === undefined || db.objects !== this.objects) return false;
    if (this.object === undefined) return this.findNext();
    if (!this.isThere) this.forget();
    else if (this.walk === undefined) this.giveBack();
    else if (this.walk.next().done) this.endWalk();
    return true;
  }

  /** Leaves everything as it is. */
  end(): void {
    if (this.object !== undefined && this.isThere) this.endWalk();
    this.forget();
    this.db = undefined;
    this.objects = undefined;
  }

  private get isThere(): boolean {
    const { arena, db, id, object, objects } = this;
    return db!.objects === objects && objects!.get(id) === object && object!.ownArena === arena;
  }

  private findNext(): boolean {
    const objects = this.objects!;
    const end = Math.min(this.next + OBJECTS_AT_ONCE, objects.top);
    while (this.next < end) {
      const id = this.next++;
      const object = objects.get(id) as OwnedObject | undefined;
      const arena = object?.ownArena;
      if (arena === undefined || arena.segments < 2) continue;
      if (arena.touchedBytes - arena.usedBytes < GAIN_MIN) continue;
      const chosen = chooseSegmentsOf(arena);
      if (chosen.length === 0) continue;
      this.enter(object!, id, arena, chosen);
      return true;
    }
    return this.next < objects.top;
  }

  private enter(object: OwnedObject, id: number, arena: Arena, chosen: readonly number[]): void {
    this.walked++;
    this.object = object;
    this.id = id;
    this.arena = arena;
    this.chosen = chosen;
    for (const segment of chosen) arena.beginEmptying(segment);
    this.walk = object.evacuate(PLACES_AT_ONCE);
  }

  private endWalk(): void {
    for (const segment of this.chosen) this.arena!.endEmptying(segment);
    this.walk = undefined;
  }

  private giveBack(): void {
    if (!this.arena!.trim(this.give)) this.forget();
  }

  private forget(): void {
    this.object = undefined;
    this.arena = undefined;
    this.chosen = [];
    this.walk = undefined;
  }
}
