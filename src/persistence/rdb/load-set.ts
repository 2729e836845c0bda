/** Reads sets that are kept member by member. */
import { Kind } from '../../keyspace/kinds.js';
import type { LooseValue } from '../../keyspace/loose-value.js';
import { DictSet } from '../../keyspace/set/dict-set.js';
import { FreeSet } from '../../keyspace/set/free-set.js';
import { maxIntset } from '../../keyspace/set/set-value.js';
import type { RdbInput } from './input.js';
import { type LoadContext, ROOM_MAX } from './load-context.js';
import type { ValueLoader } from './value-loader.js';

export class SetLoader implements ValueLoader {
  /** Members to come; -1 before their number was read. */
  private left = -1;
  /** A set that may be small, in whatever encoding fits … */
  private small: FreeSet | undefined = undefined;
  /** … or one that can't. */
  private big: DictSet | undefined = undefined;

  constructor(private readonly context: LoadContext) {}

  read(input: RdbInput): void {
    if (this.left < 0) this.begin(input);
    const { big, context, small } = this;
    const { first } = context;
    for (; this.left > 0; this.left--) {
      input.mark();
      input.string(first);
      const { buf, off, len } = first;
      const isNew = big !== undefined ? big.add(buf, off, len, 0) : small!.add(buf, off, len);
      if (!isNew) throw input.fault('Duplicate set members detected');
    }
  }

  finish(value: LooseValue): void {
    const { small } = this;
    const table = this.big ?? small!.table;
    if (table !== undefined) {
      if (table.size === 0) this.drop();
      if (table.size === 0) value.setNothing();
      else value.setObject(Kind.SetDict, table);
      return;
    }
    const { buf, off, len } = small!.bytes.range;
    if (small!.size === 0) value.setNothing();
    else value.setBytes(small!.kind, buf, off, len);
  }

  drop(): void {
    if (this.big !== undefined) this.context.db.discard(this.big.dispose());
    this.small?.dispose();
  }

  private begin(input: RdbInput): void {
    const { db } = this.context;
    const count = input.elements(1);
    if (count > maxIntset(db)) {
      this.big = DictSet.create(db.arena, db.hasher, Math.min(count, ROOM_MAX));
    } else this.small = new FreeSet(db, Kind.SetIntset);
    this.left = count;
  }
}
