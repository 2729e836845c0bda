/** DEBUG POPULATE: many keys at once, for tests and measurements. */
import { type Database, EMBSTR_MAX } from '../../keyspace/database.js';
import { EventClass } from '../../keyspace/events.js';
import { Kind } from '../../keyspace/kinds.js';
import type { Args } from '../../resp/args.js';
import { MUST_BE_POSITIVE } from '../../resp/errors.js';
import type { Call } from '../../server/api/call.js';

/** `DEBUG POPULATE <count> [<prefix>] [<size>]`: keys that exist stay as they are. */
export function populate(call: Call): void {
  const { args, db, keyspace } = call;
  const count = positive(args, 2);
  const prefix = args.count > 3 ? args.bytes(3) : Buffer.from('key');
  const size = args.count > 4 ? positive(args, 4) : 0;
  db.dict.expand(count);
  for (let i = 0; i < count; i++) {
    const key = Buffer.concat([prefix, Buffer.from(`:${i}`)]);
    if (isThere(call, db, key)) continue;
    const value = populateValue(i, size);
    const kind = value.length <= EMBSTR_MAX ? Kind.StringEmbstr : Kind.StringRaw;
    db.addString(key, 0, key.length, 0, value, 0, value.length, kind);
    if (keyspace.observed) call.changedKey(db, key, EventClass.New, 'new');
  }
  call.reply.ok();
}

function positive(args: Args, i: number): number {
  return args.intWithin(i, 0, Number.MAX_SAFE_INTEGER, MUST_BE_POSITIVE, MUST_BE_POSITIVE);
}

function isThere(call: Call, db: Database, key: Buffer): boolean {
  const e = db.find(key, 0, key.length, 0);
  if (e === 0) return false;
  if (!db.isVolatile(e) || db.expiry(e) >= call.now) return true;
  call.keyspace.expire(db, e);
  return false;
}

/** `value:<i>`, cut or filled with zero bytes to `size`; as it is when that is 0. */
function populateValue(i: number, size: number): Buffer {
  const text = Buffer.from(`value:${i}`);
  if (size === 0) return text;
  const value = Buffer.alloc(size);
  text.copy(value);
  return value;
}
