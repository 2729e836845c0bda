/** Reads hashes that are kept field by field, with the fields' deadlines or without. */
import { HashTable } from '../../keyspace/hash/hash-table.js';
import { Kind } from '../../keyspace/kinds.js';
import type { LooseValue } from '../../keyspace/loose-value.js';
import { RdbType } from './format.js';
import type { RdbInput } from './input.js';
import { type LoadContext, ROOM_MAX } from './load-context.js';
import type { ValueLoader } from './value-loader.js';

/** Deadlines go up to here, Unix ms (Redis's limit). */
export const FIELD_DEADLINE_MAX = 2 ** 48 - 2;
/** Bytes of the shortest field and value. */
const PAIR_BYTES = 2;

export class HashLoader implements ValueLoader {
  /** Fields to come; -1 before their number was read. */
  private left = -1;

  constructor(private readonly context: LoadContext) {}

  read(input: RdbInput): void {
    const { db, first, hash, second } = this.context;
    if (this.left < 0) {
      const count = input.elements(PAIR_BYTES);
      hash.begin(db).expect(Math.min(count, ROOM_MAX));
      this.left = count;
    }
    for (; this.left > 0; this.left--) {
      input.mark();
      input.string(first);
      input.string(second);
      if (!hash.set(first.buf, first.off, first.len, second.buf, second.off, second.len)) {
        throw input.fault('Duplicate hash fields detected');
      }
    }
  }

  finish(value: LooseValue): void {
    finishHash(this.context, value);
  }

  drop(): void {
    const { db, hash } = this.context;
    if (this.left >= 0 && hash.table !== undefined) db.discard(hash.table.dispose());
    hash.begin(db);
  }
}

/** Makes a value of the hash that was begun in the context. */
export function finishHash({ db, hash }: LoadContext, value: LooseValue): void {
  const { table } = hash;
  const { buf, off, len } = hash.begun.range;
  if (hash.count === 0) {
    if (table !== undefined) db.discard(table.dispose());
    value.setNothing();
  } else if (table !== undefined) value.setObject(hash.kind, table);
  else value.setBytes(hash.kind, buf, off, len);
}

/** A hash whose fields may have deadlines. */
export class TimedHashLoader implements ValueLoader {
  private left = -1;
  private table: HashTable | undefined = undefined;
  /** What deadlines are differences to; before the final format, to 0. */
  private base = 0;

  constructor(
    private readonly type: number,
    private readonly context: LoadContext,
  ) {}

  read(input: RdbInput): void {
    if (this.left < 0) this.begin(input);
    const { first, second } = this.context;
    const table = this.table!;
    for (; this.left > 0; this.left--) {
      input.mark();
      const told = input.count();
      const deadline = told === 0 ? 0 : told + this.base;
      if (!(deadline >= 0 && deadline <= FIELD_DEADLINE_MAX)) {
        throw input.fault(`invalid expireAt time: ${deadline}`);
      }
      input.string(first);
      input.string(second);
      if (table.find(first.buf, first.off, first.len, 0) !== 0) {
        throw input.fault('Duplicate hash fields detected');
      }
      const f = table.add(first.buf, first.off, first.len, second.buf, second.off, second.len);
      if (deadline !== 0) table.setDeadline(f, deadline);
    }
  }

  finish(value: LooseValue): void {
    const table = this.table!;
    if (table.size === 0) {
      this.drop();
      value.setNothing();
      return;
    }
    value.setObject(Kind.HashDictEx, table);
    if (table.hasDeadlines) value.fieldsDue = table.earliestDeadline();
  }

  drop(): void {
    if (this.table !== undefined) this.context.db.discard(this.table.dispose());
  }

  private begin(input: RdbInput): void {
    const { db } = this.context;
    if (this.type === RdbType.HashMetadata) this.base = input.int64() - 1;
    const count = input.elements(PAIR_BYTES + 1);
    this.table = HashTable.empty(db.hasher, db.arena, Math.min(count, ROOM_MAX));
    this.left = count;
  }
}
