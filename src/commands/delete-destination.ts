/** What a command with a destination does when its result is empty. */
import { EventClass } from '../keyspace/events.js';
import type { Call } from '../server/api/call.js';

/** Removes the key of argument `i`, if there is one, due or not, and tells. */
export function deleteDestination(call: Call, i: number): void {
  const { args, db, keyspace } = call;
  const e = db.find(args.buf, args.off(i), args.len(i), 0);
  if (e === 0) return;
  keyspace.removeReplaced(db, e);
  call.changed(i, EventClass.Generic, 'del');
}
