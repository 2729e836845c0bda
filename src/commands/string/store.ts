/**
 * What all string commands do: store an argument under a key, reply a key's string.
 *
 * Allocates nothing (SET, GET, MSET and MGET stand on it); guarded by `npm run bench`.
 */
import type { Call } from '../../server/api/call.js';

/**
 * Stores argument `value` as the string of the key at argument `key`.
 * @param e the key's entry, 0 if it has none
 * @param keepTtl whether an entry's time to live stays
 * @returns the key's entry
 */
export function storeArgument(
  call: Call,
  key: number,
  e: number,
  value: number,
  keepTtl: boolean,
): number {
  const { args } = call;
  const at = args.base + value;
  if (e === 0) return call.addString(key, args.buf, args.offs[at]!, args.lens[at]!);
  call.db.setString(e, args.buf, args.offs[at]!, args.lens[at]!, keepTtl);
  return e;
}

/** Replies an entry's string, null for no entry. */
export function replyString(call: Call, e: number): void {
  const { db, reply } = call;
  if (e === 0) {
    reply.nil();
    return;
  }
  db.open(e);
  reply.bulk(db.buf, db.off, db.len);
}
