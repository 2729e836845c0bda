/** Counts what is in a value that was read: stores it, looks at it, and removes it again. */
import type { Database } from '../../keyspace/database.js';
import { HashFields } from '../../keyspace/hash/hash-fields.js';
import { Kind, typeName } from '../../keyspace/kinds.js';
import { List } from '../../keyspace/list/list.js';
import type { LooseValue } from '../../keyspace/loose-value.js';
import { KeySet } from '../../keyspace/set/key-set.js';
import type { Stream } from '../../keyspace/stream/stream.js';
import { ZsetReader } from '../../keyspace/zset/open.js';

const KEY = Buffer.from('key');

export class ElementCounter {
  private readonly list = new List();
  private readonly set = new KeySet();
  private readonly zset = new ZsetReader();
  private readonly hash = new HashFields();

  /** Members, fields or entries; 1 for a string. The value is gone afterwards. @param db empty */
  take(db: Database, value: LooseValue): number {
    if (value.kind === Kind.None) return 0;
    const e = value.addTo(db, KEY, 0, KEY.length, 0);
    value.setNothing();
    const count = this.countOf(db, e);
    db.remove(e);
    while (db.trim());
    return count;
  }

  private countOf(db: Database, e: number): number {
    switch (typeName(db.kind(e))) {
      case 'list':
        return this.list.open(db, e).length;
      case 'set':
        return this.set.attach(db, e).size;
      case 'zset':
        return this.zset.open(db, e).size;
      case 'hash':
        return this.hash.open(db, e).count;
      case 'stream':
        return (db.objectOf(e) as Stream).length;
      default:
        return 1;
    }
  }
}
