/**
 * Reads a stream's entries in a range of IDs, upwards or downwards.
 *
 *     const cursor = new EntryCursor().attach(stream).begin(start, end);
 *     while (cursor.next()) {
 *       use(cursor.id);
 *       for (let i = 0; i < cursor.fields; i++) { cursor.readField(); … cursor.readValue(); … }
 *     }
 *
 * `readField` and `readValue` leave the bytes in `lp.buf`, `lp.off`, `lp.len`; they must be called
 * in turn. Not all fields of an entry need be read. The stream must not change meanwhile. Making a
 * cursor takes longer than reading an entry, so whoever reads often keeps one.
 */
import { Listpack } from '../../datastructs/listpack.js';
import { RaxIterator } from '../../datastructs/rax-iterator.js';
import { DELETED, fieldCountAt, readId, SAME_FIELDS } from './macro-node.js';
import { NodeStore } from './node-store.js';
import type { Stream } from './stream.js';
import { ID_KEY_BYTES, StreamId } from './stream-id.js';

export class EntryCursor {
  /** The entry's ID. */
  readonly id = new StreamId();
  /** Number of its fields. */
  fields = 0;
  /** Position of its flags in its node. */
  flagsAt = 0;
  readonly lp: Listpack;

  private readonly node = new NodeStore();
  private readonly it = new RaxIterator();
  private readonly start = new StreamId();
  private readonly end = new StreamId();
  private isReverse = false;
  private wantsDeleted = false;

  /** Whether a node is open. */
  private inNode = false;
  /** Whether `it` is at the node to open, not before it. */
  private isFresh = false;
  private flags = 0;
  private masterFields = 0;
  /** Positions in the node: of the first master field, and of the next one to read. */
  private masterStart = 0;
  private masterAt = 0;
  /** Position of the entry's next element; before the first entry, of the master's last one. */
  private at = 0;
  /** Fields and values of the entry that have not been read. */
  private unread = 0;
  /** Whether entries below the start may come. */
  private isSeeking = false;
  /** Going down: position of the lp-count of the entry before. */
  private before = 0;

  private stream!: Stream;

  constructor() {
    this.lp = new Listpack(this.node);
  }

  /** Looks at a stream; `begin` must follow. */
  attach(stream: Stream): this {
    this.stream = stream;
    return this;
  }

  /** The open node: its block. */
  get address(): number {
    return this.it.value;
  }

  /** The open node's key, 16 bytes. */
  get key(): Uint8Array {
    return this.it.key;
  }

  /** Goes before the first entry from `start` to `end`, both included. */
  begin(start: StreamId, end: StreamId): this {
    this.reset(start, end);
    start.writeKey(scratch, 0);
    this.isFresh = this.it.seekLe(scratch, 0, ID_KEY_BYTES) || this.it.first();
    this.isSeeking = true;
    return this;
  }

  /** Goes behind the last entry from `start` to `end`; `next` then goes downwards. */
  beginReverse(start: StreamId, end: StreamId): this {
    this.reset(start, end);
    this.isReverse = true;
    this.isSeeking = false;
    end.writeKey(scratch, 0);
    this.isFresh = this.it.seekLe(scratch, 0, ID_KEY_BYTES);
    return this;
  }

  /** Has entries that are marked as deleted read, too. */
  withDeleted(): this {
    this.wantsDeleted = true;
    return this;
  }

  /** To the next entry. @returns whether there is one */
  next(): boolean {
    for (;;) {
      if (!this.inNode && !this.openNode()) return false;
      const more = this.isReverse ? this.stepBack() : this.step();
      if (!more) {
        this.inNode = false;
        continue;
      }
      if (this.isReverse ? this.id.compare(this.start) < 0 : this.id.compare(this.end) > 0) {
        this.inNode = false;
        this.it.valid = false;
        return false;
      }
      if (this.isReverse ? this.id.compare(this.end) > 0 : this.id.compare(this.start) < 0)
        continue;
      if ((this.flags & DELETED) === 0 || this.wantsDeleted) return true;
    }
  }

  readField(): void {
    const { lp } = this;
    if ((this.flags & SAME_FIELDS) !== 0) {
      lp.read(this.masterAt);
      this.masterAt = lp.next(this.masterAt);
    } else this.readValue();
  }

  readValue(): void {
    const { lp } = this;
    lp.read(this.at);
    this.at = lp.next(this.at);
    this.unread--;
  }

  private reset(start: StreamId, end: StreamId): void {
    this.start.copyFrom(start);
    this.end.copyFrom(end);
    this.isReverse = false;
    this.wantsDeleted = false;
    this.inNode = false;
    this.it.attach(this.stream.nodes);
  }

  private openNode(): boolean {
    const { it, lp, node } = this;
    if (!this.isFresh && !(this.isReverse ? it.prev() : it.next())) return false;
    this.isFresh = false;
    node.open(this.stream, it.value, it.key, 0);
    const p = fieldCountAt(lp);
    this.masterFields = lp.integer(p);
    this.masterStart = lp.next(p);
    if (this.isReverse) {
      this.before = lp.last();
    } else {
      this.at = lp.skip(this.masterStart, this.masterFields);
      this.unread = 0;
    }
    this.inNode = true;
    return true;
  }

  /** Reads the next entry of the node. */
  private step(): boolean {
    let p = this.lp.skip(this.at, this.unread + 1); // what is unread, and lp-count
    if (this.isSeeking) {
      p = this.skipBelowStart(p);
      this.isSeeking = false;
    }
    if (p === 0) return false;
    this.readHead(p);
    return true;
  }

  /**
   * Passes over entries below the start, as far as small numbers tell which those are.
   * @param from an entry's position @returns the position of an entry behind them, 0 if there is none
   */
  private skipBelowStart(from: number): number {
    const { lp, node, start } = this;
    // Differences as the entries have them; comparing with NaN ends the loop.
    const wantedMs = start.msSince(node.id);
    const wantedSeq = start.seqSince(node.id);
    const leastSeq = -node.id.seq;
    let p = from;
    while (p !== 0) {
      const msAt = lp.next(p);
      const seqAt = lp.next(msAt);
      const ms = lp.integer(msAt);
      const seq = lp.integer(seqAt);
      const isBelow = ms < wantedMs || (ms === wantedMs && seq < wantedSeq);
      // A negative number may also be a great one, modulo 2^64.
      if (!isBelow || ms < 0 || seq < leastSeq) break;
      const same = (lp.integer(p) & SAME_FIELDS) !== 0;
      p = same
        ? lp.skip(seqAt, this.masterFields + 2)
        : lp.skip(seqAt, 2 * lp.integer(lp.next(seqAt)) + 3);
    }
    return p;
  }

  /** Reads the entry before in the node. */
  private stepBack(): boolean {
    const { lp } = this;
    let p = this.before;
    const elements = lp.integer(p);
    if (elements === 0) return false; // the master entry
    for (let i = 0; i < elements; i++) p = lp.prev(p);
    this.before = lp.prev(p);
    this.readHead(p);
    return true;
  }

  /** Reads an entry's flags, ID and number of fields. */
  private readHead(p: number): void {
    const { lp, node } = this;
    this.flagsAt = p;
    this.flags = lp.integer(p);
    const msAt = lp.next(p);
    readId(lp, msAt, node.id, this.id);
    this.at = lp.next(lp.next(msAt));
    if ((this.flags & SAME_FIELDS) !== 0) {
      this.fields = this.masterFields;
      this.masterAt = this.masterStart;
      this.unread = this.fields;
    } else {
      this.fields = lp.integer(this.at);
      this.at = lp.next(this.at);
      this.unread = 2 * this.fields;
    }
  }
}

const scratch = new Uint8Array(ID_KEY_BYTES);
