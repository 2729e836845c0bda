/**
 * Elements as replies, written straight from the listpacks that hold them.
 *
 * The loop over short strings reads the format itself: at 5 ns an element, calls would be most of
 * the cost. Guarded by `npm run bench -- lrange`.
 */
import { elementBytes, type Listpack } from '../../datastructs/listpack.js';
import type { List } from '../../keyspace/list/list.js';
import type { ReplyWriter } from '../../resp/reply-writer.js';
import { cursor } from './windows.js';

/** First byte of a listpack's strings of up to 63 bytes: this and the length … */
const STRING6 = 0x80;
/** … and the one that comes after them. */
const STRING6_END = 0xc0;

/** Replies with `n` elements from this index on, of a list that has them. */
export function replyRange(reply: ReplyWriter, list: List, index: number, n: number): void {
  reply.array(n);
  if (n === 0) return;
  cursor.seek(list, index);
  let left = n;
  for (;;) {
    const run = Math.min(left, cursor.run);
    if (cursor.isPlain) {
      cursor.read();
      reply.bulk(cursor.buf, cursor.off, cursor.len);
    } else {
      replyRun(reply, cursor.listpack, cursor.position, run);
    }
    left -= run;
    if (left === 0) return;
    cursor.nextNode();
  }
}

/** Replies with the last `n` elements, the last one first. */
export function replyFromTail(reply: ReplyWriter, list: List, n: number): void {
  reply.array(n);
  if (n === 0) return;
  cursor.seek(list, list.length - 1);
  for (let left = n; left > 0; left--) {
    cursor.read();
    reply.bulk(cursor.buf, cursor.off, cursor.len);
    if (left > 1) cursor.prev();
  }
}

/** `n` elements of a listpack from position `p` on. */
function replyRun(reply: ReplyWriter, listpack: Listpack, p: number, n: number): void {
  const { buf, off } = listpack.range;
  let at = off + p;
  for (let i = 0; i < n; i++) {
    const b = buf[at]!;
    if (b >= STRING6 && b < STRING6_END) {
      const len = b - STRING6;
      reply.bulk(buf, at + 1, len);
      at += len + 2;
    } else {
      listpack.read(at - off);
      reply.bulk(listpack.buf, listpack.off, listpack.len);
      at += elementBytes(buf, at);
    }
  }
}
