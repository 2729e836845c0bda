/** What RENAME, MOVE and COPY do: give a value to another key, perhaps in another database. */
import type { Database } from '../../keyspace/database.js';
import { EventClass } from '../../keyspace/events.js';
import { DB_INDEX_OUT_OF_RANGE } from '../../resp/errors.js';
import type { Call } from '../../server/api/call.js';

/** Moves an entry to the key of argument `i` in `target`, which has none. */
export function moveEntry(call: Call, e: number, target: Database, i: number): void {
  const { args } = call;
  call.db.moveTo(e, target, args.buf, args.off(i), args.len(i));
  tellNew(call, target, i);
}

/** Copies an entry's value and time to live to the key of argument `i` in `target`. */
export function copyEntry(call: Call, e: number, target: Database, i: number): void {
  const { args } = call;
  call.db.copyTo(e, target, args.buf, args.off(i), args.len(i));
  tellNew(call, target, i);
}

/** The database whose number is argument `i`. @throws ReplyError */
export function databaseArgument(call: Call, i: number): Database {
  const db = call.keyspace.databases[call.args.int32(i)];
  if (db === undefined) throw DB_INDEX_OUT_OF_RANGE;
  return db;
}

function tellNew(call: Call, db: Database, i: number): void {
  const { keyspace } = call;
  if (keyspace.observed) keyspace.observer!.keyEvent(db, EventClass.New, 'new', call.args.view(i));
}
