/**
 * Patterns of BY and GET: which key's value belongs to an element.
 *
 *     weight_*        the string at weight_ELEMENT
 *     user_*->name    the field `name` of the hash at user_ELEMENT
 *     #               the element itself
 *
 * The first star stands for the element; a pattern without one names nothing. The arrow counts only
 * behind the star, and only if something follows it. As in C, star and arrow are looked for up to
 * the first NUL.
 */
import { HashFields } from '../../keyspace/hash/hash-fields.js';
import { isString, KindSet } from '../../keyspace/kinds.js';
import { Args } from '../../resp/args.js';
import type { Call } from '../../server/api/call.js';

const STAR = 42;
const HASH = 35;
const NUL = 0;
const ARROW = Buffer.from('->');

/** Whether a pattern has a star. */
export function hasPlace(pattern: Buffer): boolean {
  return textOf(pattern).includes(STAR);
}

export class Pattern {
  // What `lookup` found: valid until the next one, and until the database changes.
  buf: Uint8Array = EMPTY;
  off = 0;
  len = 0;

  /** Key name before and behind the element; undefined: the pattern names no key. */
  private readonly before: Buffer | undefined;
  private readonly behind: Buffer;
  /** Field of a hash, undefined for a string's key. */
  private readonly field: Buffer | undefined;
  private readonly isElement: boolean;
  /** A request of nothing but the key, for the lookup. */
  private readonly key = new Args(
    Buffer.alloc(0),
    new Int32Array(1),
    new Int32Array(1),
    new Int32Array(1),
  );

  /** @param pattern copied */
  constructor(pattern: Buffer) {
    const bytes = Buffer.from(pattern);
    const text = textOf(bytes);
    this.isElement = text.length === 1 && text[0] === HASH;
    this.key.count = 1;
    const star = text.indexOf(STAR);
    const arrow = star < 0 ? -1 : text.indexOf(ARROW, star + 1);
    const hasField = arrow >= 0 && arrow + ARROW.length < text.length;
    this.before = star < 0 ? undefined : bytes.subarray(0, star);
    this.behind = bytes.subarray(star + 1, hasField ? arrow : bytes.length);
    this.field = hasField ? bytes.subarray(arrow + ARROW.length) : undefined;
  }

  /**
   * Looks for the value that belongs to an element, and sets `buf`, `off`, `len` to it.
   * @returns whether there is one
   */
  lookup(call: Call, element: Uint8Array, off: number, len: number): boolean {
    if (this.isElement) return this.found(element, off, len);
    if (this.before === undefined) return false;
    const e = this.readKey(call, this.before, element, off, len);
    if (e === 0) return false;
    const { db } = call;
    if (this.field !== undefined) return this.lookupField(call, e, this.field);
    if (!isString(db.kind(e))) return false;
    db.open(e);
    return this.found(db.buf, db.off, db.len);
  }

  private lookupField(call: Call, e: number, field: Buffer): boolean {
    const { db } = call;
    if (((KindSet.Hash >>> db.kind(e)) & 1) === 0) return false;
    fields.open(db, e);
    if (!fields.find(field, 0, field.length) || fields.isDue(call.now)) return false;
    return this.found(fields.value, fields.valueOff, fields.valueLen);
  }

  /** The entry of the key for an element, looked up as any command's key is. */
  private readKey(
    call: Call,
    before: Buffer,
    element: Uint8Array,
    off: number,
    len: number,
  ): number {
    const { behind, key } = this;
    const length = before.length + len + behind.length;
    if (key.buf.length < length) key.buf = Buffer.allocUnsafe(length * 2);
    key.buf.set(before);
    key.buf.set(element.subarray(off, off + len), before.length);
    key.buf.set(behind, before.length + len);
    key.lens[0] = length;
    key.hashes[0] = 0;
    const { args } = call;
    call.args = key;
    const e = call.read(0);
    call.args = args;
    return e;
  }

  private found(buf: Uint8Array, off: number, len: number): true {
    this.buf = buf;
    this.off = off;
    this.len = len;
    return true;
  }
}

/** The bytes up to the first NUL. */
function textOf(pattern: Buffer): Buffer {
  const nul = pattern.indexOf(NUL);
  return nul < 0 ? pattern : pattern.subarray(0, nul);
}

const EMPTY = new Uint8Array(0);
/** The window for looking at hashes: one command runs at a time. */
const fields = new HashFields();
