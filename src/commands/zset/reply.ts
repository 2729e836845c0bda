/** Members as replies, written straight from the set. */
import type { Zset } from '../../keyspace/zset/zset.js';
import type { ReplyWriter } from '../../resp/reply-writer.js';

/**
 * Begins a list of members: with scores, RESP2 has one flat array, RESP3 an array of pairs (no map,
 * since the order matters).
 */
export function beginMembers(reply: ReplyWriter, count: number, withScores: boolean): void {
  reply.array(withScores && !reply.resp3 ? 2 * count : count);
}

/** One element of the list that `beginMembers` began. */
export function replyMember(reply: ReplyWriter, zset: Zset, p: number, withScores: boolean): void {
  if (withScores && reply.resp3) reply.array(2);
  zset.read(p);
  reply.bulk(zset.buf, zset.off, zset.len);
  if (withScores) replyScore(reply, zset.score(p));
}

/** A list of the `count` members from position `from` on, which must be there. */
export function replyMembers(
  reply: ReplyWriter,
  zset: Zset,
  from: number,
  count: number,
  reversed: boolean,
  withScores: boolean,
): void {
  beginMembers(reply, count, withScores);
  let p = from;
  for (let left = count; left > 0; left--) {
    replyMember(reply, zset, p, withScores);
    p = reversed ? zset.prev(p) : zset.next(p);
  }
}

/** A score: as `reply.double`, which makes a string, but an integer's digits are written in place. */
export function replyScore(reply: ReplyWriter, score: number): void {
  if (Number.isSafeInteger(score) && !reply.resp3 && !Object.is(score, -0)) reply.bulkInt(score);
  else reply.double(score);
}
