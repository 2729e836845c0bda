/** The string that a bitmap command writes to: raw, and long enough. */
import { isObject, Kind } from '../../keyspace/kinds.js';
import type { Call } from '../../server/api/call.js';
import { checkStringFits } from '../string/length-limit.js';

/**
 * Opens argument 1's string, at least `length` bytes long (new ones are zero).
 * @returns whether it was made or has grown
 */
export function openWritable(call: Call, length: number): boolean {
  const { db } = call;
  const e = call.writeString(1);
  checkStringFits(length);
  if (e === 0) {
    db.resizeString(call.addString(1, call.args.buf, 0, 0, Kind.StringRaw), length);
    return true;
  }
  db.open(e);
  const before = db.len;
  const kind = db.kind(e);
  const isReady = kind === Kind.StringRaw || isObject(kind);
  if (!isReady || before < length) db.resizeString(e, Math.max(before, length));
  return before < length;
}
