/** What a value adds to a digest, by its type (see digest.ts). */
import type { Database } from '../../keyspace/database.js';
import { HashFields } from '../../keyspace/hash/hash-fields.js';
import { isString, typeName } from '../../keyspace/kinds.js';
import { ListCursor } from '../../keyspace/list/cursor.js';
import { List } from '../../keyspace/list/list.js';
import { KeySet } from '../../keyspace/set/key-set.js';
import { EntryCursor } from '../../keyspace/stream/entry-cursor.js';
import type { Stream } from '../../keyspace/stream/stream.js';
import { StreamId } from '../../keyspace/stream/stream-id.js';
import { ZsetReader } from '../../keyspace/zset/open.js';
import { formatShortestDouble } from '../../text/double.js';
import { Digest } from './digest.js';

/** Redis's numbers of the types. */
const TYPE_NUMBERS = { none: -1, string: 0, list: 1, set: 2, zset: 3, hash: 4, stream: 6 };

/** Stands for a field's deadline. */
const FIELD_EXPIRES = Buffer.from('!!hexpire!!');

/** Mixes the type and content of the value of an entry in. */
export function mixContent(digest: Digest, db: Database, e: number): void {
  const type = typeName(db.kind(e));
  digest.mixNumber(TYPE_NUMBERS[type]);
  if (isString(db.kind(e))) digest.mix(db.stringBytes(e));
  else if (type === 'list') mixList(digest, db, e);
  else if (type === 'set') addSet(digest, db, e);
  else if (type === 'zset') addZset(digest, db, e);
  else if (type === 'hash') addHash(digest, db, e);
  else mixStream(digest, db.objectOf(e) as Stream);
}

function mixList(digest: Digest, db: Database, e: number): void {
  const list = new List().open(db, e);
  const cursor = new ListCursor();
  for (let found = cursor.seek(list, 0); found; found = cursor.next()) {
    cursor.read();
    digest.mix(cursor.buf.subarray(cursor.off, cursor.off + cursor.len));
  }
}

function addSet(digest: Digest, db: Database, e: number): void {
  const set = new KeySet().attach(db, e);
  for (set.rewind(); set.next(); ) digest.add(set.buf.subarray(set.off, set.off + set.len));
}

function addZset(digest: Digest, db: Database, e: number): void {
  const zset = new ZsetReader().open(db, e);
  for (let p = zset.first(); p !== 0; p = zset.next(p)) {
    const member = new Digest();
    zset.read(p);
    member.mix(zset.buf.subarray(zset.off, zset.off + zset.len));
    member.mix(Buffer.from(formatShortestDouble(zset.score(p))));
    digest.add(member);
  }
}

function addHash(digest: Digest, db: Database, e: number): void {
  const hash = new HashFields().open(db, e);
  for (hash.rewind(); hash.next(); ) {
    const field = new Digest();
    field.mix(hash.field.subarray(hash.fieldOff, hash.fieldOff + hash.fieldLen));
    field.mix(hash.value.subarray(hash.valueOff, hash.valueOff + hash.valueLen));
    if (hash.deadline !== 0) field.add(FIELD_EXPIRES);
    digest.add(field);
  }
}

function mixStream(digest: Digest, stream: Stream): void {
  const cursor = new EntryCursor().attach(stream).begin(new StreamId(), StreamId.max());
  const { lp, id } = cursor;
  while (cursor.next()) {
    digest.mix(Buffer.from(id.toString().replace('-', '.')));
    for (let i = 0; i < cursor.fields; i++) {
      cursor.readField();
      digest.mix(lp.buf.subarray(lp.off, lp.off + lp.len));
      cursor.readValue();
      digest.mix(lp.buf.subarray(lp.off, lp.off + lp.len));
    }
  }
}
