/**
 * How HyperLogLogs lie in the keyspace: as raw strings, checked when they are looked up, and
 * written back when an edit has moved them to other bytes.
 */
import { EMPTY_HYPERLOGLOG, HyperLogLog, isHyperLogLog } from '../../datastructs/hyperloglog.js';
import { isString, Kind } from '../../keyspace/kinds.js';
import { WRONG_TYPE } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';

export const CORRUPTED = new ReplyError('INVALIDOBJ Corrupted HLL object detected');
const NOT_A_HYPERLOGLOG = new ReplyError('WRONGTYPE Key is not a valid HyperLogLog string value.');

/** The window that commands edit through: one command runs at a time. */
const editor = new HyperLogLog();

/** Opens the string of an entry. @throws ReplyError when it is no HyperLogLog */
export function openChecked(call: Call, e: number): void {
  const { db } = call;
  const kind = db.kind(e);
  if (!isString(kind)) throw WRONG_TYPE;
  db.open(e);
  if (kind === Kind.StringInt || !isHyperLogLog(db.buf, db.off, db.len)) throw NOT_A_HYPERLOGLOG;
}

/** As `openChecked`, and makes the string raw, so that it may be changed in place. */
export function openRaw(call: Call, e: number): void {
  openChecked(call, e);
  if (call.db.kind(e) === Kind.StringEmbstr) call.db.resizeString(e, call.db.len);
}

/** Stores an empty HyperLogLog under argument `i`, which has no entry. @returns the entry */
export function addEmpty(call: Call, i: number): number {
  return call.addString(i, EMPTY_HYPERLOGLOG, 0, EMPTY_HYPERLOGLOG.length, Kind.StringRaw);
}

/** Opens an entry's HyperLogLog for editing. */
export function edit(call: Call, e: number): HyperLogLog {
  openRaw(call, e);
  editor.open(call.db.buf, call.db.off, call.db.len);
  return editor;
}

/** Stores what was edited, where that is not done yet, and opens it. */
export function storeEdited(call: Call, e: number): void {
  const { db } = call;
  if (editor.moved) {
    db.resizeString(e, editor.len);
    const { buf, off, len } = editor;
    db.buf.set(buf.subarray(off, off + len), db.off);
    return;
  }
  db.open(e);
}
