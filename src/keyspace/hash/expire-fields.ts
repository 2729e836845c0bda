/**
 * Removes fields of hashes whose deadlines have passed: when a command meets one, and from the
 * expire cycle though nobody asks for them.
 *
 * Each field that goes is propagated as HDEL; then, once for all of them, `hexpired` is notified,
 * and a hash that has become empty is removed with `del`. While the keyspace holds expiry (CLIENT
 * PAUSE) fields that are due are only to be hidden.
 */
import type { Database } from '../database.js';
import { EventClass } from '../events.js';
import { BLOCK_SLOTS } from '../expiry-table.js';
import type { Keyspace } from '../keyspace.js';
import { HashFields } from './hash-fields.js';

/** Fields removed between two looks at the clock. */
const FIELDS_PER_LOOK = 64;
/** Hashes taken from the table at a time. */
const HASHES_PER_LOOK = 64;

/**
 * Removes the field that was found, which is due. `tellExpired` has to follow.
 * @returns whether it was removed, and is not only to be hidden
 */
export function dropDueField(keyspace: Keyspace, fields: HashFields): boolean {
  if (keyspace.expiryHeld) return false;
  keyspace.expiredFields++;
  const { cut } = fields.db;
  if (cut !== undefined) {
    cut.beforeChange(fields.entry);
    fields.go(fields.place);
  }
  if (keyspace.observed || keyspace.removals !== undefined) tellOfField(keyspace, fields);
  fields.remove();
  return true;
}

function tellOfField(keyspace: Keyspace, fields: HashFields): void {
  const { db } = fields;
  fields.go(fields.place);
  const { fieldOff } = fields;
  const key = db.keyName(fields.entry);
  const field = Buffer.from(fields.field.subarray(fieldOff, fieldOff + fields.fieldLen));
  keyspace.removals?.fieldRemoved(db, key, field);
  if (keyspace.observed) keyspace.observer!.fieldExpired(db, key, field);
}

/**
 * Tells that fields have gone, and removes the hash if none is left; `fields` is then an empty hash
 * without a key.
 */
export function tellExpired(keyspace: Keyspace, fields: HashFields): void {
  const { db, entry } = fields;
  const key = keyspace.observed ? db.keyName(entry) : undefined;
  if (key !== undefined) keyspace.observer!.keyEvent(db, EventClass.Hash, 'hexpired', key);
  if (fields.count === 0) {
    db.remove(entry);
    fields.begin(db);
    if (key !== undefined) keyspace.observer!.keyEvent(db, EventClass.Generic, 'del', key);
  } else {
    fields.settle();
  }
  if (key !== undefined) keyspace.observer!.keyChanged(db, key);
}

/** Removes all fields that are due, of a hash that a command has opened. */
export function expireAllDue(keyspace: Keyspace, fields: HashFields, now: number): void {
  if (!fields.hasDeadlines || keyspace.expiryHeld) return;
  let removed = 0;
  let more: boolean;
  do {
    const count = dropSome(keyspace, fields, now);
    removed += count;
    more = count === DUE.length;
  } while (more);
  if (removed > 0) tellExpired(keyspace, fields);
}

/**
 * The expire cycle's part: removes fields that are due, from all hashes of a database.
 * @param micros the clock @param end when to stop
 * @returns whether no field of the database is due
 */
export function expireFieldsIn(
  keyspace: Keyspace,
  db: Database,
  now: number,
  micros: () => number,
  end: number,
): boolean {
  const { fieldExpires } = db;
  let removals = 0;
  let block = fieldExpires.dueBlockBelow(fieldExpires.blocks, now);
  while (block >= 0) {
    const count = collectHashes(db, block, now);
    for (let i = 0; i < count; i++) {
      removals += 1 + expireSome(keyspace, db, HASHES[i]!, now);
      if (removals < FIELDS_PER_LOOK) continue;
      removals = 0;
      if (micros() >= end) return fieldExpires.dueBlockBelow(block + 1, now) < 0;
    }
    // Hashes may have moved into this block's slots, or still have fields that are due.
    block = fieldExpires.dueBlockBelow(block + 1, now);
  }
  return true;
}

/** Fills HASHES with a block's entries that are due; if there are none, its bound is made exact. */
function collectHashes(db: Database, block: number, now: number): number {
  const { fieldExpires } = db;
  const first = block * BLOCK_SLOTS;
  let count = 0;
  let earliest = Number.POSITIVE_INFINITY;
  for (let slot = Math.min(first + BLOCK_SLOTS, fieldExpires.size) - 1; slot >= first; slot--) {
    const at = fieldExpires.get(slot);
    if (at < now) {
      HASHES[count++] = fieldExpires.entryOf(slot);
      if (count === HASHES.length) return count;
    } else if (at < earliest) earliest = at;
  }
  if (count === 0) fieldExpires.setBound(block, earliest);
  return count;
}

/** Removes some fields of a hash that are due. @returns how many */
function expireSome(keyspace: Keyspace, db: Database, e: number, now: number): number {
  const fields = FIELDS.open(db, e);
  const removed = dropSome(keyspace, fields, now);
  if (removed > 0) tellExpired(keyspace, fields);
  // Nothing more is due: the hash comes up again when its next field is.
  if (removed < DUE.length && fields.entry !== 0) fields.reschedule();
  return removed;
}

function dropSome(keyspace: Keyspace, fields: HashFields, now: number): number {
  const count = fields.collectDue(now, DUE);
  // From the last: removing a field moves those behind it.
  for (let i = count - 1; i >= 0; i--) {
    fields.go(DUE[i]!);
    dropDueField(keyspace, fields);
  }
  return count;
}

// What these hold means nothing between calls.
const FIELDS = new HashFields();
const DUE = new Int32Array(FIELDS_PER_LOOK);
const HASHES = new Int32Array(HASHES_PER_LOOK);
