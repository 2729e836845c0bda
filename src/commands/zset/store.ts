/**
 * Sorted sets as results: ZRANGESTORE, ZUNIONSTORE and their like, GEOSEARCHSTORE.
 *
 * A result is built beside the keyspace (ZsetWriter.begin), so that the destination may be one of
 * the sources. It replaces whatever is there, with its time to live; if it is empty, the
 * destination is removed.
 */
import { EventClass } from '../../keyspace/events.js';
import { Kind } from '../../keyspace/kinds.js';
import type { ZsetWriter } from '../../keyspace/zset/open.js';
import type { Call } from '../../server/api/call.js';
import { deleteDestination } from '../delete-destination.js';

/** Stores a set that was begun and is not empty under argument `i`, which has no entry. */
export function addZset(call: Call, i: number, built: ZsetWriter): void {
  const { object } = built;
  const { buf, off, len } = built.bytes.range;
  if (object !== undefined) call.addObject(i, Kind.ZsetSkiplist, object);
  else call.addRaw(i, Kind.ZsetListpack, buf, off, len);
}

/**
 * Stores a set that was begun as a command's result under argument `i`, and tells.
 * @param event the notification's name
 */
export function storeZset(call: Call, i: number, built: ZsetWriter, event: string): void {
  if (built.zset.size === 0) {
    if (built.object !== undefined) call.db.discard(built.object.dispose());
    deleteDestination(call, i);
    return;
  }
  const { object } = built;
  const { buf, off, len } = built.bytes.range;
  if (object !== undefined) call.putObject(i, Kind.ZsetSkiplist, object);
  else call.putRaw(i, Kind.ZsetListpack, buf, off, len);
  call.changed(i, EventClass.Zset, event);
}
