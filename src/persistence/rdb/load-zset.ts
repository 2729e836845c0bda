/** Reads sorted sets that are kept member by member, with scores as text (version 1) or doubles. */
import { Kind } from '../../keyspace/kinds.js';
import type { LooseValue } from '../../keyspace/loose-value.js';
import { ZsetWriter } from '../../keyspace/zset/open.js';
import { parseDouble } from '../../text/double.js';
import { RdbType } from './format.js';
import type { RdbInput } from './input.js';
import { type LoadContext, ROOM_MAX } from './load-context.js';
import type { ValueLoader } from './value-loader.js';

/** Instead of the length of a score's text. */
const NOT_A_NUMBER = 253;
const INFINITE = 254;
const MINUS_INFINITE = 255;
/** Bytes of the shortest member and score. */
const MEMBER_BYTES = 2;

export class ZsetLoader implements ValueLoader {
  /** Members to come; -1 before their number was read. */
  private left = -1;
  private readonly writer = new ZsetWriter();

  constructor(
    private readonly type: number,
    private readonly context: LoadContext,
  ) {}

  read(input: RdbInput): void {
    const { context, writer } = this;
    const { db, first } = context;
    if (this.left < 0) {
      const count = input.elements(MEMBER_BYTES);
      writer.begin(db, Math.min(count, ROOM_MAX), 0);
      this.left = count;
    }
    for (; this.left > 0; this.left--) {
      input.mark();
      input.string(first);
      const score = this.type === RdbType.Zset2 ? input.double() : this.textScore(input);
      if (Number.isNaN(score)) throw input.fault('Zset with NAN score detected');
      const { buf, off, len } = first;
      const hash = db.hasher.hash(buf, off, len);
      if (writer.zset.find(buf, off, len, hash) !== 0) {
        throw input.fault('Duplicate zset fields detected');
      }
      writer.add(buf, off, len, score, hash);
    }
  }

  finish(value: LooseValue): void {
    const { writer } = this;
    const { object } = writer;
    const { buf, off, len } = writer.bytes.range;
    if (writer.zset.size === 0) {
      this.drop();
      value.setNothing();
    } else if (object !== undefined) value.setObject(Kind.ZsetSkiplist, object);
    else value.setBytes(Kind.ZsetListpack, buf, off, len);
  }

  drop(): void {
    if (this.left < 0) return;
    const { object } = this.writer;
    if (object !== undefined) this.context.db.discard(object.dispose());
  }

  private textScore(input: RdbInput): number {
    const length = input.byte();
    if (length === MINUS_INFINITE) return Number.NEGATIVE_INFINITY;
    if (length === INFINITE) return Number.POSITIVE_INFINITY;
    if (length === NOT_A_NUMBER) return Number.NaN;
    const at = input.take(length);
    return parseDouble(input.buf, at, length);
  }
}
